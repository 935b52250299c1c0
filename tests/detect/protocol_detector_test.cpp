#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/detect/protocol_detector.h"
#include "dns_message.h"
#include "exchange.h"

namespace doorplate {
namespace {

using namespace std::string_literals;

std::string be16(std::size_t value) { return DnsMessage::be16(value); }

// RFC 8446 section 4.1.2, with nothing in it but the server's name.
std::string client_hello(const std::string &server_name) {
    const std::string entry = "\0"s + be16(server_name.size()) + server_name;
    const std::string list = be16(entry.size()) + entry;
    const std::string extensions = be16(0) + be16(list.size()) + list;
    const std::string hello = "\x03\x03"s + std::string(32, 'r') + "\0"s + be16(2) + "\x13\x01" + "\x01\0"s +
                              be16(extensions.size()) + extensions;
    const std::string handshake = "\x01\0"s + be16(hello.size()) + hello;
    return "\x16\x03\x01"s + be16(handshake.size()) + handshake;
}

std::string request(const std::string &target, const std::string &host) {
    return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";
}

class Detector : public testing::Test {
  protected:
    std::string seen(const Exchange &exchange) { return exchange.seen_by(detector_); }

    ProtocolDetector detector_;
};

TEST_F(Detector, Works) { EXPECT_TRUE(detector_.works()); }

TEST_F(Detector, NamesTlsAndTheServerThatWasAskedFor) {
    EXPECT_EQ("tls: www.example.org", seen(Exchange(443).client(client_hello("www.example.org"))));
    EXPECT_EQ(NameSource::tls_sni,
              Exchange(443).client(client_hello("www.example.org")).detected(detector_)->server_name->source);
}

TEST_F(Detector, GoesByTheBytesWhateverThePort) {
    EXPECT_EQ("tls: www.example.org", seen(Exchange(22).client(client_hello("www.example.org"))));
    EXPECT_EQ("http: www.example.org", seen(Exchange(443).client(request("/", "www.example.org"))));
    EXPECT_EQ("ssh", seen(Exchange(443).server("SSH-2.0-OpenSSH_9.2\r\n").client("SSH-2.0-OpenSSH_9.2\r\n")));
}

TEST_F(Detector, IsTheSameForBothVersionsOfIp) {
    EXPECT_EQ("http: www.example.org",
              seen(Exchange(80, Transport::tcp, "2001:db8::1", "2001:db8::2").client(request("/", "www.example.org"))));
}

TEST_F(Detector, SaysWhoseServiceANameIs) {
    EXPECT_EQ("tls youtube: www.youtube.com", seen(Exchange(443).client(client_hello("www.youtube.com"))));
}

TEST_F(Detector, DoesNotTakeAnAddressRangeForAProtocol) {
    // Google's, Apple's and Facebook's.
    for (const char *server : {"8.8.8.8", "17.57.12.11", "31.13.86.36"}) {
        EXPECT_EQ("tls: www.example.org",
                  seen(Exchange(443, Transport::tcp, "192.0.2.10", server).client(client_hello("www.example.org"))));
    }
}

TEST_F(Detector, LeavesThePortOutOfAHost) {
    EXPECT_EQ("http: www.example.org", seen(Exchange(80).client(request("/", "www.example.org:8080"))));
}

TEST_F(Detector, DoesNotTakeAnAddressForAName) {
    EXPECT_EQ("http", seen(Exchange(80).client(request("/", "198.51.100.7"))));
    EXPECT_EQ("http", seen(Exchange(80).client(request("/", "[2001:db8::1]:80"))));
}

TEST_F(Detector, DoesNotNameAProxyAfterWhatItFetches) {
    EXPECT_EQ("http",
              seen(Exchange(3128).client("CONNECT www.example.org:443 HTTP/1.1\r\nHost: www.example.org\r\n\r\n")));
}

TEST_F(Detector, RulesOutWhatASecondLookRefutes) {
    // nDPI says MQTT, and Cassandra.
    EXPECT_NE("mqtt", seen(Exchange(389).client("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"s)));
    EXPECT_EQ("socks", seen(Exchange(1080)
                                .client("\x04\x01\x00\x50\x00\x00\x00\x01\x00www.example.com\x00"s)
                                .server("\x00\x5a\xdf\xb3\x0a\xb4\x9c\xf9"s)));
}

TEST_F(Detector, WantsMoreThanOnePacketForRtp) {
    const auto rtp = [](char sequence) { return "\x80\x00\x01"s + sequence + "ttttSSSS" + std::string(160, 'a'); };
    Exchange call(20000, Transport::udp);
    call.client(rtp(1));
    EXPECT_EQ("-", seen(call));
    call.client(rtp(2)).client(rtp(3));
    EXPECT_EQ("rtp", seen(call));
}

// Random bytes on any port: what may still be seen in them is chance, not the port.
TEST_F(Detector, SeesNothingInNoise) {
    std::mt19937 random(1);
    const auto noise = [&] {
        std::string bytes(2 + random() % 600, '\0');
        for (char &byte : bytes) byte = static_cast<char>(random());
        return bytes;
    };
    int named = 0;
    int flows = 0;
    for (std::uint32_t port = 1; port < 65536; port += port < 1024 ? 1 : 97) {
        for (const Transport transport : {Transport::tcp, Transport::udp}) {
            Exchange exchange(static_cast<std::uint16_t>(port), transport, "192.0.2.10", "17.57.12.11");
            for (int i = 0; i < 4; ++i) exchange.client(noise()).server(noise());
            if (seen(exchange) != "-") ++named;
            ++flows;
        }
    }
    EXPECT_LT(3000, flows);
    EXPECT_GE(2, named);
}

TEST_F(Detector, RemembersNothingOfOtherFlows) {
    const Exchange quiet = Exchange(6881, Transport::udp).client(std::string(40, '\x07'));
    const Exchange torrent = Exchange(6881).client("\x13" + "BitTorrent protocol"s + std::string(48, 'x'));
    const std::string before = seen(quiet);
    EXPECT_EQ("bittorrent", seen(torrent));
    EXPECT_EQ(before, seen(quiet));
}

TEST_F(Detector, TakesLongPayloadsAndShortOnesInTurn) {
    const std::string hello = client_hello("www.example.org");
    EXPECT_EQ("http", seen(Exchange(80).client(request("/" + std::string(60000, 'a'), "x") + hello)));
    EXPECT_EQ("tls: www.example.org", seen(Exchange(443).client(hello)));
    EXPECT_EQ("-", seen(Exchange(443).client(hello.substr(0, 3))));
}

TEST_F(Detector, StopsWhenAllIsKnownOrTheLimitIsReached) {
    const auto fed = [&](const Exchange &exchange) {
        const auto state = detector_.begin();
        int count = 0;
        for (const Dissection &packet : exchange.packets()) {
            ++count;
            if (detector_.feed(*state, packet, Timestamp{})) break;
        }
        return count;
    };
    Exchange known(80);
    Exchange unknown(80);
    for (int i = 0; i < 20; ++i) {
        known.client(request("/", "www.example.org"));
        unknown.client("\x7f\x01\x02"s + static_cast<char>(i));
    }
    EXPECT_EQ(1, fed(known));
    EXPECT_EQ(10, fed(unknown));
}

TEST_F(Detector, AsksForPacketsWithPayloadOnly) {
    Dissection packet = Exchange(80).client("x").packets().front();
    packet.payload = {};
    EXPECT_FALSE(ProtocolDetector::can_tell(packet));
    packet = Exchange(80).client("x").packets().front();
    packet.tcp.reset();
    EXPECT_FALSE(ProtocolDetector::can_tell(packet));
}

TEST(Detectors, InSeveralThreadsDoNotDisturbEachOther) {
    const auto look = [](std::vector<std::string> &seen) {
        ProtocolDetector detector;
        for (int i = 0; i < 200; ++i) {
            const std::string name = "host" + std::to_string(i) + ".example.org";
            seen.push_back(Exchange(443).client(client_hello(name)).seen_by(detector));
            seen.push_back(Exchange(80).client(request("/", name)).seen_by(detector));
            seen.push_back(
                Exchange(53, Transport::udp).client(DnsMessage().query().asks(name).wire()).seen_by(detector));
        }
    };
    std::vector<std::string> alone;
    look(alone);
    std::vector<std::vector<std::string>> together(4);
    {
        std::vector<std::jthread> threads;
        for (auto &seen : together) threads.emplace_back([&] { look(seen); });
    }
    EXPECT_EQ("tls: host0.example.org", alone.front());
    EXPECT_EQ("dns", alone.back());
    for (const auto &seen : together) EXPECT_EQ(alone, seen);
}

} // namespace
} // namespace doorplate

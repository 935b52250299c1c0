#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "analyze/detect/agreement.h"
#include "analyze/detect/protocol_names.h"
#include "analyze/detect/second_look.h"
#include "exchange.h"

namespace doorplate {
namespace {

using namespace std::string_literals;

Bytes bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()}; }

std::string look(const std::string &service, std::string_view payload, Transport transport = Transport::tcp) {
    return second_look(service, transport, bytes(payload), bytes(payload)).value_or("-");
}

TEST(SecondLook, TakesOtherAnswersAsTheyAre) { EXPECT_EQ("http", look("http", "")); }

TEST(SecondLook, TellsMqttFromLdap) {
    EXPECT_EQ("mqtt", look("mqtt", "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c"s));
    EXPECT_EQ("-", look("mqtt", "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03"s));
}

TEST(OwnLook, KnowsLdapByItsLengths) {
    EXPECT_EQ("ldap", own_look(bytes("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"s)));
    EXPECT_EQ("ldap", own_look(bytes("\x30\x84\x00\x00\x00\x09\x02\x01\x02\x63\x84\x00\x00\x00\x00"s)));
    EXPECT_EQ(std::nullopt, own_look(bytes("\x30\x0d\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"s)));
    EXPECT_EQ(std::nullopt, own_look(bytes("\x30\x0c\x02\x01\x01\xa0\x07\x02\x01\x03\x04\x00\x80\x00"s)));
    EXPECT_EQ(std::nullopt, own_look(bytes("\x30\x0c\x02"s)));
}

TEST(OwnLook, KnowsARequestOfRedis) {
    EXPECT_EQ("redis", own_look(bytes("*2\r\n$3\r\nGET\r\n$4\r\nname\r\n")));
    EXPECT_EQ(std::nullopt, own_look(bytes("*2\r\n")));
    EXPECT_EQ(std::nullopt, own_look(bytes("*\r\n$3\r\n")));
    EXPECT_EQ(std::nullopt, own_look(bytes("*2\n$3\nGET")));
}

TEST(SecondLook, TellsCqlFromSocks) {
    EXPECT_EQ("cql", look("cql", "\x04\x00\x00\x00\x05\x00\x00\x00\x00"s));
    EXPECT_EQ("-", look("cql", "\x04\x01\x00\x50\x00\x00\x00\x01\x00www.example.com\x00"s));
}

TEST(SecondLook, TellsNatsFromHttp) {
    EXPECT_EQ("nats", look("nats", "INFO {\"server_id\":\"x\"}\r\n"));
    EXPECT_EQ("-", look("nats", "SUBSCRIBE /upnp HTTP/1.1\r\n"));
}

TEST(SecondLook, WantsStunToHaveItsCookieOrItsLength) {
    EXPECT_EQ("stun", look("stun", "\x00\x01\x00\x03\x21\x12\xa4\x42"s, Transport::udp));
    EXPECT_EQ("stun", look("stun", "\x00\x01\x00\x00"s + std::string(16, 'x'), Transport::udp));
    EXPECT_EQ("-", look("stun", std::string(64, '\x7f'), Transport::udp));
}

TEST(SecondLook, NamesThePrograms) {
    const auto call = [](const std::string &program) { return "\x01\x02\x03\x04\0\0\0\0\0\0\0\2"s + program; };
    EXPECT_EQ("portmap", look("nfs", call("\x00\x01\x86\xa0"s), Transport::udp));
    EXPECT_EQ("nfs", look("nfs", call("\x00\x01\x86\xa3"s), Transport::udp));
    EXPECT_EQ("mount", look("nfs", "\x80\0\0\x28"s + call("\x00\x01\x86\xa5"s)));
    EXPECT_EQ("rpc", look("nfs", "\x01"));
}

std::string rtp(std::uint16_t sequence, char source = 'S') {
    return "\x80\x00"s + static_cast<char>(sequence >> 8) + static_cast<char>(sequence & 0xff) + "tttt" +
           std::string(4, source) + "audio";
}

RtpWatch::Verdict watched(const Exchange &exchange) {
    const auto packets = exchange.packets();
    RtpWatch watch(packets.front());
    auto verdict = RtpWatch::Verdict::open;
    for (std::size_t i = 1; i < packets.size() && verdict == RtpWatch::Verdict::open; ++i) {
        verdict = watch.next(packets[i]);
    }
    return verdict;
}

TEST(RtpWatch, WantsThreePacketsOfOneSender) {
    Exchange call(5004, Transport::udp);
    call.client(rtp(0xffff)).server(rtp(70, 'R')).client(rtp(0));
    EXPECT_EQ(RtpWatch::Verdict::open, watched(call));
    call.client(rtp(0)).client(rtp(1));
    EXPECT_EQ(RtpWatch::Verdict::confirmed, watched(call));
}

TEST(RtpWatch, IsRefutedByAnotherSourceOrAJump) {
    EXPECT_EQ(RtpWatch::Verdict::refuted, watched(Exchange(5004, Transport::udp).client(rtp(1)).client(rtp(2, 'X'))));
    EXPECT_EQ(RtpWatch::Verdict::refuted, watched(Exchange(5004, Transport::udp).client(rtp(1)).client(rtp(900))));
    EXPECT_EQ(RtpWatch::Verdict::refuted, watched(Exchange(5004, Transport::udp).client(rtp(1)).client("x")));
}

TEST(ServiceNames, AreThoseOfZeekAndTshark) {
    EXPECT_EQ("ftp", service_name("FTP_CONTROL"));
    EXPECT_EQ("smb", service_name("SMBv23"));
    EXPECT_EQ("tls", service_name("TLS"));
    EXPECT_EQ("sina_weibo", service_name("Sina(Weibo)"));
}

TEST(Agreement, IsBetweenARegisteredNameAndWhatIsSpoken) {
    EXPECT_TRUE(agrees("https", "tls"));
    EXPECT_TRUE(agrees("http-alt", "http"));
    EXPECT_TRUE(agrees("domain", "dns"));
    EXPECT_TRUE(agrees("microsoft-ds", "smb"));
    EXPECT_FALSE(agrees("https", "ssh"));
    EXPECT_FALSE(agrees("domain", "tls"));
}

} // namespace
} // namespace doorplate

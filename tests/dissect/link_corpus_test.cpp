// The same eight flows under every link type: what is counted must not depend on the wrapping.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "analyze/dissection.h"
#include "capture/packet_source.h"

namespace doorplate {
namespace {

const std::filesystem::path links = std::filesystem::path(DOORPLATE_CORPUS_DIR) / "links";

// What one end of a flow sent.
struct Sent {
    std::uint64_t frames = 0;
    std::uint64_t ip_bytes = 0;
    std::uint64_t payload = 0;

    friend bool operator==(const Sent &, const Sent &) = default;
};

void PrintTo(const Sent &sent, std::ostream *out) {
    *out << sent.frames << " frames, " << sent.ip_bytes << " IP bytes, " << sent.payload << " payload";
}

// By "tcp 192.0.2.1:51000 > 198.51.100.2:443".
using Traffic = std::map<std::string, Sent>;

std::string name(const std::string &transport, const Endpoint &from, const Endpoint &to) {
    return transport + " " + from.to_string() + " > " + to.to_string();
}

Traffic truth(const std::string &versions) {
    std::ifstream file(links / "_truth.tsv");
    std::string line;
    std::getline(file, line);
    Traffic traffic;
    while (std::getline(file, line)) {
        std::istringstream cells(line);
        std::string transport, version, a_address, b_address;
        std::uint16_t a_port = 0, b_port = 0;
        Sent a, b;
        cells >> transport >> version >> a_address >> a_port >> b_address >> b_port >> a.frames >> b.frames >>
            a.ip_bytes >> b.ip_bytes >> a.payload >> b.payload;
        if (versions.find(version) == std::string::npos) continue;
        const Endpoint a_end{IpAddress::parse(a_address).value(), a_port};
        const Endpoint b_end{IpAddress::parse(b_address).value(), b_port};
        traffic[name(transport, a_end, b_end)] = a;
        traffic[name(transport, b_end, a_end)] = b;
    }
    return traffic;
}

Traffic dissected(PacketSource &source) {
    Traffic traffic;
    while (true) {
        const auto batch = source.read(Duration::zero());
        if (!batch) {
            ADD_FAILURE() << batch.error().message;
            return traffic;
        }
        for (const Packet &packet : batch->packets) {
            const Dissection dissection = dissect(packet);
            EXPECT_EQ(std::nullopt, dissection.malformation);
            if (!dissection.flow_ready) continue;
            Sent &sent =
                traffic[name(transport_token(dissection.transport), Endpoint{dissection.source, dissection.source_port},
                             Endpoint{dissection.destination, dissection.destination_port})];
            ++sent.frames;
            sent.ip_bytes += dissection.ip_bytes;
            sent.payload += dissection.payload_bytes;
        }
        if (batch->at_end) return traffic;
    }
}

class LinkCorpusTest : public testing::TestWithParam<const char *> {};

TEST_P(LinkCorpusTest, CountsTheSameFlowsWhateverTheyAreWrappedIn) {
    if (!std::filesystem::exists(links)) GTEST_SKIP() << "no capture corpus at " << links;
    const std::string file = GetParam();
    const auto source = open_savefile({.path = links / file, .filter = ""});
    ASSERT_TRUE(source) << source.error().message;
    const std::string versions = file.starts_with("ipv4") ? "4" : file.starts_with("ipv6") ? "6" : "46";
    EXPECT_EQ(truth(versions), dissected(**source));
}

INSTANTIATE_TEST_SUITE_P(Links, LinkCorpusTest,
                         testing::Values("ethernet.pcap", "ethernet-fcs.pcap", "ethernet-padded.pcap", "vlan.pcap",
                                         "vlan-3.pcap", "vlan-priority.pcap", "qinq.pcap", "sll.pcap", "sll-vlan.pcap",
                                         "sll2.pcap", "null-be.pcap", "null-freebsd.pcap", "null-openbsd.pcap",
                                         "loop.pcap", "raw-101.pcap", "raw-12.pcap", "ipv4-v4.pcap", "ipv6-v6.pcap",
                                         "cisco-hdlc.pcap", "dsa-marvell.pcap", "fddi.pcap", "frame-relay.pcap",
                                         "ieee80211.pcap", "infiniband.pcap", "mpls-1.pcap", "mpls-3.pcap",
                                         "pktap-raw.pcap", "ppp-ether.pcap", "ppp-hdlc.pcap", "ppp.pcap", "pppoe.pcap",
                                         "radiotap-fcs.pcap", "token-ring.pcap", "vlan-pppoe.pcap"),
                         [](const auto &file) {
                             std::string name = std::filesystem::path(file.param).stem();
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

} // namespace
} // namespace doorplate

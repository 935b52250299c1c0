#include "analyze/dissect/everyday.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "capture/packet_source.h"
#include "tests/dissect/fault_of.h"
#include "tests/support/packet_builder.h"

namespace doorplate {
namespace {

bool is_everyday(const PacketBuilder &builder) {
    const BuiltPacket packet = builder.build();
    EXPECT_EQ("", fault_of(packet.view()));
    Dissection out;
    return dissect_everyday(packet.view(), {}, out);
}

PacketBuilder v4() { return ethernet().ipv4("192.0.2.1", "198.51.100.2"); }
PacketBuilder v6() { return ethernet().ipv6("2001:db8::1", "2001:db8::2"); }

TEST(Everyday, IsTcpOrUdpOverIpOverEthernet) {
    EXPECT_TRUE(is_everyday(v4().tcp(51000, 443).flags(".").payload("GET /")));
    EXPECT_TRUE(is_everyday(v6().tcp(51000, 443).flags(".")));
    EXPECT_TRUE(is_everyday(v4().udp(40000, 53).payload("query")));
    EXPECT_TRUE(is_everyday(v6().udp(40000, 53)));
    EXPECT_TRUE(is_everyday(v4().tcp(51000, 443).flags("S")));
    const PacketBuilder::Raw timestamps{1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};
    EXPECT_TRUE(is_everyday(v4().tcp(51000, 443).options(timestamps).flags(".")));
    EXPECT_TRUE(is_everyday(v4().tcp(51000, 443).options({5, 4, 0, 0}).flags(".")));
    EXPECT_TRUE(is_everyday(v4().tcp(51000, 443).options({34, 2, 1, 1}).flags("S")));
    EXPECT_TRUE(is_everyday(ethernet().vlan(5).ipv4("192.0.2.1", "198.51.100.2").udp(40000, 53)));
    EXPECT_TRUE(is_everyday(ethernet().vlan(5).vlan(6).ipv6("2001:db8::1", "2001:db8::2").tcp(51000, 443)));
}

TEST(Everyday, IsNothingThatTheLayersWouldRemarkOn) {
    EXPECT_FALSE(is_everyday(v4().options({7, 3, 4, 0}).udp(40000, 53)));
    EXPECT_FALSE(is_everyday(v4().fragment(0, true).udp(40000, 53).payload_of(8)));
    EXPECT_FALSE(is_everyday(v6().hop_by_hop().udp(40000, 53)));
    EXPECT_FALSE(is_everyday(v4().icmp(8, 0, 1, 1)));
    EXPECT_FALSE(is_everyday(v4().udp(40000, 4789).payload_of(60)));
    EXPECT_FALSE(is_everyday(v4().tcp(51000, 443).options({5, 9, 0, 0}).flags(".")));
    EXPECT_FALSE(is_everyday(ethernet().arp_request("192.0.2.1", "192.0.2.2")));
}

TEST(Everyday, IsNoPacketThatWasCut) {
    const BuiltPacket packet = v4().tcp(51000, 443).flags(".").payload("GET /").build();
    for (std::size_t size = 0; size < 14 + 20 + 20; ++size) {
        Packet cut = packet.view();
        cut.bytes = cut.bytes.first(size);
        Dissection out;
        EXPECT_FALSE(dissect_everyday(cut, {}, out)) << size;
    }
}

// Of all captures there are, and of each packet with some of its bytes changed.
TEST(Everyday, IsWhatTheLayersSayInTheWholeCorpus) {
    const std::filesystem::path corpus = DOORPLATE_CORPUS_DIR;
    if (!std::filesystem::exists(corpus)) GTEST_SKIP() << "no corpus";
    std::uint64_t packets = 0;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(corpus)) {
        if (!entry.is_regular_file()) continue;
        const auto source = open_savefile({.path = entry.path().string(), .filter = {}});
        bool at_end = !source;
        while (!at_end) {
            const auto batch = (*source)->read(Duration::zero());
            if (!batch) break;
            for (const Packet &packet : batch->packets) {
                ++packets;
                ASSERT_EQ("", fault_of(packet)) << entry.path() << " packet " << packets;
                std::vector<std::uint8_t> bytes(packet.bytes.begin(), packet.bytes.end());
                for (std::size_t at = packets % 7; at < std::min<std::size_t>(bytes.size(), 80); at += 7) {
                    bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 1U << packets % 8);
                    Packet changed = packet;
                    changed.bytes = bytes;
                    ASSERT_EQ("", fault_of(changed)) << entry.path() << " packet " << packets << " changed at " << at;
                }
            }
            at_end = batch->at_end;
        }
    }
    EXPECT_GT(packets, 10'000U);
}

} // namespace
} // namespace doorplate

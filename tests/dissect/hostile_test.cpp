#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/dissect/fault_of.h"
#include "tests/support/packet_builder.h"

namespace doorplate {
namespace {

struct Sample {
    std::string name;
    BuiltPacket packet;
    // Bytes up to the end of the last header that a flow needs.
    std::size_t needed = 0;
};

// One of each kind, with payload behind the headers.
std::vector<Sample> samples() {
    const auto v4 = [](PacketBuilder link) { return link.ipv4("192.0.2.1", "198.51.100.2"); };
    const auto v6 = [](PacketBuilder link) { return link.ipv6("2001:db8::1", "2001:db8::2"); };
    const PacketBuilder::Raw four_bytes{1, 2, 3, 4};
    const PacketBuilder many_tags = ethernet().vlan(1).vlan(2).vlan(3).vlan(4);
    return {
        {"tcp", v4(ethernet()).tcp(51000, 443).options({2, 4, 5, 0xb4}).payload("GET /").build(), 14 + 20 + 20},
        {"tcp in ip options", v4(ethernet()).options(four_bytes).options({7, 3, 4, 0}).tcp(1, 2).payload("x").build(),
         14 + 24 + 20},
        {"udp", v4(ethernet()).udp(40000, 53).payload("query").build(), 14 + 20 + 8},
        {"udp over ipv6", v6(ethernet()).udp(40000, 53).payload("query").build(), 14 + 40 + 8},
        {"udp behind extension headers",
         v6(ethernet())
             .hop_by_hop()
             .routing()
             .authentication_header()
             .destination_options()
             .udp(1, 2)
             .payload("x")
             .build(),
         14 + 40 + 8 + 24 + 24 + 8 + 8},
        {"udp in four tags", v4(many_tags).udp(1, 2).payload("x").build(), 14 + 16 + 20 + 8},
        {"udp in snap", v4(ethernet().llc(0xaa, 0xaa).payload({0, 0, 0, 8, 0})).udp(1, 2).payload("x").build(),
         14 + 8 + 20 + 8},
        {"udplite", v4(ethernet()).udplite(1, 2).payload("voice").build(), 14 + 20 + 8},
        {"dccp", v4(ethernet()).dccp(1, 2).payload("voice").build(), 14 + 20 + 12},
        {"sctp", v4(ethernet()).sctp(1, 2).data_chunk("data").build(), 14 + 20 + 12 + 4},
        {"icmp", v4(ethernet()).icmp(8, 0, 1, 1).payload("ping").build(), 14 + 20 + 8},
        {"icmpv6", v6(ethernet()).icmpv6(128, 0, 1, 1).payload("ping").build(), 14 + 40 + 8},
        {"first fragment", v6(ethernet()).fragment(0, true).udp(1, 2).payload_of(8).build(), 14 + 40 + 8 + 8},
        {"later fragment", v6(ethernet()).fragment(8, false).next(17).payload_of(8).build(), 14 + 40 + 8},
        {"esp", v4(ethernet()).next(50).payload_of(20).build(), 14 + 20},
        {"arp", ethernet().arp_request("192.0.2.1", "192.0.2.2").build(), 14 + 28},
        {"linux cooked", v4(PacketBuilder{}.linux_cooked().vlan(5)).udp(1, 2).payload("x").build(), 16 + 4 + 20 + 8},
        {"linux cooked v2", v6(PacketBuilder{}.linux_cooked_v2()).tcp(1, 2).payload("x").build(), 20 + 40 + 20},
        {"null", v4(PacketBuilder{}.null_loopback()).udp(1, 2).payload("x").build(), 4 + 20 + 8},
        {"loop", v6(PacketBuilder{}.openbsd_loopback()).udp(1, 2).payload("x").build(), 4 + 40 + 8},
        {"gre", v4(v4(ethernet()).gre(1)).udp(1, 2).payload("x").build(), 14 + 20 + 8},
        {"ip in ip", v6(v4(ethernet())).udp(1, 2).payload("x").build(), 14 + 20},
        {"vxlan",
         v4(v4(ethernet()).udp(1, 4789).payload({8, 0, 0, 0, 0, 0, 1, 0}).ethernet().vlan(1)).tcp(1, 2).build(),
         14 + 20 + 8},
        {"geneve in gtp-u",
         v6(v4(v6(ethernet()).udp(1, 2152).payload({0x30, 255, 0, 76, 0, 0, 0, 9}))
                .udp(1, 6081)
                .payload({0, 0, 0x86, 0xdd, 0, 0, 1, 0}))
             .next(59)
             .build(),
         14 + 40 + 8},
        {"teredo", v6(v4(ethernet()).udp(1, 3544)).icmpv6(128).build(), 14 + 20 + 8},
        {"l2tp", v4(v4(ethernet()).udp(1, 1701).payload({0, 2, 0, 5, 0, 6, 0x21})).udp(1, 2).build(), 14 + 20 + 8},
        {"erspan",
         v4(v4(ethernet()).next(47).payload({0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 5, 0, 17, 0, 0, 0, 0}).ethernet())
             .udp(1, 2)
             .build(),
         14 + 20 + 16},
        {"mpls", v4(ethernet().next(0x8847).payload({0, 1, 1, 64})).udp(1, 2).payload("x").build(), 14 + 4 + 20 + 8},
        {"pppoe", v4(ethernet().next(0x8864).payload({0x11, 0, 0, 7, 0, 31, 0, 0x21})).udp(1, 2).payload("x").build(),
         14 + 8 + 20 + 8},
        {"radiotap",
         v4(PacketBuilder()
                .link(LinkType::ieee802_11_radiotap)
                .payload({0, 0, 9, 0, 2, 0, 0, 0, 0, 8, 1})
                .payload(PacketBuilder::Raw(22))
                .payload({0xaa, 0xaa, 3, 0, 0, 0, 8, 0}))
             .udp(1, 2)
             .payload("x")
             .build(),
         9 + 24 + 8 + 20 + 8},
        {"raw", v6(raw_ip()).udp(1, 2).payload("x").build(), 40 + 8},
    };
}

TEST(HostileTest, EverySampleIsFineAsItIs) {
    for (const Sample &sample : samples()) {
        SCOPED_TRACE(sample.name);
        const Dissection whole = dissect(sample.packet.view());
        EXPECT_FALSE(whole.truncated);
        EXPECT_EQ(std::nullopt, whole.malformation);
        EXPECT_NE(PacketKind::undissected, whole.kind);
    }
}

TEST(HostileTest, CutAtAnyLengthAPacketIsTruncatedJustIfAHeaderIsMissing) {
    for (const Sample &sample : samples()) {
        for (std::size_t length = 0; length <= sample.packet.bytes.size(); ++length) {
            SCOPED_TRACE(sample.name + " cut to " + std::to_string(length));
            const BuiltPacket cut = sample.packet.cut_to(length);
            EXPECT_EQ("", fault_of(cut.view()));
            const Dissection dissection = dissect(cut.view());
            EXPECT_EQ(length < sample.needed, dissection.truncated);
            EXPECT_EQ(std::nullopt, dissection.malformation);
        }
    }
}

TEST(HostileTest, OfAnyLengthOnTheWireAPacketIsMalformedAndNeverTruncated) {
    for (const Sample &sample : samples()) {
        for (std::size_t length = 0; length < sample.needed; ++length) {
            SCOPED_TRACE(sample.name + " of " + std::to_string(length));
            BuiltPacket runt = sample.packet.cut_to(length);
            runt.original_length = static_cast<std::uint32_t>(length);
            EXPECT_EQ("", fault_of(runt.view()));
            const Dissection dissection = dissect(runt.view());
            EXPECT_FALSE(dissection.truncated);
            EXPECT_TRUE(dissection.malformation);
        }
    }
}

TEST(HostileTest, AnyBytesMayBeOfAnyLinkType) {
    const std::vector<Sample> all = samples();
    for (unsigned type = 0; type < 400; ++type) {
        for (const Sample &sample : all) {
            BuiltPacket changed = sample.packet;
            changed.link_type = LinkType{static_cast<std::uint16_t>(type)};
            ASSERT_EQ("", fault_of(changed.view())) << sample.name << " as link type " << type;
            const BuiltPacket cut = changed.cut_to(changed.bytes.size() / 2);
            ASSERT_EQ("", fault_of(cut.view())) << sample.name << " cut, as link type " << type;
        }
    }
}

TEST(HostileTest, AnyByteMayHaveAnyValue) {
    for (const Sample &sample : samples()) {
        for (std::size_t at = 0; at < sample.packet.bytes.size(); ++at) {
            for (unsigned value = 0; value < 256; ++value) {
                BuiltPacket changed = sample.packet;
                changed.bytes[at] = static_cast<std::uint8_t>(value);
                ASSERT_EQ("", fault_of(changed.view())) << sample.name << " with " << value << " at " << at;
            }
        }
    }
}

TEST(HostileTest, ManyBytesMayBeWrongAtOnce) {
    std::mt19937 random(20231114);
    const std::vector<Sample> all = samples();
    for (int round = 0; round < 50'000; ++round) {
        BuiltPacket changed = all[random() % all.size()].packet;
        for (auto flips = random() % 6; flips > 0; --flips)
            changed.bytes[random() % changed.bytes.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
        changed = changed.cut_to(random() % (2 * changed.bytes.size()));
        if (random() % 4 == 0) changed.original_length = static_cast<std::uint32_t>(random());
        ASSERT_EQ("", fault_of(changed.view())) << "round " << round;
    }
}

} // namespace
} // namespace doorplate

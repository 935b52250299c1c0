#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dissect/dissected.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::Optional;

PacketBuilder outer_ipv4() { return ethernet().ipv4("192.0.2.1", "198.51.100.2"); }
PacketBuilder outer_ipv6() { return ethernet().ipv6("2001:db8::1", "2001:db8::2"); }
PacketBuilder &inner_ipv4(PacketBuilder &packet) { return packet.ipv4("10.0.0.1", "10.0.0.2"); }
PacketBuilder &inner_ipv6(PacketBuilder &packet) { return packet.ipv6("fd00::1", "fd00::2"); }

TEST(TunnelTest, APacketWithoutATunnelHasOneLevel) {
    const Dissected packet(outer_ipv4().udp(1, 2));
    EXPECT_EQ(1U, packet.levels());
    EXPECT_EQ(TunnelKind::none, packet->tunnel);
}

TEST(TunnelTest, IpInIpIsNamedByBothFamilies) {
    PacketBuilder four = outer_ipv4(), six = outer_ipv6(), mixed = outer_ipv4(), mixed_back = outer_ipv6();
    EXPECT_EQ(TunnelKind::ip_in_ip, Dissected(inner_ipv4(four).udp(1, 2)).innermost().tunnel);
    EXPECT_EQ(TunnelKind::ip_in_ip, Dissected(inner_ipv6(six).udp(1, 2)).innermost().tunnel);
    EXPECT_EQ(TunnelKind::six_in_four, Dissected(inner_ipv6(mixed).udp(1, 2)).innermost().tunnel);
    EXPECT_EQ(TunnelKind::four_in_six, Dissected(inner_ipv4(mixed_back).udp(1, 2)).innermost().tunnel);
}

TEST(TunnelTest, BothPacketsOfATunnelAreWhole) {
    PacketBuilder builder = outer_ipv4();
    const Dissected packet(inner_ipv6(builder).tcp(51000, 443).flags("S").payload("hello"));
    ASSERT_EQ(2U, packet.levels());

    EXPECT_EQ("192.0.2.1:0 > 198.51.100.2:0", packet.ends());
    EXPECT_TRUE(packet->flow_ready);
    EXPECT_EQ(Transport{41}, packet->transport);
    EXPECT_EQ(20U + 40U + 20U + 5U, packet->ip_bytes);
    EXPECT_EQ(40U + 20U + 5U, packet->payload_bytes);

    const Dissection &inner = packet.innermost();
    EXPECT_EQ("[fd00::1]:51000 > [fd00::2]:443", ends_of(inner));
    EXPECT_TRUE(inner.flow_ready);
    EXPECT_EQ(40U + 20U + 5U, inner.ip_bytes);
    EXPECT_EQ(5U, inner.payload_bytes);
    ASSERT_TRUE(inner.tcp);
    EXPECT_TRUE(inner.tcp->syn);
    EXPECT_EQ(std::nullopt, inner.tunnel_id);
}

TEST(TunnelTest, FourPacketsInOneAnotherAreAllThereIs) {
    PacketBuilder four = outer_ipv4();
    inner_ipv4(inner_ipv4(inner_ipv4(four)));
    const Dissected whole(four.udp(1, 2));
    EXPECT_EQ(4U, whole.levels());
    EXPECT_EQ(std::nullopt, whole.innermost().malformation);

    PacketBuilder five = outer_ipv4();
    const Dissected too_deep(inner_ipv4(inner_ipv4(inner_ipv4(inner_ipv4(five)))).udp(1, 2));
    EXPECT_EQ(4U, too_deep.levels());
    EXPECT_THAT(too_deep.innermost().malformation, Optional(Malformation::too_many_tunnels));
}

TEST(TunnelTest, WhatIsWrongInsideIsSaidOfTheInnerPacket) {
    PacketBuilder builder = outer_ipv4();
    const Dissected packet(inner_ipv4(builder).header_words(4).udp(1, 2));
    EXPECT_EQ(std::nullopt, packet->malformation);
    EXPECT_THAT(packet.innermost().malformation, Optional(Malformation::ipv4_bad_header_length));
}

TEST(TunnelTest, WhatWasCutInsideIsSaidOfTheInnerPacket) {
    PacketBuilder builder = outer_ipv4();
    const Dissected packet(inner_ipv4(builder).udp(1, 2).captured(14 + 20 + 20 + 3));
    EXPECT_FALSE(packet->truncated);
    EXPECT_TRUE(packet.innermost().truncated);
}

TEST(TunnelTest, AReusedAnswerRemembersNothing) {
    const BuiltPacket tagged = ethernet().vlan(7).ipv4("192.0.2.1", "192.0.2.2").tcp(1, 2).build();
    PacketBuilder builder = outer_ipv4();
    const BuiltPacket tunnelled = inner_ipv6(builder.gre(5)).icmpv6(128).build();
    const BuiltPacket arp = ethernet().arp_request("192.0.2.1", "192.0.2.2").build();
    DissectedPacket out;
    dissect(tagged.view(), out);
    dissect(tunnelled.view(), out);
    ASSERT_EQ(2U, out.count);
    EXPECT_EQ(0, out.levels[0].vlan_count);
    EXPECT_FALSE(out.levels[0].tcp);
    dissect(arp.view(), out);
    ASSERT_EQ(1U, out.count);
    EXPECT_FALSE(out.levels[0].flow_ready);
    EXPECT_EQ(IpAddress{}, out.levels[0].source);
}

TEST(TunnelTest, TheFirstFragmentOfATunnelPacketShowsTheInnerOne) {
    // The outer fragment ends within the inner packet, whose length is therefore no lie.
    const Dissected packet(outer_ipv4()
                               .fragment(0, true)
                               .next(4)
                               .ipv4("10.0.0.1", "10.0.0.2")
                               .length(1000)
                               .udp(1, 2)
                               .length(980)
                               .payload_of(36));
    ASSERT_EQ(2U, packet.levels());
    EXPECT_EQ(std::nullopt, packet.innermost().malformation);
    EXPECT_EQ(1000U, packet.innermost().ip_bytes);
    EXPECT_EQ(972U, packet.innermost().payload_bytes);
}

TEST(TunnelTest, ALaterFragmentShowsNothingInside) {
    EXPECT_EQ(1U, Dissected(outer_ipv4().fragment(8, false).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2)).levels());
}

TEST(GreTest, CarriesIpOfBothVersions) {
    PacketBuilder four = outer_ipv4(), six = outer_ipv6();
    const Dissected in_four(inner_ipv6(four.gre()).udp(1, 2));
    EXPECT_EQ("[fd00::1]:1 > [fd00::2]:2", ends_of(in_four.innermost()));
    EXPECT_EQ(TunnelKind::gre, in_four.innermost().tunnel);
    EXPECT_EQ(std::nullopt, in_four.innermost().tunnel_id);
    EXPECT_EQ(Transport::gre, in_four->transport);
    EXPECT_EQ("10.0.0.1:1 > 10.0.0.2:2", ends_of(Dissected(inner_ipv4(six.gre()).udp(1, 2)).innermost()));
}

TEST(GreTest, TellsItsKey) {
    PacketBuilder builder = outer_ipv4();
    EXPECT_THAT(Dissected(inner_ipv4(builder.gre(0xcafe)).udp(1, 2)).innermost().tunnel_id, Optional(0xcafeU));
}

TEST(GreTest, CarriesEthernetWithTagsOfItsOwn) {
    PacketBuilder builder = ethernet().vlan(1).ipv4("192.0.2.1", "198.51.100.2").gre(7).ethernet().vlan(2);
    const Dissected packet(inner_ipv4(builder).udp(1, 2));
    ASSERT_EQ(2U, packet.levels());
    EXPECT_THAT(packet->vlans, ElementsAre(1, 0, 0, 0));
    EXPECT_THAT(packet.innermost().vlans, ElementsAre(2, 0, 0, 0));
    EXPECT_EQ("10.0.0.1:1 > 10.0.0.2:2", ends_of(packet.innermost()));
}

TEST(GreTest, SkipsChecksumAndSequenceNumber) {
    // RFC 2890: checksum and reserved, key 5, sequence number.
    PacketBuilder builder = outer_ipv4().next(47).payload({0xb0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 9});
    const Dissected packet(inner_ipv4(builder).udp(1, 2));
    EXPECT_EQ("10.0.0.1:1 > 10.0.0.2:2", ends_of(packet.innermost()));
    EXPECT_THAT(packet.innermost().tunnel_id, Optional(5U));
}

TEST(GreTest, AHeaderThatIsCutOrShortIsSaidOfThePacketThatHasIt) {
    PacketBuilder builder = outer_ipv4().gre(5);
    const Dissected cut(inner_ipv4(builder).captured(14 + 20 + 6));
    EXPECT_EQ(1U, cut.levels());
    EXPECT_TRUE(cut->truncated);
    EXPECT_TRUE(cut->flow_ready);
    EXPECT_THAT(Dissected(outer_ipv4().next(47).payload({0x20, 0, 8, 0, 1}))->malformation,
                Optional(Malformation::tunnel_header_too_short));
    EXPECT_THAT(Dissected(outer_ipv4().next(47).payload({0, 7, 8, 0}))->malformation,
                Optional(Malformation::tunnel_bad_header));
}

} // namespace
} // namespace doorplate

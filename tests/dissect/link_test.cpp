#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dissect/dissected.h"

namespace doorplate {
namespace {

using testing::Optional;

PacketBuilder with_dns_query(PacketBuilder link) {
    return link.ipv4("192.0.2.1", "198.51.100.2").udp(40000, 53).payload("query");
}

PacketBuilder with_dns_query_over_ipv6(PacketBuilder link) {
    return link.ipv6("2001:db8::1", "2001:db8::2").udp(40000, 53).payload("query");
}

void expect_dns_query(const PacketBuilder &builder) {
    const Dissected packet(builder);
    EXPECT_EQ(PacketKind::ip, packet->kind);
    EXPECT_EQ("192.0.2.1:40000 > 198.51.100.2:53", packet.ends());
    EXPECT_EQ(33U, packet->ip_bytes);
    EXPECT_EQ("query", packet.payload());
    EXPECT_EQ(std::nullopt, packet->malformation);
}

void expect_dns_query_over_ipv6(const PacketBuilder &builder) {
    const Dissected packet(builder);
    EXPECT_EQ(PacketKind::ip, packet->kind);
    EXPECT_EQ("[2001:db8::1]:40000 > [2001:db8::2]:53", packet.ends());
    EXPECT_EQ(53U, packet->ip_bytes);
    EXPECT_EQ("query", packet.payload());
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(EthernetTest, CarriesBothVersionsOfIp) {
    expect_dns_query(with_dns_query(ethernet()));
    expect_dns_query_over_ipv6(with_dns_query_over_ipv6(ethernet()));
}

TEST(EthernetTest, NamesTheEtherTypeOfWhatItDoesNotDissect) {
    const Dissected lldp(ethernet().next(0x88cc).payload("lldp"));
    EXPECT_EQ(PacketKind::other_ether_type, lldp->kind);
    EXPECT_EQ(0x88cc, lldp->ether_type);
    EXPECT_FALSE(lldp->flow_ready);
}

TEST(EthernetTest, WithALengthInsteadOfATypeIsLlc) {
    EXPECT_EQ(PacketKind::llc, Dissected(ethernet().llc(0x42, 0x42).payload("spanning tree"))->kind);
}

TEST(EthernetTest, FindsIpBehindSnap) {
    expect_dns_query(with_dns_query(ethernet().llc(0xaa, 0xaa).payload({0, 0, 0, 0x08, 0x00})));
}

TEST(EthernetTest, BrokenIpBehindSnapIsNotTakenForLlc) {
    const Dissected packet(ethernet().llc(0xaa, 0xaa).payload({0, 0, 0, 0x08, 0x00}).payload({0x45}));
    EXPECT_EQ(PacketKind::undissected, packet->kind);
    EXPECT_THAT(packet->malformation, Optional(Malformation::ipv4_header_too_short));
}

TEST(EthernetTest, LeavesSnapOfOtherOrganizationsAlone) {
    const PacketBuilder::Raw cisco_discovery{0, 0, 0x0c, 0x20, 0};
    EXPECT_EQ(PacketKind::llc, Dissected(ethernet().llc(0xaa, 0xaa).payload(cisco_discovery))->kind);
}

TEST(EthernetTest, ShorterThanItsHeaderIsMalformed) {
    const Dissected packet(PacketBuilder{}.link(LinkType::ethernet).payload_of(13));
    EXPECT_EQ(PacketKind::undissected, packet->kind);
    EXPECT_THAT(packet->malformation, Optional(Malformation::link_header_too_short));
    EXPECT_FALSE(packet->truncated);
}

TEST(EthernetTest, CutInItsHeaderIsTruncatedAndNotMalformed) {
    const Dissected packet(with_dns_query(ethernet()).captured(13));
    EXPECT_TRUE(packet->truncated);
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(EthernetTest, PaddingIsNotPayload) { expect_dns_query(with_dns_query(ethernet()).padding(30)); }

TEST(VlanTest, TagsAreListedOutermostFirst) {
    const Dissected packet(with_dns_query(ethernet().vlan(100, 0x88a8).vlan(7)));
    EXPECT_EQ(2, packet->vlan_count);
    EXPECT_EQ(100, packet->vlans[0]);
    EXPECT_EQ(7, packet->vlans[1]);
    EXPECT_EQ("query", packet.payload());
}

TEST(VlanTest, KnowsTheTypeThatQinQHadBeforeItsStandard) {
    const Dissected packet(with_dns_query(ethernet().vlan(100, 0x9100).vlan(7)));
    EXPECT_EQ(2, packet->vlan_count);
    EXPECT_TRUE(packet->flow_ready);
}

TEST(VlanTest, OnlyTheIdentifierIsKeptOfATagWithPriority) {
    EXPECT_EQ(5, Dissected(with_dns_query(ethernet().vlan(0xe005)))->vlans[0]);
}

TEST(VlanTest, FourTagsAreRead) {
    const Dissected packet(with_dns_query(ethernet().vlan(1).vlan(2).vlan(3).vlan(4)));
    EXPECT_EQ(4, packet->vlan_count);
    EXPECT_TRUE(packet->flow_ready);
}

TEST(VlanTest, FiveTagsAreTooMany) {
    const Dissected packet(with_dns_query(ethernet().vlan(1).vlan(2).vlan(3).vlan(4).vlan(5)));
    EXPECT_THAT(packet->malformation, Optional(Malformation::too_many_vlan_tags));
    EXPECT_FALSE(packet->flow_ready);
}

TEST(VlanTest, ShorterThanATagIsMalformed) {
    const Dissected packet(ethernet().next(0x8100).payload_of(3));
    EXPECT_THAT(packet->malformation, Optional(Malformation::vlan_header_too_short));
}

TEST(VlanTest, MayHoldLlc) { EXPECT_EQ(PacketKind::llc, Dissected(ethernet().vlan(5).next(3).llc(0x42, 0x42))->kind); }

TEST(LinuxCookedTest, CarriesBothVersionsOfIp) {
    expect_dns_query(with_dns_query(PacketBuilder{}.linux_cooked()));
    expect_dns_query_over_ipv6(with_dns_query_over_ipv6(PacketBuilder{}.linux_cooked()));
    expect_dns_query(with_dns_query(PacketBuilder{}.linux_cooked_v2()));
    expect_dns_query_over_ipv6(with_dns_query_over_ipv6(PacketBuilder{}.linux_cooked_v2()));
}

TEST(LinuxCookedTest, MayHoldAVlanTag) {
    EXPECT_EQ(5, Dissected(with_dns_query(PacketBuilder{}.linux_cooked().vlan(5)))->vlans[0]);
    EXPECT_EQ(5, Dissected(with_dns_query(PacketBuilder{}.linux_cooked_v2().vlan(5)))->vlans[0]);
}

TEST(LinuxCookedTest, NamesTheProtocolThatItDoesNotDissect) {
    const Dissected packet(PacketBuilder{}.linux_cooked_v2().next(0x88cc).payload("lldp"));
    EXPECT_EQ(PacketKind::other_ether_type, packet->kind);
    EXPECT_EQ(0x88cc, packet->ether_type);
}

TEST(LinuxCookedTest, KnowsTheKernelsNumberForLlc) {
    EXPECT_EQ(PacketKind::llc, Dissected(PacketBuilder{}.linux_cooked().next(4).llc(0x42, 0x42))->kind);
}

TEST(LinuxCookedTest, DoesNotTakeNetlinkFamiliesForEtherTypes) {
    BuiltPacket netlink = with_dns_query(PacketBuilder{}.linux_cooked()).build();
    netlink.bytes[2] = 824 >> 8;
    netlink.bytes[3] = 824 & 0xff;
    EXPECT_EQ(PacketKind::unknown_link, Dissected(netlink)->kind);
}

TEST(LinuxCookedTest, ShorterThanItsHeaderIsMalformed) {
    EXPECT_THAT(Dissected(PacketBuilder{}.link(LinkType::linux_cooked).payload_of(15))->malformation,
                Optional(Malformation::link_header_too_short));
    EXPECT_THAT(Dissected(PacketBuilder{}.link(LinkType::linux_cooked_v2).payload_of(19))->malformation,
                Optional(Malformation::link_header_too_short));
}

TEST(NullLoopbackTest, IsReadInBothByteOrders) {
    expect_dns_query(with_dns_query(PacketBuilder{}.null_loopback(std::endian::little)));
    expect_dns_query(with_dns_query(PacketBuilder{}.null_loopback(std::endian::big)));
}

TEST(NullLoopbackTest, KnowsEverySystemsNumberForIpv6) {
    for (const std::uint32_t family : {10U, 23U, 24U, 28U, 30U}) {
        SCOPED_TRACE(family);
        expect_dns_query_over_ipv6(
            with_dns_query_over_ipv6(PacketBuilder{}.null_loopback(std::endian::little, family)));
        expect_dns_query_over_ipv6(with_dns_query_over_ipv6(PacketBuilder{}.null_loopback(std::endian::big, family)));
    }
}

TEST(NullLoopbackTest, SaysSoWhenTheFamilyIsUnknown) {
    const Dissected apple_talk(with_dns_query(PacketBuilder{}.null_loopback(std::endian::little, 16)));
    EXPECT_EQ(PacketKind::unknown_link, apple_talk->kind);
    EXPECT_FALSE(apple_talk->flow_ready);
}

TEST(OpenBsdLoopbackTest, CarriesBothVersionsOfIp) {
    expect_dns_query(with_dns_query(PacketBuilder{}.openbsd_loopback()));
    expect_dns_query_over_ipv6(with_dns_query_over_ipv6(PacketBuilder{}.openbsd_loopback()));
}

TEST(RawIpTest, TheVersionTellsWhichIpItIs) {
    for (const LinkType type : {LinkType::raw_ip, LinkType::raw_bsd12, LinkType::raw_bsd14}) {
        SCOPED_TRACE(link_type_name(type));
        expect_dns_query(with_dns_query(PacketBuilder{}.raw_ip(type)));
        expect_dns_query_over_ipv6(with_dns_query_over_ipv6(PacketBuilder{}.raw_ip(type)));
    }
}

TEST(RawIpTest, NothingAtAllIsMalformed) {
    EXPECT_THAT(Dissected(raw_ip())->malformation, Optional(Malformation::link_header_too_short));
}

TEST(RawIpTest, OtherVersionsAreMalformed) {
    EXPECT_THAT(Dissected(raw_ip().payload({0x50, 0}))->malformation, Optional(Malformation::ipv4_bad_version));
}

TEST(IpLinkTypeTest, HoldsTheVersionThatItIsNamedFor) {
    expect_dns_query(with_dns_query(PacketBuilder{}.link(LinkType::ipv4)));
    expect_dns_query_over_ipv6(with_dns_query_over_ipv6(PacketBuilder{}.link(LinkType::ipv6)));
    EXPECT_THAT(Dissected(with_dns_query_over_ipv6(PacketBuilder{}.link(LinkType::ipv4)))->malformation,
                Optional(Malformation::ipv4_bad_version));
    EXPECT_THAT(Dissected(with_dns_query(PacketBuilder{}.link(LinkType::ipv6)))->malformation,
                Optional(Malformation::ipv6_bad_version));
}

TEST(UnknownLinkTest, IsNotGuessedAt) {
    const Dissected packet(with_dns_query(PacketBuilder{}.link(LinkType{147})));
    EXPECT_EQ(PacketKind::unknown_link, packet->kind);
    EXPECT_FALSE(packet->flow_ready);
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(ArpTest, IsRecognized) {
    const Dissected packet(ethernet().arp_request("192.0.2.1", "192.0.2.2"));
    EXPECT_EQ(PacketKind::arp, packet->kind);
    EXPECT_EQ(std::nullopt, packet->malformation);
    EXPECT_FALSE(packet->truncated);
}

TEST(ArpTest, ShorterThanItsAddressesIsMalformed) {
    BuiltPacket packet = ethernet().arp_request("192.0.2.1", "192.0.2.2").build();
    packet.bytes.pop_back();
    packet.original_length = static_cast<std::uint32_t>(packet.bytes.size());
    EXPECT_THAT(Dissected(packet)->malformation, Optional(Malformation::arp_too_short));
    EXPECT_THAT(Dissected(ethernet().next(0x0806).payload_of(7))->malformation, Optional(Malformation::arp_too_short));
}

TEST(ArpTest, CutBySnapshotLengthIsTruncated) {
    const Dissected packet(ethernet().arp_request("192.0.2.1", "192.0.2.2").captured(30));
    EXPECT_TRUE(packet->truncated);
    EXPECT_EQ(std::nullopt, packet->malformation);
}

} // namespace
} // namespace doorplate

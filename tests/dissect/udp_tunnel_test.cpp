#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dissect/dissected.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::Optional;

using Raw = PacketBuilder::Raw;

PacketBuilder datagram(std::uint16_t port) { return ethernet().ipv4("192.0.2.1", "198.51.100.2").udp(50000, port); }
PacketBuilder with_ipv4(PacketBuilder packet) {
    return packet.ipv4("10.0.0.1", "10.0.0.2").tcp(51000, 443).payload("hi");
}
PacketBuilder with_ipv6(PacketBuilder packet) {
    return packet.ipv6("fd00::1", "fd00::2").tcp(51000, 443).payload("hi");
}

constexpr const char *inner_ends = "10.0.0.1:51000 > 10.0.0.2:443";

// One inner packet that travels so, and an outer one that is a datagram as any other.
void expect_tunnel(TunnelKind tunnel, std::optional<std::uint64_t> id, const PacketBuilder &builder) {
    const Dissected packet(builder);
    EXPECT_EQ(Transport::udp, packet->transport);
    EXPECT_EQ(std::nullopt, packet->malformation);
    ASSERT_EQ(2U, packet.levels());
    EXPECT_EQ(tunnel, packet.innermost().tunnel);
    EXPECT_EQ(id, packet.innermost().tunnel_id);
    EXPECT_EQ(std::nullopt, packet.innermost().malformation);
    EXPECT_EQ(2U, packet.innermost().payload_bytes);
}

void expect_no_tunnel(const PacketBuilder &builder) {
    const Dissected packet(builder);
    EXPECT_EQ(1U, packet.levels());
    EXPECT_EQ(std::nullopt, packet->malformation);
    EXPECT_FALSE(packet->truncated);
}

const Raw vxlan_header{8, 0, 0, 0, 0, 0x12, 0x34, 0};
const Raw geneve_header{0, 0, 0x65, 0x58, 0, 0x12, 0x34, 0};

TEST(VxlanTest, CarriesEthernetWithItsTags) {
    expect_tunnel(TunnelKind::vxlan, 0x1234, with_ipv4(datagram(4789).payload(vxlan_header).ethernet()));
    expect_tunnel(TunnelKind::vxlan, 0x1234, with_ipv6(datagram(8472).payload(vxlan_header).ethernet()));
    const Dissected tagged(with_ipv4(datagram(4789).payload(vxlan_header).ethernet().vlan(5)));
    EXPECT_THAT(tagged.innermost().vlans, ElementsAre(5, 0, 0, 0));
    EXPECT_EQ(inner_ends, ends_of(tagged.innermost()));
}

TEST(VxlanTest, IsNotInADatagramOfThatPortAlone) {
    expect_no_tunnel(datagram(4789).payload("this is some other protocol altogether, with enough text"));
    expect_no_tunnel(datagram(4789).payload(Raw(60, 8)));
    expect_no_tunnel(datagram(4789).payload(vxlan_header));
    expect_no_tunnel(datagram(4789));
}

TEST(VxlanTest, MayTellWhatItCarries) {
    expect_tunnel(TunnelKind::vxlan, 7, with_ipv4(datagram(4790).payload({0x0c, 0, 0, 1, 0, 0, 7, 0})));
    expect_tunnel(TunnelKind::vxlan, 7, with_ipv6(datagram(4790).payload({0x0c, 0, 0, 2, 0, 0, 7, 0})));
    // A service header of two words, with an Ethernet frame behind it.
    const Raw service_header{0, 2, 1, 3, 0, 0, 0, 1};
    expect_tunnel(TunnelKind::vxlan, 7,
                  with_ipv4(datagram(4790).payload({0x0c, 0, 0, 4, 0, 0, 7, 0}).payload(service_header).ethernet()));
}

TEST(GeneveTest, CarriesEthernetOrIpBehindItsOptions) {
    expect_tunnel(TunnelKind::geneve, 0x1234, with_ipv4(datagram(6081).payload(geneve_header).ethernet()));
    expect_tunnel(TunnelKind::geneve, 7, with_ipv4(datagram(6081).payload({0, 0, 8, 0, 0, 0, 7, 0})));
    expect_tunnel(TunnelKind::geneve, 7,
                  with_ipv6(datagram(6081).payload({2, 0, 0x86, 0xdd, 0, 0, 7, 0, 1, 2, 3, 1, 9, 9, 9, 9})));
}

TEST(GeneveTest, IsNotInADatagramOfThatPortAlone) {
    expect_no_tunnel(datagram(6081).payload("GET / HTTP/1.1, and what else one says"));
    expect_no_tunnel(datagram(6081).payload({0x3f, 0, 8, 0, 0, 0, 7, 0}));
    expect_no_tunnel(datagram(6081).payload({0, 0, 8, 0, 0, 0, 7, 0, 0x60, 0, 0, 0}));
}

TEST(GtpTest, CarriesIpBehindItsOptionalFields) {
    // Lengths as 3GPP TS 29.281 counts them: all behind the first eight bytes.
    const Raw plain{0x30, 255, 0, 42, 0, 0, 0, 9};
    const Raw with_sequence{0x32, 255, 0, 46, 0, 0, 0, 9, 0, 1, 0, 0};
    const Raw with_extension{0x34, 255, 0, 50, 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0x10, 9, 0};
    expect_tunnel(TunnelKind::gtp_u, 9, with_ipv4(datagram(2152).payload(plain)));
    expect_tunnel(TunnelKind::gtp_u, 9, with_ipv4(datagram(2152).payload(with_sequence)));
    expect_tunnel(TunnelKind::gtp_u, 9, with_ipv4(datagram(2152).payload(with_extension)));
}

TEST(GtpTest, IsNotInSignallingAndNonsense) {
    expect_no_tunnel(datagram(2152).payload({0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0}));  // echo request
    expect_no_tunnel(with_ipv4(datagram(2152).payload({0x30, 255, 1, 0, 0, 0, 0, 9}))); // longer than the datagram
    // An extension header without a length, which would be read for ever.
    expect_no_tunnel(datagram(2152).payload({0x34, 255, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0x85, 0, 0, 0, 0x85}));
}

TEST(TeredoTest, CarriesIpv6BehindItsIndications) {
    expect_tunnel(TunnelKind::teredo, std::nullopt, with_ipv6(datagram(3544)));
    expect_tunnel(TunnelKind::teredo, std::nullopt, with_ipv6(datagram(3544).payload({0, 0, 1, 2, 3, 4, 5, 6})));
    const Raw authentication{0, 1, 1, 2, 'i', 'a', 'a', 1, 2, 3, 4, 5, 6, 7, 8, 0};
    expect_tunnel(TunnelKind::teredo, std::nullopt, with_ipv6(datagram(3544).payload(authentication)));
    expect_no_tunnel(with_ipv4(datagram(3544)));
}

TEST(L2tpTest, CarriesPpp) {
    const Raw header{0, 2, 0, 5, 0, 6, 0xff, 3, 0, 0x21};
    expect_tunnel(TunnelKind::l2tp, 0x50006, with_ipv4(datagram(1701).payload(header)));
    const Raw with_everything{0x4a, 2, 0, 64, 0, 5, 0, 6, 0, 1, 0, 1, 0, 2, 0, 0, 0x57};
    expect_tunnel(TunnelKind::l2tp, 0x50006, with_ipv6(datagram(1701).payload(with_everything)));
    expect_no_tunnel(datagram(1701).payload({0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0})); // a control message
}

TEST(L2tpTest, VersionThreeCarriesEthernetBehindAnyCookie) {
    expect_tunnel(TunnelKind::l2tp, 7, with_ipv4(datagram(1701).payload({0, 3, 0, 0, 0, 0, 0, 7}).ethernet()));
    const Dissected over_ip(with_ipv4(ethernet()
                                          .ipv4("192.0.2.1", "198.51.100.2")
                                          .next(115)
                                          .payload({0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8})
                                          .ethernet()));
    EXPECT_EQ(TunnelKind::l2tp, over_ip.innermost().tunnel);
    EXPECT_EQ(inner_ends, ends_of(over_ip.innermost()));
}

TEST(CapwapTest, CarriesEthernetOrFramesOfTheRadio) {
    expect_tunnel(TunnelKind::capwap, std::nullopt,
                  with_ipv4(datagram(5247).payload({0, 0x10, 0x02, 0, 0, 0, 0, 0}).ethernet()));
    Raw radio{0, 0x10, 0x03, 0, 0, 0, 0, 0, 0x08, 0x01};
    radio.resize(8 + 24);
    radio.insert(radio.end(), {0xaa, 0xaa, 3, 0, 0, 0, 8, 0});
    expect_tunnel(TunnelKind::capwap, std::nullopt, with_ipv4(datagram(5247).payload(radio)));
    expect_no_tunnel(datagram(5247).payload({1, 0, 0, 0, 0x16, 0xfe, 0xff, 0})); // encrypted
}

TEST(AyiyaTest, CarriesIpv6) {
    Raw header{0x42, 0x52, 0x11, 41, 0, 0, 0, 0};
    header.resize(8 + 16 + 20);
    expect_tunnel(TunnelKind::ayiya, std::nullopt, with_ipv6(datagram(5072).payload(header)));
    expect_no_tunnel(datagram(5072).payload("something else that is long enough to be a header"));
}

TEST(MplsInUdpTest, CarriesIp) {
    const Dissected packet(with_ipv4(datagram(6635).payload({0, 1, 0x01, 64})));
    EXPECT_EQ(TunnelKind::mpls_in_ip, packet.innermost().tunnel);
    EXPECT_EQ(1, packet.innermost().mpls_count);
    EXPECT_EQ(16U, packet.innermost().mpls[0]);
}

TEST(LispTest, CarriesIpAndSoDoSomeOfItsControlMessages) {
    expect_tunnel(TunnelKind::lisp, std::nullopt, with_ipv4(datagram(4341).payload({0x80, 1, 2, 3, 0, 0, 0, 0})));
    expect_tunnel(TunnelKind::lisp, std::nullopt, with_ipv6(datagram(4342).payload({0x80, 0, 0, 0})));
    expect_no_tunnel(datagram(4342).payload({0x10, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8}));
    expect_no_tunnel(datagram(4341).payload("no header of LISP, and no IP packet"));
}

TEST(CapwapTest, ReadsFramesWhoseFirstBytesAreSwapped) {
    Raw radio{0, 0x10, 0x03, 0, 0, 0, 0, 0, 0x01, 0x08};
    radio.resize(8 + 24);
    radio.insert(radio.end(), {0xaa, 0xaa, 3, 0, 0, 0, 8, 0});
    expect_tunnel(TunnelKind::capwap, std::nullopt, with_ipv4(datagram(5247).payload(radio)));
}

TEST(VxlanTest, WithFlagsOfOthersIsStillReadIfTheInsideMakesSense) {
    expect_tunnel(TunnelKind::vxlan, 0xb, with_ipv4(datagram(4789).payload({0xff, 1, 2, 3, 0, 0, 0xb, 9}).ethernet()));
}

TEST(UdpTunnelTest, TheSourcePortMayBeTheTunnels) {
    const Dissected packet(with_ipv6(ethernet().ipv4("192.0.2.1", "198.51.100.2").udp(3544, 50000)));
    EXPECT_EQ(TunnelKind::teredo, packet.innermost().tunnel);
}

TEST(ErspanTest, OfEveryTypeCarriesEthernet) {
    const auto outer = [] { return ethernet().ipv4("192.0.2.1", "198.51.100.2").next(47); };
    const Dissected first(with_ipv4(outer().payload({0, 0, 0x88, 0xbe}).ethernet()));
    EXPECT_EQ(TunnelKind::erspan, first.innermost().tunnel);
    EXPECT_EQ(std::nullopt, first.innermost().tunnel_id);
    EXPECT_EQ(inner_ends, ends_of(first.innermost()));
    const Dissected second(
        with_ipv4(outer().payload({0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 5, 0, 17, 0, 0, 0, 0}).ethernet()));
    EXPECT_THAT(second.innermost().tunnel_id, Optional(17U));
    EXPECT_EQ(inner_ends, ends_of(second.innermost()));
    const Dissected third(
        with_ipv4(outer()
                      .payload({0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 17, 0, 0, 0, 0, 0, 0, 0, 1})
                      .payload(Raw(8))
                      .ethernet()));
    EXPECT_THAT(third.innermost().tunnel_id, Optional(17U));
    EXPECT_EQ(inner_ends, ends_of(third.innermost()));
}

TEST(GreTest, OfPptpCarriesPppAndTellsTheCall) {
    const auto outer = [] { return ethernet().ipv4("192.0.2.1", "198.51.100.2").next(47); };
    // Flags: key, sequence and acknowledgment, version 1. Length of the payload, call 7.
    const Dissected packet(
        with_ipv4(outer().payload({0x30, 0x81, 0x88, 0x0b, 0, 46, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 3, 0, 0x21})));
    EXPECT_THAT(packet.innermost().tunnel_id, Optional(7U));
    EXPECT_EQ(inner_ends, ends_of(packet.innermost()));
    EXPECT_EQ(1U, Dissected(outer().payload({0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 7, 0, 0, 0, 1})).levels());
}

TEST(GreTest, OfMikrotikCarriesEthernet) {
    const Dissected packet(with_ipv4(
        ethernet().ipv4("192.0.2.1", "198.51.100.2").next(47).payload({0x20, 1, 0x64, 0, 0, 56, 7, 0}).ethernet()));
    EXPECT_THAT(packet.innermost().tunnel_id, Optional(7U));
    EXPECT_EQ(inner_ends, ends_of(packet.innermost()));
}

TEST(EtherIpTest, CarriesEthernet) {
    const Dissected packet(
        with_ipv4(ethernet().ipv4("192.0.2.1", "198.51.100.2").next(97).payload({0x30, 0}).ethernet()));
    EXPECT_EQ(TunnelKind::etherip, packet.innermost().tunnel);
    EXPECT_EQ(inner_ends, ends_of(packet.innermost()));
}

} // namespace
} // namespace doorplate

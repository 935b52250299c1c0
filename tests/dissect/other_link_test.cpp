// Link types and layers beside Ethernet, VLAN and the loopbacks.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dissect/dissected.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::Optional;

using Raw = PacketBuilder::Raw;

constexpr const char *ends = "192.0.2.1:1 > 198.51.100.2:2";

PacketBuilder ip(PacketBuilder packet) { return packet.ipv4("192.0.2.1", "198.51.100.2").udp(1, 2).payload("x"); }
std::string ends_behind(LinkType type, const Raw &header) {
    return Dissected(ip(PacketBuilder().link(type).payload(header))).ends();
}
PacketBuilder frame(std::uint16_t ether_type, const Raw &bytes) { return ethernet().next(ether_type).payload(bytes); }

TEST(MplsTest, TellsItsLabelsOutermostFirst) {
    const Dissected packet(ip(frame(0x8847, {0x00, 0x01, 0x00, 64, 0xff, 0xff, 0xf1, 64})));
    EXPECT_EQ(ends, packet.ends());
    EXPECT_EQ(2, packet->mpls_count);
    EXPECT_THAT(packet->mpls, ElementsAre(16, 0xfffff, 0, 0));
}

TEST(MplsTest, CarriesEthernetWithAndWithoutAControlWord) {
    EXPECT_EQ(ends, Dissected(ip(frame(0x8847, {0, 1, 1, 64}).ethernet().vlan(5))).ends());
    EXPECT_EQ(ends, Dissected(ip(frame(0x8847, {0, 1, 1, 64, 0, 0, 0, 0}).ethernet())).ends());
}

TEST(MplsTest, WhatIsNotRecognisedBehindItIsNamed) {
    EXPECT_EQ(PacketKind::mpls, Dissected(frame(0x8847, {0, 1, 1, 64, 0x90, 1, 2, 3}))->kind);
    EXPECT_TRUE(Dissected(ip(frame(0x8847, {0, 1, 1, 64})).captured(14 + 2))->truncated);
}

TEST(MplsTest, AStackWithoutABottomIsMalformed) {
    const Dissected packet(frame(0x8847, Raw(4 * 20)));
    EXPECT_THAT(packet->malformation, Optional(Malformation::too_many_mpls_labels));
    EXPECT_EQ(max_mpls_labels, packet->mpls_count);
}

TEST(PppTest, HasItsProtocolInOneByteOrTwoAndMayLeaveOutTheAddress) {
    for (const LinkType type : {LinkType::ppp, LinkType::ppp_hdlc}) {
        EXPECT_EQ(ends, ends_behind(type, {0xff, 3, 0, 0x21}));
        EXPECT_EQ(ends, ends_behind(type, {0, 0x21}));
        EXPECT_EQ(ends, ends_behind(type, {0x21}));
        EXPECT_EQ(ends, ends_behind(type, {0x0f, 0, 8, 0})); // Cisco's
    }
    EXPECT_EQ(ends, ends_behind(LinkType::ppp_pppd, {0, 3, 0, 0x21}));
    EXPECT_EQ(ends, ends_behind(LinkType::ppp_with_direction, {1, 0xff, 3, 0, 0x21}));
}

TEST(PppTest, OtherProtocolsAreNamed) {
    const Dissected packet(PacketBuilder().link(LinkType::ppp).payload({0xff, 3, 0xc0, 0x21, 1, 1, 0, 4}));
    EXPECT_EQ(PacketKind::ppp, packet->kind);
    EXPECT_EQ("ppp_lcp", packet_kind_name(LinkType::ppp, *packet.operator->()));
}

TEST(PppTest, OverEthernetEndsWhereItsLengthSays) {
    const Dissected packet(ip(frame(0x8864, {0x11, 0, 0, 7, 0, 31, 0, 0x21})).padding(10));
    EXPECT_EQ(ends, packet.ends());
    EXPECT_EQ(1U, packet->payload_bytes);
    EXPECT_EQ(std::nullopt, packet->malformation);
    EXPECT_EQ(ends, ends_behind(LinkType::ppp_ethernet, {0x11, 0, 0, 7, 0, 31, 0, 0x21}));
}

TEST(PppTest, OverEthernetWithAShorterLengthThanIpsIsAsLongAsIpSays) {
    const Dissected packet(ip(frame(0x8864, {0x11, 0, 0, 7, 0, 30, 0, 0x21})));
    EXPECT_EQ(1U, packet->payload_bytes);
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(FrameRelayTest, HasTwoEncapsulations) {
    EXPECT_EQ(ends, ends_behind(LinkType::frame_relay, {0x18, 0x41, 3, 0xcc}));
    EXPECT_EQ(ends, ends_behind(LinkType::frame_relay, {0x18, 0x40, 0x40, 0x41, 3, 0xcc})); // a long address
    EXPECT_EQ(ends, ends_behind(LinkType::frame_relay, {0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0}));
    EXPECT_EQ(ends, ends_behind(LinkType::frame_relay, {0x18, 0x41, 8, 0}));
    EXPECT_EQ(ends, ends_behind(LinkType::frame_relay_with_direction, {0, 0x18, 0x41, 8, 0}));
}

Raw wlan(std::uint8_t type, std::uint8_t flags, std::size_t length) {
    Raw header{type, flags};
    header.resize(length);
    return header;
}
Raw with_snap(Raw header) {
    header.insert(header.end(), {0xaa, 0xaa, 3, 0, 0, 0, 8, 0});
    return header;
}

TEST(WlanTest, DataFramesHaveHeadersOfManyLengths) {
    EXPECT_EQ(ends, ends_behind(LinkType::ieee802_11, with_snap(wlan(0x08, 0x01, 24))));
    EXPECT_EQ(ends, ends_behind(LinkType::ieee802_11, with_snap(wlan(0x08, 0x03, 30))));
    EXPECT_EQ(ends, ends_behind(LinkType::ieee802_11, with_snap(wlan(0x88, 0x02, 26))));
    EXPECT_EQ(ends, ends_behind(LinkType::ieee802_11, with_snap(wlan(0x88, 0x82, 30))));
}

TEST(WlanTest, OfAnAggregateTheFirstFrameIsDissected) {
    Raw header = wlan(0x88, 0x02, 26);
    header[24] = 0x80;
    header.resize(26 + 12);
    header.insert(header.end(), {0, 37});
    EXPECT_EQ(ends, ends_behind(LinkType::ieee802_11, with_snap(header)));
}

TEST(WlanTest, FramesWithoutReadableDataAreNamed) {
    const auto kind_of = [](const Raw &header) {
        return Dissected(PacketBuilder().link(LinkType::ieee802_11).payload(header))->kind;
    };
    EXPECT_EQ(PacketKind::wlan_management, kind_of(wlan(0x80, 0, 24)));
    EXPECT_EQ(PacketKind::wlan_control, kind_of(wlan(0xd4, 0, 10)));
    EXPECT_EQ(PacketKind::wlan_no_data, kind_of(wlan(0x48, 1, 24)));
    EXPECT_EQ(PacketKind::wlan_encrypted, kind_of(wlan(0x08, 0x41, 40)));
    EXPECT_EQ(PacketKind::wlan_fragment, kind_of(wlan(0x08, 0x05, 40)));
}

TEST(WlanTest, DriversPutHeadersInFront) {
    const auto joined = [](Raw front, const Raw &back) {
        front.insert(front.end(), back.begin(), back.end());
        return front;
    };
    const Raw data = with_snap(wlan(0x08, 1, 24));
    EXPECT_EQ(ends, ends_behind(LinkType::ieee802_11_radiotap, joined({0, 0, 9, 0, 2, 0, 0, 0, 0}, data)));
    // Flags behind a time; they say that the header is filled up to 4 bytes.
    Raw padded{0, 0, 17, 0, 3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20};
    EXPECT_EQ(ends, ends_behind(LinkType::ieee802_11_radiotap, joined(padded, with_snap(wlan(0x88, 1, 28)))));
    EXPECT_EQ(ends, ends_behind(LinkType::ppi, joined({0, 0, 8, 0, 105, 0, 0, 0}, data)));
    EXPECT_EQ(ends, ends_behind(LinkType::ieee802_11_avs, joined({0x80, 0x21, 0x10, 1, 0, 0, 0, 8}, data)));
    EXPECT_EQ(ends, ends_behind(LinkType::ieee802_11_prism, joined({0x80, 0x21, 0x10, 1, 0, 0, 0, 8}, data)));
    EXPECT_EQ(ends, ends_behind(LinkType::ieee802_11_prism, joined(Raw(144), data)));
}

TEST(CaptureHeaderTest, ThatIsShorterThanItsFieldsIsMalformed) {
    for (const LinkType type :
         {LinkType::ieee802_11_radiotap, LinkType::ppi, LinkType::ieee802_11_avs, LinkType::pktap}) {
        const Dissected packet(PacketBuilder().link(type).payload(Raw(200)));
        EXPECT_THAT(packet->malformation, Optional(Malformation::link_header_too_short));
    }
}

TEST(CaptureHeaderTest, TellsTheLinkTypeOfWhatFollows) {
    Raw pktap{108, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0}; // Darwin's number for raw IP
    pktap.resize(108);
    EXPECT_EQ(ends, ends_behind(LinkType::pktap, pktap));
    Raw itself = pktap;
    itself[8] = 2;
    itself[9] = 1;
    EXPECT_EQ(PacketKind::unknown_link, Dissected(PacketBuilder().link(LinkType::pktap).payload(itself))->kind);
}

TEST(CaptureHeaderTest, OfTheFirewallsHoldIp) {
    const Raw nflog{2, 0, 0, 0, 8, 0, 1, 0, 8, 0, 0, 0, 5, 0, 10, 0, 'x', 0, 0, 0, 33, 0, 9, 0};
    EXPECT_EQ(ends, ends_behind(LinkType::nflog, nflog));
    Raw pflog{61, 2};
    pflog.resize(64);
    EXPECT_EQ(ends, ends_behind(LinkType::pflog, pflog));
}

TEST(CaptureHeaderTest, OfJuniperHasExtensions) {
    Raw header{'M', 'G', 'C', 0x80, 0, 2, 9, 9};
    header.resize(8 + 12);
    header.insert(header.end(), {8, 0});
    EXPECT_EQ(ends, ends_behind(LinkType::juniper_ethernet, header));
    header[0] = 'X';
    EXPECT_EQ(PacketKind::unknown_link,
              Dissected(PacketBuilder().link(LinkType::juniper_ethernet).payload(header))->kind);
}

TEST(CaptureHeaderTest, OfALoopbackMayEndWithAnEtherType) {
    EXPECT_EQ(ends, ends_behind(LinkType::null_loopback, {0x0f, 0, 8, 0}));
}

TEST(OtherLanTest, HoldsIp) {
    Raw token_ring{0x10, 0x40};
    token_ring.resize(14);
    EXPECT_EQ(ends, ends_behind(LinkType::token_ring, with_snap(token_ring)));
    token_ring[8] = 0x80;
    token_ring.insert(token_ring.end(), {0x04, 0, 1, 2});
    EXPECT_EQ(ends, ends_behind(LinkType::token_ring, with_snap(token_ring)));
    Raw fddi{0x50};
    fddi.resize(13);
    EXPECT_EQ(ends, ends_behind(LinkType::fddi, with_snap(fddi)));
    EXPECT_EQ(ends, ends_behind(LinkType::arcnet_linux, {1, 2, 0, 0, 212, 0, 0, 1}));
    EXPECT_EQ(ends, ends_behind(LinkType::arcnet_linux, {1, 2, 0, 0, 240}));
    Raw infiniband(40);
    infiniband.insert(infiniband.end(), {8, 0, 0, 0});
    EXPECT_EQ(ends, ends_behind(LinkType::ip_over_infiniband, infiniband));
    EXPECT_EQ(ends, ends_behind(LinkType::ip_over_fibre_channel, with_snap(Raw(16))));
    EXPECT_EQ(ends, ends_behind(LinkType::atm_rfc1483, with_snap({})));
    EXPECT_EQ(ends, ends_behind(LinkType::atm_clip, {}));
    EXPECT_EQ(ends, ends_behind(LinkType::sun_atm, with_snap({2, 0, 0, 1})));
    EXPECT_EQ(ends, ends_behind(LinkType::slip, Raw(16)));
    EXPECT_EQ(ends, ends_behind(LinkType::ipnet, Raw(24)));
}

TEST(SwitchTagTest, StandsBehindTheAddressesOrInFront) {
    Raw addresses(12);
    const auto tagged = [&](const Raw &tag) {
        Raw header = addresses;
        header.insert(header.end(), tag.begin(), tag.end());
        return header;
    };
    const Dissected marvell(ip(PacketBuilder().link(LinkType::dsa_marvell).payload(tagged({0x60, 0, 0, 5, 8, 0}))));
    EXPECT_EQ(ends, marvell.ends());
    EXPECT_THAT(marvell->vlans, ElementsAre(5, 0, 0, 0));
    EXPECT_EQ(ends, ends_behind(LinkType::edsa_marvell, tagged({0xda, 0xda, 0, 0, 0x40, 0, 0, 0, 8, 0})));
    EXPECT_EQ(ends, ends_behind(LinkType::dsa_broadcom, tagged({0, 0, 0, 1, 8, 0})));
    Raw prepended{0, 0, 0, 1};
    prepended.resize(16);
    prepended.insert(prepended.end(), {8, 0});
    EXPECT_EQ(ends, ends_behind(LinkType::dsa_broadcom_prepended, prepended));
}

TEST(SwitchTagTest, OfBridgesLeadsToTheFrame) {
    EXPECT_EQ(ends, Dissected(ip(frame(0x893f, {0, 0, 0, 0, 0, 0, 8, 0}))).ends());
    EXPECT_EQ(ends, Dissected(ip(frame(0x8926, {0, 0, 0, 0, 8, 0}))).ends());
    EXPECT_EQ(ends, Dissected(ip(frame(0x892f, {0, 0, 0, 0, 8, 0}))).ends());
    EXPECT_EQ(ends, Dissected(ip(frame(0x8909, {1, 1, 0, 1, 0, 5, 8, 0}))).ends());
    EXPECT_EQ(ends, Dissected(ip(frame(0x88e7, {0, 0, 0, 1}).ethernet())).ends());
    EXPECT_EQ(ends, Dissected(ip(frame(0x22f3, {0, 0x40, 0, 1, 0, 2, 9, 9, 9, 9}).ethernet())).ends());
    EXPECT_EQ(ends, Dissected(ip(frame(0x894f, {0, 2, 1, 1, 0, 0, 0, 1}))).ends());
}

TEST(MacsecTest, ThatIsEncryptedIsNamedAndThatIsNotIsRead) {
    const Dissected encrypted(frame(0x88e5, {0x2c, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 0, 1, 9, 9, 9, 9}));
    EXPECT_EQ("macsec", packet_kind_name(LinkType::ethernet, *encrypted.operator->()));
    EXPECT_EQ(ends, Dissected(ip(frame(0x88e5, {0x20, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 0, 1, 8, 0}))).ends());
    EXPECT_EQ(ends, Dissected(ip(frame(0x88e5, {0x00, 0, 0, 0, 0, 1, 8, 0}))).ends());
}

TEST(LinkHeadersTest, InOneAnotherEndSomewhere) {
    Raw tags;
    for (int i = 0; i < 1000; ++i) tags.insert(tags.end(), {0, 0, 0, 0, 0x89, 0x2f});
    EXPECT_THAT(Dissected(frame(0x892f, tags))->malformation, Optional(Malformation::too_many_link_headers));
}

} // namespace
} // namespace doorplate

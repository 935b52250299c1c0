#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dissect/dissected.h"

namespace doorplate {
namespace {

using testing::Optional;

PacketBuilder ip() { return ethernet().ipv6("2001:db8::1", "2001:db8::2"); }

constexpr std::string_view dns_ends = "[2001:db8::1]:40000 > [2001:db8::2]:53";

void expect_dns_query(const Dissected &packet) {
    EXPECT_EQ(dns_ends, packet.ends());
    EXPECT_EQ("query", packet.payload());
    EXPECT_EQ(5U, packet->payload_bytes);
    EXPECT_TRUE(packet->flow_ready);
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(Ipv6Test, CountsHeaderAndPayloadAndNotThePadding) {
    const Dissected packet(ip().udp(40000, 53).payload("query").padding(20));
    expect_dns_query(packet);
    EXPECT_EQ(53U, packet->ip_bytes);
}

TEST(Ipv6Test, WalksOverEveryExtensionHeader) {
    const Dissected packet(ip().hop_by_hop()
                               .destination_options()
                               .routing()
                               .authentication_header()
                               .extension(135, {0, 0, 0, 0, 0, 0})
                               .extension(139, {0, 0, 0, 0, 0, 0})
                               .extension(140, {0, 0, 0, 0, 0, 0})
                               .destination_options()
                               .udp(40000, 53)
                               .payload("query"));
    expect_dns_query(packet);
}

TEST(Ipv6Test, ExtensionHeadersArePartOfTheIpBytes) {
    EXPECT_EQ(40U + 8 + 8 + 5, Dissected(ip().hop_by_hop().udp(40000, 53).payload("query"))->ip_bytes);
}

TEST(Ipv6Test, NoNextHeaderIsAFlowWithoutPorts) {
    const Dissected packet(ip().destination_options());
    EXPECT_EQ(Transport{59}, packet->transport);
    EXPECT_TRUE(packet->flow_ready);
    EXPECT_EQ(0U, packet->payload_bytes);
}

TEST(Ipv6Test, AMobilityMessageWithNothingBehindItIsTheTransport) {
    const Dissected packet(ip().extension(135, {5, 0, 0, 0, 0, 0}));
    EXPECT_EQ(Transport{135}, packet->transport);
    EXPECT_EQ(8U, packet->payload_bytes);
    EXPECT_TRUE(packet->flow_ready);
}

TEST(Ipv6Test, HopByHopOptionsThatAreNotFirstAreMalformed) {
    const Dissected packet(ip().destination_options().hop_by_hop().udp(40000, 53));
    EXPECT_THAT(packet->malformation, Optional(Malformation::ipv6_bad_extension_header));
    EXPECT_EQ(dns_ends, packet.ends());
}

TEST(Ipv6Test, AnOptionThatDoesNotFitIsMalformed) {
    const Dissected packet(ip().hop_by_hop({5, 200, 0, 0, 0, 0}).udp(40000, 53));
    EXPECT_THAT(packet->malformation, Optional(Malformation::ipv6_bad_extension_header));
    EXPECT_TRUE(packet->flow_ready);
}

TEST(Ipv6Test, AnExtensionHeaderLongerThanThePacketIsMalformed) {
    const Dissected packet(ip().destination_options().length(200).udp(40000, 53));
    EXPECT_THAT(packet->malformation, Optional(Malformation::ipv6_bad_extension_header));
    EXPECT_FALSE(packet->flow_ready);
    EXPECT_FALSE(packet->truncated);
}

TEST(Ipv6Test, AnExtensionHeaderCutByTheSnapshotIsTruncated) {
    const Dissected packet(ip().destination_options().udp(40000, 53).captured(14 + 40 + 1));
    EXPECT_TRUE(packet->truncated);
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(Ipv6Test, SixteenExtensionHeadersAreEnough) {
    PacketBuilder builder = ip();
    for (int i = 0; i < 16; ++i) builder.destination_options();
    PacketBuilder one_more = builder;
    expect_dns_query(Dissected(builder.udp(40000, 53).payload("query")));
    const Dissected packet(one_more.destination_options().udp(40000, 53).payload("query"));
    EXPECT_THAT(packet->malformation, Optional(Malformation::ipv6_too_many_extension_headers));
    EXPECT_FALSE(packet->flow_ready);
}

TEST(Ipv6Test, LongerThanItsFrameIsMalformedAndTheIpBytesAreTheHeaders) {
    const Dissected packet(ip().length(1000).tcp(51000, 443).payload("short"));
    EXPECT_THAT(packet->malformation, Optional(Malformation::longer_than_frame));
    EXPECT_EQ(1040U, packet->ip_bytes);
    EXPECT_EQ(5U, packet->payload_bytes);
}

TEST(Ipv6Test, AJumbogramHasItsLengthInAnOption) {
    constexpr std::uint32_t payload = 70000;
    const Dissected packet(ip().length(0)
                               .hop_by_hop({0xc2, 4, 0, payload >> 16, (payload >> 8) & 0xff, payload & 0xff})
                               .udp(40000, 53)
                               .length(0)
                               .payload_of(payload - 16)
                               .padding(10));
    EXPECT_EQ(40U + payload, packet->ip_bytes);
    EXPECT_EQ(payload - 16, packet->payload_bytes);
    EXPECT_EQ(payload - 16, packet->payload.size());
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(Ipv6Test, AJumbogramOfFourGigabytesIsCountedAsFarAsTheCounterGoes) {
    const Dissected packet(
        ip().length(0).hop_by_hop({0xc2, 4, 0xff, 0xff, 0xff, 0xff}).udp(40000, 53).payload("query"));
    EXPECT_EQ(UINT32_MAX, packet->ip_bytes);
    EXPECT_THAT(packet->malformation, Optional(Malformation::longer_than_frame));
}

TEST(Ipv6Test, ALargeSegmentWithoutALengthIsAsLongAsItsFrame) {
    const Dissected packet(ip().length(0).tcp(51000, 443).payload_of(80000));
    EXPECT_EQ(80060U, packet->ip_bytes);
    EXPECT_EQ(80000U, packet->payload_bytes);
}

TEST(Ipv6Test, ALengthOfZeroOtherwiseMeansThatThereIsNothing) {
    const Dissected packet(ip().length(0).tcp(51000, 443));
    EXPECT_EQ(40U, packet->ip_bytes);
    EXPECT_THAT(packet->malformation, Optional(Malformation::tcp_header_too_short));
}

TEST(Ipv6Test, AnotherVersionIsMalformed) {
    EXPECT_THAT(Dissected(ip().version(7).udp(1, 2))->malformation, Optional(Malformation::ipv6_bad_version));
}

TEST(Ipv6Test, ShorterThanItsHeaderIsMalformed) {
    EXPECT_THAT(Dissected(ethernet().next(0x86dd).payload({0x60, 0, 0, 0}))->malformation,
                Optional(Malformation::ipv6_header_too_short));
}

TEST(Ipv6FragmentTest, TheFirstHasItsTransportHeaderRead) {
    const Dissected packet(ip().fragment(0, true, 77).udp(40000, 53).length(1008).payload_of(16));
    ASSERT_TRUE(packet->fragment);
    EXPECT_EQ(77U, packet->fragment->identification);
    EXPECT_EQ(dns_ends, packet.ends());
    EXPECT_EQ(16U, packet->payload_bytes);
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(Ipv6FragmentTest, TheOthersCarryNothingButPayload) {
    const Dissected packet(ip().fragment(1448, false, 77).next(17).payload("the rest"));
    ASSERT_TRUE(packet->fragment);
    EXPECT_EQ(1448U, packet->fragment->offset);
    EXPECT_FALSE(packet->flow_ready);
    EXPECT_EQ(Transport::udp, packet->transport);
    EXPECT_EQ("the rest", packet.payload());
}

TEST(Ipv6FragmentTest, WhatLooksLikeAnExtensionHeaderInALaterFragmentIsPayload) {
    const Dissected packet(ip().fragment(8, false).next(60).payload_of(20));
    EXPECT_EQ(Transport{60}, packet->transport);
    EXPECT_EQ(20U, packet->payload_bytes);
    EXPECT_FALSE(packet->flow_ready);
}

TEST(Ipv6FragmentTest, AnAtomicOneIsAWholePacket) {
    const Dissected packet(ip().fragment(0, false).udp(40000, 53).payload("query"));
    EXPECT_FALSE(packet->fragment);
    expect_dns_query(packet);
}

TEST(Ipv6FragmentTest, OneThatDoesNotHoldAllHeadersIsTooSmall) {
    const Dissected packet(ip().fragment(0, true).next(60).payload({6, 4, 0, 0, 0, 0, 0, 0}));
    EXPECT_THAT(packet->malformation, Optional(Malformation::fragment_too_small));
    EXPECT_FALSE(packet->flow_ready);
}

} // namespace
} // namespace doorplate

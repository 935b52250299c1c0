#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dissect/dissected.h"

namespace doorplate {
namespace {

using testing::Optional;

PacketBuilder ip() { return ethernet().ipv4("192.0.2.1", "198.51.100.2"); }

TEST(Ipv4Test, CountsWhatTheHeaderSaysAndNotThePadding) {
    const Dissected packet(ip().tcp(51000, 443).padding(6));
    EXPECT_EQ(40U, packet->ip_bytes);
    EXPECT_EQ(0U, packet->payload_bytes);
    EXPECT_EQ("", packet.payload());
}

TEST(Ipv4Test, CountsPayloadThatTheSnapshotCut) {
    const Dissected packet(ip().udp(40000, 53).payload("a long query").captured(14 + 20 + 8 + 6));
    EXPECT_EQ(12U, packet->payload_bytes);
    EXPECT_EQ("a long", packet.payload());
    EXPECT_FALSE(packet->truncated);
    EXPECT_TRUE(packet->flow_ready);
}

TEST(Ipv4Test, SkipsItsOptions) {
    const Dissected packet(ip().options({7, 11, 4}).options({7, 7, 4, 0, 0, 0, 0}).udp(40000, 53).payload("query"));
    EXPECT_EQ("192.0.2.1:40000 > 198.51.100.2:53", packet.ends());
    EXPECT_EQ(41U, packet->ip_bytes);
    EXPECT_EQ("query", packet.payload());
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(Ipv4Test, ABadOptionIsMalformedButThePacketCounts) {
    for (const PacketBuilder::Raw &options :
         {PacketBuilder::Raw{7, 1, 0, 0}, PacketBuilder::Raw{7, 5, 0, 0}, PacketBuilder::Raw{1, 1, 1, 7}}) {
        const Dissected packet(ip().options(options).udp(40000, 53));
        EXPECT_THAT(packet->malformation, Optional(Malformation::ipv4_bad_options));
        EXPECT_TRUE(packet->flow_ready);
    }
}

TEST(Ipv4Test, NothingIsReadBehindTheEndOfOptions) {
    EXPECT_EQ(std::nullopt, Dissected(ip().options({0, 7, 1, 0}).udp(40000, 53))->malformation);
}

TEST(Ipv4Test, AHeaderLengthBelowFiveWordsIsMalformed) {
    const Dissected packet(ip().header_words(4).udp(40000, 53));
    EXPECT_THAT(packet->malformation, Optional(Malformation::ipv4_bad_header_length));
    EXPECT_EQ(PacketKind::undissected, packet->kind);
}

TEST(Ipv4Test, ATotalLengthBelowTheHeaderIsMalformed) {
    const Dissected packet(ip().length(19).udp(40000, 53));
    EXPECT_THAT(packet->malformation, Optional(Malformation::ipv4_total_length_too_small));
    EXPECT_EQ(PacketKind::ip, packet->kind);
    EXPECT_FALSE(packet->flow_ready);
}

TEST(Ipv4Test, NothingNeedsToFollowTheHeader) {
    const Dissected packet(ip().next(253));
    EXPECT_EQ(std::nullopt, packet->malformation);
    EXPECT_EQ(20U, packet->ip_bytes);
    EXPECT_TRUE(packet->flow_ready);
}

TEST(Ipv4Test, ATotalLengthOfZeroMeansAllOfTheFrame) {
    const Dissected packet(ip().length(0).tcp(51000, 443).payload_of(4000));
    EXPECT_EQ(4040U, packet->ip_bytes);
    EXPECT_EQ(4000U, packet->payload_bytes);
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(Ipv4Test, LongerThanItsFrameIsMalformedAndTheIpBytesAreTheHeaders) {
    const Dissected packet(ip().length(1500).tcp(51000, 443).payload("short"));
    EXPECT_THAT(packet->malformation, Optional(Malformation::longer_than_frame));
    EXPECT_EQ(1500U, packet->ip_bytes);
    EXPECT_EQ(5U, packet->payload_bytes);
    EXPECT_TRUE(packet->flow_ready);
}

TEST(Ipv4Test, ATransportHeaderThatTheFrameNeverHadIsNotTruncated) {
    const Dissected packet(ip().length(40).next(6).payload_of(3));
    EXPECT_FALSE(packet->truncated);
    EXPECT_FALSE(packet->flow_ready);
    EXPECT_THAT(packet->malformation, Optional(Malformation::longer_than_frame));
}

TEST(Ipv4Test, AnotherVersionIsMalformed) {
    EXPECT_THAT(Dissected(ip().version(5).udp(1, 2))->malformation, Optional(Malformation::ipv4_bad_version));
}

TEST(Ipv4Test, ShorterThanItsHeaderIsMalformed) {
    EXPECT_THAT(Dissected(ethernet().next(0x0800).payload({0x45, 0, 0, 40}))->malformation,
                Optional(Malformation::ipv4_header_too_short));
    EXPECT_THAT(Dissected(ethernet().next(0x0800))->malformation, Optional(Malformation::ipv4_header_too_short));
}

TEST(Ipv4Test, AnOriginalLengthBelowTheCapturedOneIsNotBelieved) {
    const Dissected packet(ip().udp(40000, 53).payload("query").original_length(3));
    EXPECT_TRUE(packet->flow_ready);
    EXPECT_EQ("query", packet.payload());
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(Ipv4Test, ProtocolsWithoutPortsAreReadyForAFlow) {
    const Dissected packet(ip().next(50).payload("sealed"));
    EXPECT_TRUE(packet->flow_ready);
    EXPECT_EQ(Transport::esp, packet->transport);
    EXPECT_EQ(0, packet->source_port);
    EXPECT_EQ(6U, packet->payload_bytes);
    EXPECT_EQ("sealed", packet.payload());
}

TEST(Ipv4Test, OfATunnelOnlyTheOutermostFlowIsSeen) {
    const Dissected packet(ip().ipv4("10.0.0.1", "10.0.0.2").udp(40000, 53).payload("query"));
    EXPECT_EQ("192.0.2.1:0 > 198.51.100.2:0", packet.ends());
    EXPECT_EQ(Transport{4}, packet->transport);
    EXPECT_EQ(33U, packet->payload_bytes);
}

TEST(Ipv4Test, LooksBehindAnAuthenticationHeader) {
    const Dissected packet(ip().authentication_header().udp(40000, 53).payload("query"));
    EXPECT_EQ("192.0.2.1:40000 > 198.51.100.2:53", packet.ends());
    EXPECT_EQ("query", packet.payload());
}

TEST(Ipv4Test, TakesIpv6ExtensionHeadersForOrdinaryProtocols) {
    const Dissected packet(ip().next(43).payload_of(40));
    EXPECT_EQ(Transport{43}, packet->transport);
    EXPECT_TRUE(packet->flow_ready);
    EXPECT_EQ(40U, packet->payload_bytes);
}

TEST(Ipv4FragmentTest, TheFirstHasItsTransportHeaderRead) {
    const Dissected packet(ip().fragment(0, true, 77).udp(40000, 53).length(1008).payload_of(16));
    ASSERT_TRUE(packet->fragment);
    EXPECT_EQ(77U, packet->fragment->identification);
    EXPECT_TRUE(packet->fragment->more);
    EXPECT_TRUE(packet->flow_ready);
    EXPECT_EQ(53, packet->destination_port);
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(Ipv4FragmentTest, TheOthersCarryNothingButPayload) {
    const Dissected packet(ip().fragment(1480, false, 77).next(17).payload("the rest"));
    ASSERT_TRUE(packet->fragment);
    EXPECT_EQ(1480U, packet->fragment->offset);
    EXPECT_FALSE(packet->fragment->more);
    EXPECT_FALSE(packet->flow_ready);
    EXPECT_EQ(Transport::udp, packet->transport);
    EXPECT_EQ(0, packet->source_port);
    EXPECT_EQ(28U, packet->ip_bytes);
    EXPECT_EQ("the rest", packet.payload());
}

TEST(Ipv4FragmentTest, PayloadsOfAllFragmentsAddUpToTheDatagrams) {
    const Dissected first(ip().fragment(0, true).udp(40000, 53).length(8 + 16 + 5).payload_of(16));
    const Dissected last(ip().fragment(24, false).next(17).payload_of(5));
    EXPECT_EQ(21U, first->payload_bytes + last->payload_bytes);
}

TEST(Ipv4FragmentTest, OnlyTheLastMayEndOffAnEightByteBoundary) {
    EXPECT_THAT(Dissected(ip().fragment(8, true).next(17).payload_of(12))->malformation,
                Optional(Malformation::fragment_bad_length));
    EXPECT_EQ(std::nullopt, Dissected(ip().fragment(8, false).next(17).payload_of(12))->malformation);
}

TEST(Ipv4FragmentTest, NoneMayReachBeyondTheLongestPacket) {
    const Dissected ping_of_death(ip().fragment(65528, false).next(1).payload_of(100));
    EXPECT_THAT(ping_of_death->malformation, Optional(Malformation::fragment_bad_length));
}

TEST(Ipv4FragmentTest, TooSmallForTheTransportHeaderIsMalformed) {
    const Dissected packet(ip().fragment(0, true).next(6).payload({0xc7, 0x38, 0x01, 0xbb, 0, 0, 0, 1}));
    EXPECT_THAT(packet->malformation, Optional(Malformation::fragment_too_small));
    EXPECT_EQ("192.0.2.1:51000 > 198.51.100.2:443", packet.ends());
    EXPECT_FALSE(packet->tcp);
}

TEST(Ipv4FragmentTest, TooSmallForTheOptionsOfTcpIsMalformed) {
    const Dissected packet(ip().fragment(0, true).tcp(51000, 443).header_words(8).payload_of(4));
    EXPECT_THAT(packet->malformation, Optional(Malformation::fragment_too_small));
    EXPECT_TRUE(packet->flow_ready);
    EXPECT_FALSE(packet->tcp);
}

} // namespace
} // namespace doorplate

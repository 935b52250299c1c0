#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dissect/dissected.h"

namespace doorplate {
namespace {

using testing::Optional;

PacketBuilder ip() { return ethernet().ipv4("192.0.2.1", "198.51.100.2"); }

TEST(TcpTest, FieldsAreRead) {
    const Dissected packet(ip().tcp(51000, 443).flags("SE").seq(0x01020304).ack(0xfffefdfc).window(29200).payload("x"));
    EXPECT_EQ("192.0.2.1:51000 > 198.51.100.2:443", packet.ends());
    ASSERT_TRUE(packet->tcp);
    EXPECT_EQ(0x01020304U, packet->tcp->sequence);
    EXPECT_EQ(0xfffefdfcU, packet->tcp->acknowledgment);
    EXPECT_EQ(29200, packet->tcp->window);
    EXPECT_TRUE(packet->tcp->syn && packet->tcp->ece);
    EXPECT_FALSE(packet->tcp->ack || packet->tcp->fin || packet->tcp->rst || packet->tcp->psh || packet->tcp->urg ||
                 packet->tcp->cwr);
    EXPECT_EQ(1U, packet->payload_bytes);
}

TEST(TcpTest, EveryFlagIsItself) {
    EXPECT_TRUE(Dissected(ip().tcp(1, 2).flags("F"))->tcp->fin);
    EXPECT_TRUE(Dissected(ip().tcp(1, 2).flags("S"))->tcp->syn);
    EXPECT_TRUE(Dissected(ip().tcp(1, 2).flags("R"))->tcp->rst);
    EXPECT_TRUE(Dissected(ip().tcp(1, 2).flags("P"))->tcp->psh);
    EXPECT_TRUE(Dissected(ip().tcp(1, 2).flags("."))->tcp->ack);
    EXPECT_TRUE(Dissected(ip().tcp(1, 2).flags("U"))->tcp->urg);
    EXPECT_TRUE(Dissected(ip().tcp(1, 2).flags("E"))->tcp->ece);
    EXPECT_TRUE(Dissected(ip().tcp(1, 2).flags("W"))->tcp->cwr);
}

TEST(TcpTest, OptionsAreNotPayload) {
    const Dissected packet(ip().tcp(51000, 443).options({2, 4, 5, 0xb4, 1, 3, 3, 7}).payload("GET"));
    EXPECT_EQ("GET", packet.payload());
    EXPECT_EQ(3U, packet->payload_bytes);
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(TcpTest, ABadOptionIsMalformedButTheSegmentCounts) {
    const Dissected packet(ip().tcp(51000, 443).options({2, 0, 5, 0xb4}).payload("GET"));
    EXPECT_THAT(packet->malformation, Optional(Malformation::tcp_bad_options));
    EXPECT_TRUE(packet->tcp);
    EXPECT_EQ("GET", packet.payload());
}

TEST(TcpTest, ASynWithFastOpenAndMultipathOptionsSaysSo) {
    const Dissected capable(ip().tcp(51000, 443).flags("S").options({1, 30, 4, 0x01, 0x00, 34, 2}));
    EXPECT_TRUE(capable->tcp->fast_open);
    EXPECT_TRUE(capable->tcp->mptcp_capable);
    EXPECT_FALSE(capable->tcp->mptcp_join);
    const Dissected join(ip().tcp(51000, 443).flags("S").options({30, 12, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_TRUE(join->tcp->mptcp_join);
    EXPECT_FALSE(join->tcp->mptcp_capable);
    EXPECT_FALSE(join->tcp->fast_open);
}

TEST(TcpTest, AMultipathOptionThatTheSnapshotCutBeforeItsSubtypeSaysNothing) {
    const Dissected packet(ip().tcp(51000, 443).flags("S").options({30, 4, 0x01, 0x00}).captured(14 + 20 + 20 + 2));
    EXPECT_TRUE(packet->tcp);
    EXPECT_FALSE(packet->tcp->mptcp_capable);
}

TEST(TcpTest, OptionsCutByTheSnapshotAreNotMissed) {
    const Dissected packet(
        ip().tcp(51000, 443).flags("S").options({2, 4, 5, 0xb4}).payload_of(9).captured(14 + 20 + 20 + 3));
    EXPECT_FALSE(packet->truncated);
    EXPECT_EQ(std::nullopt, packet->malformation);
    EXPECT_TRUE(packet->tcp);
    EXPECT_EQ(9U, packet->payload_bytes);
    EXPECT_EQ("", packet.payload());
}

TEST(TcpTest, WithABadDataOffsetItCountsButNothingIsConcludedFromItsFlags) {
    for (const std::uint8_t words : {std::uint8_t{4}, std::uint8_t{15}}) {
        const Dissected packet(ip().tcp(51000, 443).flags("R").header_words(words));
        EXPECT_THAT(packet->malformation, Optional(Malformation::tcp_bad_data_offset));
        EXPECT_TRUE(packet->flow_ready);
        EXPECT_FALSE(packet->tcp);
        EXPECT_EQ(0U, packet->payload_bytes);
    }
}

TEST(TcpTest, CutBehindItsPortsItIsTruncatedAndCounts) {
    const Dissected packet(ip().tcp(51000, 443).payload("GET").captured(14 + 20 + 4));
    EXPECT_TRUE(packet->truncated);
    EXPECT_TRUE(packet->flow_ready);
    EXPECT_EQ("192.0.2.1:51000 > 198.51.100.2:443", packet.ends());
    EXPECT_EQ(43U, packet->ip_bytes);
    EXPECT_FALSE(packet->tcp);
}

TEST(TcpTest, CutInItsPortsItIsInNoFlow) {
    const Dissected packet(ip().tcp(51000, 443).captured(14 + 20 + 3));
    EXPECT_TRUE(packet->truncated);
    EXPECT_FALSE(packet->flow_ready);
}

TEST(TcpTest, ShorterThanItsHeaderIsMalformed) {
    const Dissected packet(ip().next(6).payload_of(19));
    EXPECT_THAT(packet->malformation, Optional(Malformation::tcp_header_too_short));
    EXPECT_FALSE(packet->truncated);
}

TEST(UdpTest, PayloadIsWhatItsLengthSays) {
    const Dissected packet(ip().udp(40000, 53).length(8 + 3).payload("query"));
    EXPECT_EQ(3U, packet->payload_bytes);
    EXPECT_EQ("que", packet.payload());
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(UdpTest, LongerThanItsPacketIsMalformedAndCountsAsItSays) {
    const Dissected packet(ip().udp(40000, 53).length(8 + 100).payload("query"));
    EXPECT_THAT(packet->malformation, Optional(Malformation::udp_bad_length));
    EXPECT_EQ(100U, packet->payload_bytes);
    EXPECT_EQ("query", packet.payload());
    EXPECT_TRUE(packet->flow_ready);
}

TEST(UdpTest, ALengthBelowItsHeaderIsMalformed) {
    for (const std::uint32_t length : {0U, 7U}) {
        const Dissected packet(ip().udp(40000, 53).length(length).payload("query"));
        EXPECT_THAT(packet->malformation, Optional(Malformation::udp_bad_length));
        EXPECT_TRUE(packet->flow_ready);
        EXPECT_EQ(0U, packet->payload_bytes);
    }
}

TEST(UdpTest, ShorterThanItsHeaderIsMalformed) {
    EXPECT_THAT(Dissected(ip().next(17).payload_of(7))->malformation, Optional(Malformation::udp_header_too_short));
}

TEST(UdpLiteTest, PayloadIsAllThatFollowsTheHeader) {
    const Dissected packet(ip().udplite(40000, 5004).payload("voice"));
    EXPECT_EQ("192.0.2.1:40000 > 198.51.100.2:5004", packet.ends());
    EXPECT_EQ(Transport::udplite, packet->transport);
    EXPECT_EQ("voice", packet.payload());
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(UdpLiteTest, ChecksumCoverageMustCoverTheHeaderAndEndInThePacket) {
    EXPECT_EQ(std::nullopt, Dissected(ip().udplite(1, 2).length(8).payload("voice"))->malformation);
    EXPECT_THAT(Dissected(ip().udplite(1, 2).length(7).payload("voice"))->malformation,
                Optional(Malformation::udp_bad_length));
    EXPECT_THAT(Dissected(ip().udplite(1, 2).length(14).payload("voice"))->malformation,
                Optional(Malformation::udp_bad_length));
}

TEST(DccpTest, PayloadBeginsAtItsDataOffset) {
    const Dissected packet(ip().dccp(40000, 5001).payload("voice"));
    EXPECT_EQ("192.0.2.1:40000 > 198.51.100.2:5001", packet.ends());
    EXPECT_EQ("voice", packet.payload());
    EXPECT_EQ("e", Dissected(ip().dccp(40000, 5001).header_words(4).payload("voice")).payload());
}

TEST(DccpTest, ABadDataOffsetIsMalformed) {
    EXPECT_THAT(Dissected(ip().dccp(1, 2).header_words(2).payload("voice"))->malformation,
                Optional(Malformation::dccp_bad_data_offset));
    EXPECT_THAT(Dissected(ip().dccp(1, 2).header_words(5).payload("voice"))->malformation,
                Optional(Malformation::dccp_bad_data_offset));
    EXPECT_THAT(Dissected(ip().next(33).payload_of(11))->malformation, Optional(Malformation::dccp_header_too_short));
}

TEST(SctpTest, PayloadIsTheUserDataOfAllDataChunks) {
    const Dissected packet(
        ip().sctp(2905, 2906).chunk(3, 0, PacketBuilder::Raw(12)).data_chunk("first").data_chunk("second"));
    EXPECT_EQ("192.0.2.1:2905 > 198.51.100.2:2906", packet.ends());
    EXPECT_EQ(11U, packet->payload_bytes);
    EXPECT_EQ(std::nullopt, packet->malformation);
}

TEST(SctpTest, TheChunksAreKeptAsTheyStandInThePacket) {
    const Dissected packet(ip().sctp(2905, 2906).data_chunk("first").data_chunk("second"));
    EXPECT_EQ(16U + 5 + 3 + 16 + 6 + 2, packet->payload.size());
}

TEST(SctpTest, TheVerificationTagIsRead) {
    EXPECT_EQ(0x12345678U, Dissected(ip().sctp(1, 2, 0x12345678).chunk(4))->sctp->verification_tag);
}

TEST(SctpTest, InterleavedDataCountsToo) {
    PacketBuilder::Raw value(16);
    value.insert(value.end(), {'d', 'a', 't', 'a'});
    EXPECT_EQ(4U, Dissected(ip().sctp(1, 2).chunk(64, 3, value))->payload_bytes);
}

TEST(SctpTest, TheKindsOfItsChunksAreSeen) {
    const Dissected packet(ip().sctp(1, 2).chunk(10).data_chunk("early").chunk(200));
    const SctpFields &seen = *packet->sctp;
    EXPECT_TRUE(seen.has(SctpChunk::cookie_echo));
    EXPECT_TRUE(seen.has(SctpChunk::data));
    EXPECT_TRUE(seen.has(SctpChunk::other));
    EXPECT_FALSE(seen.has(SctpChunk::init));
}

TEST(SctpTest, EachChunkTypeHasItsName) {
    EXPECT_EQ(SctpChunk::shutdown_complete, sctp_chunk(14));
    EXPECT_EQ(SctpChunk::auth, sctp_chunk(15));
    EXPECT_EQ(SctpChunk::other, sctp_chunk(16));
    EXPECT_EQ(SctpChunk::asconf, sctp_chunk(193));
}

TEST(SctpTest, ABadChunkLengthIsMalformedAndEndsTheWalk) {
    for (const std::uint32_t length : {0U, 3U, 15U}) {
        const Dissected packet(ip().sctp(1, 2).data_chunk("first").data_chunk("second").length(length));
        EXPECT_THAT(packet->malformation, Optional(Malformation::sctp_bad_chunk_length));
        EXPECT_EQ(5U, packet->payload_bytes);
        EXPECT_TRUE(packet->flow_ready);
    }
}

TEST(SctpTest, AChunkLongerThanThePacketIsMalformedAndCountsWhatIsThere) {
    const Dissected packet(ip().sctp(1, 2).data_chunk("four").length(100));
    EXPECT_THAT(packet->malformation, Optional(Malformation::sctp_bad_chunk_length));
    EXPECT_EQ(4U, packet->payload_bytes);
}

TEST(SctpTest, ChunksCutByTheSnapshotMakeItTruncated) {
    const Dissected packet(ip().sctp(1, 2).data_chunk("first").data_chunk("second").captured(14 + 20 + 12 + 18));
    EXPECT_TRUE(packet->truncated);
    EXPECT_TRUE(packet->flow_ready);
    EXPECT_EQ(5U, packet->payload_bytes);
    EXPECT_EQ(18U, packet->payload.size());
}

TEST(SctpTest, ShorterThanItsHeaderIsMalformed) {
    EXPECT_THAT(Dissected(ip().next(132).payload_of(11))->malformation, Optional(Malformation::sctp_header_too_short));
}

TEST(IcmpTest, AnEchoHasItsIdentifier) {
    const Dissected packet(ip().icmp(8, 0, 0x1234, 1).payload("ping"));
    EXPECT_EQ(Transport::icmp, packet->transport);
    ASSERT_TRUE(packet->icmp);
    EXPECT_EQ(8, packet->icmp->type);
    EXPECT_EQ(0x1234, packet->icmp->identifier);
    EXPECT_EQ(4U, packet->payload_bytes);
    EXPECT_EQ(0, packet->source_port);
    EXPECT_TRUE(packet->flow_ready);
}

TEST(IcmpTest, OtherMessagesHaveNoIdentifier) {
    const Dissected packet(ip().icmp(3, 3, 0x1234).ipv4("198.51.100.2", "192.0.2.1").udp(53, 40000));
    ASSERT_TRUE(packet->icmp);
    EXPECT_EQ(3, packet->icmp->type);
    EXPECT_EQ(3, packet->icmp->code);
    EXPECT_EQ(0, packet->icmp->identifier);
    EXPECT_EQ("192.0.2.1:0 > 198.51.100.2:0", packet.ends());
}

TEST(IcmpTest, OfVersionSixHasOtherNumbersForAnEcho) {
    const PacketBuilder ip6 = ethernet().ipv6("2001:db8::1", "2001:db8::2");
    EXPECT_EQ(7, Dissected(PacketBuilder(ip6).icmpv6(128, 0, 7))->icmp->identifier);
    EXPECT_EQ(7, Dissected(PacketBuilder(ip6).icmpv6(129, 0, 7))->icmp->identifier);
    EXPECT_EQ(0, Dissected(PacketBuilder(ip6).icmpv6(135, 0, 7))->icmp->identifier);
}

TEST(IcmpTest, ShorterThanItsHeaderIsMalformed) {
    const Dissected packet(ip().next(1).payload_of(7));
    EXPECT_THAT(packet->malformation, Optional(Malformation::icmp_header_too_short));
    EXPECT_FALSE(packet->flow_ready);
}

} // namespace
} // namespace doorplate

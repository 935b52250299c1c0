// What is told of a TCP connection besides its state and history.
#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "analyze/tcp_tracker.h"
#include "talk.h"

namespace doorplate {
namespace {

TcpSummary tcp_of(Talk &talk) { return talk.flows().back().tcp.value(); }
TcpEndFacts client_of(Talk &talk) { return tcp_of(talk).facts.initiator; }

TEST(TcpFacts, StreamBytesCountEachByteOnceAndThoseThatWereMissed) {
    Talk talk;
    talk.handshake().client("10 bytes").client("again").client("20 bytes lost").client("5 bytes").client("FIN ACK");
    EXPECT_EQ(35U, client_of(talk).stream_bytes);
    EXPECT_EQ(0U, tcp_of(talk).facts.responder.stream_bytes);
}

TEST(TcpFacts, StreamBytesPassFourGigabytes) {
    Talk talk;
    talk.handshake();
    for (int i = 0; i < 50'000; ++i) talk.client("90000 bytes").server("ACK");
    EXPECT_EQ(4'500'000'000U, client_of(talk).stream_bytes);
    EXPECT_EQ("S1 ShADa", talk.seen());
}

TEST(TcpFacts, ASegmentThatFillsAHoleIsOutOfOrder) {
    Talk talk;
    talk.handshake().client("10 bytes lost").client("10 bytes").client("first 1001 10 bytes");
    EXPECT_EQ(1U, client_of(talk).out_of_order);
    EXPECT_EQ(0U, client_of(talk).retransmissions);
}

TEST(TcpFacts, WhatWasAcknowledgedAndIsSentAgainIsARetransmission) {
    Talk talk;
    talk.handshake().client("10 bytes lost").client("10 bytes").server("ACK").client("first 1001 10 bytes");
    EXPECT_EQ(0U, client_of(talk).out_of_order);
    EXPECT_EQ(1U, client_of(talk).retransmissions);
}

TEST(TcpFacts, GapsAreStretchesThatWereAcknowledgedButNotCaptured) {
    Talk talk;
    talk.handshake().client("10 bytes lost").client("1 bytes").client("5 bytes lost").client("1 bytes").server("ACK");
    EXPECT_EQ(2U, client_of(talk).gaps);
    EXPECT_EQ(15U, client_of(talk).gap_bytes);
}

TEST(TcpFacts, GapBytesPassFourGigabytes) {
    Talk talk;
    talk.handshake();
    for (int i = 0; i < 50'000; ++i) talk.client("90000 bytes cut").server("ACK");
    EXPECT_EQ(4'500'000'000U, client_of(talk).gap_bytes);
    EXPECT_EQ(50'000U, client_of(talk).gaps);
}

TEST(TcpFacts, ZeroWindowsAreCountedForWhoOffersThem) {
    Talk talk;
    talk.handshake().client("10 bytes").server("ACK window 0").server("ACK window 0");
    EXPECT_EQ(2U, tcp_of(talk).facts.responder.zero_windows);
    EXPECT_EQ(0U, client_of(talk).zero_windows);
}

TEST(TcpFacts, AKeepAliveIsTheLastByteAgainWhenAllWasAcknowledged) {
    Talk talk;
    talk.handshake().client("10 bytes").server("ACK").client("first 1010 1 bytes").server("ACK");
    EXPECT_EQ(1U, client_of(talk).keep_alives);
    EXPECT_EQ(0U, client_of(talk).retransmissions);
}

TEST(TcpFacts, TheLastByteAgainBeforeItsAcknowledgmentIsNoKeepAlive) {
    Talk talk;
    talk.handshake().client("10 bytes").client("first 1010 1 bytes");
    EXPECT_EQ(0U, client_of(talk).keep_alives);
    EXPECT_EQ(1U, client_of(talk).retransmissions);
}

TEST(TcpFacts, UrgentSegmentsAreCounted) {
    Talk talk;
    talk.handshake().client("10 bytes URG").client("10 bytes");
    EXPECT_EQ(1U, client_of(talk).urgent);
}

TEST(TcpFacts, HalfOpenIsASynAckThatNobodyAcknowledged) {
    EXPECT_TRUE(tcp_of(Talk().client("SYN").server("SYN ACK")).half_open);
    EXPECT_TRUE(tcp_of(Talk().client("SYN").server("SYN ACK").client("RST")).half_open);
    EXPECT_FALSE(tcp_of(Talk().client("SYN")).half_open);
    EXPECT_FALSE(tcp_of(Talk().handshake()).half_open);
}

TEST(TcpFacts, ASimultaneousOpenHasASynWithoutAckFromEachEnd) {
    EXPECT_TRUE(tcp_of(Talk().client("SYN").server("SYN")).simultaneous_open);
    EXPECT_FALSE(tcp_of(Talk().client("SYN").client("again").server("SYN ACK")).simultaneous_open);
}

TEST(TcpFacts, SynAndSynAckInTheWrongOrderAreNoSimultaneousOpen) {
    EXPECT_FALSE(tcp_of(Talk().client("SYN lost").server("SYN ACK").client("first 1000 SYN")).simultaneous_open);
}

TEST(TcpFacts, FastOpenIsASynWithPayloadOrWithTheOption) {
    EXPECT_TRUE(tcp_of(Talk().client("SYN 10 bytes").server("SYN ACK")).fast_open);
    EXPECT_TRUE(tcp_of(Talk().client("SYN TFO").server("SYN ACK")).fast_open);
    EXPECT_FALSE(tcp_of(Talk().handshake().client("10 bytes")).fast_open);
}

TEST(TcpFacts, MultipathTcpOpensOrJoins) {
    EXPECT_EQ(Mptcp::capable, tcp_of(Talk().client("SYN CAPABLE").server("SYN ACK CAPABLE")).mptcp);
    EXPECT_EQ(Mptcp::join, tcp_of(Talk().client("SYN JOIN")).mptcp);
    EXPECT_EQ(Mptcp::none, tcp_of(Talk().handshake()).mptcp);
}

TEST(TcpFacts, ASegmentWithABadChecksumIsCountedAndDoesNothingElse) {
    Talk talk;
    talk.handshake().client("10 bytes").client("10 bytes corrupt").client("first 1011 10 bytes").server("RST corrupt");
    EXPECT_EQ("S1 ShADCc", talk.seen());
    EXPECT_EQ(1U, client_of(talk).bad_checksums);
    EXPECT_EQ(20U, client_of(talk).stream_bytes);
}

TEST(TcpFacts, ASynWithABadChecksumBeginsNoConnection) {
    Talk talk;
    talk.handshake().client("SYN corrupt first 5000").client("10 bytes first 1001");
    EXPECT_EQ("S1 ShACD", talk.seen());
    Talk over;
    over.handshake().server("RST").client("SYN corrupt first 5000");
    EXPECT_EQ(1U, over.flows().size());
}

TEST(TcpFacts, ABadChecksumIsWrittenAtTheFirstTenthAndHundredthTime) {
    Talk talk;
    talk.handshake();
    for (int i = 0; i < 100; ++i) talk.client("10 bytes corrupt");
    EXPECT_EQ("S1 ShACCC", talk.seen());
}

TEST(TcpFacts, AHistoryLongerThanItsFirstRoomGoesOn) {
    Talk talk;
    talk.handshake().client("10 bytes").server("ACK").server("10 bytes");
    for (int i = 0; i < 20; ++i) talk.client("FIN ACK");
    EXPECT_EQ("S2 ShADadFFFFFFFFFFFFFFFFFFFF", talk.seen());
}

TEST(TcpFacts, FlippedTwiceIsAsBefore) {
    TcpTracker tracker;
    TcpTracker::Segment syn;
    syn.tcp.syn = true;
    syn.tcp.window = 1;
    tracker.add(Side::initiator, syn);
    for (std::uint32_t i = 0; i < 30; ++i) {
        TcpTracker::Segment fin;
        fin.tcp.fin = fin.tcp.ack = true;
        fin.tcp.sequence = 1 + i;
        fin.tcp.window = 1;
        tracker.add(Side::initiator, fin);
    }
    const TcpSummary before = tracker.summary();
    tracker.flip();
    EXPECT_EQ('^', tracker.summary().history.front());
    tracker.flip();
    EXPECT_EQ(before, tracker.summary());
}

TEST(TcpFacts, AMovedTrackerGoesOn) {
    TcpTracker first;
    TcpTracker::Segment syn;
    syn.tcp.syn = true;
    syn.tcp.window = 1;
    first.add(Side::initiator, syn);
    TcpTracker second = std::move(first);
    EXPECT_EQ("S", second.summary().history);
}

// Whatever comes, the tracker keeps its bounds (and the sanitizers find nothing).
TEST(TcpFacts, NonsenseIsFollowedWithinBounds) {
    for (std::uint32_t round = 0; round < 300; ++round) {
        std::mt19937 engine(round);
        const auto random = [&engine] { return static_cast<std::uint32_t>(engine()); };
        TcpTracker tracker(random() % 2 == 0);
        for (int i = 0; i < 300; ++i) {
            TcpTracker::Segment segment;
            const std::uint32_t flags = random();
            segment.tcp.syn = flags % 5 == 0;
            segment.tcp.fin = flags % 7 == 0;
            segment.tcp.rst = flags % 11 == 0;
            segment.tcp.ack = flags % 3 != 0;
            segment.tcp.sequence = random();
            segment.tcp.acknowledgment = random();
            segment.payload_bytes = flags % 2 == 0 ? 0 : random() % (round % 2 == 0 ? 70'000 : 0xffff'ffff);
            segment.payload_captured = flags % 13 != 0;
            segment.time = timestamp_from_ns(static_cast<std::int64_t>(random()));
            tracker.add(random() % 2 == 0 ? Side::initiator : Side::responder, segment);
            if (i % 100 == 50) tracker.flip();
            if (i % 100 == 99) tracker.restart_counts();
        }
        EXPECT_GE(TcpTracker::max_history, tracker.summary().history.size());
    }
}

} // namespace
} // namespace doorplate

#include <gtest/gtest.h>

#include "analyze/fragments.h"
#include "talk.h"

namespace doorplate {
namespace {

using std::chrono::seconds;

// A datagram of 4000 bytes in three fragments of one flow.
class Fragments : public testing::Test {
  protected:
    static Dissection fragment(std::uint32_t offset, std::uint32_t identification = 1) {
        Dissection dissection = packet_between(Transport::udp, "192.0.2.1", offset == 0 ? 4000 : 0, "198.51.100.2",
                                               offset == 0 ? 53 : 0, 1400);
        dissection.flow_ready = offset == 0;
        dissection.fragment = FragmentFields{identification, offset, offset < 2800, 1400};
        return dissection;
    }
    std::optional<FlowTable::Update> sees(const Dissection &dissection) {
        return table_.add(frame_of(dissection, now_), dissection);
    }
    const Flow &flow() {
        table_.finish();
        return ended_.at(0);
    }

    Timestamp now_ = noon;
    std::vector<Flow> ended_;
    FlowTable table_{{}, [this](const FlowTable::View &flow) { ended_.push_back(flow.flow()); }};
};

TEST_F(Fragments, BehindTheFirstBelongToItsFlow) {
    sees(fragment(0));
    EXPECT_TRUE(sees(fragment(1400)));
    EXPECT_TRUE(sees(fragment(2800)));
    EXPECT_EQ((TrafficCounters{3, 4326, 4284, 4200}), flow().traffic.initiator);
    EXPECT_EQ(2U, flow().further_fragments);
    EXPECT_EQ(0U, table_.orphan_fragments());
}

TEST_F(Fragments, InFrontOfTheFirstAreGivenToItsFlow) {
    EXPECT_FALSE(sees(fragment(2800)));
    now_ += seconds(1);
    EXPECT_FALSE(sees(fragment(1400)));
    now_ += seconds(1);
    EXPECT_TRUE(sees(fragment(0)));
    EXPECT_EQ((TrafficCounters{3, 4326, 4284, 4200}), flow().traffic.initiator);
    EXPECT_EQ(2U, flow().further_fragments);
    EXPECT_EQ(noon, flow().start);
    EXPECT_EQ(0U, table_.orphan_fragments());
}

TEST_F(Fragments, OfAReplyAreTheResponders) {
    const auto turned = [](Dissection dissection) {
        std::swap(dissection.source, dissection.destination);
        std::swap(dissection.source_port, dissection.destination_port);
        return dissection;
    };
    sees(packet_between(Transport::udp, "192.0.2.1", 4000, "198.51.100.2", 53));
    Dissection first = fragment(0);
    first.source_port = 4000;
    sees(turned(first));
    EXPECT_EQ(Side::responder, sees(turned(fragment(1400)))->from());
    EXPECT_EQ(2U, flow().traffic.responder.packets);
}

TEST_F(Fragments, OfAnotherPacketAreNotMixedUp) {
    sees(fragment(0, 1));
    EXPECT_FALSE(sees(fragment(1400, 2)));
    EXPECT_EQ(1U, flow().traffic.initiator.packets);
    EXPECT_EQ(1U, table_.orphan_fragments());
}

TEST_F(Fragments, WithoutAFirstOneAreOrphansAfterThirtySeconds) {
    sees(fragment(1400));
    sees(fragment(2800));
    table_.advance(noon + seconds(29));
    EXPECT_EQ(0U, table_.orphan_fragments());
    table_.advance(noon + seconds(30));
    EXPECT_EQ(2U, table_.orphan_fragments());
}

TEST_F(Fragments, ThatComeTooLateAreOrphans) {
    sees(fragment(0));
    now_ += seconds(30);
    EXPECT_FALSE(sees(fragment(1400)));
    EXPECT_EQ(0U, flow().further_fragments);
    EXPECT_EQ(1U, table_.orphan_fragments());
}

TEST_F(Fragments, OfAFlowThatHasEndedAreOrphans) {
    sees(fragment(0));
    table_.finish();
    EXPECT_FALSE(sees(fragment(1400)));
    table_.finish();
    EXPECT_EQ(1U, table_.orphan_fragments());
}

TEST_F(Fragments, OfMorePacketsThanThereIsRoomForAreForgotten) {
    for (std::uint32_t i = 0; i < FragmentTable::max_packets + 10; ++i) sees(fragment(1400, i));
    EXPECT_EQ(10U, table_.orphan_fragments());
}

TEST_F(Fragments, OfTcpTellNoGaps) {
    const auto tcp = [](bool client, TcpFlags flags, std::uint32_t sequence, std::uint32_t acknowledgment,
                        std::uint32_t bytes) {
        Dissection dissection = client ? packet_between(Transport::tcp, "192.0.2.1", 4000, "198.51.100.2", 80, bytes)
                                       : packet_between(Transport::tcp, "198.51.100.2", 80, "192.0.2.1", 4000, bytes);
        static const std::vector<std::uint8_t> payload(2000);
        dissection.payload = Bytes(payload).first(bytes);
        TcpFields &fields = dissection.tcp.emplace();
        static_cast<TcpFlags &>(fields) = flags;
        fields.sequence = sequence;
        fields.acknowledgment = acknowledgment;
        fields.window = 9;
        return dissection;
    };
    sees(tcp(true, {.syn = true}, 1000, 0, 0));
    sees(tcp(false, {.syn = true, .ack = true}, 5000, 1001, 0));
    Dissection first = tcp(true, {.ack = true}, 1001, 5001, 1000);
    first.fragment = FragmentFields{1, 0, true};
    sees(first);
    sees(tcp(false, {.ack = true}, 5001, 3001, 0));
    EXPECT_EQ("ShDa", flow().tcp->history);
}

TEST_F(Fragments, WithBytesThatAnotherHadOverlap) {
    sees(fragment(0));
    sees(fragment(1400));
    sees(fragment(1200));
    EXPECT_EQ(1U, table_.overlapping_fragments());
    EXPECT_EQ(3U, flow().traffic.initiator.packets);
}

TEST_F(Fragments, SeenTwiceDoNotOverlap) {
    for (int i = 0; i < 2; ++i) {
        sees(fragment(0));
        sees(fragment(1400));
        sees(fragment(2800));
    }
    EXPECT_EQ(0U, table_.overlapping_fragments());
}

TEST_F(Fragments, OfAPacketThatIsNotCompleteInTimeAreTimedOut) {
    sees(fragment(0));
    sees(fragment(2800));
    now_ += seconds(29);
    table_.advance(now_);
    EXPECT_EQ(0U, table_.timed_out_fragments());
    now_ += seconds(1);
    table_.advance(now_);
    EXPECT_EQ(2U, table_.timed_out_fragments());
}

TEST_F(Fragments, OfACompletePacketAreNotTimedOut) {
    sees(fragment(2800));
    sees(fragment(0));
    sees(fragment(1400));
    now_ += seconds(60);
    table_.advance(now_);
    EXPECT_EQ(0U, table_.timed_out_fragments());
}

TEST_F(Fragments, InAFloodOfPiecesStayWithinBounds) {
    Dissection tiny = fragment(8);
    for (std::uint32_t i = 0; i < 50'000; ++i) {
        tiny.fragment = FragmentFields{i % 20'000, 8 * (i % 8000), true, 16};
        if (tiny.fragment->offset != 0) sees(tiny);
    }
    EXPECT_LT(40'000U, table_.orphan_fragments());
}

} // namespace
} // namespace doorplate

// Whatever short ways there are through the flow table, a connection is what a TcpTracker makes of all its segments.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>

#include "analyze/tcp_tracker.h"
#include "talk.h"

namespace doorplate {
namespace {

class Random {
  public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    std::uint32_t operator()() { return static_cast<std::uint32_t>(engine_()); }

  private:
    std::mt19937 engine_;
};

bool happens(Random &random, unsigned percent) { return random() % 100 < percent; }

template <std::size_t count> std::uint32_t one_of(Random &random, const std::array<std::uint32_t, count> &values) {
    return values[random() % count];
}

struct Host {
    std::string_view address;
    std::uint16_t port = 0;
    std::uint32_t next = 0; // sequence number
    bool said_syn = false;
    bool said_fin = false;
};

// Two hosts that mostly do what hosts do, and now and then what they should not.
class Conversation {
  public:
    explicit Conversation(std::uint32_t seed) : random_(seed) {
        const std::array<std::uint32_t, 5> beginnings{0, 1, 1000, 0xffff'fff0, 0xffff'ffff};
        client_.next = happens(random_, 80) ? random_() : one_of(random_, beginnings);
        server_.next = happens(random_, 80) ? random_() : one_of(random_, beginnings);
        // Numbers that turn after a few segments.
        if (happens(random_, 5)) client_.next = 0xffff'ff00;
        starts_late_ = happens(random_, 10);
        is_tidy_ = happens(random_, 70);
    }

    // The next segment.
    Dissection say() {
        const bool from_client = chooses_client();
        Host &from = from_client ? client_ : server_;
        const Host &to = from_client ? server_ : client_;
        if (last_ && errs(4)) return *last_; // once more

        TcpFields tcp;
        tcp.sequence = from.next;
        tcp.acknowledgment = to.next;
        tcp.window = 1000;
        tcp.ack = true;
        std::uint32_t payload = 0;
        if (!from.said_syn && !starts_late_) {
            tcp.syn = true;
            tcp.ack = to.said_syn;
            if (!tcp.ack) tcp.acknowledgment = 0;
            if (errs(3)) tcp.fast_open = true;
            if (errs(3)) tcp.mptcp_capable = true;
        } else if (happens(random_, 45)) {
            payload = one_of(random_, std::array<std::uint32_t, 5>{1, 6, 1460, 20'000, 3'000'000});
        }
        if (from.said_syn && happens(random_, from.said_fin ? 2 : 8)) tcp.fin = true;
        if (errs(8)) spoil(tcp);

        Dissection said = packet_between(Transport::tcp, from.address, from.port, to.address, to.port, payload);
        said.tcp = tcp;
        said.payload = Bytes(zeros()).first(errs(3) ? payload / 2 : payload);
        if (errs(2)) said.transport_checksum = Checksum::bad;
        from.said_syn |= tcp.syn;
        from.said_fin |= tcp.fin;
        from.next = tcp.sequence + payload + (tcp.syn ? 1 : 0) + (tcp.fin ? 1 : 0);
        last_ = said;
        return said;
    }

    [[nodiscard]] Duration pause() {
        if (errs(3)) return std::chrono::seconds(random_() % 6);
        if (errs(3)) return -std::chrono::microseconds(random_() % 3000);
        return std::chrono::microseconds(random_() % 2000);
    }
    [[nodiscard]] bool goes_on() { return !happens(random_, 3); }

  private:
    static std::span<const std::uint8_t> zeros() {
        static const std::vector<std::uint8_t> bytes(3'000'000);
        return bytes;
    }
    // Only the untidy do.
    bool errs(unsigned percent) { return !is_tidy_ && happens(random_, percent); }
    bool chooses_client() {
        if (!client_.said_syn && !starts_late_) return !happens(random_, 5);
        if (!server_.said_syn && !starts_late_) return happens(random_, 10);
        return happens(random_, 50);
    }
    void spoil(TcpFields &tcp) {
        switch (random_() % 9) {
        case 0: tcp.sequence += 100; break; // something was lost
        case 1: tcp.sequence -= 1 + random_() % 50; break;
        case 2: tcp.acknowledgment += 5000; break;
        case 3: tcp.acknowledgment -= 1 + random_() % 2000; break;
        case 4: tcp.window = 0; break;
        case 5: tcp.rst = true; break;
        case 6: tcp.urg = true; break;
        case 7: tcp.ack = !tcp.ack; break;
        default: tcp.syn = !tcp.syn; break;
        }
    }

    Random random_;
    Host client_{.address = Talk::client_address, .port = 40'000};
    Host server_{.address = Talk::server_address, .port = 80};
    std::optional<Dissection> last_;
    bool starts_late_ = false;
    bool is_tidy_ = false;
};

// As the observer does it: what is everyday goes the short way first.
struct Added {
    FlowNumber number = no_flow;
    bool is_new = false;
    bool short_way = false;
};

Added add(FlowTable &table, const Packet &packet, const Dissection &dissection) {
    Arrival arrival;
    announce(packet, dissection, 0, true, arrival);
    table.arrive(arrival);
    table.fetch_flow(arrival);
    table.fetch_tracker(arrival);
    if (arrival.everyday != Everyday::no) {
        const FlowNumber number = table.add_everyday(arrival);
        if (number != no_flow) return {number, false, true};
    }
    const FlowTable::Update update = table.add(arrival);
    return {update.number, update.is_new(), false};
}

TcpTracker::Segment segment_of(const Packet &packet, const Dissection &said) {
    return {.tcp = *said.tcp,
            .payload_bytes = said.payload_bytes,
            .payload_captured = said.payload.size() >= said.payload_bytes,
            .bad_checksum = said.transport_checksum == Checksum::bad,
            .time = packet.time};
}

std::string told(const TcpSummary &tcp) {
    return tcp.state + ' ' + tcp.history + ' ' + std::to_string(tcp.facts.initiator.stream_bytes) + ' ' +
           std::to_string(tcp.facts.responder.stream_bytes) + ' ' +
           std::to_string(tcp.handshake_rtt.value_or(Duration(-1)).count());
}

// How many segments of how many went the short way.
struct Ways {
    int all = 0;
    int short_ones = 0;
};

void compare(std::uint32_t seed, Ways &ways) {
    Conversation conversation(seed);
    FlowEndReason reason{};
    FlowTable table({}, [&](const FlowTable::View &flow) { reason = flow.flow().end_reason; });
    std::optional<TcpTracker> expected;
    Timestamp now = noon;
    for (int i = 0; conversation.goes_on(); ++i) {
        now += conversation.pause();
        const Dissection said = conversation.say();
        const Packet packet = frame_of(said, now);
        const Added added = add(table, packet, said);
        ASSERT_NE(no_flow, added.number);
        if (added.is_new) expected.emplace(table.initiator_evidence(added.number) == Evidence::syn_ack);
        const bool from_initiator = table.ends(added.number).initiator.address == said.source;
        expected->add(from_initiator ? Side::initiator : Side::responder, segment_of(packet, said));
        ++ways.all;
        ways.short_ones += added.short_way ? 1 : 0;
        const TcpSummary got = table.flow(added.number).tcp.value();
        ASSERT_EQ(expected->summary(), got) << "seed " << seed << ", segment " << i << ": expected "
                                            << told(expected->summary()) << ", got " << told(got);
    }
    if (!expected) return;
    table.finish();
    ASSERT_EQ(expected->closed(), reason == FlowEndReason::end_detected) << "seed " << seed;
}

TEST(TcpSteps, TheFlowTableSaysWhatATrackerSaysThatGotEverySegment) {
    Ways ways;
    for (std::uint32_t seed = 0; seed < 20'000 && !HasFatalFailure(); ++seed) compare(seed, ways);
    EXPECT_LT(100'000, ways.all);
    EXPECT_LT(ways.all / 10, ways.short_ones);
}

TcpTracker::Segment syn() {
    TcpTracker::Segment segment;
    segment.time = noon;
    segment.tcp.sequence = 7;
    segment.tcp.window = 1;
    segment.tcp.syn = true;
    return segment;
}

TEST(TcpSteps, WhatIsPackedIsUnpackedAsItWas) {
    TcpTracker tracker;
    tracker.add(Side::initiator, syn());
    PackedTcp packed;
    ASSERT_TRUE(tracker.pack(ns_since_epoch(noon), packed));
    const TcpTracker unpacked(packed, ns_since_epoch(noon));
    EXPECT_EQ(tracker.summary(), unpacked.summary());
    EXPECT_EQ("S0", unpacked.summary().state);
}

TEST(TcpSteps, WhatHasAHoleDoesNotFit) {
    TcpTracker tracker;
    tracker.add(Side::initiator, syn());
    TcpTracker::Segment later = syn();
    later.tcp.syn = false;
    later.payload_bytes = 10;
    later.tcp.sequence = 100;
    later.tcp.ack = true;
    tracker.add(Side::initiator, later);
    PackedTcp packed;
    EXPECT_FALSE(tracker.pack(ns_since_epoch(noon), packed));
}

} // namespace
} // namespace doorplate

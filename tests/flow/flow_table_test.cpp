#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "talk.h"

namespace doorplate {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

// A table with what it has ended, fed with packets of any kind.
struct Desk {
    std::vector<Flow> ended;
    FlowTable table;
    Timestamp now = noon;

    explicit Desk(FlowTableOptions options = {})
        : table(options, [this](const FlowTable::View &flow) { ended.push_back(flow.flow()); }) {}

    std::optional<FlowTable::Update> sees(const Dissection &dissection) {
        return table.add(frame_of(dissection, now), dissection);
    }
    const std::vector<Flow> &finish() {
        table.finish();
        return ended;
    }
};

std::vector<std::uint64_t> ids_of(const std::vector<Flow> &flows) {
    std::vector<std::uint64_t> ids(flows.size());
    std::ranges::transform(flows, ids.begin(), &Flow::id);
    return ids;
}

Dissection udp(std::uint16_t client_port, std::uint32_t bytes = 10) {
    return packet_between(Transport::udp, "192.0.2.1", client_port, "198.51.100.2", 53, bytes);
}

Dissection turned(Dissection dissection) {
    std::swap(dissection.source, dissection.destination);
    std::swap(dissection.source_port, dissection.destination_port);
    return dissection;
}

Dissection icmp(std::uint8_t type, std::uint8_t code, std::uint16_t identifier, std::string_view from,
                std::string_view to) {
    const bool v6 = address(from).family() == Family::ipv6;
    Dissection dissection = packet_between(v6 ? Transport::icmpv6 : Transport::icmp, from, 0, to, 0);
    dissection.icmp = IcmpFields{type, code, identifier};
    return dissection;
}

// A packet of one chunk, with nothing in it but its header.
Dissection sctp(SctpChunk chunk, bool from_server = false) {
    static constexpr std::uint8_t types = 16;
    static constexpr auto headers = [] {
        std::array<std::array<std::uint8_t, 4>, types> each{};
        for (std::uint8_t type = 0; type < types; ++type) each[type] = {type, 0, 0, 4};
        return each;
    }();
    Dissection dissection = packet_between(Transport::sctp, "192.0.2.1", 40000, "198.51.100.2", 2905);
    dissection.sctp.emplace();
    dissection.sctp->add(chunk);
    dissection.sctp->verification_tag = chunk == SctpChunk::init ? 0 : 1;
    dissection.payload = headers[std::to_underlying(chunk)];
    return from_server ? turned(dissection) : dissection;
}

// Who began.

TEST(Initiator, SentTheSyn) {
    Talk talk;
    const Flow flow = talk.client("SYN").flows().front();
    EXPECT_EQ(Evidence::syn, flow.initiator_evidence);
    EXPECT_EQ(51000, flow.ends.initiator.port);
}

TEST(Initiator, IsWhoTheSynAckIsFor) {
    Talk talk;
    const Flow flow = talk.server("SYN ACK").flows().front();
    EXPECT_EQ(Evidence::syn_ack, flow.initiator_evidence);
    EXPECT_EQ(51000, flow.ends.initiator.port);
    EXPECT_EQ(1U, flow.traffic.responder.packets);
}

TEST(Initiator, IsWhoWasSeenFirstInTheMiddleOfAConnection) {
    Talk talk;
    const Flow flow = talk.server("10 bytes").client("ACK").flows().front();
    EXPECT_EQ(Evidence::first_seen, flow.initiator_evidence);
    EXPECT_EQ(80, flow.ends.initiator.port);
}

TEST(Initiator, SentTheInit) {
    Desk desk;
    desk.sees(sctp(SctpChunk::init));
    EXPECT_EQ(Evidence::sctp_init, desk.finish().front().initiator_evidence);
    EXPECT_EQ(40000, desk.ended.front().ends.initiator.port);
}

TEST(Initiator, IsWhoTheInitAckIsFor) {
    Desk desk;
    desk.sees(sctp(SctpChunk::init_ack, true));
    EXPECT_EQ(Evidence::sctp_init, desk.finish().front().initiator_evidence);
    EXPECT_EQ(40000, desk.ended.front().ends.initiator.port);
}

TEST(Initiator, SentTheCookieEcho) {
    Desk desk;
    desk.sees(sctp(SctpChunk::cookie_ack, true));
    EXPECT_EQ(Evidence::sctp_init, desk.finish().front().initiator_evidence);
    EXPECT_EQ(40000, desk.ended.front().ends.initiator.port);
}

TEST(Initiator, AskedForTheEchoEvenIfOnlyTheReplyIsSeen) {
    Desk desk;
    desk.sees(icmp(0, 0, 7, "198.51.100.2", "192.0.2.1"));
    EXPECT_EQ(address("192.0.2.1"), desk.finish().front().ends.initiator.address);
    EXPECT_EQ(Evidence::icmp_request, desk.ended.front().initiator_evidence);
}

TEST(Initiator, OfAnAnnouncementToAGroupIsItsSender) {
    Desk desk;
    desk.sees(icmp(134, 0, 0, "fe80::1", "ff02::1"));
    EXPECT_EQ(address("fe80::1"), desk.finish().front().ends.initiator.address);
    EXPECT_EQ(Evidence::first_seen, desk.ended.front().initiator_evidence);
}

TEST(Initiator, OfASolicitedAdvertisementIsTheOtherEnd) {
    Desk desk;
    desk.sees(icmp(136, 0, 0, "fe80::2", "fe80::1"));
    EXPECT_EQ(address("fe80::1"), desk.finish().front().ends.initiator.address);
    EXPECT_EQ(Evidence::icmp_request, desk.ended.front().initiator_evidence);
}

TEST(Initiator, OfAnErrorIsItsSender) {
    Desk desk;
    desk.sees(icmp(3, 1, 0, "203.0.113.9", "192.0.2.1"));
    EXPECT_EQ(address("203.0.113.9"), desk.finish().front().ends.initiator.address);
}

// What is one flow.

TEST(Flows, BothDirectionsAreOne) {
    Desk desk;
    EXPECT_TRUE(desk.sees(udp(4000))->is_new());
    const auto reply = desk.sees(turned(udp(4000)));
    EXPECT_FALSE(reply->is_new());
    EXPECT_EQ(Side::responder, reply->from());
    EXPECT_EQ(1U, desk.finish().size());
}

TEST(Flows, AreCountedFromOneInTheOrderOfFirstPackets) {
    Desk desk;
    for (const int port : {4000, 4001, 4000, 4002}) desk.sees(udp(static_cast<std::uint16_t>(port)));
    std::vector<std::uint64_t> ids;
    std::vector<std::uint16_t> ports;
    desk.table.for_each([&](const FlowTable::View &flow) {
        ids.push_back(flow.id());
        ports.push_back(flow.ends().initiator.port);
    });
    EXPECT_THAT(ids, ElementsAre(1, 2, 3));
    EXPECT_THAT(ports, ElementsAre(4000, 4001, 4002));
}

TEST(Flows, OfSeveralTransportsOnTheSamePortsAreSeveral) {
    Desk desk;
    desk.sees(udp(4000));
    Dissection other_transport = udp(4000);
    other_transport.transport = Transport::udplite;
    desk.sees(other_transport);
    EXPECT_EQ(2U, desk.finish().size());
}

TEST(Flows, AHostThatTalksToItselfFromOnePortIsAnInitiatorOnly) {
    Desk desk;
    const Dissection own = packet_between(Transport::udp, "127.0.0.1", 5000, "127.0.0.1", 5000);
    desk.sees(own);
    EXPECT_EQ(Side::initiator, desk.sees(own)->from());
    EXPECT_EQ(2U, desk.finish().front().traffic.initiator.packets);
}

TEST(Flows, PacketsThatNameNoFlowAreLeftAlone) {
    Desk desk;
    Dissection cut = udp(4000);
    cut.flow_ready = false;
    EXPECT_FALSE(desk.sees(cut));
    Dissection arp;
    arp.kind = PacketKind::arp;
    EXPECT_FALSE(desk.sees(arp));
    EXPECT_EQ(0U, desk.table.size());
}

TEST(Flows, TransportsWithoutPortsAreOneForEachPairOfAddresses) {
    Desk desk;
    desk.sees(packet_between(Transport::gre, "192.0.2.1", 0, "198.51.100.2", 0));
    desk.sees(packet_between(Transport::gre, "198.51.100.2", 0, "192.0.2.1", 0));
    desk.sees(packet_between(Transport::esp, "198.51.100.2", 0, "192.0.2.1", 0));
    EXPECT_EQ(2U, desk.finish().size());
}

// ICMP.

TEST(IcmpFlows, RequestAndReplyAreOne) {
    Desk desk;
    desk.sees(icmp(8, 0, 7, "192.0.2.1", "198.51.100.2"));
    EXPECT_EQ(Side::responder, desk.sees(icmp(0, 0, 7, "198.51.100.2", "192.0.2.1"))->from());
    EXPECT_EQ(1U, desk.finish().size());
    EXPECT_EQ((IcmpSummary{8, 0, 7}), desk.ended.front().icmp);
    EXPECT_EQ(Evidence::icmp_request, desk.ended.front().initiator_evidence);
}

TEST(IcmpFlows, EchoesWithDifferentIdentifiersAreDifferent) {
    Desk desk;
    desk.sees(icmp(8, 0, 7, "192.0.2.1", "198.51.100.2"));
    desk.sees(icmp(8, 0, 8, "192.0.2.1", "198.51.100.2"));
    EXPECT_EQ(2U, desk.finish().size());
}

TEST(IcmpFlows, TwoHostsThatPingEachOtherHaveTwo) {
    Desk desk;
    desk.sees(icmp(8, 0, 7, "192.0.2.1", "198.51.100.2"));
    desk.sees(icmp(8, 0, 7, "198.51.100.2", "192.0.2.1"));
    desk.sees(icmp(0, 0, 7, "192.0.2.1", "198.51.100.2"));
    EXPECT_EQ(2U, desk.finish().size());
    EXPECT_EQ(1U, desk.ended[1].traffic.responder.packets);
}

TEST(IcmpFlows, AHostThatPingsItselfHasRequestsAndReplies) {
    Desk desk;
    desk.sees(icmp(8, 0, 7, "127.0.0.1", "127.0.0.1"));
    EXPECT_EQ(Side::responder, desk.sees(icmp(0, 0, 7, "127.0.0.1", "127.0.0.1"))->from());
    EXPECT_EQ(1U, desk.finish().size());
}

TEST(IcmpFlows, ErrorsAreOneForEachTypeAndCode) {
    Desk desk;
    desk.sees(icmp(3, 1, 0, "203.0.113.9", "192.0.2.1"));
    desk.sees(icmp(3, 1, 0, "203.0.113.9", "192.0.2.1"));
    desk.sees(icmp(3, 3, 0, "203.0.113.9", "192.0.2.1"));
    desk.sees(icmp(11, 0, 0, "203.0.113.9", "192.0.2.1"));
    EXPECT_EQ(3U, desk.finish().size());
}

TEST(IcmpFlows, NeighborSolicitationAndAdvertisementAreOne) {
    Desk desk;
    desk.sees(icmp(135, 0, 0, "fe80::1", "fe80::2"));
    desk.sees(icmp(136, 0, 0, "fe80::2", "fe80::1"));
    EXPECT_EQ(1U, desk.finish().size());
}

// Counting.

TEST(Counters, AreKeptForEachSide) {
    Desk desk;
    desk.sees(udp(4000, 10));
    desk.sees(turned(udp(4000, 100)));
    desk.sees(turned(udp(4000, 100)));
    EXPECT_EQ((TrafficCounters{1, 52, 38, 10}), desk.finish().front().traffic.initiator);
    EXPECT_EQ((TrafficCounters{2, 284, 256, 200}), desk.ended.front().traffic.responder);
}

TEST(Counters, FrameBytesAreOriginalLengthsWhateverWasCaptured) {
    Desk desk;
    const std::vector<std::uint8_t> bytes(60);
    Packet packet = frame_of(udp(4000), noon);
    packet.bytes = bytes;
    packet.original_length = 1500;
    desk.table.add(packet, udp(4000));
    EXPECT_EQ(1500U, desk.finish().front().traffic.initiator.frame_bytes);
}

TEST(Counters, RetransmissionsAreSegmentsSeenInFullBefore) {
    Talk talk;
    talk.handshake()
        .client("10 bytes")
        .client("10 bytes")
        .client("again")
        .client("again")
        .server("20 bytes")
        .server("again");
    const Flow flow = talk.flows().front();
    EXPECT_EQ(2U, flow.tcp->facts.initiator.retransmissions);
    EXPECT_EQ(1U, flow.tcp->facts.responder.retransmissions);
}

TEST(Counters, ASegmentThatComesLateIsNoRetransmission) {
    Talk talk;
    talk.handshake().client("10 bytes lost").client("10 bytes");
    // The lost one, as if it had only taken another way.
    talk.client("first 1001 10 bytes");
    EXPECT_EQ(0U, talk.flows().front().tcp->facts.initiator.retransmissions);
}

TEST(Counters, HandshakeRttIsFromSynToTheAckOfTheSynAck) {
    Talk talk;
    talk.client("SYN").later(milliseconds(30)).server("SYN ACK").later(milliseconds(8)).client("ACK");
    EXPECT_EQ(milliseconds(40), talk.flows().front().tcp->handshake_rtt);
}

TEST(Counters, HandshakeRttIsOfTheSynThatWasAnswered) {
    Talk talk;
    talk.client("SYN").later(seconds(1)).client("again").server("SYN ACK").client("10 bytes");
    EXPECT_EQ(milliseconds(2), talk.flows().front().tcp->handshake_rtt);
}

TEST(Counters, HandshakeRttIsAbsentIfTheSynWasNotSeen) {
    Talk talk;
    talk.server("SYN ACK").client("ACK");
    EXPECT_FALSE(talk.flows().front().tcp->handshake_rtt);
}

TEST(Counters, HandshakeRttIsAbsentIfTheAckAcknowledgesSomethingElse) {
    Talk talk;
    talk.client("SYN").server("SYN ACK").client("RST");
    EXPECT_FALSE(talk.flows().front().tcp->handshake_rtt);
}

TEST(Counters, InterfacesAndDirectionsAreNotedAsTheyAreSeen) {
    Desk desk;
    Packet packet = frame_of(udp(4000), noon);
    for (const std::uint32_t interface : {3U, 1U, 3U}) {
        packet.interface = interface;
        packet.direction = PacketDirection::outbound;
        desk.table.add(packet, udp(4000));
    }
    EXPECT_THAT(desk.finish().front().interfaces, ElementsAre(3, 1));
    EXPECT_TRUE(desk.ended.front().seen_outbound);
    EXPECT_FALSE(desk.ended.front().seen_inbound);
}

TEST(Keys, TheSameFiveTupleInTwoVlansIsOneFlowUnlessVlansTellFlowsApart) {
    Dissection five = udp(50000);
    five.vlans = {5};
    five.vlan_count = 1;
    Dissection seven = five;
    seven.vlans = {7};
    const auto flows_with = [&](KeyOptions key) {
        FlowTableOptions options;
        options.key = key;
        Desk desk(options);
        desk.sees(five);
        desk.sees(seven);
        desk.sees(turned(five));
        return desk.finish().size();
    };
    EXPECT_EQ(1U, flows_with({}));
    EXPECT_EQ(2U, flows_with({.vlan = true}));
    EXPECT_EQ(1U, flows_with({.mpls = true}));
}

TEST(Counters, VlansAreTheFirstPackets) {
    Desk desk;
    Dissection tagged = udp(4000);
    tagged.vlans = {5, 7};
    tagged.vlan_count = 2;
    desk.sees(tagged);
    desk.sees(turned(udp(4000)));
    EXPECT_THAT(desk.finish().front().vlans, ElementsAre(5, 7));
}

// Beginnings and ends.

TEST(Reuse, ANewSynAfterTheEndIsANewFlow) {
    Talk talk;
    talk.handshake().client("FIN ACK").server("FIN ACK").client("ACK").client("first 70000 SYN");
    EXPECT_EQ("SF ShAFf; S0 S", talk.seen());
    EXPECT_EQ(FlowEndReason::end_detected, talk.flows().front().end_reason);
}

TEST(Reuse, TheSameSynAfterAResetIsANewFlow) {
    Talk talk;
    talk.client("SYN").server("RST ACK").client("first 1000 SYN").server("RST ACK");
    EXPECT_EQ("REJ Sr; REJ Sr", talk.seen());
}

TEST(Reuse, ASynWithAnotherNumberInsideAConnectionIsANewFlow) {
    EXPECT_EQ("S1 ShA; S0 S", Talk().handshake().client("first 70000 SYN").seen());
}

TEST(Reuse, ASynThatIsSentAgainIsNot) { EXPECT_EQ(1U, Talk().client("SYN").client("again").flows().size()); }

TEST(Reuse, ANewInitAfterTheEndIsANewFlow) {
    Desk desk;
    for (const SctpChunk chunk : {SctpChunk::init, SctpChunk::shutdown_complete, SctpChunk::init})
        desk.sees(sctp(chunk));
    EXPECT_EQ(2U, desk.finish().size());
}

TEST(Linger, ALateAckGoesToTheClosedFlow) {
    Talk talk;
    talk.handshake().client("FIN ACK").server("FIN ACK").later(seconds(4)).client("ACK");
    EXPECT_EQ(1U, talk.flows().size());
    EXPECT_EQ(4U, talk.flows().front().traffic.initiator.packets);
}

TEST(Linger, AfterItAStraySegmentIsANewFlow) {
    Talk talk;
    talk.handshake().client("FIN ACK").server("FIN ACK").later(seconds(5)).client("ACK");
    EXPECT_EQ("SF ShAFf; OTH A", talk.seen());
}

TEST(Linger, LateSegmentsDoNotProlongIt) {
    Talk talk;
    talk.handshake().client("FIN ACK").server("FIN ACK");
    for (int i = 0; i < 3; ++i) talk.later(seconds(2)).client("ACK");
    EXPECT_EQ("SF ShAFf; OTH A", talk.seen());
}

TEST(Linger, ItsLengthIsAnOption) {
    Talk talk({.closed_linger = seconds(60)});
    talk.handshake().client("RST").later(seconds(59)).server("ACK");
    EXPECT_EQ(1U, talk.flows().size());
}

TEST(Linger, AnSctpAssociationEndsAfterItToo) {
    Desk desk;
    desk.sees(sctp(SctpChunk::init));
    desk.sees(sctp(SctpChunk::abort, true));
    desk.table.advance(noon + seconds(5));
    ASSERT_EQ(1U, desk.ended.size());
    EXPECT_EQ(FlowEndReason::end_detected, desk.ended.front().end_reason);
}

TEST(Timeouts, EachTransportHasItsOwn) {
    Desk desk;
    desk.sees(udp(4000));
    Dissection tcp = packet_between(Transport::tcp, "192.0.2.1", 4000, "198.51.100.2", 80);
    tcp.tcp.emplace().ack = true;
    desk.sees(tcp);
    desk.sees(icmp(8, 0, 7, "192.0.2.1", "198.51.100.2"));

    desk.table.advance(noon + seconds(59));
    EXPECT_EQ(3U, desk.table.size());
    desk.table.advance(noon + seconds(60));
    EXPECT_EQ(1U, desk.table.size());
    desk.table.advance(noon + minutes(5));
    EXPECT_EQ(0U, desk.table.size());
    for (const Flow &flow : desk.ended) EXPECT_EQ(FlowEndReason::idle_timeout, flow.end_reason);
}

TEST(Timeouts, APacketPutsTheEndOff) {
    Desk desk;
    desk.sees(udp(4000));
    desk.now = noon + seconds(40);
    desk.sees(turned(udp(4000)));
    desk.table.advance(noon + seconds(99));
    EXPECT_EQ(1U, desk.table.size());
}

TEST(Timeouts, FlowsEndInTheOrderOfTheirDeadlines) {
    Desk desk({.udp_inactive = seconds(60), .other_inactive = seconds(10)});
    desk.sees(udp(4000));
    desk.now += seconds(30);
    desk.sees(icmp(8, 0, 7, "192.0.2.1", "198.51.100.2"));
    desk.sees(udp(4001));
    desk.table.advance(noon + minutes(10));
    EXPECT_THAT(ids_of(desk.ended), ElementsAre(2, 1, 3));
}

TEST(Timeouts, FlowsOfTheSameDeadlineEndInTheOrderOfFirstPackets) {
    Desk desk;
    for (const int port : {4003, 4001, 4002}) desk.sees(udp(static_cast<std::uint16_t>(port)));
    desk.table.advance(noon + minutes(10));
    EXPECT_THAT(ids_of(desk.ended), ElementsAre(1, 2, 3));
}

TEST(ActiveTimeout, CutsAFlowIntoPiecesWithTheSameRoles) {
    Talk talk({.active = seconds(10)});
    talk.server("SYN ACK").client("ACK").later(seconds(11)).server("10 bytes");
    EXPECT_EQ("S1 ^hA; S1 d", talk.seen());
    EXPECT_EQ(FlowEndReason::active_timeout, talk.flows()[0].end_reason);
    EXPECT_EQ(2U, talk.flows()[1].id);
    EXPECT_EQ(51000, talk.flows()[1].ends.initiator.port);
    EXPECT_EQ(Evidence::syn_ack, talk.flows()[1].initiator_evidence);
    EXPECT_EQ(1U, talk.flows()[1].traffic.responder.packets);
    EXPECT_EQ(0U, talk.flows()[1].traffic.initiator.packets);
}

TEST(ActiveTimeout, TheRestRemembersWhichPayloadWasSeen) {
    Talk talk({.active = seconds(10)});
    talk.handshake().client("10 bytes").later(seconds(11)).client("again").client("FIN ACK").server("FIN ACK");
    EXPECT_EQ("S1 ShAD; SF DTFf", talk.seen());
    EXPECT_EQ(1U, talk.flows()[1].tcp->facts.initiator.retransmissions);
}

TEST(ActiveTimeout, IsOffByDefault) {
    Talk talk;
    talk.handshake();
    for (int i = 0; i < 100; ++i) talk.later(minutes(4)).client("10 bytes");
    EXPECT_EQ(1U, talk.flows().size());
}

TEST(Finish, SaysForcedEndOfWhatIsNotOver) {
    Talk talk;
    EXPECT_EQ(FlowEndReason::forced_end, talk.handshake().flows().front().end_reason);
}

TEST(Finish, SaysEndDetectedOfWhatIs) {
    Talk talk;
    EXPECT_EQ(FlowEndReason::end_detected, talk.handshake().client("RST").flows().front().end_reason);
}

// Bounds.

TEST(FullTable, EvictsTheFlowThatWouldEndFirst) {
    Desk desk({.max_flows = 2});
    desk.sees(udp(4000));
    desk.sees(udp(4001));
    desk.now += milliseconds(1);
    desk.sees(turned(udp(4000)));
    desk.sees(udp(4002));
    ASSERT_EQ(1U, desk.ended.size());
    EXPECT_EQ(4001, desk.ended.front().ends.initiator.port);
    EXPECT_EQ(FlowEndReason::lack_of_resources, desk.ended.front().end_reason);
    EXPECT_EQ(2U, desk.table.size());
    EXPECT_EQ(1U, desk.table.evicted());
}

TEST(FullTable, EvictsAClosedFlowBeforeOneThatGoesOn) {
    Talk talk({.max_flows = 2});
    talk.table().add(frame_of(udp(4000), noon), udp(4000));
    talk.handshake().client("FIN ACK").server("FIN ACK");
    talk.table().add(frame_of(udp(4001), noon), udp(4001));
    EXPECT_EQ(0U, talk.table().evicted());
    EXPECT_EQ(2U, talk.table().size());
}

TEST(FullTable, LosesNothingOfAFlowThatIsOver) {
    Talk talk({.max_flows = 1});
    talk.handshake().client("RST");
    talk.table().add(frame_of(udp(4000), noon), udp(4000));
    EXPECT_EQ(0U, talk.table().evicted());
    EXPECT_EQ(FlowEndReason::end_detected, talk.flows().front().end_reason);
}

TEST(FullTable, HandsOnEveryFlowOnce) {
    Desk desk({.max_flows = 10});
    for (std::uint16_t port = 1; port <= 1000; ++port) {
        desk.now += milliseconds(port % 7);
        desk.sees(udp(port));
    }
    std::vector<std::uint64_t> ids = ids_of(desk.finish());
    std::ranges::sort(ids);
    ASSERT_EQ(1000U, ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(i + 1, ids[i]);
}

TEST(FullTable, HasRoomForOneFlowAtLeast) {
    Desk desk({.max_flows = 0});
    EXPECT_TRUE(desk.sees(udp(4000)));
    EXPECT_EQ(1U, desk.table.size());
}

// Few hosts, few ports, small tables and short times, so that everything that can happen does.
TEST(RandomTraffic, IsHandedOnToTheLastPacket) {
    std::mt19937 random(7);
    const auto below = [&random](std::uint32_t end) { return static_cast<std::uint32_t>(random() % end); };
    std::uint64_t handed_on = 0;
    const FlowTableOptions options{.max_flows = 5, .tcp_inactive = seconds(20), .active = seconds(30)};
    FlowTable table(options, [&handed_on](const FlowTable::View &view) {
        const Flow flow = view.flow();
        handed_on += flow.traffic.initiator.packets + flow.traffic.responder.packets;
        EXPECT_LE(flow.start, flow.end);
    });
    Timestamp now = noon;
    constexpr std::uint64_t packets = 20'000;
    for (std::uint64_t i = 0; i < packets; ++i) {
        now += milliseconds(below(1000)) - milliseconds(300);
        Dissection dissection = packet_between(below(4) == 0 ? Transport::icmp : Transport::tcp, "192.0.2.1",
                                               static_cast<std::uint16_t>(below(3)), "192.0.2.2",
                                               static_cast<std::uint16_t>(below(3)), below(2000));
        if (below(2) == 0) dissection = turned(dissection);
        if (dissection.transport == Transport::tcp) {
            const auto flags = random();
            TcpFields &tcp = dissection.tcp.emplace();
            tcp.sequence = below(2) == 0 ? below(3000) : static_cast<std::uint32_t>(random());
            tcp.acknowledgment = below(2) == 0 ? below(3000) : static_cast<std::uint32_t>(random());
            tcp.window = static_cast<std::uint16_t>(below(2));
            tcp.fin = (flags & 3) == 0;
            tcp.syn = (flags & 12) == 0;
            tcp.rst = (flags & 112) == 0;
            tcp.ack = (flags & 384) != 0;
        } else {
            dissection.source_port = dissection.destination_port = 0;
            dissection.icmp = IcmpFields{static_cast<std::uint8_t>(below(20)), 0, static_cast<std::uint16_t>(below(3))};
        }
        if (below(5) == 0) {
            const std::uint32_t offset = below(3) * 1480;
            dissection.fragment = FragmentFields{below(4), offset, below(2) == 0};
            dissection.flow_ready = offset == 0;
        }
        table.add(frame_of(dissection, now), dissection);
        ASSERT_LE(table.size(), 5U);
    }
    table.finish();
    EXPECT_EQ(packets, handed_on + table.orphan_fragments());
}

TEST(Time, ThatGoesBackwardsWidensTheFlow) {
    Desk desk;
    desk.sees(udp(4000));
    desk.now -= seconds(30);
    desk.sees(udp(4000));
    EXPECT_EQ(noon - seconds(30), desk.finish().front().start);
    EXPECT_EQ(noon, desk.ended.front().end);
}

TEST(Time, ThatGoesBackwardsEndsNothingEarlier) {
    Desk desk;
    desk.sees(udp(4000));
    desk.now -= minutes(10);
    desk.sees(udp(4001));
    desk.now = noon + seconds(59);
    desk.sees(udp(4002));
    EXPECT_EQ(0U, desk.ended.size());
}

TEST(Time, AtItsVeryEndDoesNoHarm) {
    Desk desk;
    desk.now = Timestamp::max();
    desk.sees(udp(4000));
    desk.sees(udp(4001));
    desk.now = timestamp_from_ns(0);
    desk.sees(udp(4002));
    EXPECT_EQ(3U, desk.finish().size());
}

// Turning round.

TEST(Flip, TurnsEndsCountersStateAndHistory) {
    Talk talk;
    Flow flow = talk.server("10 bytes").client("ACK").client("RST").flows().front();
    ASSERT_EQ("RSTRH Dar", flow.tcp->state + " " + flow.tcp->history);
    flow.flip();
    EXPECT_EQ("OTH ^dAR", flow.tcp->state + " " + flow.tcp->history);
    EXPECT_EQ(51000, flow.ends.initiator.port);
    EXPECT_EQ(2U, flow.traffic.initiator.packets);
}

TEST(Flip, TwiceIsAsIfNever) {
    Talk talk;
    const Flow flow = talk.handshake().client("10 bytes").client("again").server("FIN ACK").flows().front();
    Flow turned_twice = flow;
    turned_twice.flip();
    turned_twice.flip();
    EXPECT_EQ(flow.tcp, turned_twice.tcp);
    EXPECT_EQ(flow.ends, turned_twice.ends);
    EXPECT_EQ(flow.traffic, turned_twice.traffic);
}

TEST(Flip, GivesTheStateThatTheOtherRolesWouldHaveHad) {
    Talk talk;
    Flow flow = talk.server("10 bytes").client("ACK").server("FIN ACK").flows().front();
    ASSERT_EQ("SH", flow.tcp->state);
    flow.flip();
    EXPECT_EQ("SHR", flow.tcp->state);
    EXPECT_EQ("^dAf", flow.tcp->history);
}

TEST(Visit, ShowsStateAndHistoryOfFlowsThatAreAlive) {
    Talk talk;
    talk.handshake().client("10 bytes");
    std::string seen;
    talk.table().for_each([&seen](const FlowTable::View &view) {
        const Flow flow = view.flow();
        seen = flow.tcp->state + " " + flow.tcp->history;
    });
    EXPECT_EQ("S1 ShAD", seen);
}

} // namespace
} // namespace doorplate

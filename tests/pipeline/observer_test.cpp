#include "analyze/observer.h"

#include <initializer_list>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"
#include "tests/support/socket_facts_builder.h"

namespace doorplate {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char *host_address = "192.0.2.1";
constexpr const char *peer_address = "198.51.100.7";

// A run in which the host at 192.0.2.1 is observed.
class ObserverTest : public testing::Test {
  protected:
    void observe(const PacketBuilder &packet) {
        const BuiltPacket built = packet.build();
        const Packet view = built.view();
        observer_.ingest({&view, 1}, interfaces_);
    }
    void learn(const LookBuilder &look) { observer_.ingest(look.facts()); }
    void know_the_host() { observer_.ingest(linux_host()); }

    static PacketBuilder tcp(const char *from, std::uint16_t from_port, const char *to, std::uint16_t to_port,
                             const char *flags, std::int64_t ms) {
        PacketBuilder packet;
        packet.ethernet().ipv4(from, to).tcp(from_port, to_port).flags(flags).at_ms(ms);
        return packet;
    }
    // The handshake of a connection that the host opens.
    void host_connects(std::uint16_t port, std::uint16_t peer_port, std::int64_t ms = 0) {
        observe(tcp(host_address, port, peer_address, peer_port, "S", ms).seq(1));
        observe(tcp(peer_address, peer_port, host_address, port, "S.", ms + 1).seq(100).ack(2));
        observe(tcp(host_address, port, peer_address, peer_port, ".", ms + 2).seq(2).ack(101));
    }

    std::vector<CaptureInterface> interfaces_{{"eth0", LinkType::ethernet, 0}};
    std::vector<std::uint64_t> streamed_;
    Observer observer_{{}, [this](const FlowRecord &flow) { streamed_.push_back(flow.flow.id); }};
};

TEST_F(ObserverTest, BothDirectionsAreOneFlow) {
    host_connects(51000, 443);
    const Observation seen = observer_.finish();
    ASSERT_THAT(seen.flows, SizeIs(1));
    EXPECT_EQ(2U, seen.flows[0].flow.traffic.initiator.packets);
    EXPECT_EQ(1U, seen.flows[0].flow.traffic.responder.packets);
    EXPECT_EQ(3U, seen.packets);
}

TEST_F(ObserverTest, AReplayKnowsNoSocketsAndSaysSo) {
    host_connects(51000, 443);
    const Observation seen = observer_.finish();
    EXPECT_EQ(UnknownReason::no_socket_facts, seen.flows[0].initiator.attribution.unknown);
    EXPECT_EQ(std::nullopt, seen.flows[0].initiator.local);
    EXPECT_FALSE(seen.host);
}

TEST_F(ObserverTest, AnOwnerFoundAfterTheFirstPacketStillCounts) {
    know_the_host();
    host_connects(51000, 443);
    learn(look_at_ms(40).connected(host_address, 51000, peer_address, 443).held_by(42, "curl"));
    const Observation seen = observer_.finish();
    const Attribution &owner = seen.flows[0].initiator.attribution;
    EXPECT_EQ(MatchQuality::exact, owner.match);
    ASSERT_THAT(owner.holders, SizeIs(1));
    EXPECT_EQ("curl", owner.holders[0]->name);
    EXPECT_EQ(UnknownReason::not_local, seen.flows[0].responder.attribution.unknown);
}

TEST_F(ObserverTest, TheKernelsRangeMakesAPortEphemeral) {
    know_the_host();
    host_connects(45000, 443);
    const Observation seen = observer_.finish();
    EXPECT_EQ(PortRole::ephemeral, seen.flows[0].initiator.port.role);
    EXPECT_THAT(seen.flows[0].initiator.port.evidence, Contains(Evidence::in_ephemeral_range));
    EXPECT_EQ(PortClass::user, seen.flows[0].initiator.port.port_class);
    EXPECT_EQ(PortRole::service, seen.flows[0].responder.port.role);
}

TEST_F(ObserverTest, AListenerTurnsAFlowRoundThatWasSeenFromTheMiddle) {
    know_the_host();
    learn(look_at_ms(0)
              .listening("0.0.0.0", 9000)
              .held_by(7, "server")
              .connected(host_address, 9000, peer_address, 40000)
              .held_by(7, "server"));
    observe(tcp(host_address, 9000, peer_address, 40000, "P.", 10).payload("hello"));
    const Observation seen = observer_.finish();
    ASSERT_THAT(seen.flows, SizeIs(1));
    EXPECT_EQ(9000, seen.flows[0].responder.endpoint.port);
    EXPECT_THAT(seen.flows[0].initiator_verdict.evidence, Contains(Evidence::listener));
    EXPECT_EQ(1U, seen.flows[0].flow.traffic.responder.packets);
}

TEST_F(ObserverTest, BothEndsOnThisHostAreAPair) {
    know_the_host();
    learn(look_at_ms(0).listening("127.0.0.1", 80).held_by(1, "nginx"));
    observe(tcp("127.0.0.1", 50000, "127.0.0.1", 80, "S", 5));
    learn(look_at_ms(6)
              .listening("127.0.0.1", 80)
              .held_by(1, "nginx")
              .connected("127.0.0.1", 50000, "127.0.0.1", 80)
              .held_by(2, "curl")
              .connected("127.0.0.1", 80, "127.0.0.1", 50000)
              .held_by(1, "nginx"));
    const Observation seen = observer_.finish();
    ASSERT_THAT(seen.flows, SizeIs(1));
    EXPECT_EQ("curl", seen.flows[0].initiator.attribution.holders.at(0)->name);
    EXPECT_EQ("nginx", seen.flows[0].responder.attribution.holders.at(0)->name);
    ASSERT_THAT(seen.relations, SizeIs(1));
    EXPECT_THAT(seen.relations[0].flow_ids, ElementsAre(seen.flows[0].flow.id));
}

TEST_F(ObserverTest, ARefusedConnectionHadNoListener) {
    know_the_host();
    observe(tcp(peer_address, 40000, host_address, 8082, "S", 0).seq(1));
    observe(tcp(host_address, 8082, peer_address, 40000, "R.", 1).ack(2));
    learn(look_at_ms(40).listening("0.0.0.0", 8082).held_by(42, "later"));
    const Observation seen = observer_.finish();
    EXPECT_EQ(UnknownReason::kernel_socket, seen.flows[0].responder.attribution.unknown);
    EXPECT_THAT(seen.flows[0].responder.attribution.holders, IsEmpty());
}

TEST_F(ObserverTest, AListenerDidNotSendTheSynThatCameFromItsPort) {
    know_the_host();
    learn(look_at_ms(0).listening("0.0.0.0", 8500).held_by(7, "listener"));
    observe(tcp(host_address, 8500, peer_address, 443, "S", 5).seq(1));
    learn(look_at_ms(40).listening("0.0.0.0", 8500).held_by(7, "listener"));
    EXPECT_EQ(UnknownReason::exited, observer_.finish().flows[0].initiator.attribution.unknown);
}

TEST_F(ObserverTest, WhoCameIntoBeingAfterAFlowDidNotSendIt) {
    know_the_host();
    learn(look_at_ms(0));
    PacketBuilder datagram;
    observe(datagram.ethernet().ipv4(host_address, peer_address).udp(6100, 9).at_ms(5));
    learn(look_at_ms(40).bound("0.0.0.0", 6100).held_by(8, "heir").began_at_ms(20));
    const Observation seen = observer_.finish();
    const Attribution &sender = seen.flows[0].initiator.attribution;
    EXPECT_EQ(UnknownReason::exited, sender.unknown);
    EXPECT_THAT(sender.holders, IsEmpty());
}

TEST_F(ObserverTest, ANewFlowAsksForItsOwnerOnceAndAgainALittleLater) {
    know_the_host();
    observe(tcp(host_address, 51000, peer_address, 443, "S", 0).seq(1));
    const auto first = observer_.take_look_ups();
    ASSERT_THAT(first, SizeIs(1));
    EXPECT_EQ(51000, first[0].local.port);
    EXPECT_EQ(443, first[0].remote.port);
    observe(tcp(peer_address, 443, host_address, 51000, "S.", 1).seq(100).ack(2));
    EXPECT_THAT(observer_.take_look_ups(), IsEmpty());
    observe(tcp(host_address, 51000, peer_address, 443, ".", 2).seq(2).ack(101));
    observe(tcp(host_address, 51000, peer_address, 443, "P.", 3).seq(2).ack(101).payload("x"));
    EXPECT_THAT(observer_.take_look_ups(), SizeIs(1));
}

TEST_F(ObserverTest, AKnownOwnerIsNotAskedForAgain) {
    know_the_host();
    learn(look_at_ms(0).connected(host_address, 51000, peer_address, 443).held_by(42));
    observe(tcp(host_address, 51000, peer_address, 443, "P.", 5).payload("x"));
    EXPECT_THAT(observer_.take_look_ups(), IsEmpty());
}

TEST_F(ObserverTest, WithoutAHostNobodyIsAskedFor) {
    host_connects(51000, 443);
    EXPECT_THAT(observer_.take_look_ups(), IsEmpty());
}

TEST_F(ObserverTest, AFlowGoesToTheStreamWhenItEndsAndIsKept) {
    host_connects(51000, 443);
    EXPECT_THAT(streamed_, IsEmpty());
    observer_.advance(first_packet_time + std::chrono::hours(1));
    EXPECT_THAT(streamed_, ElementsAre(1));
    EXPECT_THAT(observer_.finish().flows, SizeIs(1));
    EXPECT_THAT(streamed_, ElementsAre(1)) << "once";
}

TEST_F(ObserverTest, AnObservationInBetweenShowsTheLivingFlowsAndChangesNothing) {
    host_connects(51000, 443);
    EXPECT_THAT(observer_.observe().flows, SizeIs(1));
    host_connects(51001, 443, 10);
    EXPECT_THAT(observer_.observe().flows, SizeIs(2));
    EXPECT_THAT(streamed_, IsEmpty());
    EXPECT_THAT(observer_.finish().flows, SizeIs(2));
}

TEST_F(ObserverTest, WhatIsNoFlowIsCountedByName) {
    observe(PacketBuilder{}.ethernet().arp_request("192.0.2.1", "192.0.2.2"));
    observe(PacketBuilder{}.ethernet().next(0x88cc).payload("lldp"));
    const Observation seen = observer_.finish();
    EXPECT_EQ(1U, seen.losses.packets_without_flow.at("arp"));
    EXPECT_EQ(1U, seen.losses.packets_without_flow.at("lldp"));
    EXPECT_EQ(2U, seen.packets);
}

TEST_F(ObserverTest, AMalformationIsCountedAndWorkGoesOn) {
    observe(PacketBuilder{}.ethernet().ipv4(host_address, peer_address).header_words(2).payload("x"));
    host_connects(51000, 443);
    const Observation seen = observer_.finish();
    EXPECT_EQ(1U, seen.malformations[static_cast<std::size_t>(Malformation::ipv4_bad_header_length)]);
    EXPECT_THAT(seen.flows, SizeIs(1));
}

// What is in the payloads of a DNS answer, and of a request to the address that it gave.
std::vector<FlowRecord> flows_after_dns(AnalysisOptions options, std::string_view request) {
    using namespace std::string_literals;
    const std::string answer = "\0\1\x81\x80\0\1\0\1\0\0\0\0"s // one question, one answer
                               "\1a\7example\0\0\1\0\1"s
                               "\xc0\x0c\0\1\0\1\0\0\1\0\0\4\xc6\x33\x64\x07"s; // 198.51.100.7
    Observer observer(options, [](const FlowRecord &) {});
    const auto observe = [&](const BuiltPacket &packet) {
        const Packet view = packet.view();
        observer.ingest({&view, 1}, {});
    };
    observe(PacketBuilder().ethernet().ipv4("192.0.2.53", host_address).udp(53, 40000).payload(answer).build());
    observe(PacketBuilder()
                .ethernet()
                .ipv4(host_address, peer_address)
                .tcp(51000, 443)
                .flags("P.")
                .payload(request)
                .at_ms(5)
                .build());
    return observer.finish().flows;
}

TEST(Observer, SaysWhatTheBytesAreAndWhatTheResponderWasCalled) {
    const auto flows = flows_after_dns({}, "SSH-2.0-OpenSSH_9.2\r\n");
    ASSERT_THAT(flows, SizeIs(2));
    ASSERT_TRUE(flows[0].detection && flows[1].detection);
    EXPECT_EQ("dns", flows[0].detection->protocol);
    EXPECT_EQ("ssh", flows[1].detection->protocol);
    EXPECT_EQ((EndpointName{"a.example", NameSource::dns_answer, 0}), flows[1].responder.name);
    EXPECT_EQ(std::nullopt, flows[1].initiator.name);
}

TEST(Observer, TakesTheNameInTheFlowItselfBeforeThatOfDns) {
    const auto flows = flows_after_dns({}, "GET / HTTP/1.1\r\nHost: www.example.org\r\nAccept: */*\r\n\r\n");
    ASSERT_THAT(flows, SizeIs(2));
    EXPECT_EQ((EndpointName{"www.example.org", NameSource::http_host, 0}), flows[1].responder.name);
}

TEST(Observer, LeavesPayloadsAloneIfToldTo) {
    AnalysisOptions options;
    options.detect_protocols = false;
    for (const FlowRecord &flow : flows_after_dns(options, "SSH-2.0-OpenSSH_9.2\r\n")) {
        EXPECT_EQ(std::nullopt, flow.detection);
        EXPECT_EQ(std::nullopt, flow.responder.name);
    }
}

TEST(Observer, KeepsAsManyFlowsAsItMayAndSaysHowManyItLeftOut) {
    AnalysisOptions options;
    options.kept_flows = 2;
    std::size_t streamed = 0;
    Observer observer(options, [&](const FlowRecord &) { ++streamed; });
    for (std::uint16_t port = 1; port <= 5; ++port) {
        PacketBuilder packet;
        const BuiltPacket built = packet.ethernet().ipv4(host_address, peer_address).udp(port, 53).build();
        const Packet view = built.view();
        observer.ingest({&view, 1}, {});
    }
    const Observation seen = observer.finish();
    EXPECT_THAT(seen.flows, SizeIs(2));
    EXPECT_EQ(3U, seen.losses.flows_left_out);
    EXPECT_EQ(5U, streamed);
}

TEST_F(ObserverTest, ManyFlowsToOneDoorSpeakForAService) {
    for (std::uint16_t port = 50001; port <= 50004; ++port) {
        observe(tcp(peer_address, 7777, host_address, port, "P.", port - 50000).payload("x"));
    }
    const Observation seen = observer_.finish();
    ASSERT_THAT(seen.flows, SizeIs(4));
    EXPECT_EQ(7777, seen.flows[3].responder.endpoint.port);
    EXPECT_THAT(seen.flows[3].initiator_verdict.evidence, Contains(Evidence::many_peers));
}

// A connection's segment inside GRE, in three fragments of the outer packet.
class FragmentedTunnel : public ObserverTest {
  protected:
    FragmentedTunnel() {
        PacketBuilder builder;
        builder.ethernet().ipv4(host_address, peer_address).gre().ipv4("10.0.0.1", "10.0.0.2");
        const BuiltPacket whole = builder.tcp(51000, 80).flags(".").seq(1).ack(1).payload_of(1000).build();
        constexpr std::size_t headers = 14 + 20;
        carried_.assign(whole.bytes.begin() + headers, whole.bytes.end());
    }
    void see_fragment(std::size_t number, std::size_t size = 400) {
        const std::size_t begin = number * size;
        const std::size_t end = std::min(begin + size, carried_.size());
        PacketBuilder packet;
        packet.ethernet().ipv4(host_address, peer_address).next(47);
        packet.fragment(static_cast<std::uint16_t>(begin), end < carried_.size());
        packet.payload(PacketBuilder::Raw(carried_.begin() + static_cast<std::ptrdiff_t>(begin),
                                          carried_.begin() + static_cast<std::ptrdiff_t>(end)));
        observe(packet);
    }

    PacketBuilder::Raw carried_;
};

TEST_F(FragmentedTunnel, ShowsThePacketInsideWhenAllIsThere) {
    for (const std::size_t number : {2U, 0U, 1U}) see_fragment(number);
    const Observation seen = observer_.finish();
    ASSERT_THAT(seen.flows, SizeIs(2));
    EXPECT_EQ(3U, seen.flows[0].flow.traffic.initiator.packets);
    const Flow &inner = seen.flows[1].flow;
    EXPECT_EQ(seen.flows[0].flow.id, inner.parent_id);
    EXPECT_EQ(TunnelKind::gre, inner.tunnel);
    const TrafficCounters &sent = inner.traffic[inner.ends.initiator.port == 51000 ? Side::initiator : Side::responder];
    EXPECT_EQ((TrafficCounters{1, 14 + 20 + 400, 1040, 1000}), sent);
    EXPECT_EQ(1000U, inner.tcp->facts.initiator.stream_bytes + inner.tcp->facts.responder.stream_bytes);
    EXPECT_EQ(0U, seen.malformations[static_cast<std::size_t>(Malformation::tunnel_incomplete)]);
}

TEST_F(FragmentedTunnel, ShowsThePacketInsideOfATinyFirstFragment) {
    constexpr std::size_t size = 8;
    for (std::size_t begin = 0; begin < 400; begin += size) see_fragment(begin / size, size);
    PacketBuilder rest;
    rest.ethernet().ipv4(host_address, peer_address).next(47).fragment(400, false);
    rest.payload(PacketBuilder::Raw(carried_.begin() + 400, carried_.end()));
    observe(rest);
    EXPECT_THAT(observer_.finish().flows, SizeIs(2));
}

TEST_F(ObserverTest, AFirstFragmentWithoutPortsIsCountedAsWhatItIs) {
    observe(ethernet().ipv4(host_address, peer_address).next(17).fragment(0, true).payload_of(2));
    EXPECT_THAT(observer_.finish().losses.packets_without_flow, SizeIs(1));
}

TEST_F(FragmentedTunnel, ShowsNothingInsideIfAPartIsMissing) {
    see_fragment(0);
    see_fragment(2);
    const Observation seen = observer_.finish();
    ASSERT_THAT(seen.flows, SizeIs(1));
    EXPECT_EQ(2U, seen.flows[0].flow.traffic.initiator.packets);
    EXPECT_EQ(1U, seen.malformations[static_cast<std::size_t>(Malformation::tunnel_incomplete)]);
}

// A frame of 802.11's aggregate, filled up to 4 bytes, that carries a datagram of one byte.
PacketBuilder::Raw aggregated_datagram(std::uint16_t port) {
    PacketBuilder builder;
    const BuiltPacket datagram = builder.raw_ip().ipv4("192.0.2.1", "198.51.100.2").udp(port, 53).payload("x").build();
    PacketBuilder::Raw bytes(12);
    bytes.insert(bytes.end(), {0, static_cast<std::uint8_t>(8 + datagram.bytes.size()), 0xaa, 0xaa, 3, 0, 0, 0, 8, 0});
    bytes.insert(bytes.end(), datagram.bytes.begin(), datagram.bytes.end());
    bytes.resize((bytes.size() + 3) / 4 * 4);
    return bytes;
}

TEST_F(ObserverTest, EveryFrameOfAnAggregateIsInAFlow) {
    PacketBuilder::Raw frame{0x88, 0x02};
    frame.resize(26);
    frame[24] = 0x80;
    for (const std::uint16_t port : std::initializer_list<std::uint16_t>{1001, 1002, 1003}) {
        const PacketBuilder::Raw next = aggregated_datagram(port);
        frame.insert(frame.end(), next.begin(), next.end());
    }
    observe(PacketBuilder().link(LinkType::ieee802_11).payload(frame));
    const Observation seen = observer_.finish();
    EXPECT_EQ(1U, seen.packets);
    ASSERT_THAT(seen.flows, SizeIs(3));
    EXPECT_EQ(1003, seen.flows[2].flow.ends.initiator.port);
    EXPECT_EQ((TrafficCounters{1, 52, 29, 1}), seen.flows[2].flow.traffic.initiator);
    EXPECT_EQ(0, seen.flows[2].flow.key.level);
}

// A client that gets a file with FTP in passive mode.
class DataChannelTest : public ObserverTest {
  protected:
    void control_says(const char *text, std::int64_t ms) {
        host_connects(51000, 21, ms - 3);
        observe(tcp(peer_address, 21, host_address, 51000, "P.", ms).seq(101).ack(2).payload(text));
    }
};

TEST_F(DataChannelTest, AFlowThatWasAnnouncedIsLinkedToTheFlowThatAnnouncedIt) {
    control_says("227 Entering Passive Mode (198,51,100,7,117,53)\r\n", 10);
    host_connects(51001, 30005, 20);
    const Observation seen = observer_.finish();
    ASSERT_THAT(seen.flows, SizeIs(2));
    const FlowRecord &data = seen.flows[1];
    ASSERT_TRUE(data.flow.channel);
    EXPECT_EQ(seen.flows[0].flow.id, data.flow.channel->control_id);
    EXPECT_EQ(std::nullopt, data.flow.parent_id); // nothing carries it
    EXPECT_EQ(PortRole::negotiated, data.responder.port.role);
    EXPECT_THAT(data.responder.port.evidence, Contains(Evidence::announced));
    EXPECT_EQ(PortRole::ephemeral, data.initiator.port.role);
    EXPECT_EQ(RelationKind::data_channel, data.relation);
    ASSERT_THAT(seen.relations, SizeIs(1));
    EXPECT_EQ(RelationKind::data_channel, seen.relations[0].kind);
    EXPECT_THAT(seen.relations[0].flow_ids, ElementsAre(seen.flows[0].flow.id, data.flow.id));
}

TEST_F(DataChannelTest, AnAnnouncementSaysWhoBeganWhereNoHandshakeDoes) {
    control_says("227 Entering Passive Mode (198,51,100,7,117,53)\r\n", 10);
    observe(tcp(peer_address, 30005, host_address, 51001, "P.", 20).payload("the file"));
    const Observation seen = observer_.finish();
    ASSERT_THAT(seen.flows, SizeIs(2));
    EXPECT_EQ(30005, seen.flows[1].responder.endpoint.port);
    EXPECT_EQ(PortRole::negotiated, seen.flows[1].responder.port.role);
    EXPECT_EQ(Evidence::announced, seen.flows[1].initiator_verdict.evidence.front());
}

TEST_F(DataChannelTest, AFlowThatNobodyAnnouncedHasNoControlFlow) {
    control_says("227 Entering Passive Mode (198,51,100,7,117,53)\r\n", 10);
    host_connects(51001, 30006, 20);
    const Observation seen = observer_.finish();
    EXPECT_FALSE(seen.flows.at(1).flow.channel);
    EXPECT_EQ(PortRole::service, seen.flows.at(1).responder.port.role);
}

TEST_F(DataChannelTest, AThirdHostsPortIsCountedAndNotBelieved) {
    control_says("227 Entering Passive Mode (203,0,113,9,117,53)\r\n", 10);
    EXPECT_EQ(1U, observer_.finish().losses.announcements_not_believed);
}

TEST_F(DataChannelTest, InsideATunnelItIsExpectedInsideATunnel) {
    const auto inner = [](PacketBuilder packet, const char *from, std::uint16_t from_port, const char *to,
                          std::uint16_t to_port) { return packet.ipv4(from, to).tcp(from_port, to_port); };
    const auto tunnel = [] { return raw_ip().ipv4("203.0.113.1", "203.0.113.2").gre(); };
    observe(inner(tunnel(), peer_address, 21, host_address, 51000)
                .flags("P.")
                .payload("227 Entering Passive Mode (198,51,100,7,117,53)\r\n"));
    observe(tcp(host_address, 51001, peer_address, 30005, "S", 10));
    observe(inner(tunnel(), host_address, 51001, peer_address, 30005).flags("S").at_ms(20));
    const Observation seen = observer_.finish();
    ASSERT_THAT(seen.flows, SizeIs(4)); // the tunnel's own is the first
    EXPECT_FALSE(seen.flows[2].flow.channel);
    ASSERT_TRUE(seen.flows[3].flow.channel);
    EXPECT_EQ(seen.flows[1].flow.id, seen.flows[3].flow.channel->control_id);
    EXPECT_EQ(seen.flows[0].flow.id, seen.flows[3].flow.parent_id);
}

TEST_F(DataChannelTest, AControlFlowOnAnotherPortIsRecognisedByItsBytes) {
    observe(tcp(host_address, 51000, peer_address, 2121, "S", 0).seq(1));
    observe(tcp(peer_address, 2121, host_address, 51000, "S.", 1).seq(100).ack(2));
    observe(tcp(host_address, 51000, peer_address, 2121, ".", 2).seq(2).ack(101));
    std::uint32_t client_seq = 2;
    std::uint32_t server_seq = 101;
    std::int64_t ms = 3;
    for (const auto &[question, answer] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"", "220 (vsFTPd 3.0.3)\r\n"},
             {"USER anonymous\r\n", "331 Please specify the password.\r\n"},
             {"PASS a@example.org\r\n", "230 Login successful.\r\n"},
             {"SYST\r\n", "215 UNIX Type: L8\r\n"},
             {"TYPE I\r\n", "200 Switching to Binary mode.\r\n"},
             {"CWD pub\r\n", "250 Directory successfully changed.\r\n"},
             {"PASV\r\n", "227 Entering Passive Mode (198,51,100,7,117,53).\r\n"}}) {
        if (!question.empty()) {
            observe(tcp(host_address, 51000, peer_address, 2121, "P.", ++ms)
                        .seq(client_seq)
                        .ack(server_seq)
                        .payload(question));
            client_seq += static_cast<std::uint32_t>(question.size());
        }
        observe(
            tcp(peer_address, 2121, host_address, 51000, "P.", ++ms).seq(server_seq).ack(client_seq).payload(answer));
        server_seq += static_cast<std::uint32_t>(answer.size());
    }
    host_connects(51001, 30005, 100);
    const Observation seen = observer_.finish();
    ASSERT_THAT(seen.flows, SizeIs(2));
    EXPECT_EQ("ftp", seen.flows[0].detection.value().protocol);
    EXPECT_TRUE(seen.flows[1].flow.channel);
}

} // namespace
} // namespace doorplate

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/flow_table.h"
#include "tests/support/packet_builder.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using Raw = PacketBuilder::Raw;

constexpr std::uint32_t client_tag = 0xc11e;
constexpr std::uint32_t server_tag = 0x5e4e;
constexpr std::string_view client = "192.0.2.1", client_2 = "192.0.2.65";
constexpr std::string_view server = "198.51.100.2", server_2 = "203.0.113.2";

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

void put(Raw &bytes, std::uint32_t value, int size) {
    for (int byte = size - 1; byte >= 0; --byte) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * byte));
}

// The parameter that announces an address.
Raw announced(std::string_view text) {
    const IpAddress address = *IpAddress::parse(text);
    const auto bytes = address.bytes();
    Raw parameter;
    put(parameter, address.family() == Family::ipv4 ? 5 : 6, 2);
    put(parameter, static_cast<std::uint32_t>(4 + bytes.size()), 2);
    parameter.insert(parameter.end(), bytes.begin(), bytes.end());
    return parameter;
}

// What follows the header of an INIT or INIT ACK chunk.
Raw introduction(std::uint32_t tag, const std::vector<Raw> &parameters = {}) {
    Raw value;
    put(value, tag, 4);
    put(value, 65535, 4);
    put(value, 10, 2);
    put(value, 2048, 2);
    put(value, 1, 4);
    for (const Raw &parameter : parameters) value.insert(value.end(), parameter.begin(), parameter.end());
    return value;
}

enum Chunk : std::uint8_t {
    data,
    init,
    init_ack,
    sack,
    heartbeat,
    heartbeat_ack,
    abort_,
    shutdown,
    shutdown_ack,
    error,
    cookie_echo,
    cookie_ack,
    shutdown_complete = 14,
    asconf = 193
};

// Two hosts, between 2905 and 2906, and the flow table that sees them.
class Association : public testing::Test {
  protected:
    void sees(const PacketBuilder &builder, DissectOptions options = {}) {
        const BuiltPacket packet = builder.build();
        table_.add(packet.view(), dissect(packet.view(), options));
    }
    static PacketBuilder from_client(std::uint32_t tag = server_tag, std::string_view source = client,
                                     std::string_view destination = server) {
        return raw_ip().ipv4(source, destination).sctp(2905, 2906, tag);
    }
    static PacketBuilder from_server(std::uint32_t tag = client_tag, std::string_view source = server,
                                     std::string_view destination = client) {
        return raw_ip().ipv4(source, destination).sctp(2906, 2905, tag);
    }
    void handshake(const std::vector<Raw> &client_parameters = {}, const std::vector<Raw> &server_parameters = {}) {
        sees(from_client(0).chunk(init, 0, introduction(client_tag, client_parameters)));
        sees(from_server().chunk(init_ack, 0, introduction(server_tag, server_parameters)));
        sees(from_client().chunk(cookie_echo));
        sees(from_server().chunk(cookie_ack));
    }
    const std::vector<Flow> &flows() {
        table_.finish();
        return ended_;
    }
    SctpSummary summary() { return flows().front().sctp.value(); }
    SctpState state() { return summary().state; }

    std::vector<Flow> ended_;
    FlowTable table_{{}, [this](const FlowTable::View &flow) { ended_.push_back(flow.flow()); }};
};

TEST_F(Association, WithoutAnAnswerWaits) {
    sees(from_client(0).chunk(init, 0, introduction(client_tag)));
    EXPECT_EQ(SctpState::cookie_wait, state());
}

TEST_F(Association, IsEstablishedByAHandshake) {
    handshake();
    const Flow flow = flows().front();
    EXPECT_EQ(SctpState::established, flow.sctp->state);
    EXPECT_THAT(flow.sctp->facts.initiator.tag, Optional(client_tag));
    EXPECT_THAT(flow.sctp->facts.responder.tag, Optional(server_tag));
    EXPECT_THAT(flow.sctp->facts.initiator.streams, Optional(10));
    EXPECT_EQ(FlowEndReason::forced_end, flow.end_reason);
}

TEST_F(Association, IsNotYetEstablishedByDataThatComesWithTheCookie) {
    sees(from_client(0).chunk(init, 0, introduction(client_tag)));
    sees(from_client().chunk(cookie_echo).data_chunk("early"));
    EXPECT_EQ(SctpState::cookie_echoed, state());
}

TEST_F(Association, IsEstablishedIfSomethingIsSeenThatOnlyComesThen) {
    sees(from_client().chunk(heartbeat));
    EXPECT_EQ(SctpState::established, state());
}

TEST_F(Association, IsUnknownIfNothingTells) {
    sees(from_client().chunk(error));
    EXPECT_EQ(SctpState::unseen, state());
}

TEST_F(Association, IsClosedInThreeSteps) {
    handshake();
    sees(from_client().chunk(shutdown, 0, Raw(4)));
    sees(from_server().chunk(shutdown_ack));
    sees(from_client().chunk(shutdown_complete));
    EXPECT_EQ(SctpState::closed, state());
    EXPECT_EQ(FlowEndReason::end_detected, flows().front().end_reason);
}

TEST_F(Association, IsAborted) {
    handshake();
    sees(from_server().chunk(abort_));
    EXPECT_EQ(SctpState::aborted, state());
    EXPECT_EQ(FlowEndReason::end_detected, flows().front().end_reason);
}

TEST_F(Association, IsAbortedByWhoDoesNotKnowIt) {
    handshake();
    sees(from_server(server_tag).chunk(abort_, 1));
    EXPECT_EQ(SctpState::aborted, state());
}

TEST_F(Association, GoesOnIfSomebodyGuessesItsTag) {
    handshake();
    sees(from_server(client_tag + 1).chunk(abort_));
    EXPECT_EQ(SctpState::established, summary().state);
    EXPECT_EQ(1U, summary().facts.responder.wrong_tags);
    EXPECT_EQ(5U, flows().front().traffic.initiator.packets + flows().front().traffic.responder.packets);
}

TEST_F(Association, IsNotIntroducedAnewBySomebodyElse) {
    handshake();
    sees(from_client(0).chunk(init, 0, introduction(999)));
    sees(from_server(999).chunk(abort_));
    EXPECT_EQ(SctpState::established, summary().state);
    EXPECT_THAT(summary().facts.initiator.tag, Optional(client_tag));
}

TEST_F(Association, ThatIsOverIsNotOpenedByAnInitThatNobodyTakes) {
    handshake();
    sees(from_server().chunk(abort_));
    sees(raw_ip().ipv4(client, server).sctp(2905, 2906, 0).checksum(1).chunk(init, 0, introduction(999)),
         {.verify_checksums = true});
    EXPECT_EQ(1U, flows().size());
}

TEST_F(Association, MayBeginWithATagWhereNoneBelongs) {
    sees(from_client(7).chunk(init, 0, introduction(client_tag)));
    EXPECT_EQ(SctpState::cookie_wait, summary().state);
    EXPECT_EQ(std::nullopt, summary().facts.responder.tag);
}

TEST_F(Association, KnowsAllTagsThatAreGivenOut) {
    sees(from_client(0).chunk(init, 0, introduction(client_tag)));
    sees(from_server().chunk(init_ack, 0, introduction(server_tag)));
    sees(from_server().chunk(init_ack, 0, introduction(server_tag + 1)));
    sees(from_client().chunk(cookie_echo));
    EXPECT_EQ(SctpState::cookie_echoed, summary().state);
    EXPECT_THAT(summary().facts.responder.tag, Optional(server_tag));
}

TEST_F(Association, IgnoresWhatHasABadChecksum) {
    handshake();
    const PacketBuilder bad = raw_ip().ipv4(server, client).sctp(2906, 2905, client_tag).checksum(1);
    sees(PacketBuilder(bad).chunk(abort_), {.verify_checksums = true});
    EXPECT_EQ(SctpState::established, summary().state);
    EXPECT_EQ(1U, summary().facts.responder.bad_checksums);
}

TEST_F(Association, CountsChunksByKindAndSender) {
    handshake();
    sees(from_client().data_chunk("one").data_chunk("two"));
    sees(from_server().chunk(sack, 0, Raw(12)).data_chunk("three"));
    const auto chunks = [&](Side side) {
        std::string text;
        const SctpSummary seen = summary();
        for (const auto &[chunk, count] : seen.facts[side].chunks)
            text += std::to_string(std::to_underlying(chunk)) + ":" + std::to_string(count) + " ";
        return text;
    };
    EXPECT_EQ("0:2 1:1 10:1 ", chunks(Side::initiator));
    EXPECT_EQ("0:1 2:1 3:1 11:1 ", chunks(Side::responder));
    EXPECT_EQ(6U, flows().front().traffic.initiator.payload_bytes);
}

TEST_F(Association, TellsWhatItsDataIs) {
    Raw s1ap(12);
    s1ap[11] = 18;
    sees(from_client().chunk(data, 3, s1ap).chunk(data, 3, s1ap).data_chunk("unnamed"));
    EXPECT_THAT(summary().payload_protocols, ElementsAre(18U));
}

TEST_F(Association, ListsTheAddressesThatWereAnnounced) {
    handshake({announced(client), announced(client_2), announced("2001:db8::1")}, {announced(server)});
    EXPECT_THAT(summary().facts.initiator.addresses, ElementsAre(address(client_2), address("2001:db8::1")));
    EXPECT_THAT(summary().facts.responder.addresses, IsEmpty());
    EXPECT_TRUE(summary().is_multihomed());
}

TEST_F(Association, ListsAnAddressThatWasAddedLater) {
    handshake();
    Raw change;
    put(change, 1, 4);
    const Raw own = announced(client);
    change.insert(change.end(), own.begin(), own.end());
    put(change, 0xc001, 2);
    put(change, 16, 2);
    put(change, 7, 4);
    const Raw added = announced(client_2);
    change.insert(change.end(), added.begin(), added.end());
    sees(from_client().chunk(asconf, 0, change));
    EXPECT_THAT(summary().facts.initiator.addresses, ElementsAre(address(client_2)));
}

TEST_F(Association, ListsNoMoreAddressesThanItHasRoomFor) {
    std::vector<Raw> many;
    for (int i = 0; i < 100; ++i) many.push_back(announced("10.0.0." + std::to_string(i)));
    handshake(many);
    EXPECT_EQ(max_sctp_addresses, summary().facts.initiator.addresses.size());
}

TEST_F(Association, StopsAtParametersThatMakeNoSense) {
    handshake({Raw{0, 5, 0, 3, 1, 2, 3, 4}, announced(client_2)}, {Raw{0, 5, 255, 255, 1, 2, 3, 4}});
    EXPECT_THAT(summary().facts.initiator.addresses, IsEmpty());
    EXPECT_THAT(summary().facts.responder.addresses, IsEmpty());
    EXPECT_EQ(SctpState::established, state());
}

TEST_F(Association, IsFoundAgainOnItsOtherPath) {
    handshake({announced(client_2)}, {announced(server_2)});
    sees(from_client(server_tag, client_2, server_2).chunk(heartbeat));
    sees(from_server(client_tag, server_2, client_2).chunk(heartbeat_ack));
    ASSERT_EQ(2U, flows().size());
    EXPECT_EQ(std::nullopt, flows()[0].sctp->other_path_id);
    EXPECT_THAT(flows()[1].sctp->other_path_id, Optional(flows()[0].id));
    EXPECT_TRUE(flows()[1].sctp->is_multihomed());
}

TEST_F(Association, IsNotThatOfAddressesThatNobodyAnnounced) {
    handshake({announced(client_2)});
    sees(from_client(server_tag, client_2, server_2).chunk(heartbeat));
    EXPECT_EQ(std::nullopt, flows().at(1).sctp->other_path_id);
}

TEST_F(Association, WithoutABeginningIsFoundAgainByBothTags) {
    sees(from_client().chunk(heartbeat));
    sees(from_server().chunk(heartbeat_ack));
    sees(from_client(server_tag, client_2, server_2).chunk(heartbeat));
    EXPECT_EQ(2U, table_.size());
    sees(from_server(client_tag, server_2, client_2).chunk(heartbeat_ack));
    EXPECT_THAT(flows().at(1).sctp->other_path_id, Optional(flows()[0].id));
}

TEST_F(Association, OfOthersMayHaveTheSameTags) {
    handshake();
    const auto begin = [&](std::string_view from, std::string_view to) {
        sees(from_client(0, from, to).chunk(init, 0, introduction(client_tag)));
        sees(from_server(client_tag, to, from).chunk(init_ack, 0, introduction(server_tag)));
    };
    begin("10.0.0.1", "10.0.0.2");
    EXPECT_EQ(std::nullopt, flows().at(1).sctp->other_path_id);
}

TEST_F(Association, ThatEndedIsNobodysOtherPath) {
    handshake({announced(client_2)}, {announced(server_2)});
    sees(from_server().chunk(abort_));
    table_.advance(first_packet_time + std::chrono::minutes(1));
    ASSERT_EQ(1U, ended_.size());
    sees(from_client(server_tag, client_2, server_2).chunk(heartbeat).at_ms(60'000));
    EXPECT_EQ(std::nullopt, flows().at(1).sctp->other_path_id);
}

TEST_F(Association, IsTurnedRoundWithItsFlow) {
    handshake({announced(client_2)});
    Flow flow = flows().front();
    flow.flip();
    EXPECT_THAT(flow.sctp->facts.responder.addresses, ElementsAre(address(client_2)));
}

TEST(CutAssociation, GoesOnInItsNextPiece) {
    std::vector<Flow> ended;
    FlowTableOptions options;
    options.active = std::chrono::seconds(10);
    FlowTable table(options, [&](const FlowTable::View &flow) { ended.push_back(flow.flow()); });
    const auto sees = [&](const PacketBuilder &builder) {
        const BuiltPacket packet = builder.build();
        table.add(packet.view(), dissect(packet.view()));
    };
    const auto packet = [](std::uint32_t tag) { return raw_ip().ipv4(client, server).sctp(2905, 2906, tag); };
    sees(packet(0).chunk(init, 0, introduction(client_tag)));
    sees(packet(server_tag).chunk(cookie_echo));
    sees(packet(server_tag).chunk(heartbeat).at_ms(11'000));
    sees(raw_ip().ipv4(client_2, server).sctp(2905, 2906, server_tag).chunk(heartbeat).at_ms(11'000));
    table.finish();
    ASSERT_EQ(3U, ended.size());
    EXPECT_EQ(SctpState::cookie_echoed, ended[0].sctp->state);
    EXPECT_EQ(SctpState::established, ended[1].sctp->state);
    EXPECT_EQ(1U, ended[1].sctp->facts.initiator.chunks.size());
    EXPECT_EQ(std::nullopt, ended[2].sctp->other_path_id);
}

} // namespace
} // namespace doorplate

#include "tests/corpus/conversation.h"

#include <algorithm>
#include <ranges>
#include <set>

#include <fmt/format.h>

namespace doorplate {
namespace {

std::uint64_t number(const TableRow &row, const std::string &column) { return std::stoull(row.at(column)); }

Endpoint endpoint(const TableRow &row, const std::string &end) {
    return {IpAddress::parse(row.at(end + "_addr")).value(), static_cast<std::uint16_t>(number(row, end + "_port"))};
}

ConversationKey key_between(unsigned depth, const std::string &transport, const Endpoint &a, const Endpoint &b) {
    return {depth, transport, std::min(a, b), std::max(a, b)};
}

void add(SentByEnd &sum, const SentByEnd &more) {
    sum.frames += more.frames;
    sum.bytes += more.bytes;
    sum.optional_frames += more.optional_frames;
    sum.optional_bytes += more.optional_bytes;
}

SentByEnd sent_by(const TableRow &row, const std::string &end) {
    const SentByEnd fragments{.frames = number(row, end + "_frag_frames"), .bytes = number(row, end + "_frag_bytes")};
    SentByEnd sent{.frames = number(row, end + "_frames") + fragments.frames,
                   .bytes = number(row, end + "_bytes") + fragments.bytes,
                   .optional_frames = number(row, end + "_bad_frames"),
                   .optional_bytes = number(row, end + "_bad_bytes")};
    if (row.at("depth") != "1") {
        sent.optional_frames += fragments.frames;
        sent.optional_bytes += fragments.bytes;
    }
    return sent;
}

std::string transport_name(Transport transport) {
    return transport_token(transport == Transport::udplite ? Transport::udp : transport);
}

// Between what is surely there and all of it.
bool is_within(std::uint64_t expected, std::uint64_t may_be_left_out, std::uint64_t observed) {
    return observed <= expected && observed + may_be_left_out >= expected;
}

} // namespace

std::string ConversationKey::to_string() const {
    return fmt::format("{} {} {} {}", depth, transport, low.to_string(), high.to_string());
}

Conversations expected_conversations(const std::string &capture) {
    Conversations conversations;
    for (const TableRow &row : read_table(corpus_folder() / "expected" / (capture + ".tsv"))) {
        const Endpoint a = endpoint(row, "a");
        const Endpoint b = endpoint(row, "b");
        const auto depth = static_cast<unsigned>(number(row, "depth"));
        Conversation &conversation = conversations[key_between(depth, row.at("proto"), a, b)];
        if (conversation.sent.empty() && row.at("init_rule") != "first") conversation.initiator = a;
        add(conversation.sent[a], sent_by(row, "a"));
        add(conversation.sent[b], sent_by(row, "b"));
    }
    return conversations;
}

Conversations observed_conversations(const std::string &capture) {
    Conversations conversations;
    std::map<ConversationKey, std::uint64_t> first_flow; // its id
    replay_corpus_capture(capture, [&](const FlowRecord &record) {
        const Flow &flow = record.flow;
        if (!has_ports(flow.key.transport)) return;
        const auto &[initiator, responder] = flow.ends;
        const ConversationKey key =
            key_between(flow.key.level + 1U, transport_name(flow.key.transport), initiator, responder);
        Conversation &conversation = conversations[key];
        add(conversation.sent[initiator],
            {.frames = flow.traffic.initiator.packets, .bytes = flow.traffic.initiator.frame_bytes});
        add(conversation.sent[responder],
            {.frames = flow.traffic.responder.packets, .bytes = flow.traffic.responder.frame_bytes});
        // Flows come in the order of their ends; who began is a matter of the first one.
        const auto [first, is_new] = first_flow.try_emplace(key, flow.id);
        if (is_new || flow.id <= first->second) {
            first->second = flow.id;
            conversation.initiator = initiator;
        }
    });
    return conversations;
}

std::string difference(const Conversation &expected, const Conversation &observed) {
    const auto differs = [&](auto total, auto bad) {
        return std::ranges::any_of(expected.sent, [&](const auto &entry) {
            const auto &[end, sent] = entry;
            return !is_within(sent.*total, sent.*bad, observed.sent.at(end).*total);
        });
    };
    if (differs(&SentByEnd::frames, &SentByEnd::optional_frames)) return "frames";
    if (differs(&SentByEnd::bytes, &SentByEnd::optional_bytes)) return "bytes";
    if (expected.initiator && expected.initiator != observed.initiator) return "initiator";
    return {};
}

bool may_be_missing(const Conversation &expected) {
    return std::ranges::all_of(expected.sent,
                               [](const auto &entry) { return entry.second.frames <= entry.second.optional_frames; });
}

} // namespace doorplate

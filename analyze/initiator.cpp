#include <algorithm>
#include <optional>

#include "analyze/confidence.h"
#include "analyze/port_conventions.h"
#include "analyze/port_role.h"

namespace doorplate {
namespace {

// How sure one kind of evidence makes us of who began, strongest first: that is the order in which it decides.
// docs/port-roles.md has this table for users.
namespace confidence {
// Only the end that begins sends a SYN without ACK, an INIT or a request. What is left is forgery and simultaneous
// open.
constexpr double syn = 0.99;
constexpr double sctp_init = 0.99;
constexpr double icmp_request = 0.99;
// The same, seen from the answer; the first packet is missing, so more may be.
constexpr double syn_ack = 0.98;
// No host sends from a group or broadcast address (RFC 1122 section 3.2.1.3).
constexpr double multicast_group = 0.97;
// A program called connect. A server that closed its listener at once looks the same.
constexpr double tcp_connected = 0.95;
constexpr double tcp_listener = 0.95;
// UDP servers may connect as well, and clients may not.
constexpr double udp_connected = 0.85;
constexpr double udp_bound = 0.8;
// Which end of DHCP is the client is in its numbers; a server may still speak first.
constexpr double fixed_source_convention = 0.85;
// This host's kernel hands out such numbers, and the other end has one that kernels do not hand out.
constexpr double in_ephemeral_range = 0.82;
// Who announced a port waits there. Sure, but for forged announcements.
constexpr double announced = 0.95;
// Some 6,000 of the 65,536 numbers have a name: now and then a client's has one by chance.
constexpr double registered = 0.8;
constexpr double port_class = 0.72;
constexpr double hinted_range = 0.7;
// Two peers may both be asked by several.
constexpr double many_peers = 0.7;
// A capture often begins in the middle of a connection; UDP exchanges are mostly short.
constexpr double udp_first_seen = 0.65;
// Of datagrams between two numbers that kernels hand out.
constexpr double registered_by_chance = 0.6;
constexpr double first_seen = 0.55;
} // namespace confidence

// So many other flows to one end are not chance.
constexpr std::uint64_t many = 2;

struct Vote {
    Evidence evidence;
    Side initiator;
    double confidence;
};

// At most one of each kind.
using Votes = InlineList<Vote, 13>;

// Adds the vote if the evidence holds of exactly one side, which is then the initiator.
void vote(Votes &votes, Evidence evidence, double confidence, PerSide<bool> speaks_for) {
    if (speaks_for.initiator == speaks_for.responder) return;
    votes.push_back({evidence, speaks_for.initiator ? Side::initiator : Side::responder, confidence});
}

// The same for evidence that a side is the responder.
void vote_against(Votes &votes, Evidence evidence, double confidence, PerSide<bool> speaks_against) {
    vote(votes, evidence, confidence, {speaks_against.responder, speaks_against.initiator});
}

template <typename Condition> PerSide<bool> each_side(Condition condition) {
    return {condition(Side::initiator), condition(Side::responder)};
}

std::optional<double> handshake_confidence(Evidence evidence) {
    switch (evidence) {
    case Evidence::syn: return confidence::syn;
    case Evidence::syn_ack: return confidence::syn_ack;
    case Evidence::sctp_init: return confidence::sctp_init;
    case Evidence::icmp_request: return confidence::icmp_request;
    default: return std::nullopt;
    }
}

// A socket that others come to. A UDP socket without a peer may as well be a client's: it is a door only if the program
// chose its number and the other end did not choose the same one.
bool is_door(const Flow &flow, const RoleContext &context, Side side) {
    if (!context.sockets[side].listener_seen) return false;
    if (flow.key.transport != Transport::udp && flow.key.transport != Transport::udplite) return true;
    const std::uint16_t port = flow.ends[side].port;
    const std::uint16_t peer = flow.ends[other(side)].port;
    return port != peer && !looks_ephemeral(port, context.host) && !is_fixed_source(flow.key.transport, port, peer);
}

void vote_by_sockets(Votes &votes, const Flow &flow, const RoleContext &context) {
    const bool datagrams = flow.key.transport == Transport::udp || flow.key.transport == Transport::udplite;
    vote(votes, Evidence::connected, datagrams ? confidence::udp_connected : confidence::tcp_connected,
         each_side([&](Side side) { return context.sockets[side].connected_out; }));
    vote_against(votes, Evidence::listener, datagrams ? confidence::udp_bound : confidence::tcp_listener,
                 each_side([&](Side side) { return is_door(flow, context, side); }));
}

bool looks_ephemeral(const Flow &flow, const RoleContext &context, Side side) {
    return looks_ephemeral(flow.ends[side].port, context.local[side] ? context.host : nullptr);
}

// Datagrams between two numbers that kernels hand out: that one of them has a name says less than who spoke first.
bool is_exchange_of_ephemerals(const Flow &flow, const RoleContext &context) {
    return flow.key.transport != Transport::tcp && looks_ephemeral(flow, context, Side::initiator) &&
           looks_ephemeral(flow, context, Side::responder);
}

void vote_by_registry(Votes &votes, const Flow &flow, double confidence) {
    vote_against(votes, Evidence::registered, confidence, each_side([&](Side side) {
                     return registered_service(flow.key.transport, flow.ends[side].port) != nullptr;
                 }));
}

// Of a call's media either end may send first.
void vote_by_announcement(Votes &votes, const Flow &flow) {
    if (!flow.channel || is_media(flow.channel->method)) return;
    const PerSide<bool> &negotiated = flow.channel->negotiated;
    // TFTP's server answers from the port that it picked, so the transfer's first datagram is its.
    if (flow.channel->method == AnnouncedIn::tftp_request) {
        vote(votes, Evidence::announced, confidence::announced, negotiated);
    } else {
        vote_against(votes, Evidence::announced, confidence::announced, negotiated);
    }
}

void vote_by_numbers(Votes &votes, const Flow &flow, const RoleContext &context) {
    const Transport transport = flow.key.transport;
    const PerSide<std::uint16_t> ports{flow.ends.initiator.port, flow.ends.responder.port};
    const auto host_of = [&](Side side) { return context.local[side] ? context.host : nullptr; };
    const auto ephemeral = [&](Side side) { return looks_ephemeral(flow, context, side); };

    vote(votes, Evidence::fixed_source_convention, confidence::fixed_source_convention, each_side([&](Side side) {
             return (transport == Transport::udp) && ((ports[side] == 68 && ports[other(side)] == 67) ||
                                                      (ports[side] == 546 && ports[other(side)] == 547));
         }));
    vote(votes, Evidence::in_ephemeral_range, confidence::in_ephemeral_range, each_side([&](Side side) {
             const auto evidence = range_evidence(ports[side], host_of(side));
             return !evidence.empty() && evidence.front() == Evidence::in_ephemeral_range && !ephemeral(other(side));
         }));
    if (!is_exchange_of_ephemerals(flow, context)) vote_by_registry(votes, flow, confidence::registered);
    vote_against(votes, Evidence::port_class, confidence::port_class,
                 each_side([&](Side side) { return port_class(ports[side]) < port_class(ports[other(side)]); }));
    vote(votes, Evidence::common_ephemeral_range, confidence::hinted_range, each_side([&](Side side) {
             const auto evidence = range_evidence(ports[side], host_of(side));
             return evidence.contains(Evidence::common_ephemeral_range) && !ephemeral(other(side));
         }));
}

Votes collect_votes(const Flow &flow, const RoleContext &context) {
    Votes votes;
    const auto handshake = handshake_confidence(flow.initiator_evidence);
    if (handshake) votes.push_back({flow.initiator_evidence, Side::initiator, *handshake});
    // An address that sends is none, whatever its number: forged, or made anonymous.
    vote_against(votes, Evidence::multicast_group, confidence::multicast_group,
                 each_side([&](Side side) { return context.multicast[side] && flow.traffic[side].packets == 0; }));
    if (has_ports(flow.key.transport)) {
        vote_by_sockets(votes, flow, context);
        vote_by_announcement(votes, flow);
        vote_by_numbers(votes, flow, context);
        vote_against(votes, Evidence::many_peers, confidence::many_peers, each_side([&](Side side) {
                         return context.fan_in[side] >= many && context.fan_in[side] > 2 * context.fan_in[other(side)];
                     }));
    }
    if (!handshake) {
        const double seen = flow.key.transport == Transport::tcp ? confidence::first_seen : confidence::udp_first_seen;
        votes.push_back({Evidence::first_seen, Side::initiator, seen});
        if (has_ports(flow.key.transport) && is_exchange_of_ephemerals(flow, context)) {
            vote_by_registry(votes, flow, confidence::registered_by_chance);
        }
    }
    return votes;
}

} // namespace

InitiatorVerdict judge_initiator(const Flow &flow, const RoleContext &context) {
    const Votes votes = collect_votes(flow, context);
    const Vote &decisive = votes.front();
    const bool seen = handshake_confidence(decisive.evidence).has_value() || decisive.evidence == Evidence::announced;

    InitiatorVerdict verdict;
    verdict.flip = decisive.initiator == Side::responder;
    verdict.confidence = decisive.confidence;
    for (const Vote &piece : votes) {
        if (piece.initiator == decisive.initiator) {
            verdict.evidence.push_back(piece.evidence);
            continue;
        }
        verdict.against.push_back(piece.evidence);
        // What was seen on the wire is not made doubtful by a number.
        if (!seen) verdict.confidence = weakened(verdict.confidence, piece.confidence);
    }
    return verdict;
}

} // namespace doorplate

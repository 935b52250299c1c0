#include "analyze/conclude.h"

#include <utility>

#include "analyze/community_id.h"

namespace doorplate {
namespace {

template <typename T> void swap_sides(PerSide<T> &sides) { std::swap(sides.initiator, sides.responder); }

bool is_local(const IpAddress &address, const HostFacts *host) {
    // A loopback address is its host's own, whichever host that was.
    return host != nullptr ? host->is_local(address) : address.is_loopback();
}

bool reaches_many(const IpAddress &address, const HostFacts *host) {
    return address.is_multicast() || address.is_limited_broadcast() || (host != nullptr && host->is_broadcast(address));
}

// No program sends these: the kernel refuses a connection that nobody waits for, answers an echo, reports errors, and
// speaks with its neighbours.
bool is_sent_by_kernel(const Flow &flow, Side side) {
    if (flow.tcp && flow.tcp->state == "REJ") return side == Side::responder;
    if (!flow.icmp) return false;
    constexpr std::uint8_t echo_request = 8;
    constexpr std::uint8_t echo_request_v6 = 128;
    const bool echo = flow.icmp->type == (flow.key.transport == Transport::icmp ? echo_request : echo_request_v6);
    return !echo || side == Side::responder;
}

SocketAnswer ask(const Flow &flow, Side side, const HostFacts *host, const SocketHistory &sockets) {
    SocketAnswer answer;
    if (host == nullptr) { // a capture file: today's sockets say nothing of packets of then
        answer.attribution.unknown = UnknownReason::no_socket_facts;
        return answer;
    }
    if (host->is_local(flow.ends[side].address)) {
        if (is_sent_by_kernel(flow, side) && !sockets.empty()) {
            answer.attribution.unknown = UnknownReason::kernel_socket;
            return answer;
        }
        answer = sockets.who(socket_question(flow, side, host));
        // It was gone before the first look.
        if (answer.attribution.unknown == UnknownReason::no_socket_facts && !sockets.empty()) {
            answer.attribution.unknown = UnknownReason::exited;
        }
        return answer;
    }
    const bool passed_through =
        flow.seen_inbound && flow.seen_outbound && !host->is_local(flow.ends[other(side)].address);
    answer.attribution.unknown = passed_through ? UnknownReason::forwarded : UnknownReason::not_local;
    return answer;
}

} // namespace

SocketQuestion socket_question(const Flow &flow, Side side, const HostFacts *host) {
    const bool began_in_capture = flow.initiator_evidence != Evidence::first_seen;
    const bool connects = flow.key.transport == Transport::tcp || flow.key.transport == Transport::sctp;
    const bool opened_by_local = connects && began_in_capture && side == Side::initiator;
    return {flow.key.transport, flow.ends[side],  flow.ends[other(side)], flow.start,
            flow.end,           began_in_capture, opened_by_local,        host != nullptr ? host->netns : std::nullopt};
}

FlowRecord conclude(Flow flow, const HostFacts *host, const SocketHistory &sockets,
                    const PerSide<std::uint64_t> &fan_in) {
    RoleContext context;
    context.host = host;
    context.fan_in = fan_in;
    for (const Side side : {Side::initiator, Side::responder}) {
        const IpAddress &address = flow.ends[side].address;
        context.local[side] = is_local(address, host);
        context.multicast[side] = reaches_many(address, host);
        context.sockets[side] = ask(flow, side, host, sockets);
    }

    FlowRecord record;
    record.initiator_verdict = judge_initiator(flow, context);
    if (record.initiator_verdict.flip) {
        flow.flip();
        swap_sides(context.local);
        swap_sides(context.multicast);
        swap_sides(context.sockets);
        swap_sides(context.fan_in);
    }
    PerSide<PortVerdict> ports = judge_ports(flow, context);
    for (const Side side : {Side::initiator, Side::responder}) {
        FlowEnd &end = side == Side::initiator ? record.initiator : record.responder;
        end.endpoint = flow.ends[side];
        // Without host facts nothing can be said of addresses that are not loopback.
        if (host != nullptr || context.local[side]) end.local = context.local[side];
        end.multicast = context.multicast[side];
        end.port = ports[side];
        end.attribution = std::move(context.sockets[side].attribution);
    }
    if (context.local.initiator && context.local.responder) record.relation = RelationKind::loopback_pair;
    if (flow.channel) record.relation = RelationKind::data_channel; // says more
    record.community_id = community_id(flow);
    record.flow = std::move(flow);
    return record;
}

} // namespace doorplate

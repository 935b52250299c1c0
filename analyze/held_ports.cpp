#include "analyze/held_ports.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "analyze/conclude.h"
#include "analyze/socket_history.h"

namespace doorplate {
namespace {

Exposure exposure_of(const IpAddress &address) {
    const IpAddress plain = address.unmapped();
    if (plain.is_unspecified()) return Exposure::all_addresses;
    if (plain.is_loopback()) return Exposure::loopback;
    return plain.is_multicast() ? Exposure::multicast : Exposure::one_address;
}

std::optional<Timestamp> oldest_start(const Attribution &attribution) {
    std::optional<Timestamp> oldest;
    for (const auto &process : attribution.holders) {
        if (!process->start) return std::nullopt;
        oldest = std::min(oldest.value_or(*process->start), *process->start);
    }
    return oldest;
}

// A flow that has carried nothing yet, so that the same judgement decides its ports as a packet's.
Flow flow_between(Transport transport, const PerSide<Endpoint> &ends, Timestamp now) {
    Flow flow;
    flow.key = FlowKey::between(transport, ends.initiator, ends.responder);
    flow.ends = ends;
    flow.start = flow.end = now;
    return flow;
}

Endpoint unmapped(const Endpoint &end) { return {end.address.unmapped(), end.port}; }

// What a socket without a peer is: judged as the responder of a flow that has not come yet.
PortVerdict judge_door(const ListeningSocket &door, const SocketSnapshot &snapshot) {
    const Endpoint local = unmapped(door.socket.local);
    const Flow flow = flow_between(door.socket.transport, {{}, local}, snapshot.facts.ended);
    RoleContext context;
    context.host = &snapshot.host;
    context.local.responder = true;
    context.sockets.responder.attribution = door.attribution;
    context.sockets.responder.listener_seen = true;
    context.multicast.responder = local.address.is_multicast();
    return judge_ports(flow, context).responder;
}

auto order_of(const HeldPort &held) {
    const SocketRecord &socket = held.socket;
    return std::tuple(!held.is_door(), socket.transport, socket.local.port, socket.local.address, socket.remote,
                      socket.inode);
}

// Whether a bind to `wanted` meets a socket at `held`: the same address, or either is a wildcard that covers the other.
bool collides(const DoorQuery &query, const SocketRecord &socket) {
    const IpAddress held = socket.local.address.unmapped();
    const IpAddress wanted = query.address.value_or(IpAddress{}).unmapped();
    if (!query.address) return true;
    if (held == wanted) return true;
    const auto covers = [&](const IpAddress &wildcard, const IpAddress &other, bool only_ipv6) {
        if (!wildcard.is_unspecified()) return false;
        return wildcard.family() == other.family() || (wildcard.family() == Family::ipv6 && !only_ipv6);
    };
    // A new IPv6 socket is dual-stack unless its program says otherwise.
    return covers(held, wanted, socket.ipv6_only) || covers(wanted, held, false);
}

bool matches(const DoorQuery &query, const SocketRecord &socket) {
    return socket.local.port == query.port && (!query.transport || *query.transport == socket.transport) &&
           collides(query, socket);
}

} // namespace

std::vector<HeldPort> held_ports(const SocketSnapshot &snapshot) {
    SocketHistory history;
    history.ingest(snapshot.facts);
    const Timestamp now = snapshot.facts.ended;
    std::vector<HeldPort> ports;
    const auto add = [&](const SocketRecord &socket, const PortVerdict &verdict, Attribution attribution) {
        if (socket.local.port == 0) return; // not bound yet
        const auto not_before = oldest_start(attribution);
        ports.push_back({socket, verdict, exposure_of(socket.local.address), std::move(attribution), not_before});
    };
    for (ListeningSocket &door : history.listeners()) {
        const PortVerdict verdict = judge_door(door, snapshot);
        add(door.socket, verdict, std::move(door.attribution));
    }
    for (const SocketRecord &socket : history.connected()) {
        const PerSide<Endpoint> ends{unmapped(socket.local), unmapped(socket.remote)};
        FlowRecord flow = conclude(flow_between(socket.transport, ends, now), &snapshot.host, history, {});
        FlowEnd &end = flow.initiator.endpoint == ends.initiator ? flow.initiator : flow.responder;
        add(socket, end.port, std::move(end.attribution));
    }
    std::ranges::sort(ports, {}, order_of);
    return ports;
}

DoorAnswer who_is_at(const DoorQuery &query, const SocketSnapshot &snapshot) {
    DoorAnswer answer;
    answer.query = query;
    for (HeldPort &held : held_ports(snapshot)) {
        if (matches(query, held.socket)) answer.held.push_back(std::move(held));
    }
    const auto transports =
        query.transport ? std::vector{*query.transport} : std::vector{Transport::tcp, Transport::udp};
    for (const Transport transport : transports) {
        DoorAnswer::Bind bind{transport, {}};
        bool held = false;
        bool time_wait = false;
        bool connected = false;
        for (const HeldPort &port : answer.held) {
            if (port.socket.transport != transport) continue;
            held |= port.is_door();
            time_wait |= port.socket.state == SocketState::time_wait;
            connected |= !port.is_door() && port.socket.state != SocketState::time_wait;
        }
        if (held) bind.obstacles.push_back(BindObstacle::held);
        if (connected) bind.obstacles.push_back(BindObstacle::connected);
        if (time_wait) bind.obstacles.push_back(BindObstacle::time_wait);
        if (query.port < snapshot.host.unprivileged_port_start.value_or(1024)) {
            bind.obstacles.push_back(BindObstacle::privileged);
        }
        answer.binds.push_back(std::move(bind));
    }
    return answer;
}

FlowRecord judge_flow(const FlowQuery &query, const SocketSnapshot &snapshot) {
    SocketHistory history;
    history.ingest(snapshot.facts);
    return conclude(flow_between(query.transport, query.ends, snapshot.facts.ended), &snapshot.host, history, {});
}

} // namespace doorplate

#include "analyze/held_ports.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include <fmt/format.h>

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

// The socket as a flow that has carried nothing yet, so that the same judgement decides its ports as a packet's.
Flow flow_of(const SocketRecord &socket, Timestamp now) {
    Flow flow;
    flow.key = FlowKey::between(socket.transport, socket.local, socket.remote);
    flow.ends.initiator = {socket.local.address.unmapped(), socket.local.port};
    flow.ends.responder = {socket.remote.address.unmapped(), socket.remote.port};
    flow.start = flow.end = now;
    return flow;
}

// What a socket without a peer is: judged as the responder of a flow that has not come yet.
PortVerdict judge_door(const SocketRecord &socket, const SocketAnswer &answer, const SocketSnapshot &snapshot) {
    Flow flow = flow_of(socket, snapshot.facts.ended);
    std::swap(flow.ends.initiator, flow.ends.responder);
    RoleContext context;
    context.host = &snapshot.host;
    context.local.responder = true;
    context.sockets.responder = answer;
    context.multicast.responder = flow.ends.responder.address.is_multicast();
    return judge_ports(flow, context).responder;
}

PortVerdict judge_connected(const SocketRecord &socket, const SocketAnswer &answer, const SocketSnapshot &snapshot) {
    Flow flow = flow_of(socket, snapshot.facts.ended);
    RoleContext context;
    context.host = &snapshot.host;
    context.local.initiator = true;
    context.local.responder = snapshot.host.is_local(flow.ends.responder.address);
    context.sockets.initiator = answer;
    context.multicast.responder = flow.ends.responder.address.is_multicast();
    const bool turned = judge_initiator(flow, context).flip;
    if (turned) {
        flow.flip();
        std::swap(context.local.initiator, context.local.responder);
        std::swap(context.sockets.initiator, context.sockets.responder);
        std::swap(context.multicast.initiator, context.multicast.responder);
    }
    const auto verdicts = judge_ports(flow, context);
    return turned ? verdicts.responder : verdicts.initiator;
}

auto order_of(const HeldPort &held) {
    const SocketRecord &socket = held.socket;
    return std::tuple(!held.is_door(), socket.transport, socket.local.port, socket.local.address, socket.remote,
                      socket.inode);
}

template <typename T> std::optional<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto port = number<std::uint16_t>(text);
    return port && *port != 0 ? port : std::nullopt;
}

std::optional<Transport> parse_transport(std::string_view text) {
    for (const Transport transport :
         {Transport::tcp, Transport::udp, Transport::sctp, Transport::dccp, Transport::udplite}) {
        if (text == transport_token(transport)) return transport;
    }
    return std::nullopt;
}

// Takes "tcp/" off the front of `text`.
std::optional<Transport> take_transport(std::string_view &text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto transport = parse_transport(text.substr(0, slash));
    if (transport) text.remove_prefix(slash + 1);
    return transport;
}

// ADDR:PORT or [ADDR6]:PORT.
std::optional<Endpoint> parse_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto address = IpAddress::parse(host);
    const auto port = parse_port(text.substr(colon + 1));
    if (!address || !port) return std::nullopt;
    return Endpoint{*address, *port};
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
    const auto add = [&](const SocketRecord &socket, PortVerdict verdict, Attribution attribution) {
        if (socket.local.port == 0) return; // not bound yet
        const auto not_before = oldest_start(attribution);
        ports.push_back(
            {socket, std::move(verdict), exposure_of(socket.local.address), std::move(attribution), not_before});
    };
    for (ListeningSocket &listener : history.listeners()) {
        SocketAnswer answer{std::move(listener.attribution), true, false};
        PortVerdict verdict = judge_door(listener.socket, answer, snapshot);
        add(listener.socket, std::move(verdict), std::move(answer.attribution));
    }
    for (const SocketRecord &socket : history.connected()) {
        SocketAnswer answer = history.who({socket.transport, socket.local, socket.remote, now, now, false});
        PortVerdict verdict = judge_connected(socket, answer, snapshot);
        add(socket, std::move(verdict), std::move(answer.attribution));
    }
    std::ranges::sort(ports, {}, order_of);
    return ports;
}

std::string DoorQuery::to_string() const {
    const std::string door = address ? Endpoint{*address, port}.to_string() : std::to_string(port);
    return transport ? transport_token(*transport) + "/" + door : door;
}

Result<DoorQuery> parse_door_query(std::string_view text) {
    const std::string_view asked = text;
    DoorQuery query;
    query.transport = take_transport(text);
    if (const auto endpoint = parse_endpoint(text)) {
        query.address = endpoint->address;
        query.port = endpoint->port;
        return query;
    }
    if (const auto port = parse_port(text)) {
        query.port = *port;
        return query;
    }
    return usage_failure(fmt::format(
        "'{}' names no door: say a port (8080), a transport and a port (tcp/8080), or an address and a port "
        "(127.0.0.1:8080, [::1]:8080)",
        asked));
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

std::optional<FlowQuery> parse_flow_query(std::string_view text) {
    FlowQuery query;
    if (const auto transport = take_transport(text)) query.transport = *transport;
    const std::size_t dash = text.find_first_of("->");
    if (dash == std::string_view::npos) return std::nullopt;
    const std::size_t behind = text.find_first_not_of("->", dash);
    if (behind == std::string_view::npos) return std::nullopt;
    const auto initiator = parse_endpoint(text.substr(0, dash));
    const auto responder = parse_endpoint(text.substr(behind));
    if (!initiator || !responder) return std::nullopt;
    query.ends = {*initiator, *responder};
    return query;
}

} // namespace doorplate

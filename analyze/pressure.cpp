#include "analyze/pressure.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace doorplate {
namespace {

struct Destination {
    Transport transport = Transport::tcp;
    IpAddress source;
    Endpoint endpoint;

    friend constexpr auto operator<=>(const Destination &, const Destination &) = default;
};

struct Ports {
    std::set<std::uint16_t> in_use;
    std::set<std::uint16_t> time_wait;
};

bool is_reserved(const HostFacts &host, std::uint16_t port) {
    return std::ranges::any_of(host.reserved_ports, [port](const PortRange &range) { return range.contains(port); });
}

// The range less its reserved ports, whose ranges do not overlap.
std::uint64_t available_ports(const HostFacts &host) {
    const auto [low, high] = *host.ephemeral_ports;
    if (low > high) return 0;
    std::uint64_t available = high - low + 1U;
    for (const PortRange &reserved : host.reserved_ports) {
        const auto first = std::max(reserved.low, low);
        const auto last = std::min(reserved.high, high);
        if (first <= last) available -= last - first + 1U;
    }
    return available;
}

} // namespace

std::vector<Pressure> ephemeral_pressure(const SocketHistory &sockets, const HostFacts &host) {
    if (!host.ephemeral_ports) return {};
    // The range holds for one network namespace.
    const auto elsewhere = [&](const SocketRecord &socket) {
        return host.netns && socket.netns != 0 && socket.netns != *host.netns;
    };

    std::set<std::pair<Transport, std::uint16_t>> doors;
    for (const ListeningSocket &door : sockets.listeners()) {
        if (!elsewhere(door.socket)) doors.emplace(door.socket.transport, door.socket.local.port);
    }
    std::map<Destination, Ports> destinations;
    for (const SocketRecord &socket : sockets.connected()) {
        const std::uint16_t port = socket.local.port;
        if (elsewhere(socket) || !host.ephemeral_ports->contains(port) || is_reserved(host, port)) continue;
        if (doors.contains({socket.transport, port})) continue;
        const Endpoint endpoint{socket.remote.address.unmapped(), socket.remote.port};
        Ports &ports = destinations[{socket.transport, socket.local.address.unmapped(), endpoint}];
        (socket.state == SocketState::time_wait ? ports.time_wait : ports.in_use).insert(port);
    }

    const std::uint64_t available = available_ports(host);
    std::vector<Pressure> rows;
    rows.reserve(destinations.size());
    for (auto &[destination, ports] : destinations) {
        for (const std::uint16_t port : ports.in_use) ports.time_wait.erase(port);
        rows.push_back({destination.transport, destination.source, destination.endpoint, ports.in_use.size(),
                        ports.time_wait.size(), available});
    }
    std::ranges::sort(rows, [](const Pressure &a, const Pressure &b) {
        return std::tuple(b.in_use + b.time_wait, a.transport, a.source, a.destination) <
               std::tuple(a.in_use + a.time_wait, b.transport, b.source, b.destination);
    });
    return rows;
}

} // namespace doorplate

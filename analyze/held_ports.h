#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analyze/attribution.h"
#include "analyze/observation.h"
#include "analyze/port_role.h"
#include "analyze/queries.h"
#include "capture/sockets/socket_provider.h"

namespace doorplate {

// Who can reach a socket by its local address, as far as the address alone decides it (a firewall may say less).
enum class Exposure : std::uint8_t {
    loopback,      // programs on this host only
    one_address,   // whoever reaches that address
    all_addresses, // bound to the wildcard: whoever reaches any address of this host
    multicast,     // a group
};

// A port of this host that a socket holds now.
struct HeldPort {
    SocketRecord socket;
    PortVerdict port;
    Exposure exposure = Exposure::one_address;
    Attribution attribution;
    // The kernel does not say since when a socket exists; it cannot be older than its oldest holder.
    std::optional<Timestamp> not_before;

    // Others come to it: a listener, or an unconnected UDP socket.
    [[nodiscard]] bool is_door() const { return !socket.has_peer(); }
};

// Every held port, doors first; then by transport, port, address and peer.
[[nodiscard]] std::vector<HeldPort> held_ports(const SocketSnapshot &snapshot);

// What stands in the way of a new bind(2) to the door that was asked for.
enum class BindObstacle : std::uint8_t {
    held,       // a listener or bound socket has the address, or the wildcard, or a part of a wildcard asked for
    time_wait,  // only closed connections linger there: SO_REUSEADDR passes
    connected,  // only connections use it as their local port: SO_REUSEADDR passes
    privileged, // below ip_unprivileged_port_start: needs CAP_NET_BIND_SERVICE
};

// The answer to `doorplate who`: the sockets at that door, and whether it can be taken.
struct DoorAnswer {
    DoorQuery query;
    std::vector<HeldPort> held;
    // For each transport asked (tcp and udp if none was named): what stops a bind; empty: nothing seen.
    struct Bind {
        Transport transport = Transport::tcp;
        std::vector<BindObstacle> obstacles;
    };
    std::vector<Bind> binds;
};
[[nodiscard]] DoorAnswer who_is_at(const DoorQuery &query, const SocketSnapshot &snapshot);

// A flow of this host judged from its socket table alone: it has no packets.
[[nodiscard]] FlowRecord judge_flow(const FlowQuery &query, const SocketSnapshot &snapshot);

} // namespace doorplate

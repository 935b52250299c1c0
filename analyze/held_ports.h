#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyze/attribution.h"
#include "analyze/port_role.h"
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

// "8080", "tcp/8080", "127.0.0.1:8080", "udp/[::1]:53".
struct DoorQuery {
    std::optional<Transport> transport;
    std::optional<IpAddress> address;
    std::uint16_t port = 0;

    [[nodiscard]] std::string to_string() const;
};
// A usage failure that shows the accepted forms.
[[nodiscard]] Result<DoorQuery> parse_door_query(std::string_view text);

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

// "192.0.2.10:51034-198.51.100.7:443", "udp/10.0.0.1:5353>224.0.0.251:5353": the initiator first if it is known.
struct FlowQuery {
    Transport transport = Transport::tcp;
    PerSide<Endpoint> ends;
};
[[nodiscard]] std::optional<FlowQuery> parse_flow_query(std::string_view text);

} // namespace doorplate

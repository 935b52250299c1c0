#pragma once

#include <compare>

#include "capture/sockets/socket_record.h"

namespace doorplate {

// Where a socket's packets are: sockets mix IPv4 with its IPv4-mapped form, packets do not.
struct Place {
    Transport transport = Transport::tcp;
    Endpoint local;
    Endpoint remote; // all zero for a socket without a peer

    friend constexpr auto operator<=>(const Place &, const Place &) = default;
};

[[nodiscard]] inline Endpoint unmapped(const Endpoint &endpoint) {
    return {endpoint.address.unmapped(), endpoint.port};
}

[[nodiscard]] inline Place place_of(const SocketRecord &socket) {
    return {socket.transport, unmapped(socket.local), socket.has_peer() ? unmapped(socket.remote) : Endpoint{}};
}

} // namespace doorplate

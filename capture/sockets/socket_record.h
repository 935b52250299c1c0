#pragma once

#include <cstdint>

#include "capture/address.h"
#include "capture/transport.h"

namespace doorplate {

// The kernel's states (include/net/tcp_states.h); the values are the kernel's. A UDP socket is `established` when it is
// connected and `close` when it is only bound.
enum class SocketState : std::uint8_t {
    established = 1,
    syn_sent = 2,
    syn_received = 3,
    fin_wait1 = 4,
    fin_wait2 = 5,
    time_wait = 6,
    close = 7,
    close_wait = 8,
    last_ack = 9,
    listen = 10,
    closing = 11,
    new_syn_received = 12,
};

// One row of the kernel's socket table.
struct SocketRecord {
    // Inode number of the network namespace.
    std::uint64_t netns = 0;
    Transport transport = Transport::tcp;
    SocketState state = SocketState::close;
    // As the kernel has them: an IPv6 socket that carries IPv4 has IPv4-mapped addresses. `remote` is all zeroes for a
    // socket without a peer.
    Endpoint local;
    Endpoint remote;
    // An IPv6 socket that takes no IPv4 (IPV6_V6ONLY). Without it, [::]:80 also serves 0.0.0.0:80.
    bool ipv6_only = false;
    // 0: no file refers to the socket (TIME_WAIT, orphaned, not yet accepted, or the kernel's own).
    std::uint64_t inode = 0;
    // The socket's identity for its whole life; 0 if the provider does not know it.
    std::uint64_t cookie = 0;
    std::uint32_t uid = 0;
    // The device it is bound to (SO_BINDTODEVICE); 0: none.
    std::uint32_t interface_index = 0;

    // Nobody is at the other end: a listener, or an unconnected UDP socket.
    [[nodiscard]] bool has_peer() const { return remote.port != 0 || !remote.address.unmapped().is_unspecified(); }

    friend bool operator==(const SocketRecord &, const SocketRecord &) = default;
};

} // namespace doorplate

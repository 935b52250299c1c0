#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "capture/sockets/process.h"
#include "capture/sockets/socket_record.h"
#include "capture/timestamp.h"

namespace doorplate {

// What the kernel tells of a socket at the moment when it happens.
enum class SocketEventKind : std::uint8_t {
    connected, // opens a connection; its first packet is sent next
    listening,
    accepted, // a connection came in; the process is whoever began to listen
    handled,  // a process uses a TCP socket for the first time, other than by opening it
    bound,    // UDP, by bind()
    sent,     // UDP: first datagram to this peer
    received, // UDP: first datagram from this peer; the process is the last one that bound the socket or sent on it
    closed,   // of no process
    held,     // no event, but a state that was asked for: the process has the socket since `time` or before
};

struct SocketEvent {
    SocketEventKind kind = SocketEventKind::held;
    Timestamp time;
    // The cookie is always known. A datagram's endpoints are its own, whatever the socket is bound to.
    SocketRecord socket;
    // As it was at that time: it may execute another program later. Absent: of `closed`.
    std::shared_ptr<const Process> process;
    // The thread, and the name that it had.
    std::int32_t tid = 0;
    std::string thread_name;
    // Who chose the local port; it says nothing of a connection that came in.
    bool port_asked_for = false;
};

} // namespace doorplate

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "capture/result.h"
#include "capture/sockets/socket_record.h"

namespace doorplate {

struct SocketTuple {
    Transport transport = Transport::tcp;
    Endpoint local;
    Endpoint remote;

    friend constexpr auto operator<=>(const SocketTuple &, const SocketTuple &) = default;
};

// A number of SocketState.
[[nodiscard]] constexpr bool is_socket_state(std::uint8_t number) {
    return number >= static_cast<std::uint8_t>(SocketState::established) &&
           number <= static_cast<std::uint8_t>(SocketState::new_syn_received);
}

// The sockets of one network namespace, as one of the kernel's interfaces shows them. For one thread.
class SocketTable {
  public:
    SocketTable() = default;
    SocketTable(const SocketTable &) = delete;
    SocketTable &operator=(const SocketTable &) = delete;
    virtual ~SocketTable() = default;

    // Every socket, each once, in an order that depends on the sockets alone.
    [[nodiscard]] virtual Result<std::vector<SocketRecord>> dump() = 0;

    // The socket with this tuple; if there is none, those that would take a packet for it (listening, or bound without
    // a peer). Empty if nobody would.
    [[nodiscard]] virtual Result<std::vector<SocketRecord>> find(const SocketTuple &tuple) = 0;

    // Rows that made no sense, so far.
    [[nodiscard]] virtual std::uint64_t malformed() const = 0;
};

// Sorts by what a person would look for and drops rows that were handed out twice.
void sort_sockets(std::vector<SocketRecord> &sockets);

// Of `sockets`, those that SocketTable::find names for `tuple`, sorted.
[[nodiscard]] std::vector<SocketRecord> select_sockets(const std::vector<SocketRecord> &sockets,
                                                       const SocketTuple &tuple);

} // namespace doorplate

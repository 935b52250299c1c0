#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "analyze/socket_history.h"
#include "capture/sockets/socket_provider.h"

namespace doorplate {

// A flow may be over before a look finds its socket (lingering in TIME_WAIT, or kept by a slow program).
inline constexpr Duration time_to_be_seen = std::chrono::seconds(5);

// How well a socket's life fits a flow's beginning, worst first.
enum class SocketFit : std::uint8_t {
    none,     // it cannot be the flow's socket
    nearby,   // it was opened after the flow began, but before it can be ruled out
    possible, // it may have existed when the flow began: no look says otherwise
    certain,  // looks before and after the flow's beginning saw it
};

// A process that held a socket, as far as looks tell.
struct HoldingTime {
    ProcessKey process;
    // The last complete look in which it did not; absent: it may have held it always.
    std::optional<Timestamp> after;
    // The first complete look in which it did no longer; absent: it still does.
    std::optional<Timestamp> until;
};

// The life of one socket with one pair of endpoints: [first_seen, closed), and who held it in that time.
struct SocketInterval {
    // The newest row of it.
    SocketRecord socket;
    // When the first look that saw it began, and the last one ended.
    Timestamp first_seen;
    Timestamp last_seen;
    // When the last look at the whole table before that began: the socket was not in it.
    std::optional<Timestamp> not_yet;
    // When the first look at the whole table without it began.
    std::optional<Timestamp> closed;
    // When the first look ended that saw it beyond its handshake.
    std::optional<Timestamp> settled;
    // Number of the last look that saw it.
    std::uint64_t look = 0;

    bool listened = false;
    bool syn_sent = false;
    // In a state other than TIME_WAIT.
    bool was_alive = false;
    bool in_whole_look = false;
    // A file refers to it, and the last search for its holders found none for want of a right.
    bool unreadable = false;
    // Looks at the whole table that saw it in use and held by nobody, while nobody was ever seen to hold it.
    unsigned unheld_looks = 0;
    // The last complete search for its holders.
    std::optional<Timestamp> searched;
    std::vector<HoldingTime> holders; // sorted by process
    // The owner, known while a file refers to the socket (a TIME_WAIT row says 0).
    std::optional<std::uint32_t> uid;

    // One more look saw it. Holders that let go before `forget_before` are dropped while there are others.
    void see(const SocketFact &fact, const SocketFacts &from, std::uint64_t look_number, Timestamp forget_before);

    // Others come to it: it listens, or is bound without a peer.
    [[nodiscard]] bool is_door() const;

    [[nodiscard]] SocketFit fit(const SocketQuestion &question) const;

    // Who held it at some time of the flow, the likeliest first: whoever had it to the flow's end, then whoever had it
    // first, then the older process, then the lower pid.
    [[nodiscard]] std::vector<HoldingTime> holders_during(Timestamp start, Timestamp end) const;

    // Why nobody is known to hold it.
    [[nodiscard]] UnknownReason why_unheld(bool began_in_capture) const;
};

// The order of holders_during(), for holders of several sockets; each process once.
void sort_likeliest_first(std::vector<HoldingTime> &holders, Timestamp end);

} // namespace doorplate

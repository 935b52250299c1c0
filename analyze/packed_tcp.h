#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "analyze/sides.h"

namespace doorplate {

// A segment that does nothing but go on: ACK is set, SYN, FIN, RST and URG are not, the window is open, the checksum is
// not wrong, and all of its payload was captured.
struct PlainSegment {
    std::uint32_t sequence = 0;
    std::uint32_t next = 0; // one past its payload
    std::uint32_t acknowledgment = 0;
};

// The first letters of a history, four bits each.
class TcpLetters {
  public:
    TcpLetters() = default;
    explicit TcpLetters(std::uint32_t packed) : packed_(packed) {}

    [[nodiscard]] std::uint32_t packed() const { return packed_; }

    // False, and nothing is added, if it is not one of the common letters or there are eight already.
    bool add(char letter) {
        const std::size_t code = common.find(letter);
        if (code == std::string_view::npos || !has_room()) return false;
        packed_ |= static_cast<std::uint32_t>(code + 1) << (32 - std::countl_zero(packed_) + 3) / 4 * 4;
        return true;
    }
    [[nodiscard]] bool has_room() const { return packed_ >> 28 == 0; }
    [[nodiscard]] std::string text() const {
        std::string letters;
        for (std::uint32_t rest = packed_; rest != 0; rest >>= 4) letters += common[(rest & 15) - 1];
        return letters;
    }

  private:
    static constexpr std::string_view common = "SshHADadFfRr^";

    std::uint32_t packed_ = 0;
};

enum class TcpHandshake : std::uint8_t { none, syn, syn_ack, over };

// What is known of a connection as a whole.
struct TcpMarks {
    bool partial : 1 = false;
    bool fast_open : 1 = false;
    bool simultaneous : 1 = false;
    bool mptcp_capable : 1 = false;
    bool mptcp_join : 1 = false;
    std::uint8_t handshake : 2 = 0; // TcpHandshake
};

// One end of a connection, after Zeek's TCP_Endpoint. Numbers are those on the wire.
struct TcpEnd {
    std::uint32_t start = 0;
    std::uint32_t last = 0;         // one past the highest number sent
    std::uint32_t acknowledged = 0; // of this end's numbers, by the other end
    std::uint8_t states = 0;        // TcpEndState: now, and before that (the upper four bits)
    std::uint8_t history_seen = 0;  // kind_...
    bool in_order : 1 = false;      // goes_on() may be asked; see TcpTracker::settle()
    bool fin_seen : 1 = false;
    bool did_close : 1 = false;
    bool ended_all : 1 = false; // with this end's closing, the connection was over
    bool seen : 1 = false;
    bool gaps_off : 1 = false;
    bool one_way : 1 = false; // payload without acknowledgments: Zeek does not wait for them any more
    TcpMarks marks;           // only the initiator's mean anything

    // Kinds of letters that are written once for each end, or (S and H, F, R) again for another sequence number.
    static constexpr std::uint8_t kind_syn = 1, kind_fin = 2, kind_rst = 4, kind_fin_rst = 8, kind_data = 16,
                                  kind_ack = 32, kind_multi_flag = 64;

    // Zeek's constants tcp_max_initial_window and tcp_excessive_data_without_further_acks.
    static constexpr std::uint32_t max_initial_window = 16'384;
    static constexpr std::int64_t max_without_further_acks = 10'485'760;
    // How much more may be sent than is acknowledged (both relative to the start) before it matters.
    static constexpr std::uint32_t careless_window(std::uint32_t acknowledged) {
        return acknowledged > 1 ? std::uint32_t{max_without_further_acks} : max_initial_window;
    }

    static constexpr std::uint8_t kind_of(const PlainSegment &segment) {
        return segment.next != segment.sequence ? kind_data : kind_ack;
    }
};
static_assert(sizeof(TcpEnd) == 16);

// A connection without holes and retransmissions. See TcpTracker::pack().
struct PackedTcp {
    std::array<TcpEnd, 2> ends; // initiator, responder
    TcpLetters letters;
    // In nanoseconds: while the handshake goes on, how long after the flow's start its SYN was; then how long it took.
    std::uint32_t handshake = no_handshake;
    // Not known; and what would not fit in there (four seconds).
    static constexpr std::uint32_t no_handshake = UINT32_MAX, too_long = UINT32_MAX - 1;

    [[nodiscard]] bool closed() const { return ends[0].ended_all || ends[1].ended_all; }
};

// Is the segment the next payload or acknowledgment of a connection whose payload was captured without a hole? Then
// go_on() and, if it is the end's first of its kind, its letter are all that a TcpTracker would do with it.
[[nodiscard, gnu::always_inline]] inline bool goes_on(const TcpEnd &end, const TcpEnd &peer,
                                                      const PlainSegment &segment) {
    return end.in_order && !peer.one_way && segment.sequence == end.last && segment.next >= end.last &&
           segment.acknowledgment >= peer.acknowledged && segment.acknowledgment <= peer.last &&
           segment.next - end.acknowledged <= TcpEnd::careless_window(end.acknowledged - end.start);
}
[[gnu::always_inline]] inline void go_on(TcpEnd &end, TcpEnd &peer, const PlainSegment &segment) {
    end.last = segment.next;
    peer.acknowledged = segment.acknowledgment;
}

// The letter of a first payload or acknowledgment.
[[nodiscard]] constexpr char plain_letter(Side from, std::uint8_t kind) {
    if (kind == TcpEnd::kind_data) return from == Side::initiator ? 'D' : 'd';
    return from == Side::initiator ? 'A' : 'a';
}

} // namespace doorplate

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "analyze/dissection.h"
#include "analyze/flow.h"
#include "analyze/sequence_ranges.h"
#include "analyze/sides.h"
#include "capture/timestamp.h"

namespace doorplate {

// Follows one TCP connection as Zeek does, so that conn_state and history are Zeek's, letter for letter. The authority
// is Zeek's source: src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc (the state machine),
// src/analyzer/protocol/tcp/ TCP_Endpoint.cc (an end) and TCP_Reassembler.cc (gaps). What differs, on purpose:
//  - Checksums are not verified, so there is no "C": on the sending host offloading leaves them wrong.
//  - A connection is closed when FIN or RST say so, even while payload before them is missing (Zeek waits for it).
//  - A history stops growing at `max_history` letters.
class TcpTracker {
  public:
    static constexpr std::size_t max_history = 1024;

    struct Segment {
        TcpFields tcp;
        std::uint32_t payload_bytes = 0;
        // All of the payload was captured; Zeek takes what it could not read for a gap.
        bool payload_captured = true;
        Timestamp time;
    };

    // `flipped`: the connection was first seen from its responder (a SYN+ACK).
    explicit TcpTracker(bool flipped = false);

    void add(Side from, const Segment &segment);

    // A SYN that begins another connection (Zeek's IsReuse).
    [[nodiscard]] bool is_reused_by(const TcpFields &tcp) const;

    // Both ends have said that it is over, or one of them in a way that the other need not answer. Stays true.
    [[nodiscard]] bool closed() const { return closed_; }

    // Parts of segments travel in IP fragments, whose payload is not followed: no more gaps are told.
    void stop_gaps();

    // Turns the roles round.
    void flip();

    // What was counted starts anew while the connection goes on (a flow cut by its active timeout).
    void restart_counts();

    [[nodiscard]] TcpSummary summary() const;

  private:
    // A letter that is written at its first, tenth, hundredth ... occurrence.
    struct ScaledLetter {
        std::uint64_t count = 0;
        std::uint64_t threshold = 1;
    };

    // One end, after Zeek's TCP_Endpoint with its TCP_Reassembler. Relative numbers have the SYN at 0, payload from 1.
    struct End {
        TcpEndState state = TcpEndState::inactive;
        TcpEndState previous_state = TcpEndState::inactive;
        std::uint32_t start = 0;
        std::uint32_t last = 0;         // one past the highest number sent
        std::uint32_t acknowledged = 0; // of this end's numbers, by the other end
        std::uint32_t last_wraps = 0;
        std::uint32_t acknowledged_wraps = 0;
        bool fin_seen = false;
        std::int64_t fin_end = 0; // one past the FIN
        bool did_close = false;
        bool seen = false;
        std::int64_t history_syn = 0, history_fin = 0, history_rst = 0;
        std::uint8_t history_seen = 0;
        ScaledLetter retransmitted, zero_window, gap;

        // What Zeek would have handed to its analyzers.
        SequenceRanges delivered{1};
        std::int64_t trimmed = 1;
        bool gaps_off = false;

        SequenceRanges payload_seen{1};
        std::uint64_t retransmissions = 0;

        void enter(TcpEndState next);
        void begin_at(std::uint32_t first, std::uint32_t next);
        void advance_last(std::uint32_t to);
        void advance_acknowledged(std::uint32_t to);
        [[nodiscard]] std::int64_t relative(std::uint32_t number, std::uint32_t reference, std::uint32_t wraps,
                                            bool &underflow) const;
        [[nodiscard]] bool nothing_acknowledged() const;
        // Payload by the sequence numbers; `peer` is the other end.
        [[nodiscard]] std::uint64_t size(const End &peer) const;
    };

    void write(Side from, char letter);
    // Writes the letter if it is this end's first of its kind; true if it was not.
    bool seen_before(Side from, std::uint8_t kind, char letter);
    void write_scaled(Side from, ScaledLetter &scaled, char letter);
    void write_flags(Side from, const TcpFields &tcp, std::int64_t sequence, std::uint32_t payload_bytes);

    void note_partial(Side from, const TcpFields &tcp);
    static void begin_end(End &end, const TcpFields &tcp, std::uint32_t next);
    void follow_acknowledgment(Side from, std::int64_t relative);
    void deliver(End &end, const End &peer, std::int64_t begin, std::int64_t length) const;
    void follow_last(Side from, const Segment &segment, std::uint32_t next);
    // True if the segment closes its end.
    bool enter_states(Side from, const Segment &segment);
    bool leave_inactive(Side from, const Segment &segment);
    void time_handshake(Side from, const Segment &segment);

    PerSide<End> ends_;
    std::string history_;
    bool partial_ = false;
    bool closed_ = false;

    // The handshake so far: the last SYN, and what answers it.
    std::optional<Timestamp> syn_time_;
    std::uint32_t syn_next_ = 0;
    std::optional<std::uint32_t> syn_ack_next_;
    std::optional<Duration> handshake_rtt_;
    bool handshake_over_ = false;
};

} // namespace doorplate

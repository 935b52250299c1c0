#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "analyze/dissection.h"
#include "analyze/flow.h"
#include "analyze/packed_tcp.h"
#include "analyze/sequence_ranges.h"
#include "analyze/sides.h"
#include "capture/timestamp.h"

namespace doorplate {

// Follows one TCP connection as Zeek does, so that conn_state and history are Zeek's, letter for letter. The authority
// is Zeek's source: src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc (the state machine),
// src/analyzer/protocol/tcp/ TCP_Endpoint.cc (an end) and TCP_Reassembler.cc (gaps). What differs, on purpose:
//  - A connection is closed when FIN or RST say so, even while payload before them is missing (Zeek waits for it).
//  - A SYN from the responder answers that of the initiator (simultaneous open); Zeek begins another connection.
//  - Between 2 GiB after the SYN and the first turn of the sequence numbers, Zeek takes them for numbers before the
//  SYN.
//  - A history stops growing at `max_history` letters.
//
// Most connections, until they close, are told by the 44 bytes of a PackedTcp. Whatever few have (holes,
// retransmissions, long histories) is in a part of its own, made when it is needed.
class alignas(64) TcpTracker {
  public:
    // Zeek has no limit. The letters that may come without end are S, H, F and R, each with a new sequence number.
    static constexpr std::size_t max_history = 1024;

    struct Segment {
        TcpFields tcp;
        std::uint32_t payload_bytes = 0;
        // All of the payload was captured; Zeek takes what it could not read for a gap.
        bool payload_captured = true;
        // The checksum is wrong: a receiver drops the segment, and so does Zeek, but for a "C".
        bool bad_checksum = false;
        Timestamp time;
    };

    // `flipped`: the connection was first seen from its responder (a SYN+ACK).
    explicit TcpTracker(bool flipped = false);
    // What pack() told. `start_ns`: the same as there.
    TcpTracker(const PackedTcp &packed, std::int64_t start_ns);
    TcpTracker(TcpTracker &&other) noexcept;
    TcpTracker &operator=(TcpTracker &&other) noexcept;
    ~TcpTracker();

    void add(Side from, const Segment &segment);
    // The same for one that is plain.
    void add(Side from, const Segment &segment, const PlainSegment &plain) {
        End &end = ends_[from];
        End &peer = ends_[other(from)];
        const bool is_first = (end.history_seen & TcpEnd::kind_of(plain)) == 0;
        if (is_first || !peer.in_order || !goes_on(end, peer, plain)) return add(from, segment);
        go_on(end, peer, plain);
        end.captured_edge = end.seen_edge = end.last;
    }

    // False if it does not fit. `start_ns` is a time not long before the SYN, or its own.
    [[nodiscard]] bool pack(std::int64_t start_ns, PackedTcp &packed) const;

    // A SYN that begins another connection (Zeek's IsReuse).
    [[nodiscard]] bool is_reused_by(Side from, const TcpFields &tcp) const;

    // Both ends have said that it is over, or one of them in a way that the other need not answer. Stays true.
    [[nodiscard]] bool closed() const { return ends_.initiator.ended_all || ends_.responder.ended_all; }

    // Parts of segments travel in IP fragments, whose payload is not followed: no more gaps are told.
    void stop_gaps();

    // Turns the roles round.
    void flip();

    // What was counted starts anew while the connection goes on (a flow cut by its active timeout).
    void restart_counts();

    [[nodiscard]] TcpSummary summary() const;

  private:
    // One end with what PackedTcp leaves out.
    struct End : TcpEnd {
        // Below these, no payload is missing: captured, or given up as a gap; and seen, or acknowledged, at all. What
        // is above a hole is in the cold part.
        std::uint32_t captured_edge = 1;
        std::uint32_t seen_edge = 1;
        // How often `last` and `acknowledged` passed zero. They stop at 65535: 256 TiB.
        std::uint16_t last_wraps = 0;
        std::uint16_t acknowledged_wraps = 0;

        [[nodiscard]] TcpEndState state() const { return static_cast<TcpEndState>(states & 15); }
        [[nodiscard]] TcpEndState previous_state() const { return static_cast<TcpEndState>(states >> 4); }
        void enter(TcpEndState next);
        void begin_at(std::uint32_t first, std::uint32_t next);
        void advance_last(std::uint32_t to);
        void advance_acknowledged(std::uint32_t to);
        [[nodiscard]] std::int64_t relative_last() const;
        [[nodiscard]] std::int64_t relative_acknowledged() const;
        // Of a number that is less than 2 GiB away from what was sent (or acknowledged, if that is more).
        [[nodiscard]] std::int64_t relative(std::uint32_t number) const;
        [[nodiscard]] std::uint32_t number(std::int64_t relative) const;
        // Where both edges are if every byte was captured up to the highest. SYN and FIN are none.
        [[nodiscard]] std::uint32_t edge_without_holes() const {
            if (fin_seen) return last - 1;
            return last == start ? start + 1 : last;
        }
        [[nodiscard]] bool nothing_acknowledged() const;
        [[nodiscard]] bool is_open() const;
        [[nodiscard]] bool is_clean() const;
        // Payload by the sequence numbers; `peer` is the other end.
        [[nodiscard]] std::uint64_t size(const End &peer) const;
    };

    // What most connections have of an end, but not its everyday segments.
    struct Ending {
        std::uint32_t fin_end = 0; // one past the last FIN
        // Where the last FIN and RST stood that wrote a letter, or would have.
        std::uint32_t history_fin = 0;
        std::uint32_t history_rst = 0;
        std::uint32_t gaps = 0;
        std::uint32_t gap_bytes = 0; // modulo 2^32, the rest is in Cold

        // Of an end that was closed by a FIN, as it should.
        [[nodiscard]] static Ending everyday(const TcpEnd &end) {
            if (!end.fin_seen) return {};
            return {.fin_end = end.last, .history_fin = end.last - end.start - 1};
        }
        friend bool operator==(const Ending &, const Ending &) = default;
    };

    struct Cold;

    [[nodiscard]] std::uint32_t packed_handshake(std::int64_t start_ns) const;
    // All of the end is in TcpEnd.
    [[nodiscard]] bool is_whole(Side side) const;
    enum class Coverage : std::uint8_t { captured, seen };

    Cold &cold();
    void write(Side from, char letter);
    // Writes the letter if it is this end's first of its kind; true if it was not.
    bool seen_before(Side from, std::uint8_t kind, char letter);
    // A letter that is written at its first, tenth, hundredth ... occurrence.
    void write_scaled(Side from, std::uint64_t count, char letter);
    void write_flags(Side from, const TcpFields &tcp, std::int64_t sequence, std::uint32_t payload_bytes);
    [[nodiscard]] std::string history() const;
    void set_history(std::string_view letters);

    void follow(Side from, const Segment &segment);
    void settle(Side side);
    void note_partial(Side from, const TcpFields &tcp);
    static void begin_end(End &end, const TcpFields &tcp, std::uint32_t next);
    // What the acknowledgment number says, relative to the other end's numbers.
    std::int64_t read_acknowledgment(Side from, const TcpFields &tcp);
    void follow_acknowledgment(Side from, std::uint32_t number, std::int64_t relative);
    void count_gaps(Side side, const SequenceRanges::Holes &holes);
    [[nodiscard]] bool continues(const End &end, std::uint32_t begin, std::uint32_t length) const;
    void deliver(Side from, std::int64_t begin, std::uint32_t length);
    // True if the segment was no retransmission by its numbers.
    bool follow_last(Side from, const Segment &segment, std::uint32_t next);
    void count_payload(Side from, std::int64_t begin, std::uint32_t length, bool advances, bool keep_alive);
    // True if the segment closes its end.
    bool enter_states(Side from, const Segment &segment);
    bool leave_inactive(Side from, const Segment &segment);
    static bool leave_by_flags(End &end, const TcpFields &tcp);
    void note_openings(Side from, const Segment &segment);
    void time_handshake(Side from, const Segment &segment);
    void forget_handshake();
    [[nodiscard]] TcpMarks &marks() { return ends_.initiator.marks; }
    [[nodiscard]] const TcpMarks &marks() const { return ends_.initiator.marks; }
    [[nodiscard]] TcpHandshake handshake() const { return static_cast<TcpHandshake>(marks().handshake); }
    void enter(TcpHandshake next) { marks().handshake = std::to_underlying(next) & 3; }
    [[nodiscard]] bool handshake_goes_on() const {
        return handshake() == TcpHandshake::syn || handshake() == TcpHandshake::syn_ack;
    }
    void stop_gaps_of(Side side);
    [[nodiscard]] TcpEndFacts facts(Side side) const;

    [[nodiscard]] SequenceRanges *islands(Side side, Coverage coverage) const;
    [[nodiscard]] std::int64_t edge(Side side, Coverage coverage) const;
    bool cover(Side side, Coverage coverage, std::int64_t begin, std::int64_t end);
    SequenceRanges::Holes give_up(Side side, Coverage coverage, std::int64_t to);

    PerSide<End> ends_;
    std::unique_ptr<Cold> cold_;

    // The time of the SYN in nanoseconds since the epoch while the handshake goes on, then how long it took (negative:
    // not known).
    std::int64_t handshake_ns_ = -1;
    PerSide<Ending> endings_;
    // The beginning; what is more is in Cold.
    TcpLetters letters_;
};

static_assert(sizeof(TcpTracker) == 128);

} // namespace doorplate

#include "analyze/tcp_tracker.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "analyze/tcp_state.h"

namespace doorplate {
namespace {

// Zeek's constants of the same meaning.
constexpr std::int32_t too_large_jump = 1'048'576;
constexpr std::int64_t max_above_hole_without_acks = 16'384; // tcp_max_above_hole_without_any_acks

constexpr std::uint16_t max_wraps = std::numeric_limits<std::uint16_t>::max();

// Distance in the 32-bit circle of sequence numbers (RFC 9293 section 3.4).
std::int32_t distance(std::uint32_t to, std::uint32_t from) { return static_cast<std::int32_t>(to - from); }

// Sequence space that the segment takes. What a RST carries is not part of the stream.
std::uint32_t segment_length(const TcpFields &tcp, std::uint32_t payload_bytes) {
    return (tcp.rst ? 0 : payload_bytes) + (tcp.syn ? 1U : 0U) + (tcp.fin ? 1U : 0U);
}

bool is_power_of_ten(std::uint64_t count) {
    while (count >= 10 && count % 10 == 0) count /= 10;
    return count == 1;
}

} // namespace

struct TcpTracker::Cold {
    struct EndParts {
        SequenceRanges captured;
        SequenceRanges seen;
        // As Ending::history_fin; only of a SYN that did not begin the numbers.
        std::int64_t history_syn = 0;
        // By their numbers alone, as Zeek counts them.
        std::uint64_t sent_again = 0;
        std::uint64_t gap_bytes_beyond = 0; // Ending::gap_bytes has the rest
        std::uint64_t stream_bytes_before = 0;
        // Those that are counted here.
        TcpEndFacts facts;
    };
    PerSide<EndParts> ends;
    std::string letters;
};

TcpTracker::TcpTracker(bool flipped) {
    if (flipped) write(Side::initiator, '^');
}

TcpTracker::TcpTracker(const PackedTcp &packed, std::int64_t start_ns) : letters_(packed.letters) {
    for (const Side side : {Side::initiator, Side::responder}) {
        End &end = ends_[side];
        static_cast<TcpEnd &>(end) = packed.ends[index_of(side)];
        end.captured_edge = end.seen_edge = end.edge_without_holes();
        endings_[side] = Ending::everyday(end);
    }
    if (packed.handshake != PackedTcp::no_handshake)
        handshake_ns_ = packed.handshake + (handshake_goes_on() ? start_ns : 0);
}

std::uint32_t TcpTracker::packed_handshake(std::int64_t start_ns) const {
    if (handshake_ns_ < 0) return PackedTcp::no_handshake;
    if (!handshake_goes_on())
        return static_cast<std::uint32_t>(std::min<std::int64_t>(handshake_ns_, PackedTcp::too_long));
    if (handshake_ns_ < start_ns) return PackedTcp::too_long;
    const std::uint64_t later = static_cast<std::uint64_t>(handshake_ns_) - static_cast<std::uint64_t>(start_ns);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(later, PackedTcp::too_long));
}

bool TcpTracker::is_whole(Side side) const {
    const End &end = ends_[side];
    const std::uint32_t edge = end.edge_without_holes();
    return end.captured_edge == edge && end.seen_edge == edge && end.last_wraps == 0 && end.acknowledged_wraps == 0 &&
           endings_[side] == Ending::everyday(end);
}

bool TcpTracker::pack(std::int64_t start_ns, PackedTcp &packed) const {
    const std::uint32_t handshake = packed_handshake(start_ns);
    if (cold_ || handshake == PackedTcp::too_long || !is_whole(Side::initiator) || !is_whole(Side::responder))
        return false;
    packed = {{ends_.initiator, ends_.responder}, letters_, handshake};
    return true;
}

TcpTracker::TcpTracker(TcpTracker &&other) noexcept = default;
TcpTracker &TcpTracker::operator=(TcpTracker &&other) noexcept = default;
TcpTracker::~TcpTracker() = default;

TcpTracker::Cold &TcpTracker::cold() {
    if (!cold_) cold_ = std::make_unique<Cold>();
    return *cold_;
}

void TcpTracker::End::enter(TcpEndState next) {
    if (next == state()) return;
    states = static_cast<std::uint8_t>((states & 15) << 4 | static_cast<std::uint8_t>(next));
}

void TcpTracker::End::begin_at(std::uint32_t first, std::uint32_t next) {
    const std::int64_t captured = relative(captured_edge);
    const std::int64_t seen_to = relative(seen_edge);
    start = first;
    acknowledged = first;
    acknowledged_wraps = 0;
    last = next;
    last_wraps = next < first ? 1 : 0;
    captured_edge = number(captured);
    seen_edge = number(seen_to);
}

void TcpTracker::End::advance_last(std::uint32_t to) {
    if (to < last && last_wraps < max_wraps) ++last_wraps;
    last = to;
}

void TcpTracker::End::advance_acknowledged(std::uint32_t to) {
    if (to < acknowledged && acknowledged_wraps < max_wraps) ++acknowledged_wraps;
    acknowledged = to;
}

std::int64_t TcpTracker::End::relative_last() const { return (std::int64_t{last_wraps} << 32) + last - start; }

std::int64_t TcpTracker::End::relative_acknowledged() const {
    return (std::int64_t{acknowledged_wraps} << 32) + acknowledged - start;
}

std::int64_t TcpTracker::End::relative(std::uint32_t number) const {
    const std::int64_t sent = relative_last();
    const std::int64_t acked = relative_acknowledged();
    return acked > sent ? acked + distance(number, acknowledged) : sent + distance(number, last);
}

std::uint32_t TcpTracker::End::number(std::int64_t relative) const {
    return start + static_cast<std::uint32_t>(relative);
}

bool TcpTracker::End::nothing_acknowledged() const {
    const std::int64_t acked = relative_acknowledged();
    return acked == 0 || acked == 1;
}

bool TcpTracker::End::is_open() const { return state() == TcpEndState::established || state() == TcpEndState::partial; }

bool TcpTracker::End::is_clean() const {
    return state() == TcpEndState::established ||
           (state() == TcpEndState::closed && previous_state() == TcpEndState::established);
}

std::uint64_t TcpTracker::End::size(const End &peer) const {
    // A half-open connection, discovered and reset: its sequence numbers say nothing of payload.
    if (previous_state() == TcpEndState::syn_sent && state() == TcpEndState::reset &&
        peer.state() == TcpEndState::inactive && !nothing_acknowledged()) {
        return 0;
    }
    auto bytes = static_cast<std::uint64_t>(std::max(relative_last(), relative_acknowledged()));
    if (bytes != 0) --bytes;             // the SYN
    if (fin_seen && bytes != 0) --bytes; // the FIN
    return bytes;
}

void TcpTracker::write(Side from, char letter) {
    if (from == Side::responder) letter = static_cast<char>(letter - 'A' + 'a');
    const bool goes_beyond = cold_ && !cold_->letters.empty();
    if (!goes_beyond && letters_.add(letter)) return;
    if (std::string &more = cold().letters; more.size() < max_history - 8) more += letter;
}

std::string TcpTracker::history() const {
    std::string letters = letters_.text();
    if (cold_) letters += cold_->letters;
    return letters;
}

void TcpTracker::set_history(std::string_view letters) {
    letters_ = {};
    while (!letters.empty() && letters_.add(letters.front())) letters.remove_prefix(1);
    if (cold_ || !letters.empty()) cold().letters = letters;
}

bool TcpTracker::seen_before(Side from, std::uint8_t kind, char letter) {
    End &end = ends_[from];
    if ((end.history_seen & kind) != 0) return true;
    end.history_seen = static_cast<std::uint8_t>(end.history_seen | kind);
    write(from, letter);
    return false;
}

void TcpTracker::write_scaled(Side from, std::uint64_t count, char letter) {
    if (is_power_of_ten(count)) write(from, letter);
}

void TcpTracker::write_flags(Side from, const TcpFields &tcp, std::int64_t sequence, std::uint32_t payload_bytes) {
    const auto at = static_cast<std::uint32_t>(sequence);
    Ending &ending = endings_[from];
    const int flags = int{tcp.syn} + int{tcp.fin} + int{tcp.rst};
    if (flags > 1) {
        if (tcp.fin && tcp.rst) {
            seen_before(from, TcpEnd::kind_fin_rst, 'I');
        } else {
            seen_before(from, TcpEnd::kind_multi_flag, 'Q');
        }
    } else if (tcp.syn) {
        const char letter = tcp.ack ? 'H' : 'S';
        const std::int64_t before = cold_ ? cold_->ends[from].history_syn : 0;
        if (seen_before(from, TcpEnd::kind_syn, letter) && sequence != before) write(from, letter);
        if (sequence != before) cold().ends[from].history_syn = sequence;
    } else if (tcp.fin) {
        const std::uint32_t fin = at + payload_bytes;
        if (seen_before(from, TcpEnd::kind_fin, 'F') && fin != ending.history_fin) write(from, 'F');
        ending.history_fin = fin;
    } else if (tcp.rst) {
        if (seen_before(from, TcpEnd::kind_rst, 'R') && at != ending.history_rst) write(from, 'R');
        ending.history_rst = at;
    } else if (payload_bytes > 0) {
        seen_before(from, TcpEnd::kind_data, 'D');
    } else if (tcp.ack) {
        seen_before(from, TcpEnd::kind_ack, 'A');
    }
}

SequenceRanges *TcpTracker::islands(Side side, Coverage coverage) const {
    if (!cold_) return nullptr;
    Cold::EndParts &end = cold_->ends[side];
    SequenceRanges &ranges = coverage == Coverage::captured ? end.captured : end.seen;
    return ranges.has_islands() ? &ranges : nullptr;
}

std::int64_t TcpTracker::edge(Side side, Coverage coverage) const {
    const End &end = ends_[side];
    return end.relative(coverage == Coverage::captured ? end.captured_edge : end.seen_edge);
}

// True if at least one byte is new.
bool TcpTracker::cover(Side side, Coverage coverage, std::int64_t begin, std::int64_t end) {
    std::uint32_t &hot = coverage == Coverage::captured ? ends_[side].captured_edge : ends_[side].seen_edge;
    SequenceRanges *ranges = islands(side, coverage);
    if (ranges == nullptr) {
        const std::int64_t reached = edge(side, coverage);
        if (begin <= reached) {
            if (end <= reached) return false;
            hot = ends_[side].number(end);
            return true;
        }
        Cold::EndParts &parts = cold().ends[side];
        ranges = coverage == Coverage::captured ? &parts.captured : &parts.seen;
        *ranges = SequenceRanges(reached);
    }
    const bool is_new = ranges->add(begin, end);
    hot = ends_[side].number(ranges->edge());
    return is_new;
}

SequenceRanges::Holes TcpTracker::give_up(Side side, Coverage coverage, std::int64_t to) {
    std::uint32_t &hot = coverage == Coverage::captured ? ends_[side].captured_edge : ends_[side].seen_edge;
    if (SequenceRanges *ranges = islands(side, coverage)) {
        const SequenceRanges::Holes holes = ranges->give_up_to(to);
        hot = ends_[side].number(ranges->edge());
        return holes;
    }
    const std::int64_t reached = edge(side, coverage);
    if (reached >= to) return {};
    hot = ends_[side].number(to);
    return {1, static_cast<std::uint64_t>(to - reached)};
}

void TcpTracker::note_partial(Side from, const TcpFields &tcp) {
    if (ends_[from].seen) return;
    if (from == Side::initiator) {
        marks().partial = !tcp.syn || tcp.ack;
    } else if (!marks().partial) {
        marks().partial = !tcp.syn;
    }
}

void TcpTracker::begin_end(End &end, const TcpFields &tcp, std::uint32_t next) {
    using enum TcpEndState;
    switch (end.state()) {
    case inactive:
        // Without a SYN, numbers begin as though there had been one just before.
        if (tcp.syn) {
            end.begin_at(tcp.sequence, next);
        } else {
            end.begin_at(tcp.sequence - 1, tcp.sequence);
        }
        break;
    case syn_sent:
    case syn_ack_sent:
        if (tcp.syn && tcp.sequence != end.start) end.begin_at(tcp.sequence, next);
        break;
    case established:
    case partial:
        if (tcp.syn) end.begin_at(tcp.sequence, next);
        break;
    case reset:
        // The numbers came from a RST, which may have been forged.
        if (tcp.syn && end.previous_state() == inactive) end.begin_at(tcp.sequence, next);
        break;
    case TcpEndState::closed: break;
    }
}

std::int64_t TcpTracker::read_acknowledgment(Side from, const TcpFields &tcp) {
    End &peer = ends_[other(from)];
    if (peer.state() == TcpEndState::inactive) {
        peer.begin_at(tcp.acknowledgment - 1, tcp.acknowledgment - 1);
        return 1;
    }
    const std::int32_t advance = distance(tcp.acknowledgment, peer.acknowledged);
    const std::int64_t relative = peer.relative_acknowledged() + advance;
    if (relative < 0) return 0;
    // An acknowledgment of 0 far ahead is more likely broken than a huge connection.
    const bool broken = tcp.acknowledgment == 0 && advance > too_large_jump;
    if (!tcp.rst && !broken && advance > 0) peer.advance_acknowledged(tcp.acknowledgment);
    return relative;
}

// What `from` acknowledges, of the other end's numbers: a hole below it will not be filled any more.
void TcpTracker::follow_acknowledgment(Side from, std::uint32_t number, std::int64_t relative) {
    const Side sender = other(from);
    End &end = ends_[sender];
    if (!end.one_way && distance(number, end.captured_edge) <= 0 && distance(number, end.seen_edge) <= 0) return;
    if (end.fin_seen) relative = std::min(relative, end.relative(endings_[sender].fin_end) - 1);
    // The numbers of a partial connection begin at a guess, or at a keep-alive one byte further back.
    if (marks().partial && relative <= 2) return;
    const SequenceRanges::Holes holes = give_up(sender, Coverage::captured, relative);
    if (holes.count > 0 && !end.gaps_off && end.is_clean() && ends_[from].is_clean()) count_gaps(sender, holes);
    give_up(sender, Coverage::seen, relative);
    if (!end.nothing_acknowledged()) end.one_way = false;
}

void TcpTracker::count_gaps(Side side, const SequenceRanges::Holes &holes) {
    Ending &ending = endings_[side];
    for (std::uint32_t i = 0; i < holes.count; ++i) write_scaled(side, ++ending.gaps, 'G');
    const std::uint64_t sum = ending.gap_bytes + holes.bytes;
    ending.gap_bytes = static_cast<std::uint32_t>(sum);
    if (sum != ending.gap_bytes) cold().ends[side].gap_bytes_beyond += sum - ending.gap_bytes;
}

// Payload that was captured, to whoever would read it.
void TcpTracker::deliver(Side from, std::int64_t begin, std::uint32_t length) {
    End &end = ends_[from];
    if (end.gaps_off) return;
    const std::int64_t until = begin + length;
    begin = std::max(begin, end.relative_acknowledged());
    if (begin >= until) return;
    const std::int64_t edge_before = edge(from, Coverage::captured);
    cover(from, Coverage::captured, begin, until);
    const std::int64_t edge_now = edge(from, Coverage::captured);
    // Nobody seems to acknowledge (one direction only is captured): Zeek forgets what it delivered, and gives up on
    // holes that cannot be told to be filled.
    if (edge_now > edge_before && end.nothing_acknowledged() &&
        end.size(ends_[other(from)]) > TcpEnd::max_initial_window) {
        end.one_way = true;
    }
    const SequenceRanges *ranges = islands(from, Coverage::captured);
    const std::int64_t undelivered = ranges != nullptr ? ranges->top() - edge_now : 0;
    const std::int64_t waiting = end.one_way ? 0 : edge_now - end.relative_acknowledged();
    const std::int64_t held = waiting + (ranges != nullptr ? ranges->held() : 0);
    if ((end.nothing_acknowledged() && undelivered > max_above_hole_without_acks) ||
        held > TcpEnd::max_without_further_acks) {
        stop_gaps_of(from);
    }
}

bool TcpTracker::follow_last(Side from, const Segment &segment, std::uint32_t next) {
    End &end = ends_[from];
    const TcpFields &tcp = segment.tcp;
    const std::int32_t advance = distance(next, end.last);
    if ((tcp.syn || tcp.rst) && (advance > too_large_jump || advance < -too_large_jump)) return true;
    // Of more than 2 GiB, only SYN and FIN were seen.
    const bool only_syn_and_fin = tcp.fin && end.last == end.start + 1;
    const bool trusted = end.state() != TcpEndState::reset;
    if (only_syn_and_fin || (trusted && advance > 0)) {
        end.advance_last(next);
        return true;
    }
    if (trusted && segment.payload_bytes > 0) write_scaled(from, ++cold().ends[from].sent_again, 'T');
    return false;
}

bool TcpTracker::leave_inactive(Side from, const Segment &segment) {
    using enum TcpEndState;
    const TcpFields &tcp = segment.tcp;
    End &end = ends_[from];
    End &peer = ends_[other(from)];
    if (tcp.syn && from == Side::initiator) {
        end.enter(tcp.ack ? syn_ack_sent : syn_sent);
    } else if (tcp.syn) {
        if (peer.state() == syn_sent) peer.enter(established);
        end.enter(established);
    }
    if (leave_by_flags(end, tcp) || end.state() != inactive) return tcp.fin || tcp.rst;

    const bool acks_syn_first = from == Side::responder && segment.payload_bytes == 0 &&
                                peer.state() == syn_sent; // some stacks do, before SYN+ACK
    if (acks_syn_first) return false;
    if (tcp.ack && peer.state() == established) {
        // The SYN was missed, the SYN+ACK was not.
        end.enter(established);
        marks().partial = false;
    } else {
        end.enter(partial);
    }
    return false;
}

bool TcpTracker::leave_by_flags(End &end, const TcpFields &tcp) {
    if (tcp.fin) end.enter(TcpEndState::closed);
    if (tcp.rst) end.enter(TcpEndState::reset);
    return tcp.fin || tcp.rst;
}

bool TcpTracker::enter_states(Side from, const Segment &segment) {
    using enum TcpEndState;
    const TcpFields &tcp = segment.tcp;
    End &end = ends_[from];
    End &peer = ends_[other(from)];
    switch (end.state()) {
    case inactive: return leave_inactive(from, segment);
    case syn_sent:
    case syn_ack_sent: return leave_by_flags(end, tcp);
    case established:
    case partial:
        if (tcp.syn && !tcp.ack && end.state() == partial && peer.state() == inactive) end.enter(syn_sent);
        if (tcp.rst) {
            end.enter(reset);
        } else if (tcp.fin) {
            end.enter(TcpEndState::closed);
            // A FIN with a RST behind it was a normal end after all.
            if (peer.state() == reset && peer.previous_state() == TcpEndState::closed) peer.enter(TcpEndState::closed);
        }
        return tcp.fin || tcp.rst;
    case TcpEndState::closed:
        if (tcp.rst && peer.state() != TcpEndState::closed) {
            end.enter(reset);
            // Zeek forgets the connection shortly after (tcp_reset_delay).
            end.ended_all = true;
            return !end.did_close;
        }
        return false;
    case reset: return false;
    }
    return false;
}

void TcpTracker::note_openings(Side from, const Segment &segment) {
    const TcpFields &tcp = segment.tcp;
    if (tcp.urg) ++cold().ends[from].facts.urgent;
    if (tcp.mptcp_capable) marks().mptcp_capable = true;
    if (tcp.mptcp_join) marks().mptcp_join = true;
    if (!tcp.syn) return;
    if (tcp.fast_open || (segment.payload_bytes > 0 && !tcp.ack)) marks().fast_open = true;
    if (from == Side::responder && !tcp.ack && (ends_.initiator.history_seen & TcpEnd::kind_syn) != 0 &&
        ends_.initiator.state() != TcpEndState::syn_ack_sent) {
        marks().simultaneous = true;
    }
}

void TcpTracker::time_handshake(Side from, const Segment &segment) {
    const TcpFields &tcp = segment.tcp;
    const std::int64_t now = ns_since_epoch(segment.time);
    if (handshake() == TcpHandshake::over) return;
    if (from == Side::initiator && tcp.syn && !tcp.ack && tcp.sequence == ends_.initiator.start) {
        // A SYN that is sent again starts the watch again.
        handshake_ns_ = now;
        enter(TcpHandshake::syn);
    } else if (from == Side::responder && tcp.syn && tcp.ack && handshake() != TcpHandshake::none &&
               tcp.sequence == ends_.responder.start && distance(tcp.acknowledgment, ends_.initiator.start + 1) >= 0) {
        enter(TcpHandshake::syn_ack);
    } else if (from == Side::initiator && tcp.ack && !tcp.rst && handshake() == TcpHandshake::syn_ack &&
               distance(tcp.acknowledgment, ends_.responder.start + 1) >= 0) {
        enter(TcpHandshake::over);
        // Packets out of order in time tell no duration: less than 0 is none.
        handshake_ns_ = now - handshake_ns_;
    }
}

void TcpTracker::count_payload(Side from, std::int64_t begin, std::uint32_t length, bool advances, bool keep_alive) {
    const bool is_new = cover(from, Coverage::seen, begin, begin + length);
    if (is_new && !advances) ++cold().ends[from].facts.out_of_order;
    // A keep-alive's byte in front of all that was seen is no evidence of having been seen.
    if (!is_new && begin >= 1 && !keep_alive) ++cold().ends[from].facts.retransmissions;
}

void TcpTracker::settle(Side side) {
    End &end = ends_[side];
    end.in_order = end.is_open() && !handshake_goes_on() && !end.fin_seen && !end.gaps_off && !end.one_way &&
                   end.captured_edge == end.last && end.seen_edge == end.last &&
                   end.last_wraps == end.acknowledged_wraps && islands(side, Coverage::captured) == nullptr &&
                   islands(side, Coverage::seen) == nullptr;
}

// Nothing is missing before this payload, and so little is waiting for an acknowledgment that it does not matter.
bool TcpTracker::continues(const End &end, std::uint32_t begin, std::uint32_t length) const {
    return !cold_ && !end.gaps_off && begin == end.captured_edge && begin == end.seen_edge &&
           begin + length - end.acknowledged <= TcpEnd::careless_window(end.acknowledged - end.start);
}

void TcpTracker::add(Side from, const Segment &segment) {
    follow(from, segment);
    settle(Side::initiator);
    settle(Side::responder);
}

void TcpTracker::follow(Side from, const Segment &segment) {
    const TcpFields &tcp = segment.tcp;
    End &end = ends_[from];
    const End &peer = ends_[other(from)];
    if (segment.bad_checksum) return write_scaled(from, ++cold().ends[from].facts.bad_checksums, 'C');
    const std::uint32_t length = segment_length(tcp, segment.payload_bytes);
    const std::uint32_t next = tcp.sequence + length;

    note_partial(from, tcp);
    begin_end(end, tcp, next);
    const std::int64_t sequence = end.relative_last() + distance(tcp.sequence, end.last);
    write_flags(from, tcp, sequence, segment.payload_bytes);
    // After the other end's FIN, or with a RST, a window has no meaning.
    if (tcp.window == 0 && !tcp.rst && peer.state() != TcpEndState::closed && end.state() != TcpEndState::reset) {
        write_scaled(from, ++cold().ends[from].facts.zero_windows, 'W');
    }
    const bool keep_alive = end.is_open() && !tcp.syn && !tcp.fin && !tcp.rst && segment.payload_bytes <= 1 &&
                            tcp.sequence == end.last - 1 && end.acknowledged == end.last;
    if (keep_alive) ++cold().ends[from].facts.keep_alives;
    if (tcp.fin) {
        end.fin_seen = true;
        endings_[from].fin_end = next;
    }

    const std::int64_t acknowledged = tcp.ack ? read_acknowledgment(from, tcp) : 0;
    const bool advances = follow_last(from, segment, next);
    const bool closes = enter_states(from, segment);
    if (tcp.ack) follow_acknowledgment(from, tcp.acknowledgment, acknowledged);
    end.seen = true;

    if (segment.payload_bytes > 0 && !tcp.rst && sequence >= 0) {
        const std::int64_t begin = sequence + (tcp.syn ? 1 : 0);
        if (segment.payload_captured && continues(end, tcp.sequence + (tcp.syn ? 1U : 0U), segment.payload_bytes)) {
            end.captured_edge = end.seen_edge = end.captured_edge + segment.payload_bytes;
        } else {
            if (segment.payload_captured) deliver(from, begin, segment.payload_bytes);
            count_payload(from, begin, segment.payload_bytes, advances, keep_alive);
        }
    }

    if (closes && !end.did_close) {
        end.did_close = true;
        if (end.state() == TcpEndState::reset || peer.did_close || peer.state() == TcpEndState::inactive) {
            end.ended_all = true;
        }
    }
    note_openings(from, segment);
    time_handshake(from, segment);
}

bool TcpTracker::is_reused_by(Side from, const TcpFields &tcp) const {
    using enum TcpEndState;
    if (!tcp.syn) return false;
    const End &initiator = ends_.initiator;
    const End &responder = ends_.responder;
    if (tcp.ack && initiator.state() != inactive) return false;
    if (initiator.did_close || responder.did_close) return true;
    const bool opens_simultaneously =
        from == Side::responder && !tcp.ack && initiator.state() == syn_sent && responder.state() == inactive;
    if (opens_simultaneously) return false;
    const End &beginner = tcp.ack ? responder : initiator;
    if (tcp.sequence == beginner.start) return false;
    // SYN and SYN+ACK in the wrong order.
    return tcp.ack || initiator.state() != syn_ack_sent || responder.state() != inactive ||
           tcp.sequence != responder.start;
}

void TcpTracker::stop_gaps_of(Side side) {
    End &end = ends_[side];
    end.captured_edge = end.number(edge(side, Coverage::captured));
    if (SequenceRanges *ranges = islands(side, Coverage::captured)) ranges->clear();
    end.gaps_off = true;
    end.in_order = false;
}

void TcpTracker::stop_gaps() {
    stop_gaps_of(Side::initiator);
    stop_gaps_of(Side::responder);
}

void TcpTracker::flip() {
    std::swap(ends_.initiator, ends_.responder);
    ends_.initiator.marks = ends_.responder.marks;
    std::swap(endings_.initiator, endings_.responder);
    if (cold_) std::swap(cold_->ends.initiator, cold_->ends.responder);
    std::string letters = history();
    flip_history(letters);
    set_history(letters);
    forget_handshake();
}

void TcpTracker::forget_handshake() {
    enter(TcpHandshake::over);
    handshake_ns_ = -1;
}

void TcpTracker::restart_counts() {
    set_history({});
    forget_handshake();
    for (const Side side : {Side::initiator, Side::responder}) {
        End &end = ends_[side];
        end.history_seen = 0;
        endings_[side].gaps = endings_[side].gap_bytes = 0;
        const std::uint64_t bytes = end.size(ends_[other(side)]);
        if (!cold_ && bytes == 0) continue;
        Cold::EndParts &parts = cold().ends[side];
        parts.stream_bytes_before = bytes;
        parts.gap_bytes_beyond = parts.sent_again = 0;
        parts.facts = {};
    }
}

TcpEndFacts TcpTracker::facts(Side side) const {
    TcpEndFacts facts;
    if (cold_) facts = cold_->ends[side].facts;
    facts.stream_bytes = ends_[side].size(ends_[other(side)]);
    facts.gaps = endings_[side].gaps;
    facts.gap_bytes = endings_[side].gap_bytes;
    if (!cold_) return facts;
    facts.gap_bytes += cold_->ends[side].gap_bytes_beyond;
    facts.stream_bytes -= std::min(facts.stream_bytes, cold_->ends[side].stream_bytes_before);
    return facts;
}

TcpSummary TcpTracker::summary() const {
    TcpSummary tcp;
    tcp.history = history();
    if (handshake() == TcpHandshake::over && handshake_ns_ >= 0) tcp.handshake_rtt = Duration(handshake_ns_);
    tcp.half_open = handshake() == TcpHandshake::syn_ack;
    tcp.simultaneous_open = marks().simultaneous;
    tcp.fast_open = marks().fast_open;
    if (marks().mptcp_capable) tcp.mptcp = Mptcp::capable;
    if (marks().mptcp_join) tcp.mptcp = Mptcp::join;
    for (const Side side : {Side::initiator, Side::responder}) {
        tcp.facts[side] = facts(side);
        tcp.end_states[side] = ends_[side].state();
    }
    tcp.state = tcp_state(tcp);
    return tcp;
}

} // namespace doorplate

#include "analyze/tcp_tracker.h"

#include <algorithm>
#include <utility>

#include "analyze/tcp_state.h"

namespace doorplate {
namespace {

// Zeek's constants of the same meaning.
constexpr std::int32_t too_large_jump = 1'048'576;
constexpr std::int64_t max_initial_window = 16'384;           // tcp_max_initial_window
constexpr std::int64_t max_above_hole_without_acks = 16'384;  // tcp_max_above_hole_without_any_acks
constexpr std::int64_t max_without_further_acks = 10'485'760; // tcp_excessive_data_without_further_acks

// Kinds of letters that are written once for each end, or (S and H, F, R) again for another sequence number.
constexpr std::uint8_t kind_syn = 1, kind_fin = 2, kind_rst = 4, kind_fin_rst = 8, kind_data = 16, kind_ack = 32,
                       kind_multi_flag = 64;

// Distance in the 32-bit circle of sequence numbers (RFC 9293 section 3.4).
std::int32_t distance(std::uint32_t to, std::uint32_t from) { return static_cast<std::int32_t>(to - from); }

// Sequence space that the segment takes. What a RST carries is not part of the stream.
std::uint32_t segment_length(const TcpFields &tcp, std::uint32_t payload_bytes) {
    return (tcp.rst ? 0 : payload_bytes) + (tcp.syn ? 1U : 0U) + (tcp.fin ? 1U : 0U);
}

bool is_clean(TcpEndState state, TcpEndState previous) {
    return state == TcpEndState::established || (state == TcpEndState::closed && previous == TcpEndState::established);
}

} // namespace

void TcpTracker::End::enter(TcpEndState next) {
    if (next == state) return;
    previous_state = state;
    state = next;
}

void TcpTracker::End::begin_at(std::uint32_t first, std::uint32_t next) {
    start = first;
    acknowledged = first;
    last = next;
}

void TcpTracker::End::advance_last(std::uint32_t to) {
    if (to < last) ++last_wraps;
    last = to;
}

void TcpTracker::End::advance_acknowledged(std::uint32_t to) {
    if (to < acknowledged) ++acknowledged_wraps;
    acknowledged = to;
}

std::int64_t TcpTracker::End::relative(std::uint32_t number, std::uint32_t reference, std::uint32_t wraps,
                                       bool &underflow) const {
    const std::int32_t delta = distance(number, reference);
    if (delta < 0 && wraps > 0 && number > reference) {
        --wraps; // of the turn before
    } else if (delta > 0 && number < reference) {
        ++wraps;
    }
    if (wraps == 0) {
        const std::int32_t from_start = distance(number, start);
        underflow = from_start < 0;
        return from_start;
    }
    return (std::int64_t{wraps} << 32) + number - start;
}

bool TcpTracker::End::nothing_acknowledged() const {
    const std::int64_t acked = (std::int64_t{acknowledged_wraps} << 32) + acknowledged;
    return acked == start || acked == std::int64_t{start} + 1;
}

std::uint64_t TcpTracker::End::size(const End &peer) const {
    // A half-open connection, discovered and reset: its sequence numbers say nothing of payload.
    if (previous_state == TcpEndState::syn_sent && state == TcpEndState::reset && peer.state == TcpEndState::inactive &&
        !nothing_acknowledged()) {
        return 0;
    }
    const std::uint64_t sent = (std::uint64_t{last_wraps} << 32) + last;
    const std::uint64_t acked = (std::uint64_t{acknowledged_wraps} << 32) + acknowledged;
    std::uint64_t bytes = std::max(sent, acked) - start;
    if (bytes != 0) --bytes;             // the SYN
    if (fin_seen && bytes != 0) --bytes; // the FIN
    return bytes;
}

TcpTracker::TcpTracker(bool flipped) {
    if (flipped) history_ = "^";
}

void TcpTracker::write(Side from, char letter) {
    if (history_.size() >= max_history) return;
    history_ += from == Side::initiator ? letter : static_cast<char>(letter - 'A' + 'a');
}

bool TcpTracker::seen_before(Side from, std::uint8_t kind, char letter) {
    End &end = ends_[from];
    if ((end.history_seen & kind) != 0) return true;
    end.history_seen = static_cast<std::uint8_t>(end.history_seen | kind);
    write(from, letter);
    return false;
}

void TcpTracker::write_scaled(Side from, ScaledLetter &scaled, char letter) {
    if (++scaled.count < scaled.threshold) return;
    write(from, letter);
    scaled.threshold *= 10;
}

void TcpTracker::write_flags(Side from, const TcpFields &tcp, std::int64_t sequence, std::uint32_t payload_bytes) {
    End &end = ends_[from];
    const int flags = int{tcp.syn} + int{tcp.fin} + int{tcp.rst};
    if (flags > 1) {
        if (tcp.fin && tcp.rst) {
            seen_before(from, kind_fin_rst, 'I');
        } else {
            seen_before(from, kind_multi_flag, 'Q');
        }
    } else if (tcp.syn) {
        const char letter = tcp.ack ? 'H' : 'S';
        if (seen_before(from, kind_syn, letter) && sequence != end.history_syn) write(from, letter);
        end.history_syn = sequence;
    } else if (tcp.fin) {
        const std::int64_t fin = sequence + payload_bytes;
        if (seen_before(from, kind_fin, 'F') && fin != end.history_fin) write(from, 'F');
        end.history_fin = fin;
    } else if (tcp.rst) {
        if (seen_before(from, kind_rst, 'R') && sequence != end.history_rst) write(from, 'R');
        end.history_rst = sequence;
    } else if (payload_bytes > 0) {
        seen_before(from, kind_data, 'D');
    } else if (tcp.ack) {
        seen_before(from, kind_ack, 'A');
    }
}

void TcpTracker::note_partial(Side from, const TcpFields &tcp) {
    if (ends_[from].seen) return;
    if (from == Side::initiator) {
        partial_ = !tcp.syn || tcp.ack;
    } else if (!partial_) {
        partial_ = !tcp.syn;
    }
}

void TcpTracker::begin_end(End &end, const TcpFields &tcp, std::uint32_t next) {
    using enum TcpEndState;
    switch (end.state) {
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
        if (tcp.syn && end.previous_state == inactive) end.begin_at(tcp.sequence, next);
        break;
    case closed: break;
    }
}

// What `from` acknowledges, of the other end's numbers: a hole below it will not be filled any more.
void TcpTracker::follow_acknowledgment(Side from, std::int64_t relative) {
    const Side sender = other(from);
    End &end = ends_[sender];
    const End &peer = ends_[from];
    if (end.fin_seen) relative = std::min(relative, end.fin_end - 1);
    if (relative <= end.trimmed) return;
    if (relative > end.delivered.edge()) {
        // The numbers of a partial connection begin at a guess, or at a keep-alive one byte further back.
        if (!partial_ || relative > 2) {
            const std::uint32_t holes = end.delivered.give_up_to(relative);
            if (!end.gaps_off && is_clean(end.state, end.previous_state) && is_clean(peer.state, peer.previous_state)) {
                for (std::uint32_t i = 0; i < holes; ++i) write_scaled(sender, end.gap, 'G');
            }
        }
    }
    end.trimmed = relative;
}

void TcpTracker::deliver(End &end, const End &peer, std::int64_t begin, std::int64_t length) const {
    if (end.gaps_off) return;
    const std::int64_t until = begin + length;
    const std::int64_t acknowledged = (std::int64_t{end.acknowledged_wraps} << 32) + end.acknowledged - end.start;
    begin = std::max(begin, acknowledged);
    if (begin >= until || until <= end.trimmed) return;
    const std::int64_t edge_before = end.delivered.edge();
    end.delivered.add(std::max(begin, end.trimmed), until);
    // Nobody seems to acknowledge (one direction only is captured): Zeek forgets what it delivered, and gives up on
    // holes that cannot be told to be filled.
    if (end.delivered.edge() > edge_before && end.nothing_acknowledged() &&
        end.size(peer) > static_cast<std::uint64_t>(max_initial_window)) {
        end.trimmed = end.delivered.edge();
    }
    const std::int64_t undelivered = end.delivered.top() - end.delivered.edge();
    const std::int64_t held = end.delivered.edge() - end.trimmed + end.delivered.held();
    if ((end.nothing_acknowledged() && undelivered > max_above_hole_without_acks) || held > max_without_further_acks) {
        end.gaps_off = true;
        end.delivered.clear();
    }
}

void TcpTracker::follow_last(Side from, const Segment &segment, std::uint32_t next) {
    End &end = ends_[from];
    const TcpFields &tcp = segment.tcp;
    const std::int32_t advance = distance(next, end.last);
    if ((tcp.syn || tcp.rst) && (advance > too_large_jump || advance < -too_large_jump)) return;
    // Of more than 2 GiB, only SYN and FIN were seen.
    const bool only_syn_and_fin = tcp.fin && end.last == end.start + 1;
    const bool trusted = end.state != TcpEndState::reset;
    if (only_syn_and_fin || (trusted && advance > 0)) {
        end.advance_last(next);
    } else if (trusted && segment.payload_bytes > 0) {
        write_scaled(from, end.retransmitted, 'T');
    }
}

bool TcpTracker::leave_inactive(Side from, const Segment &segment) {
    using enum TcpEndState;
    const TcpFields &tcp = segment.tcp;
    End &end = ends_[from];
    End &peer = ends_[other(from)];
    bool closes = false;
    if (tcp.syn) {
        if (from == Side::initiator) {
            end.enter(tcp.ack ? syn_ack_sent : syn_sent);
        } else {
            if (peer.state == syn_sent) peer.enter(established);
            end.enter(established);
        }
    }
    if (tcp.fin) {
        end.enter(TcpEndState::closed);
        closes = true;
    }
    if (tcp.rst) {
        end.enter(reset);
        closes = true;
    }
    if (end.state != inactive) return closes;

    const bool acks_syn_first = from == Side::responder && segment.payload_bytes == 0 &&
                                peer.state == syn_sent; // some stacks do, before SYN+ACK
    if (acks_syn_first) return closes;
    if (tcp.ack && peer.state == established) {
        // The SYN was missed, the SYN+ACK was not.
        end.enter(established);
        partial_ = false;
    } else {
        end.enter(partial);
    }
    return closes;
}

bool TcpTracker::enter_states(Side from, const Segment &segment) {
    using enum TcpEndState;
    const TcpFields &tcp = segment.tcp;
    End &end = ends_[from];
    End &peer = ends_[other(from)];
    bool closes = false;
    switch (end.state) {
    case inactive: return leave_inactive(from, segment);
    case syn_sent:
    case syn_ack_sent:
        if (tcp.fin) {
            end.enter(TcpEndState::closed);
            closes = true;
        }
        if (tcp.rst) {
            end.enter(reset);
            closes = true;
        }
        return closes;
    case established:
    case partial:
        if (tcp.syn && !tcp.ack && end.state == partial && peer.state == inactive) end.enter(syn_sent);
        if (tcp.fin && !tcp.rst) {
            end.enter(TcpEndState::closed);
            // A FIN with a RST behind it was a normal end after all.
            if (peer.state == reset && peer.previous_state == TcpEndState::closed) peer.enter(TcpEndState::closed);
            closes = true;
        }
        if (tcp.rst) {
            end.enter(reset);
            closes = true;
        }
        return closes;
    case TcpEndState::closed:
        if (tcp.rst && peer.state != TcpEndState::closed) {
            end.enter(reset);
            // Zeek forgets the connection shortly after (tcp_reset_delay).
            closed_ = true;
            return !end.did_close;
        }
        return false;
    case reset: return false;
    }
    return closes;
}

void TcpTracker::time_handshake(Side from, const Segment &segment) {
    const TcpFields &tcp = segment.tcp;
    if (handshake_over_) return;
    if (from == Side::initiator && tcp.syn && !tcp.ack) {
        // A SYN that is sent again starts the watch again.
        syn_time_ = segment.time;
        syn_next_ = tcp.sequence + 1;
        syn_ack_next_.reset();
    } else if (from == Side::responder && tcp.syn && tcp.ack && syn_time_ &&
               distance(tcp.acknowledgment, syn_next_) >= 0) {
        syn_ack_next_ = tcp.sequence + 1;
    } else if (from == Side::initiator && tcp.ack && !tcp.rst && syn_ack_next_ &&
               distance(tcp.acknowledgment, *syn_ack_next_) >= 0) {
        handshake_over_ = true;
        // Packets out of order in time tell no duration.
        if (segment.time >= *syn_time_) handshake_rtt_ = segment.time - *syn_time_;
    }
}

void TcpTracker::add(Side from, const Segment &segment) {
    const TcpFields &tcp = segment.tcp;
    End &end = ends_[from];
    End &peer = ends_[other(from)];
    const std::uint32_t length = segment_length(tcp, segment.payload_bytes);
    const std::uint32_t next = tcp.sequence + length;

    note_partial(from, tcp);
    begin_end(end, tcp, next);
    bool underflow = false;
    const std::int64_t sequence = end.relative(tcp.sequence, end.last, end.last_wraps, underflow);
    write_flags(from, tcp, sequence, segment.payload_bytes);
    // After the other end's FIN, or with a RST, a window has no meaning.
    if (tcp.window == 0 && !tcp.rst && peer.state != TcpEndState::closed && end.state != TcpEndState::reset) {
        write_scaled(from, end.zero_window, 'W');
    }
    if (tcp.fin) {
        end.fin_seen = true;
        end.fin_end = sequence + length;
    }

    std::int64_t acknowledged = 0;
    if (tcp.ack) {
        if (peer.state == TcpEndState::inactive) {
            acknowledged = 1;
            peer.begin_at(tcp.acknowledgment - 1, tcp.acknowledgment - 1);
        } else {
            bool below = false;
            acknowledged = peer.relative(tcp.acknowledgment, peer.acknowledged, peer.acknowledged_wraps, below);
            const std::int32_t advance = distance(tcp.acknowledgment, peer.acknowledged);
            // An acknowledgment of 0 far ahead is more likely broken than a huge connection.
            const bool broken = tcp.acknowledgment == 0 && advance > too_large_jump;
            if (below) {
                acknowledged = 0;
            } else if (!tcp.rst && !broken && advance > 0) {
                peer.advance_acknowledged(tcp.acknowledgment);
            }
        }
    }

    follow_last(from, segment, next);
    const bool closes = enter_states(from, segment);
    if (tcp.ack) follow_acknowledgment(from, acknowledged);
    end.seen = true;

    if (segment.payload_bytes > 0 && !tcp.rst && !underflow) {
        const std::int64_t begin = sequence + (tcp.syn ? 1 : 0);
        if (segment.payload_captured) deliver(end, peer, begin, segment.payload_bytes);
        // A keep-alive's byte in front of all that was seen is no evidence of having been seen.
        const bool known_range = begin >= 1;
        if (!end.payload_seen.add(begin, begin + segment.payload_bytes) && known_range) ++end.retransmissions;
    }

    if (closes && !end.did_close) {
        end.did_close = true;
        if (end.state == TcpEndState::reset || peer.did_close || peer.state == TcpEndState::inactive) closed_ = true;
    }
    time_handshake(from, segment);
}

bool TcpTracker::is_reused_by(const TcpFields &tcp) const {
    if (!tcp.syn) return false;
    const End &initiator = ends_.initiator;
    if (tcp.ack && initiator.state != TcpEndState::inactive) return false;
    if (initiator.did_close || ends_.responder.did_close) return true;
    const End &beginner = tcp.ack ? ends_.responder : initiator;
    if (tcp.sequence == beginner.start) return false;
    // SYN and SYN+ACK in the wrong order.
    return tcp.ack || initiator.state != TcpEndState::syn_ack_sent || ends_.responder.state != TcpEndState::inactive ||
           tcp.sequence != ends_.responder.start;
}

void TcpTracker::stop_gaps() {
    ends_.initiator.gaps_off = true;
    ends_.responder.gaps_off = true;
}

void TcpTracker::flip() {
    std::swap(ends_.initiator, ends_.responder);
    flip_tcp_history(history_);
    handshake_over_ = true;
}

void TcpTracker::restart_counts() {
    history_.clear();
    handshake_rtt_.reset();
    handshake_over_ = true;
    for (End *end : {&ends_.initiator, &ends_.responder}) {
        end->history_seen = 0;
        end->retransmitted = end->zero_window = end->gap = {};
        end->retransmissions = 0;
    }
}

TcpSummary TcpTracker::summary() const {
    TcpSummary tcp;
    tcp.history = history_;
    tcp.handshake_rtt = handshake_rtt_;
    for (const Side side : {Side::initiator, Side::responder}) {
        tcp.retransmissions[side] = ends_[side].retransmissions;
        tcp.end_states[side] = ends_[side].state;
        tcp.sent_payload[side] = ends_[side].size(ends_[other(side)]) > 0;
    }
    tcp.state = tcp_state(tcp);
    return tcp;
}

} // namespace doorplate

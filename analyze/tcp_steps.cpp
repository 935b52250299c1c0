#include "analyze/tcp_steps.h"

#include <utility>

namespace doorplate {
namespace {

constexpr std::uint8_t states_of(TcpEndState now, TcpEndState before) {
    return static_cast<std::uint8_t>(std::to_underlying(before) << 4 | std::to_underlying(now));
}
TcpEndState state_of(const TcpEnd &end) { return static_cast<TcpEndState>(end.states & 15); }

void enter(TcpEnd &end, TcpEndState next) { end.states = states_of(next, state_of(end)); }

// Nothing in it would be counted or noted.
bool is_sober(const TcpTracker::Segment &segment) {
    const TcpFields &tcp = segment.tcp;
    return !tcp.rst && !tcp.urg && !tcp.fast_open && !tcp.mptcp_capable && !tcp.mptcp_join && tcp.window != 0 &&
           segment.payload_captured && !segment.bad_checksum;
}

bool acknowledges(const TcpFields &tcp, const TcpEnd &peer) {
    return tcp.acknowledgment >= peer.acknowledged && tcp.acknowledgment <= peer.last;
}

// A SYN takes one number. Where the numbers turn, a tracker is needed.
void begin(TcpEnd &end, const TcpFields &tcp, TcpEndState state) {
    end.start = end.acknowledged = tcp.sequence;
    end.last = tcp.sequence + 1;
    end.history_seen = TcpEnd::kind_syn;
    end.seen = true;
    enter(end, state);
}

class Steps {
  public:
    Steps(PackedTcp &packed, std::int64_t start_ns, Side from, const TcpTracker::Segment &segment)
        : packed_(packed), start_ns_(start_ns), from_(from), segment_(segment), tcp_(segment.tcp),
          end_(packed.ends[index_of(from)]), peer_(packed.ends[index_of(other(from))]), marks_(packed.ends[0].marks) {}

    bool add() {
        if (!is_sober(segment_)) return false;
        if (tcp_.syn) return !tcp_.fin && segment_.payload_bytes == 0 && tcp_.sequence != UINT32_MAX && add_syn();
        if (!tcp_.ack || tcp_.sequence != end_.last || !acknowledges(tcp_, peer_)) return false;
        if (tcp_.fin) return add_fin();
        return segment_.payload_bytes == 0 && (add_last_of_handshake() || add_behind_fin());
    }

  private:
    [[nodiscard]] TcpHandshake handshake() const { return static_cast<TcpHandshake>(marks_.handshake); }
    void enter_handshake(TcpHandshake next) { marks_.handshake = std::to_underlying(next) & 3; }

    // Every number that it sent is accounted for, and it was not reset.
    static bool is_tidy(const TcpEnd &end) {
        return end.in_order || (end.fin_seen && state_of(end) == TcpEndState::closed && !end.one_way);
    }

    bool write(char letter) {
        return packed_.letters.add(from_ == Side::initiator ? letter : static_cast<char>(letter - 'A' + 'a'));
    }

    bool add_syn() {
        if (from_ == Side::initiator) {
            const bool is_first = !tcp_.ack && !end_.seen && !peer_.seen && end_.states == 0 && peer_.states == 0;
            if (!is_first || !write('S')) return false;
            begin(end_, tcp_, TcpEndState::syn_sent);
            enter_handshake(TcpHandshake::syn);
            packed_.handshake = 0;
            return true;
        }
        const bool answers = tcp_.ack && handshake() == TcpHandshake::syn && end_.states == 0 && !end_.seen &&
                             state_of(peer_) == TcpEndState::syn_sent && tcp_.acknowledgment == peer_.last &&
                             peer_.last == peer_.start + 1 && peer_.acknowledged == peer_.start;
        if (!answers || !write('H')) return false;
        begin(end_, tcp_, TcpEndState::established);
        peer_.acknowledged = tcp_.acknowledgment;
        enter(peer_, TcpEndState::established);
        enter_handshake(TcpHandshake::syn_ack);
        return true;
    }

    bool add_last_of_handshake() {
        const bool is_it = from_ == Side::initiator && handshake() == TcpHandshake::syn_ack &&
                           state_of(end_) == TcpEndState::established && state_of(peer_) == TcpEndState::established &&
                           (end_.history_seen & TcpEnd::kind_ack) == 0 && tcp_.acknowledgment == peer_.last &&
                           peer_.last == peer_.start + 1 && end_.last == end_.start + 1;
        const std::int64_t took = ns_since_epoch(segment_.time) - start_ns_ - packed_.handshake;
        if (!is_it || took < 0 || took >= PackedTcp::too_long || !write('A')) return false;
        peer_.acknowledged = tcp_.acknowledgment;
        end_.history_seen |= TcpEnd::kind_ack;
        enter_handshake(TcpHandshake::over);
        packed_.handshake = static_cast<std::uint32_t>(took);
        end_.in_order = peer_.in_order = true;
        return true;
    }

    bool add_fin() {
        const std::uint32_t next = tcp_.sequence + segment_.payload_bytes + 1;
        const bool is_it = end_.in_order && state_of(end_) == TcpEndState::established && next > end_.last &&
                           is_tidy(peer_) &&
                           next - 1 - end_.acknowledged <= TcpEnd::careless_window(end_.acknowledged - end_.start);
        if (!is_it || !write('F')) return false;
        end_.history_seen |= TcpEnd::kind_fin;
        end_.fin_seen = end_.did_close = true;
        end_.in_order = false;
        end_.last = next;
        enter(end_, TcpEndState::closed);
        peer_.acknowledged = tcp_.acknowledgment;
        if (peer_.did_close) end_.ended_all = true;
        return true;
    }

    // One end at least has closed; the other one's acknowledgment, or the last one.
    bool add_behind_fin() {
        const bool goes_on = handshake() == TcpHandshake::syn || handshake() == TcpHandshake::syn_ack;
        const bool is_it = !goes_on && is_tidy(end_) && is_tidy(peer_) && (end_.history_seen & TcpEnd::kind_ack) != 0;
        if (!is_it) return false;
        peer_.acknowledged = tcp_.acknowledgment;
        return true;
    }

    PackedTcp &packed_;
    std::int64_t start_ns_;
    Side from_;
    const TcpTracker::Segment &segment_;
    const TcpFields &tcp_;
    TcpEnd &end_;
    TcpEnd &peer_;
    TcpMarks &marks_;
};

} // namespace

bool add_step(PackedTcp &packed, std::int64_t start_ns, Side from, const TcpTracker::Segment &segment) {
    return Steps(packed, start_ns, from, segment).add();
}

} // namespace doorplate

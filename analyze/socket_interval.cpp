#include "analyze/socket_interval.h"

#include <algorithm>
#include <tuple>

namespace doorplate {
namespace {

bool in_handshake(SocketState state) {
    return state == SocketState::syn_sent || state == SocketState::syn_received ||
           state == SocketState::new_syn_received;
}

// Not on its way in or out: a socket that a program which holds it would use.
bool in_use(SocketState state) {
    return state == SocketState::established || state == SocketState::listen || state == SocketState::close;
}

// Protocols in which a door is a socket that listens; in the others a socket without a peer is one.
bool listens(Transport transport) {
    return transport == Transport::tcp || transport == Transport::sctp || transport == Transport::dccp;
}

bool holds(const SocketFact &fact, const ProcessKey &process) {
    return std::ranges::binary_search(fact.holders, process, {}, &Holder::process);
}

void note_holders(SocketInterval &interval, const SocketFact &fact, const SocketFacts &from, Timestamp forget_before) {
    for (const Holder &holder : fact.holders) {
        const auto place = std::ranges::lower_bound(interval.holders, holder.process, {}, &HoldingTime::process);
        if (place == interval.holders.end() || place->process != holder.process) {
            interval.holders.insert(place, {holder.process, interval.searched, std::nullopt});
        } else {
            place->until.reset();
        }
    }
    // What no file refers to, nobody can hold, whatever could be searched.
    const bool all_seen = fact.search == HolderSearch::complete || fact.socket.inode == 0;
    if (!all_seen) return;
    for (HoldingTime &holder : interval.holders) {
        if (!holder.until && !holds(fact, holder.process)) holder.until = from.begun;
    }
    if (!fact.holders.empty()) {
        std::erase_if(interval.holders,
                      [&](const HoldingTime &holder) { return holder.until && *holder.until < forget_before; });
    }
    interval.searched = from.begun;
}

} // namespace

void SocketInterval::see(const SocketFact &fact, const SocketFacts &from, std::uint64_t look_number,
                         Timestamp forget_before) {
    socket = fact.socket;
    last_seen = std::max(last_seen, from.ended);
    look = look_number;
    const SocketState state = socket.state;
    listened = listened || state == SocketState::listen;
    syn_sent = syn_sent || state == SocketState::syn_sent;
    was_alive = was_alive || state != SocketState::time_wait;
    in_whole_look = in_whole_look || from.whole_table;
    if (!settled && !in_handshake(state)) settled = from.ended;
    if (socket.inode != 0) uid = socket.uid;

    note_holders(*this, fact, from, forget_before);

    if (!fact.holders.empty() || fact.search == HolderSearch::complete)
        unreadable = false;
    else if (fact.search == HolderSearch::no_permission && socket.inode != 0)
        unreadable = true;

    const bool surely_unheld = fact.search == HolderSearch::complete || socket.inode == 0;
    if (from.whole_table && surely_unheld && holders.empty() && in_use(state)) ++unheld_looks;
}

bool SocketInterval::is_door() const { return !socket.has_peer() && (!listens(socket.transport) || listened); }

SocketFit SocketInterval::fit(const SocketQuestion &question) const {
    if (first_seen > question.end + time_to_be_seen) return SocketFit::none;
    if (closed && *closed <= question.start) return SocketFit::none;
    // The flow was over when a look still did not see this socket: it is a later one.
    if (not_yet && *not_yet > question.end) return SocketFit::none;
    // A flow whose handshake was captured cannot belong to a socket that had its own handshake before.
    const bool connection = socket.has_peer() && listens(socket.transport);
    if (connection && question.began_in_capture && settled && *settled < question.start) return SocketFit::none;

    if (first_seen <= question.start && question.start <= last_seen) return SocketFit::certain;
    if (!not_yet || *not_yet <= question.start) return SocketFit::possible;
    return SocketFit::nearby;
}

std::vector<HoldingTime> SocketInterval::holders_during(Timestamp start, Timestamp end) const {
    std::vector<HoldingTime> found;
    for (const HoldingTime &holder : holders) {
        const bool took_it_in_time = !holder.after || *holder.after <= end + time_to_be_seen;
        const bool had_it_still = !holder.until || *holder.until > start;
        if (took_it_in_time && had_it_still) found.push_back(holder);
    }
    sort_likeliest_first(found, end);
    return found;
}

UnknownReason SocketInterval::why_unheld(bool began_in_capture) const {
    if (unreadable) return UnknownReason::no_permission;
    // Whoever had it is gone. If we saw the flow begin, that was a moment ago; else the kernel has had it alone all
    // along.
    if (!was_alive) return began_in_capture ? UnknownReason::exited : UnknownReason::kernel_socket;
    // One look may meet a socket between its process's end and its own. Two cannot.
    if (unheld_looks >= 2) return UnknownReason::kernel_socket;
    return UnknownReason::exited;
}

void sort_likeliest_first(std::vector<HoldingTime> &holders, Timestamp end) {
    const auto rank = [end](const HoldingTime &holder) {
        const bool let_go_before_the_end = holder.until && *holder.until <= end;
        return std::tuple(let_go_before_the_end, holder.after, holder.process.start_ticks, holder.process.pid);
    };
    std::ranges::sort(holders, {}, [&](const HoldingTime &holder) { return std::tuple(holder.process, rank(holder)); });
    const auto repeated = std::ranges::unique(holders, {}, &HoldingTime::process);
    holders.erase(repeated.begin(), repeated.end());
    std::ranges::sort(holders, {}, rank);
}

} // namespace doorplate

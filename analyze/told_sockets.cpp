#include "analyze/told_sockets.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace doorplate {
namespace {

// Of sockets that follow each other on the same endpoints: the latest ones.
constexpr std::size_t most_at_one_place = 64;
// A socket that is handed round and round: the first and the latest users.
constexpr std::size_t most_users = 16;
// The kernel tells of what comes in a little after its first packet: of a datagram by some microseconds, of a
// connection when its handshake is over, of which packets may have been lost.
constexpr Duration datagram_told_within = std::chrono::seconds(1);
constexpr Duration handshake_told_within = std::chrono::seconds(60);
// Of what goes out it tells before; the two clocks are read one after the other.
constexpr Duration clock_slack = std::chrono::milliseconds(1);
// What was sent may have lain in a queue while its socket was closed.
constexpr Duration longest_in_queue = std::chrono::seconds(5);

Duration told_within(const ToldSocket &socket) {
    switch (socket.how) {
    case SocketEventKind::accepted:
    case SocketEventKind::handled: return handshake_told_within;
    case SocketEventKind::received: return datagram_told_within;
    default: return clock_slack;
    }
}

bool begun_in_time(const ToldSocket &socket, const SocketQuestion &question) {
    return socket.how == SocketEventKind::held || socket.begun <= question.end + told_within(socket);
}

bool carried(const ToldSocket &socket, const SocketQuestion &question) {
    return begun_in_time(socket, question) && (!socket.closed || *socket.closed + clock_slack >= question.start);
}

bool closed_before_its_packet_left(const ToldSocket &socket, const SocketQuestion &question) {
    return socket.went_out() && begun_in_time(socket, question) && socket.closed &&
           *socket.closed + longest_in_queue >= question.start;
}

// How far a connection's beginning, as it was told, is from the one that was captured.
Duration distance(const ToldSocket &socket, const SocketQuestion &question) {
    const Duration later = socket.begun - question.start;
    // On the wrong side of the first packet only if nothing better is there.
    const bool right_side = socket.went_out() ? later <= clock_slack : later >= -clock_slack;
    const Duration apart = later < Duration::zero() ? -later : later;
    return right_side || !question.began_in_capture ? apart : apart + handshake_told_within;
}

} // namespace

ToldSockets::Cookie ToldSockets::cookie_of(const SocketRecord &socket) {
    return {socket.netns, socket.transport, socket.cookie};
}

void ToldSockets::hear(const SocketEvent &event) {
    if (event.kind == SocketEventKind::closed) {
        close(event);
        return;
    }
    if (!event.socket.has_peer() || !event.process) return;
    const auto socket = find_or_open(event, place_of(event.socket));
    ToldHolder holder{event.process, event.tid, event.thread_name, event.time};
    if (event.kind == SocketEventKind::accepted) {
        socket->accepted_by = std::move(holder);
        return;
    }
    const auto same = [&](const ToldHolder &user) { return user.process->key == event.process->key; };
    if (std::ranges::any_of(socket->users, same)) return;
    if (socket->users.size() >= most_users) socket->users.pop_back();
    socket->users.push_back(std::move(holder));
}

ToldSockets::Sockets::iterator ToldSockets::find_or_open(const SocketEvent &event, const Place &place) {
    const std::pair key(cookie_of(event.socket), place);
    if (const auto known = conversations_.find(key); known != conversations_.end()) return known->second;
    ToldSocket fresh;
    fresh.socket = event.socket;
    fresh.place = place;
    fresh.begun = event.time;
    fresh.how = event.kind;
    fresh.port_asked_for = event.port_asked_for;
    const auto socket = open_.insert(open_.end(), std::move(fresh));
    conversations_.emplace(key, socket);
    auto &here = places_[place];
    here.push_back(socket);
    if (here.size() > most_at_one_place) {
        const auto oldest = here.front();
        forget(oldest->closed ? closed_ : open_, oldest);
    }
    while (open_.size() + closed_.size() > most_) {
        Sockets &from = closed_.empty() ? open_ : closed_;
        if (from.begin() == socket) break;
        forget(from, from.begin());
    }
    return socket;
}

void ToldSockets::close(const SocketEvent &event) {
    const Cookie cookie = cookie_of(event.socket);
    const auto first = conversations_.lower_bound({cookie, Place{Transport{}, {}, {}}});
    auto last = first;
    for (; last != conversations_.end() && last->first.first == cookie; ++last) {
        last->second->closed = event.time;
        closed_.splice(closed_.end(), open_, last->second);
    }
    conversations_.erase(first, last);
}

void ToldSockets::forget(Sockets &sockets, Sockets::iterator socket) {
    const auto here = places_.find(socket->place);
    std::erase_if(here->second, [&](const auto &other) { return &*other == &*socket; });
    if (here->second.empty()) places_.erase(here);
    if (!socket->closed) conversations_.erase({cookie_of(socket->socket), socket->place});
    sockets.erase(socket);
}

void ToldSockets::forget_closed_before(Timestamp oldest) {
    while (!closed_.empty() && *closed_.front().closed < oldest) forget(closed_, closed_.begin());
}

std::vector<const ToldSocket *> ToldSockets::who(const SocketQuestion &question) const {
    const auto here = places_.find({question.transport, unmapped(question.local), unmapped(question.remote)});
    if (here == places_.end()) return {};
    std::vector<const ToldSocket *> found;
    const auto collect = [&](bool (*fits)(const ToldSocket &, const SocketQuestion &)) {
        for (const auto &socket : here->second) {
            const bool elsewhere = question.netns && *question.netns != socket->socket.netns;
            if (!elsewhere && fits(*socket, question)) found.push_back(&*socket);
        }
    };
    collect(carried);
    if (found.empty()) collect(closed_before_its_packet_left);
    if (found.size() < 2) return found;
    if (question.transport == Transport::tcp)
        return {*std::ranges::min_element(found, {},
                                          [&](const ToldSocket *socket) { return distance(*socket, question); })};
    std::ranges::sort(found, {}, &ToldSocket::begun);
    return found;
}

void ToldSockets::collect_processes(std::set<ProcessKey> &named) const {
    for (const Sockets *sockets : {&open_, &closed_}) {
        for (const ToldSocket &socket : *sockets) {
            for (const ToldHolder &user : socket.users) named.insert(user.process->key);
            if (socket.accepted_by) named.insert(socket.accepted_by->process->key);
        }
    }
}

} // namespace doorplate

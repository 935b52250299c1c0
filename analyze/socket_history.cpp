#include "analyze/socket_history.h"

#include <algorithm>
#include <iterator>
#include <list>
#include <map>
#include <ranges>
#include <set>
#include <tuple>
#include <utility>

#include "analyze/socket_interval.h"
#include "analyze/socket_place.h"
#include "analyze/told_sockets.h"

namespace doorplate {
namespace {

// More sockets than this, open and closed, are not remembered: the first to go are those closed longest.
constexpr std::size_t most_intervals = 1'000'000;

using Intervals = std::list<SocketInterval>;
using Candidates = std::vector<const SocketInterval *>;

using Cookie = std::tuple<std::uint64_t, Transport, std::uint64_t>; // namespace, transport, cookie

Cookie cookie_of(const SocketRecord &socket) { return {socket.netns, socket.transport, socket.cookie}; }

// Whether two rows of one place, neither with a cookie, are one socket. A socket has no file before it is accepted and
// after it is closed; but one that lingers in TIME_WAIT never gets a file again.
bool same_without_cookie(const SocketRecord &older, const SocketRecord &newer) {
    if (older.netns != newer.netns || older.cookie != 0) return false;
    if (older.inode == newer.inode || newer.inode == 0) return true;
    return older.inode == 0 && older.state != SocketState::time_wait;
}

// A process as it is now, with what an earlier look could read and this one could not (it is ending, or changed its
// user).
Process newest(const Process &older, Process newer) {
    if (!newer.exe) newer.exe = older.exe;
    if (newer.command_line.empty()) newer.command_line = older.command_line;
    if (!newer.start) newer.start = older.start;
    if (!newer.uid) newer.uid = older.uid;
    if (!newer.gid) newer.gid = older.gid;
    if (!newer.user) newer.user = older.user;
    if (!newer.parent_name && newer.parent_pid == older.parent_pid) newer.parent_name = older.parent_name;
    if (!newer.cgroup) newer.cgroup = older.cgroup;
    if (!newer.netns) newer.netns = older.netns;
    return newer;
}

// Those that fit the question best; of those opened after the flow began the first.
Candidates best_fit(const Candidates &candidates, const SocketQuestion &question) {
    SocketFit best = SocketFit::none;
    Candidates found;
    for (const SocketInterval *candidate : candidates) {
        const SocketFit fit = candidate->fit(question);
        if (fit == SocketFit::none || fit < best) continue;
        if (fit > best) found.clear();
        best = fit;
        found.push_back(candidate);
    }
    if (best == SocketFit::nearby) {
        const auto first = std::ranges::min(found, {}, &SocketInterval::not_yet)->not_yet;
        std::erase_if(found, [&](const SocketInterval *candidate) { return candidate->not_yet != first; });
    }
    return found;
}

// Doors of one place that were open together share its traffic (SO_REUSEPORT); one after the other they do not.
bool share_a_door(const SocketInterval &a, const SocketInterval &b) {
    return a.is_door() && b.is_door() && a.socket.netns == b.socket.netns && a.first_seen <= b.last_seen &&
           b.first_seen <= a.last_seen;
}

struct Holders {
    std::vector<HoldingTime> all;
    // Some of the sockets have no holder in common, and only one of them can be meant.
    bool disagree = false;
};

Holders holders_of(const Candidates &sockets, const SocketQuestion &question) {
    Holders found;
    const SocketInterval *previous = nullptr;
    std::set<ProcessKey> of_previous;
    for (const SocketInterval *socket : sockets) {
        const auto held = socket->holders_during(question.start, question.end);
        if (held.empty()) continue;
        std::set<ProcessKey> keys;
        for (const HoldingTime &holder : held) keys.insert(holder.process);
        if (previous != nullptr && !share_a_door(*previous, *socket)) {
            const bool common = std::ranges::any_of(keys, [&](const auto &key) { return of_previous.contains(key); });
            found.disagree = found.disagree || !common;
        }
        found.all.insert(found.all.end(), held.begin(), held.end());
        previous = socket;
        of_previous = std::move(keys);
    }
    sort_likeliest_first(found.all, question.end);
    return found;
}

// The reason that fits all of them: what we may not see weighs more than what was not there.
UnknownReason why_unheld(const Candidates &sockets, const SocketQuestion &question) {
    std::optional<UnknownReason> reason;
    for (const SocketInterval *socket : sockets) {
        const UnknownReason own = socket->why_unheld(question.began_in_capture);
        if (own == UnknownReason::no_permission) return own;
        if (!reason || own == UnknownReason::exited) reason = own;
    }
    return reason.value_or(UnknownReason::exited);
}

Attribution unknown(UnknownReason reason) {
    Attribution attribution;
    attribution.unknown = reason;
    return attribution;
}

std::optional<std::uint32_t> owner_of(const Candidates &sockets) {
    for (const SocketInterval *socket : sockets) {
        if (socket->uid) return socket->uid;
    }
    return std::nullopt;
}

MatchQuality quality_of_door(const SocketRecord &socket) {
    if (socket.local.address.unmapped().is_unspecified()) return MatchQuality::wildcard;
    return socket.state == SocketState::listen ? MatchQuality::listener : MatchQuality::bound;
}

} // namespace

class SocketHistory::Impl {
  public:
    explicit Impl(Duration memory) : memory_(memory) {}

    void ingest(const SocketFacts &facts) {
        ++look_;
        now_ = std::max(now_, facts.ended);
        for (const Process &process : facts.processes) remember(process);
        for (const SocketFact &fact : facts.sockets) see(fact, facts);
        for (const SocketEvent &event : facts.events) hear(event);
        if (facts.whole_table) {
            netns_ = facts.netns;
            missing_rights_ = facts.missing_rights;
            close_missing(facts.begun);
            if (!first_whole_look_) first_whole_look_ = facts.begun;
            last_whole_look_begun_ = std::max(last_whole_look_begun_.value_or(facts.begun), facts.begun);
            last_whole_look_ended_ = std::max(last_whole_look_ended_, facts.ended);
        }
        forget();
    }

    [[nodiscard]] bool empty() const { return look_ == 0; }

    [[nodiscard]] SocketAnswer who(SocketQuestion question) const {
        SocketAnswer answer;
        if (empty()) {
            answer.attribution = unknown(UnknownReason::no_socket_facts);
            return answer;
        }
        question.local = unmapped(question.local);
        question.remote = unmapped(question.remote);

        Candidates exact = best_fit(at({question.transport, question.local, question.remote}), question);
        Candidates door = question.opened_by_local ? Candidates{} : door_of(question);
        for (Candidates *sockets : {&exact, &door}) {
            std::erase_if(*sockets, [&](const SocketInterval *socket) { return came_too_late(*socket, question); });
        }
        answer.listener_seen = !door.empty();
        answer.connected_out = std::ranges::any_of(exact, [&](const SocketInterval *socket) {
            return socket->syn_sent || (socket->in_whole_look && !answer.listener_seen);
        });
        answer.attribution = attribute(exact, door, question);
        if (const auto told = told_.who(question); !told.empty()) prefer(told, exact, door, question, answer);
        return answer;
    }

    [[nodiscard]] std::vector<ListeningSocket> listeners() const {
        std::vector<ListeningSocket> found;
        for (const SocketInterval &interval : open_) {
            if (!interval.is_door()) continue;
            SocketQuestion now;
            now.start = now.end = interval.last_seen;
            const Candidates self{&interval};
            const MatchQuality quality =
                interval.socket.state == SocketState::listen ? MatchQuality::listener : MatchQuality::bound;
            found.push_back({interval.socket, interval.first_seen, name_holders(self, quality, now)});
        }
        std::ranges::sort(found, {}, [](const ListeningSocket &door) {
            const SocketRecord &socket = door.socket;
            return std::tuple(socket.transport, socket.local.port, socket.local.address, socket.netns, socket.cookie,
                              socket.inode);
        });
        return found;
    }

    [[nodiscard]] std::vector<SocketRecord> connected() const {
        std::vector<SocketRecord> found;
        for (const SocketInterval &interval : open_) {
            if (interval.socket.has_peer()) found.push_back(interval.socket);
        }
        std::ranges::sort(found, {}, [](const SocketRecord &socket) {
            return std::tuple(socket.transport, socket.local, socket.remote, socket.netns, socket.cookie, socket.inode);
        });
        return found;
    }

    [[nodiscard]] std::vector<std::shared_ptr<const Process>> processes() const {
        std::vector<std::shared_ptr<const Process>> found;
        found.reserve(processes_.size());
        for (const auto &[key, process] : processes_) found.push_back(process);
        return found;
    }

  private:
    void remember(const Process &process) {
        auto &known = processes_[process.key];
        Process merged = known ? newest(*known, process) : process;
        // Values that were handed out stay as they are: a change makes a new one.
        if (!known || merged != *known) known = std::make_shared<const Process>(std::move(merged));
    }

    void hear(const SocketEvent &event) {
        now_ = std::max(now_, event.time);
        if (event.process) remember(*event.process);
        told_.hear(event);
        const bool is_door = event.kind == SocketEventKind::listening || event.kind == SocketEventKind::bound;
        if (is_door && event.process && event.socket.netns == netns_ && event.socket.inode != 0) open_door(event);
        if (event.kind == SocketEventKind::closed) close_door(event);
    }

    // Doors are kept as looks show them, which know of all holders; an event only tells of them sooner.
    void open_door(const SocketEvent &event) {
        SocketFacts moment;
        moment.begun = moment.ended = event.time;
        const SocketFact fact{event.socket, {{event.process->key, -1}}, HolderSearch::partial};
        see(fact, moment);
    }

    void close_door(const SocketEvent &event) {
        const auto known = cookies_.find(cookie_of(event.socket));
        if (known != cookies_.end() && known->second->is_door() && !known->second->closed)
            close(known->second, event.time);
    }

    void see(const SocketFact &fact, const SocketFacts &from) {
        const SocketRecord &socket = fact.socket;
        const Place place = place_of(socket);
        auto interval = find(socket, place);
        if (interval == open_.end()) interval = open(socket, place, from.begun);
        interval->see(fact, from, look_, now_ - memory_);
        for (const Holder &holder : fact.holders) {
            auto &known = processes_[holder.process];
            if (known) continue;
            // Named as a holder, but gone before anything else could be read.
            Process bare;
            bare.key = holder.process;
            known = std::make_shared<const Process>(std::move(bare));
        }
    }

    // The open interval that this row continues, or open_.end().
    Intervals::iterator find(const SocketRecord &socket, const Place &place) {
        if (socket.cookie == 0) {
            const auto here = places_.find(place);
            if (here == places_.end()) return open_.end();
            for (const auto &candidate : here->second | std::views::reverse) {
                if (!candidate->closed && same_without_cookie(candidate->socket, socket)) return candidate;
            }
            return open_.end();
        }
        const auto known = cookies_.find(cookie_of(socket));
        if (known == cookies_.end()) return open_.end();
        const auto interval = known->second;
        // It got another peer, or lost it: another interval, which begins where this one ends.
        if (place_of(interval->socket) != place) return open_.end();
        if (interval->closed) { // a look missed it; cookies are never used twice
            interval->closed.reset();
            open_.splice(open_.end(), closed_, interval);
        }
        return interval;
    }

    Intervals::iterator open(const SocketRecord &socket, const Place &place, Timestamp begun) {
        SocketInterval fresh;
        fresh.socket = socket;
        fresh.first_seen = begun;
        fresh.last_seen = begun;
        fresh.not_yet = last_whole_look_begun_;
        if (socket.cookie != 0) {
            const auto former = cookies_.find(cookie_of(socket));
            // connect() gives a bound socket a peer, or another one: who held it, holds it. The port cannot change.
            if (former != cookies_.end() && former->second->socket.local.port == socket.local.port) {
                fresh.holders = former->second->holders;
                fresh.searched = former->second->searched;
                fresh.uid = former->second->uid;
                if (!former->second->closed) close(former->second, begun);
            }
        }
        const auto interval = open_.insert(open_.end(), std::move(fresh));
        places_[place].push_back(interval);
        if (socket.cookie != 0) cookies_[cookie_of(socket)] = interval;
        return interval;
    }

    void close(Intervals::iterator interval, Timestamp time) {
        // A look-up may have seen it after this look had begun.
        interval->closed = std::max(time, interval->last_seen);
        closed_.splice(closed_.end(), open_, interval);
    }

    void close_missing(Timestamp begun) {
        for (auto interval = open_.begin(); interval != open_.end();) {
            const auto next = std::next(interval);
            if (interval->look != look_ && interval->first_seen <= begun) close(interval, begun);
            interval = next;
        }
    }

    void forget() {
        const Timestamp oldest = now_ - memory_;
        told_.forget_closed_before(oldest);
        while (!closed_.empty() &&
               (*closed_.front().closed < oldest || open_.size() + closed_.size() > most_intervals)) {
            forget(closed_, closed_.begin());
        }
        while (open_.size() > most_intervals) forget(open_, open_.begin());
        if (processes_.size() > 2 * processes_kept_ + 1000) forget_processes();
    }

    void forget(Intervals &intervals, Intervals::iterator interval) {
        const auto place = places_.find(place_of(interval->socket));
        std::erase_if(place->second, [&](const auto &other) { return &*other == &*interval; });
        if (place->second.empty()) places_.erase(place);
        const auto cookie = cookies_.find(cookie_of(interval->socket));
        if (cookie != cookies_.end() && &*cookie->second == &*interval) cookies_.erase(cookie);
        intervals.erase(interval);
    }

    // Those that no remembered socket names. Done each time their number has doubled, so it costs little.
    void forget_processes() {
        std::set<ProcessKey> named;
        told_.collect_processes(named);
        for (const Intervals *intervals : {&open_, &closed_}) {
            for (const SocketInterval &interval : *intervals) {
                for (const HoldingTime &holder : interval.holders) named.insert(holder.process);
            }
        }
        std::erase_if(processes_, [&](const auto &known) { return !named.contains(known.first); });
        processes_kept_ = processes_.size();
    }

    [[nodiscard]] Candidates at(const Place &place) const {
        Candidates found;
        const auto here = places_.find(place);
        if (here == places_.end()) return found;
        for (const auto &interval : here->second) found.push_back(&*interval);
        return found;
    }

    // The door that the flow's packets reach if no socket is theirs alone, as the kernel looks for it: this address
    // first, then the wildcard of its family, then, for IPv4, a dual-stack one.
    [[nodiscard]] Candidates door_of(const SocketQuestion &question) const {
        const std::uint16_t port = question.local.port;
        const bool ipv4 = question.local.address.family() == Family::ipv4;
        std::vector<IpAddress> addresses{question.local.address};
        if (ipv4) addresses.push_back(IpAddress::v4({}));
        addresses.push_back(IpAddress::v6({}));
        for (const IpAddress &address : addresses) {
            const bool dual_stack = ipv4 && address.family() == Family::ipv6;
            Candidates doors = at({question.transport, {address, port}, {}});
            std::erase_if(doors, [&](const SocketInterval *socket) {
                return !socket->is_door() || (dual_stack && socket->socket.ipv6_only);
            });
            doors = best_fit(doors, question);
            if (!doors.empty()) return doors;
        }
        return {};
    }

    // Whoever holds the socket came into being after the flow's last packet, so somebody else carried it.
    [[nodiscard]] bool came_too_late(const SocketInterval &socket, const SocketQuestion &question) const {
        const auto held = socket.holders_during(question.start, question.end);
        return !held.empty() && std::ranges::all_of(held, [&](const HoldingTime &holder) {
            const auto known = processes_.find(holder.process);
            return known != processes_.end() && known->second->start && *known->second->start > question.end;
        });
    }

    [[nodiscard]] Attribution attribute(const Candidates &exact, const Candidates &door,
                                        const SocketQuestion &question) const {
        // Sockets of programs that speak without ports (ping, routing daemons) are raw ones, which no table lists by
        // peer.
        if (!has_ports(question.transport) && exact.empty() && door.empty()) return unknown(UnknownReason::raw_socket);
        if (!exact.empty()) {
            Attribution attribution = name_holders(exact, MatchQuality::exact, question);
            // Without a holder it is not accepted yet, or was closed before anybody looked: the door's holder is what
            // we know. But if somebody whom we may not see has it, or the kernel, the door's holder would be a guess.
            const bool never_had_a_file = !attribution.socket_uid;
            const bool ask_the_door = attribution.unknown == UnknownReason::exited ||
                                      (attribution.unknown == UnknownReason::kernel_socket && never_had_a_file);
            if (door.empty() || !ask_the_door) return attribution;
        }
        if (!door.empty()) return name_holders(door, quality_of_door(door.front()->socket), question);
        const bool covered = first_whole_look_ && *first_whole_look_ <= question.end + time_to_be_seen &&
                             last_whole_look_ended_ >= question.start;
        return unknown(covered ? UnknownReason::exited : UnknownReason::no_socket_facts);
    }

    // What the kernel told at the moment is better than what looks found, but looks may know of more holders.
    void prefer(const std::vector<const ToldSocket *> &told, const Candidates &exact, const Candidates &door,
                const SocketQuestion &question, SocketAnswer &answer) const {
        const ToldSocket &first = *told.front();
        // Who sends a datagram may be answering.
        if (first.how == SocketEventKind::connected) answer.connected_out = true;
        if (first.went_out()) answer.port_asked_for = first.port_asked_for;
        if (first.accepted_by) answer.listener_seen = true;
        Attribution attribution = told_attribution(told);
        const bool provisional = first.users.empty();
        if (provisional && answer.attribution.known()) return;
        for (const Candidates *sockets : {&exact, &door}) {
            for (const SocketInterval *socket : *sockets) {
                if (socket->socket.cookie != first.socket.cookie) continue;
                for (const HoldingTime &holder : socket->holders_during(question.start, question.end)) {
                    const auto known = processes_.find(holder.process);
                    if (known != processes_.end()) add_holder(attribution, known->second);
                }
            }
        }
        answer.attribution = std::move(attribution);
    }

    static void add_holder(Attribution &attribution, const std::shared_ptr<const Process> &process) {
        const auto same = [&](const auto &known) { return known->key == process->key; };
        if (std::ranges::none_of(attribution.holders, same)) attribution.holders.push_back(process);
    }

    static Attribution told_attribution(const std::vector<const ToldSocket *> &told) {
        const ToldSocket &first = *told.front();
        Attribution attribution;
        attribution.match = first.how == SocketEventKind::held ? MatchQuality::exact : MatchQuality::event;
        attribution.socket_uid = first.socket.uid;
        const auto add = [&](const ToldHolder &holder) {
            if (!attribution.thread && holder.tid != 0) attribution.thread = Thread{holder.tid, holder.thread_name};
            add_holder(attribution, holder.process);
        };
        for (const ToldSocket *socket : told) {
            // Of a connection that came in, the one who has it last is who it was for.
            if (socket->went_out() || socket->how == SocketEventKind::received) {
                std::ranges::for_each(socket->users, add);
            } else {
                std::ranges::for_each(socket->users | std::views::reverse, add);
            }
        }
        if (attribution.holders.empty() && first.accepted_by) {
            attribution.match = MatchQuality::listener;
            add(*first.accepted_by);
            attribution.thread.reset(); // it is the listener's
        } else if (first.accepted_by && first.accepted_by->process->key != attribution.holders.front()->key) {
            attribution.accepted_by = first.accepted_by->process;
        }
        return attribution;
    }

    [[nodiscard]] Attribution name_holders(const Candidates &sockets, MatchQuality quality,
                                           const SocketQuestion &question) const {
        const Holders held = holders_of(sockets, question);
        Attribution attribution;
        if (held.all.empty()) {
            attribution = unknown(why_unheld(sockets, question));
            if (attribution.unknown == UnknownReason::no_permission) attribution.missing_rights = missing_rights_;
        } else if (held.disagree) {
            attribution.unknown = UnknownReason::ambiguous;
        } else {
            attribution.match = quality;
        }
        for (const HoldingTime &holder : held.all) {
            const auto known = processes_.find(holder.process);
            if (known != processes_.end()) attribution.holders.push_back(known->second);
        }
        attribution.socket_uid = owner_of(sockets);
        return attribution;
    }

    Duration memory_;
    std::uint64_t netns_ = 0; // of the last whole look
    ToldSockets told_;
    std::vector<Right> missing_rights_; // of the last whole look
    std::uint64_t look_ = 0;
    Timestamp now_;
    std::optional<Timestamp> first_whole_look_;
    std::optional<Timestamp> last_whole_look_begun_;
    Timestamp last_whole_look_ended_;

    Intervals open_;
    Intervals closed_; // in the order in which they were closed
    std::map<Place, std::vector<Intervals::iterator>> places_;
    // The newest interval of each socket.
    std::map<Cookie, Intervals::iterator> cookies_;

    std::map<ProcessKey, std::shared_ptr<const Process>> processes_;
    std::size_t processes_kept_ = 0;
};

SocketHistory::SocketHistory(Duration memory) : impl_(std::make_unique<Impl>(memory)) {}
SocketHistory::~SocketHistory() = default;

void SocketHistory::ingest(const SocketFacts &facts) { impl_->ingest(facts); }
bool SocketHistory::empty() const { return impl_->empty(); }
SocketAnswer SocketHistory::who(const SocketQuestion &question) const { return impl_->who(question); }
std::vector<ListeningSocket> SocketHistory::listeners() const { return impl_->listeners(); }
std::vector<SocketRecord> SocketHistory::connected() const { return impl_->connected(); }
std::vector<std::shared_ptr<const Process>> SocketHistory::processes() const { return impl_->processes(); }

} // namespace doorplate

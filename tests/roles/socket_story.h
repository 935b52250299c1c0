#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "analyze/socket_history.h"
#include "tests/roles/endpoint_text.h"

namespace doorplate {

using namespace std::chrono_literals;

inline Timestamp at_time(Duration since_the_beginning) {
    return timestamp_from_ns(1'700'000'000'000'000'000) + since_the_beginning;
}

// What sockets a host had, as one look after the other saw them, told in sentences:
//
//     Story story;
//     story.at(1s).listening("0.0.0.0:80").held_by(42);
//     story.at(2s).connected("192.0.2.1:80", "198.51.100.7:5000").held_by(43).listening("0.0.0.0:80").held_by(42);
//     EXPECT_EQ("exact: 43", story.tcp("192.0.2.1:80", "198.51.100.7:5000").between(1s, 2s).who());
//
// A socket is the same one in every look that names its endpoints; another() makes it a new one.
class Story {
  public:
    class Question;

    explicit Story(Duration memory = 10min) : history_(memory) {}

    // A look at the whole table that takes 10 ms. What follows is what it saw.
    Story &at(Duration begun) { return look(begun, true); }
    // A look-up of one tuple.
    Story &look_up_at(Duration begun) { return look(begun, false); }

    Story &listening(std::string_view local) { return socket(Transport::tcp, SocketState::listen, local, ""); }
    Story &connected(std::string_view local, std::string_view remote) {
        return socket(Transport::tcp, SocketState::established, local, remote);
    }
    Story &bound_udp(std::string_view local) { return socket(Transport::udp, SocketState::close, local, ""); }
    Story &connected_udp(std::string_view local, std::string_view remote) {
        return socket(Transport::udp, SocketState::established, local, remote);
    }
    // A socket that no file refers to (it is not accepted yet, or nearly gone).
    Story &without_file(SocketState state, std::string_view local, std::string_view remote) {
        socket(Transport::tcp, state, local, remote);
        newest().socket.inode = 0;
        newest().socket.uid = 0;
        return *this;
    }
    Story &in_time_wait(std::string_view local, std::string_view remote) {
        return without_file(SocketState::time_wait, local, remote);
    }

    // The rest is about the socket named last.
    Story &in_state(SocketState state) {
        newest().socket.state = state;
        return *this;
    }
    Story &held_by(std::int32_t pid, std::uint64_t start_ticks = 100) {
        const ProcessKey key{pid, start_ticks};
        newest().holders.push_back({key, 3});
        std::ranges::sort(newest().holders);
        Process process;
        process.key = key;
        process.name = "program";
        process.exe = "/usr/bin/program";
        look_.processes.push_back(process);
        return *this;
    }
    Story &seen_as(const Process &process) {
        newest().holders.push_back({process.key, 3});
        look_.processes.push_back(process);
        return *this;
    }
    // Some processes could not be read.
    Story &unreadable() {
        newest().search = HolderSearch::no_permission;
        look_.missing_rights = {Right::sys_ptrace, Right::dac_read_search};
        return *this;
    }
    // Nor would any right have helped.
    Story &unreadable_for_anybody() {
        newest().search = HolderSearch::no_permission;
        return *this;
    }
    Story &not_searched_to_the_end() {
        newest().search = HolderSearch::partial;
        return *this;
    }
    Story &owned_by_user(std::uint32_t uid) {
        newest().socket.uid = uid;
        return *this;
    }
    Story &for_ipv6_only() {
        newest().socket.ipv6_only = true;
        return *this;
    }
    Story &in_namespace(std::uint64_t netns) {
        newest().socket.netns = netns;
        newest().socket.cookie += 1'000'000 * netns;
        return *this;
    }
    Story &another(std::uint64_t generation = 1) {
        newest().socket.cookie += 1000 * generation;
        newest().socket.inode += newest().socket.inode != 0 ? 1000 * generation : 0;
        return *this;
    }
    // As procfs tells it: no cookie, only the file's inode.
    Story &known_by_inode_only() {
        newest().socket.cookie = 0;
        return *this;
    }
    Story &with_the_cookie_of(std::string_view local, std::string_view remote) {
        newest().socket.cookie = cookie(newest().socket.transport, local, remote);
        return *this;
    }

    Question tcp(std::string_view local, std::string_view remote);
    Question udp(std::string_view local, std::string_view remote);

    SocketHistory &history() {
        tell();
        return history_;
    }

  private:
    Story &look(Duration begun, bool whole) {
        tell();
        look_.begun = at_time(begun);
        look_.ended = at_time(begun + 10ms);
        look_.whole_table = whole;
        looking_ = true;
        return *this;
    }
    void tell() {
        if (looking_) history_.ingest(look_);
        look_ = {};
        looking_ = false;
    }
    std::uint64_t cookie(Transport transport, std::string_view local, std::string_view remote) {
        const std::string name = transport_token(transport) + " " + std::string(local) + " " + std::string(remote);
        return cookies_.try_emplace(name, cookies_.size() + 1).first->second;
    }
    Story &socket(Transport transport, SocketState state, std::string_view local, std::string_view remote) {
        SocketRecord record;
        record.netns = 1;
        record.transport = transport;
        record.state = state;
        record.local = endpoint(local);
        if (!remote.empty())
            record.remote = endpoint(remote);
        else if (record.local.address.family() == Family::ipv6)
            record.remote.address = IpAddress::v6({});
        record.cookie = cookie(transport, local, remote);
        record.inode = 500 + record.cookie;
        record.uid = 1000;
        look_.sockets.push_back({record, {}, HolderSearch::complete});
        return *this;
    }
    SocketFact &newest() { return look_.sockets.back(); }

    SocketHistory history_;
    SocketFacts look_;
    bool looking_ = false;
    std::map<std::string, std::uint64_t> cookies_;
};

// "exact: 42 43", "exited", "ambiguous: 42 43"
inline std::string in_words(const Attribution &attribution) {
    static const std::map<MatchQuality, std::string> matches{
        {MatchQuality::event, "event"}, {MatchQuality::exact, "exact"},       {MatchQuality::listener, "listener"},
        {MatchQuality::bound, "bound"}, {MatchQuality::wildcard, "wildcard"}, {MatchQuality::recorded, "recorded"}};
    static const std::map<UnknownReason, std::string> reasons{{UnknownReason::no_socket_facts, "no_socket_facts"},
                                                              {UnknownReason::not_local, "not_local"},
                                                              {UnknownReason::forwarded, "forwarded"},
                                                              {UnknownReason::exited, "exited"},
                                                              {UnknownReason::no_permission, "no_permission"},
                                                              {UnknownReason::other_namespace, "other_namespace"},
                                                              {UnknownReason::kernel_socket, "kernel_socket"},
                                                              {UnknownReason::raw_socket, "raw_socket"},
                                                              {UnknownReason::ambiguous, "ambiguous"}};
    std::string text;
    if (attribution.match) text += matches.at(*attribution.match);
    if (attribution.unknown) text += reasons.at(*attribution.unknown);
    if (!attribution.holders.empty()) text += ":";
    for (const auto &holder : attribution.holders) text += " " + std::to_string(holder->key.pid);
    return text;
}

class Story::Question {
  public:
    Question(SocketHistory &history, Transport transport, std::string_view local, std::string_view remote)
        : history_(history) {
        question_.transport = transport;
        question_.local = endpoint(local);
        question_.remote = endpoint(remote);
    }
    // The flow's first and last packet.
    Question &between(Duration start, Duration end) {
        question_.start = at_time(start);
        question_.end = at_time(end);
        return *this;
    }
    Question &seen_to_begin() {
        question_.began_in_capture = true;
        return *this;
    }
    [[nodiscard]] SocketAnswer answer() const { return history_.who(question_); }
    [[nodiscard]] std::string who() const { return in_words(answer().attribution); }

  private:
    SocketHistory &history_;
    SocketQuestion question_;
};

inline Story::Question Story::tcp(std::string_view local, std::string_view remote) {
    return {history(), Transport::tcp, local, remote};
}
inline Story::Question Story::udp(std::string_view local, std::string_view remote) {
    return {history(), Transport::udp, local, remote};
}

} // namespace doorplate

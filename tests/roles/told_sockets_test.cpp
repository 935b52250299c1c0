// What becomes of the kernel's events: who held this, then?

#include <algorithm>

#include <gtest/gtest.h>

#include "analyze/socket_history.h"
#include "tests/roles/socket_story.h"

namespace doorplate {
namespace {

class ToldSocketsTest : public testing::Test {
  protected:
    void tell(Duration when, SocketEventKind kind, std::uint64_t cookie, std::string_view local,
              std::string_view remote = "", std::int32_t pid = 0, std::int32_t tid = 0) {
        SocketEvent event;
        event.kind = kind;
        event.time = at_time(when);
        event.socket.netns = netns;
        event.socket.transport = transport;
        event.socket.state = SocketState::established;
        if (kind == SocketEventKind::listening) event.socket.state = SocketState::listen;
        if (kind == SocketEventKind::bound) event.socket.state = SocketState::close;
        event.socket.cookie = cookie;
        event.socket.inode = 500 + cookie;
        event.socket.local = endpoint(local);
        if (!remote.empty()) event.socket.remote = endpoint(remote);
        event.tid = tid;
        event.thread_name = "thread";
        event.port_asked_for = port_asked_for;
        if (pid != 0) {
            Process process;
            process.key = {pid, 100};
            process.exe = exe;
            event.process = std::make_shared<const Process>(process);
        }
        SocketFacts facts;
        facts.begun = facts.ended = event.time;
        facts.events.push_back(std::move(event));
        history.ingest(facts);
    }
    void look(Duration when, std::vector<SocketFact> sockets = {}) {
        SocketFacts facts;
        facts.begun = at_time(when);
        facts.ended = at_time(when + 1ms);
        facts.whole_table = true;
        facts.netns = 1;
        for (const SocketFact &fact : sockets)
            for (const Holder &holder : fact.holders) {
                Process process;
                process.key = holder.process;
                facts.processes.push_back(process);
            }
        facts.sockets = std::move(sockets);
        history.ingest(facts);
    }
    SocketAnswer ask(std::string_view local, std::string_view remote, Duration start, Duration end) {
        SocketQuestion question;
        question.transport = transport;
        question.local = endpoint(local);
        question.remote = endpoint(remote);
        question.start = at_time(start);
        question.end = at_time(end);
        question.began_in_capture = true;
        question.netns = 1;
        return history.who(question);
    }
    std::string who(std::string_view local, std::string_view remote, Duration start, Duration end) {
        return in_words(ask(local, remote, start, end).attribution);
    }

    static constexpr const char *here = "192.0.2.1:50000";
    static constexpr const char *there = "198.51.100.7:443";

    Transport transport = Transport::tcp;
    std::uint64_t netns = 1;
    bool port_asked_for = false;
    std::string exe = "/bin/program";
    SocketHistory history;
};

TEST_F(ToldSocketsTest, a_connection_has_the_process_and_thread_that_opened_it) {
    tell(1s, SocketEventKind::connected, 1, here, there, 42, 43);
    const SocketAnswer answer = ask(here, there, 1s + 20us, 2s);
    EXPECT_EQ("event: 42", in_words(answer.attribution));
    ASSERT_TRUE(answer.attribution.thread);
    EXPECT_EQ(43, answer.attribution.thread->id);
    EXPECT_EQ("thread", answer.attribution.thread->name);
    EXPECT_TRUE(answer.connected_out);
    EXPECT_FALSE(answer.listener_seen);
    EXPECT_FALSE(history.empty());
}

TEST_F(ToldSocketsTest, ipv4_on_a_dual_stack_socket_is_found) {
    tell(1s, SocketEventKind::connected, 1, "[::ffff:192.0.2.1]:50000", "[::ffff:198.51.100.7]:443", 42);
    EXPECT_EQ("event: 42", who(here, there, 1s, 2s));
}

TEST_F(ToldSocketsTest, says_who_chose_the_port) {
    tell(1s, SocketEventKind::connected, 1, here, there, 42);
    port_asked_for = true;
    tell(1s, SocketEventKind::connected, 2, "192.0.2.1:123", there, 42);
    EXPECT_EQ(false, ask(here, there, 1s, 2s).port_asked_for);
    EXPECT_EQ(true, ask("192.0.2.1:123", there, 1s, 2s).port_asked_for);
}

TEST_F(ToldSocketsTest, a_tuple_used_again_belongs_to_each_for_its_time) {
    for (int i = 0; i < 3; ++i) {
        const auto cookie = static_cast<std::uint64_t>(i + 1);
        tell(i * 100ms, SocketEventKind::connected, cookie, here, there, 40 + i);
        tell(i * 100ms + 90ms, SocketEventKind::closed, cookie, here, there);
    }
    EXPECT_EQ("event: 40", who(here, there, 1ms, 91ms));
    EXPECT_EQ("event: 41", who(here, there, 101ms, 191ms));
    EXPECT_EQ("event: 42", who(here, there, 201ms, 300ms));
}

TEST_F(ToldSocketsTest, what_is_sent_from_a_queue_after_the_close_is_still_its_socket_s) {
    transport = Transport::udp;
    tell(1s, SocketEventKind::sent, 1, here, there, 42);
    tell(1s + 1ms, SocketEventKind::closed, 1, here, there);
    EXPECT_EQ("event: 42", who(here, there, 3s, 3s));
    EXPECT_NE("event: 42", who(here, there, 30s, 30s));
}

TEST_F(ToldSocketsTest, a_flow_before_the_socket_is_not_its_own) {
    look(0s);
    tell(10s, SocketEventKind::connected, 1, here, there, 42);
    look(11s);
    EXPECT_EQ("exited", who(here, there, 1s, 2s));
}

TEST_F(ToldSocketsTest, datagrams_of_two_processes_on_one_port_have_both_the_first_in_front) {
    transport = Transport::udp;
    tell(1s, SocketEventKind::sent, 1, here, there, 42);
    tell(1s + 5ms, SocketEventKind::closed, 1, here, there);
    tell(2s, SocketEventKind::sent, 2, here, there, 41);
    EXPECT_EQ("event: 42 41", who(here, there, 1s, 3s));
}

TEST_F(ToldSocketsTest, an_unconnected_socket_has_a_conversation_with_each_peer) {
    transport = Transport::udp;
    tell(1s, SocketEventKind::sent, 1, here, there, 42);
    tell(1s, SocketEventKind::sent, 1, here, "198.51.100.8:443", 43);
    EXPECT_EQ("event: 42", who(here, there, 1s, 2s));
    EXPECT_EQ("event: 43", who(here, "198.51.100.8:443", 1s, 2s));
    tell(2s, SocketEventKind::closed, 1, here);
    EXPECT_EQ("event: 43", who(here, "198.51.100.8:443", 1s, 2s));
}

TEST_F(ToldSocketsTest, a_receiver_is_told_a_little_after_its_datagram) {
    transport = Transport::udp;
    tell(1s, SocketEventKind::received, 1, "192.0.2.1:514", there, 42);
    EXPECT_EQ("event: 42", who("192.0.2.1:514", there, 999ms, 999ms));
}

TEST_F(ToldSocketsTest, a_connection_that_came_in_is_its_handlers_and_the_listener_is_kept) {
    tell(1s, SocketEventKind::accepted, 1, "192.0.2.1:80", there, 10);
    EXPECT_EQ("listener: 10", who("192.0.2.1:80", there, 999ms, 2s)) << "until somebody uses it";
    tell(2s, SocketEventKind::handled, 1, "192.0.2.1:80", there, 11, 12);
    const SocketAnswer answer = ask("192.0.2.1:80", there, 999ms, 3s);
    EXPECT_EQ("event: 11", in_words(answer.attribution));
    EXPECT_EQ(12, answer.attribution.thread->id);
    ASSERT_TRUE(answer.attribution.accepted_by);
    EXPECT_EQ(10, answer.attribution.accepted_by->key.pid);
    EXPECT_TRUE(answer.listener_seen);
    EXPECT_FALSE(answer.connected_out);
}

TEST_F(ToldSocketsTest, a_handler_that_listens_itself_is_named_once) {
    tell(1s, SocketEventKind::accepted, 1, "192.0.2.1:80", there, 10);
    tell(2s, SocketEventKind::handled, 1, "192.0.2.1:80", there, 10, 12);
    const SocketAnswer answer = ask("192.0.2.1:80", there, 999ms, 3s);
    EXPECT_EQ("event: 10", in_words(answer.attribution));
    EXPECT_FALSE(answer.attribution.accepted_by);
}

TEST_F(ToldSocketsTest, a_connection_handed_on_is_its_last_users) {
    tell(1s, SocketEventKind::accepted, 1, "192.0.2.1:22", there, 10);
    tell(2s, SocketEventKind::handled, 1, "192.0.2.1:22", there, 11);
    tell(3s, SocketEventKind::handled, 1, "192.0.2.1:22", there, 12);
    EXPECT_EQ("event: 12 11", who("192.0.2.1:22", there, 999ms, 4s));
}

// The connection here to there, held by 42 and 43.
SocketFact shared_connection(std::uint64_t cookie) {
    SocketFact fact;
    fact.socket.netns = 1;
    fact.socket.state = SocketState::established;
    fact.socket.local = endpoint("192.0.2.1:50000");
    fact.socket.remote = endpoint("198.51.100.7:443");
    fact.socket.inode = 501;
    fact.socket.cookie = cookie;
    fact.holders = {{{42, 100}, 3}, {{43, 100}, 3}};
    return fact;
}

TEST_F(ToldSocketsTest, looks_add_the_other_holders_of_the_same_socket) {
    tell(1s, SocketEventKind::connected, 1, here, there, 42);
    look(2s, {shared_connection(1)});
    EXPECT_EQ("event: 42 43", who(here, there, 1s, 3s));
}

TEST_F(ToldSocketsTest, looks_add_no_holders_of_another_socket) {
    tell(1s, SocketEventKind::connected, 1, here, there, 42);
    look(2s, {shared_connection(9)});
    EXPECT_EQ("event: 42", who(here, there, 1s, 3s));
}

TEST_F(ToldSocketsTest, another_namespaces_socket_of_the_same_endpoints_is_not_meant) {
    look(0s);
    netns = 2;
    tell(1s, SocketEventKind::connected, 1, "127.0.0.1:50000", "127.0.0.1:80", 42);
    tell(1s, SocketEventKind::listening, 2, "127.0.0.1:80", "", 43);
    look(3s);
    EXPECT_EQ("exited", who("127.0.0.1:50000", "127.0.0.1:80", 1s, 2s));
    EXPECT_EQ("exited", who("127.0.0.1:80", "127.0.0.1:50000", 1s, 2s));
    EXPECT_TRUE(history.listeners().empty());
}

TEST_F(ToldSocketsTest, a_listener_between_two_looks_is_known_for_its_time) {
    look(0s);
    tell(1s, SocketEventKind::listening, 1, "0.0.0.0:80", "", 42);
    EXPECT_EQ("wildcard: 42", who("192.0.2.1:80", there, 1500ms, 2s));
    EXPECT_EQ(1U, history.listeners().size());
    tell(2s, SocketEventKind::closed, 1, "0.0.0.0:80");
    EXPECT_TRUE(history.listeners().empty());
    EXPECT_EQ("wildcard: 42", who("192.0.2.1:80", there, 1500ms, 1900ms));
}

TEST_F(ToldSocketsTest, a_socket_that_was_found_is_exact_not_an_event) {
    tell(5s, SocketEventKind::held, 1, here, there, 42);
    EXPECT_EQ("exact: 42", who(here, there, 1s, 6s));
}

TEST_F(ToldSocketsTest, a_process_keeps_the_program_that_it_ran_then) {
    tell(1s, SocketEventKind::connected, 1, here, there, 42);
    exe = "/bin/later";
    tell(2s, SocketEventKind::connected, 2, "192.0.2.1:50001", there, 42);
    EXPECT_EQ("/bin/program", ask(here, there, 1s, 2s).attribution.holders.front()->exe);
    EXPECT_EQ("/bin/later", ask("192.0.2.1:50001", there, 2s, 3s).attribution.holders.front()->exe);
}

TEST_F(ToldSocketsTest, memory_is_bounded_and_the_newest_are_kept) {
    transport = Transport::udp;
    for (std::uint32_t i = 0; i < 250'000; ++i) {
        const std::string remote = "198.51." + std::to_string(i / 60000) + ".7:" + std::to_string(1 + i % 60000);
        tell(Duration(i), SocketEventKind::received, 1, "192.0.2.1:53", remote, 42);
    }
    EXPECT_EQ("event: 42", who("192.0.2.1:53", "198.51.4.7:10000", 0s, 1s));
    EXPECT_NE("event: 42", who("192.0.2.1:53", "198.51.0.7:1", 0s, 1s));
}

TEST_F(ToldSocketsTest, closed_sockets_are_forgotten_in_time) {
    tell(1s, SocketEventKind::connected, 1, here, there, 42);
    tell(2s, SocketEventKind::closed, 1, here, there);
    look(20min);
    EXPECT_NE("event: 42", who(here, there, 1s, 2s));
    EXPECT_TRUE(std::ranges::any_of(history.processes(), [](const auto &one) { return one->key.pid == 42; }))
        << "few processes are not worth sweeping";
}

} // namespace
} // namespace doorplate

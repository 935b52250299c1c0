#include "capture/sockets/socket_provider.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>

#include "tests/sockets/fake_proc.h"
#include "tests/sockets/real_sockets.h"

namespace doorplate {
namespace {

using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

using Clock = std::chrono::steady_clock;

// Longer than any test: only the first look and those that are asked for take place.
constexpr Duration never = std::chrono::hours(24);

std::unique_ptr<SocketProvider> open(const SocketOptions &options) {
    auto opened = open_socket_provider(options);
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
}

std::unique_ptr<SocketProvider> provider_that_never_polls() {
    return open({.method = AttributionMethod::netlink, .poll_interval = never});
}

// The first fact about a socket that `wanted` takes, waiting for it half a minute at most.
std::optional<std::pair<SocketFacts, SocketFact>>
await(SocketProvider &provider, const std::function<bool(const SocketFacts &, const SocketFact &)> &wanted) {
    const Clock::time_point deadline = Clock::now() + std::chrono::seconds(30);
    while (Clock::now() < deadline) {
        for (const SocketFacts &facts : provider.drain())
            for (const SocketFact &fact : facts.sockets)
                if (wanted(facts, fact)) return std::pair(facts, fact);
        poll(nullptr, 0, 1);
    }
    return std::nullopt;
}

auto answered_with_holder(std::uint64_t inode) {
    return [inode](const SocketFacts &facts, const SocketFact &fact) {
        return !facts.whole_table && fact.socket.inode == inode && !fact.holders.empty();
    };
}

bool names(const SocketFacts &facts, pid_t pid) {
    return std::ranges::any_of(facts.processes, [pid](const Process &process) { return process.key.pid == pid; });
}

TEST(PollingProvider, refresh_brings_a_whole_table_that_begun_after_it_was_asked) {
    const auto provider = provider_that_never_polls();
    for (int round = 0; round < 3; ++round) {
        const FileDescriptor listener = tcp_listener(loopback4);
        const auto asked = std::chrono::system_clock::now();
        provider->refresh();
        const auto facts = provider->drain();
        ASSERT_THAT(facts, Not(IsEmpty()));
        EXPECT_TRUE(facts.back().whole_table);
        EXPECT_GE(facts.back().begun, asked);
        EXPECT_TRUE(std::ranges::any_of(facts.back().sockets, [&](const SocketFact &fact) {
            return fact.socket.inode == inode_of(listener) && names(facts.back(), getpid()) && !fact.holders.empty();
        }));
    }
}

TEST(PollingProvider, polls_by_itself) {
    const auto provider = open({.method = AttributionMethod::netlink, .poll_interval = std::chrono::milliseconds(1)});
    const FileDescriptor listener = tcp_listener(loopback4);
    const auto seen = await(*provider, [&](const SocketFacts &facts, const SocketFact &fact) {
        return facts.whole_table && fact.socket.inode == inode_of(listener);
    });
    EXPECT_TRUE(seen);
}

TEST(PollingProvider, drained_facts_are_gone_and_in_order) {
    const auto provider = provider_that_never_polls();
    provider->refresh();
    provider->refresh();
    const auto facts = provider->drain();
    EXPECT_TRUE(std::ranges::is_sorted(facts, {}, &SocketFacts::begun));
    EXPECT_THAT(provider->drain(), IsEmpty());
}

TEST(PollingProvider, a_look_up_finds_the_holder_of_a_connection_just_opened) {
    const auto provider = provider_that_never_polls();
    provider->refresh();
    const TcpPair pair = tcp_pair(loopback4);
    provider->look_up(Transport::tcp, local_of(pair.initiator), remote_of(pair.initiator));
    const auto seen = await(*provider, [&](const SocketFacts &, const SocketFact &fact) {
        return fact.socket.inode == inode_of(pair.initiator) && !fact.holders.empty();
    });
    ASSERT_TRUE(seen);
    EXPECT_EQ(getpid(), seen->second.holders.front().process.pid);
    EXPECT_TRUE(names(seen->first, getpid()));
}

// Connects to `remote` and keeps the socket open.
void connect_for_ever(const Endpoint &remote) {
    const FileDescriptor socket = open_socket(SOCK_STREAM, remote.address);
    connect_socket(socket, remote);
    static_cast<void>(fcntl(socket.get(), F_DUPFD, 10)); // survives the end of this function
}

TEST(PollingProvider, a_look_up_finds_a_new_process_at_once) {
    const auto provider = provider_that_never_polls();
    provider->refresh();
    const FileDescriptor listener = tcp_listener(loopback6);
    const Endpoint remote = local_of(listener);
    const ForkedChild child([remote] { connect_for_ever(remote); });
    child.wait_until_ready();
    const FileDescriptor accepted = accept_one(listener);
    provider->look_up(Transport::tcp, remote_of(accepted), local_of(accepted));
    const auto seen = await(*provider, [&](const SocketFacts &, const SocketFact &fact) {
        return fact.socket.local == remote_of(accepted) && !fact.holders.empty();
    });
    ASSERT_TRUE(seen);
    EXPECT_FALSE(seen->first.whole_table) << "a quick answer is the first";
    EXPECT_EQ(child.pid(), seen->second.holders.front().process.pid);
    EXPECT_EQ(HolderSearch::partial, seen->second.search);
}

TEST(PollingProvider, a_look_up_that_is_not_answered_quickly_brings_a_whole_look_early) {
    // This process is known from the first look and owned nothing yet, so it is not where a quick look searches.
    const auto provider = provider_that_never_polls();
    provider->refresh();
    static_cast<void>(provider->drain());
    const FileDescriptor udp = bound_socket(SOCK_DGRAM, {loopback4, 0});
    provider->look_up(Transport::udp, local_of(udp), {loopback4, 9});
    const auto seen = await(*provider, [&](const SocketFacts &facts, const SocketFact &fact) {
        return facts.whole_table && fact.socket.inode == inode_of(udp);
    });
    ASSERT_TRUE(seen);
    ASSERT_THAT(seen->second.holders, SizeIs(1));
    EXPECT_EQ(getpid(), seen->second.holders.front().process.pid);
    EXPECT_EQ(HolderSearch::complete, seen->second.search);
}

TEST(PollingProvider, a_holder_that_was_seen_before_is_found_at_once) {
    const FileDescriptor udp = bound_socket(SOCK_DGRAM, {loopback4, 0});
    const auto provider = provider_that_never_polls();
    provider->refresh();
    provider->look_up(Transport::udp, local_of(udp), {loopback4, 9});
    EXPECT_TRUE(await(*provider, answered_with_holder(inode_of(udp))));
}

TEST(PollingProvider, a_holder_that_has_closed_the_socket_is_not_believed) {
    FileDescriptor udp = bound_socket(SOCK_DGRAM, {loopback4, 0});
    const std::uint64_t inode = inode_of(udp);
    const Endpoint local = local_of(udp);
    const ForkedChild child([] {});
    child.wait_until_ready();
    const auto provider = provider_that_never_polls();
    provider->refresh();
    udp = FileDescriptor();
    provider->look_up(Transport::udp, local, {loopback4, 9});
    const auto seen = await(*provider, answered_with_holder(inode));
    ASSERT_TRUE(seen);
    ASSERT_THAT(seen->second.holders, SizeIs(1));
    EXPECT_EQ(child.pid(), seen->second.holders.front().process.pid);
}

TEST(PollingProvider, an_accepted_socket_is_not_taken_for_its_listener) {
    const FileDescriptor listener = tcp_listener(loopback4);
    const auto provider = provider_that_never_polls();
    provider->refresh();
    const FileDescriptor initiator = open_socket(SOCK_STREAM, loopback4);
    connect_socket(initiator, local_of(listener));
    // Asked before anybody has accepted: then the socket has no inode yet.
    provider->look_up(Transport::tcp, remote_of(initiator), local_of(initiator));
    const auto early = await(*provider, [&](const SocketFacts &, const SocketFact &fact) {
        return fact.socket.local == remote_of(initiator) && fact.socket.has_peer();
    });
    ASSERT_TRUE(early);
    EXPECT_EQ(0U, early->second.socket.inode);
    EXPECT_THAT(early->second.holders, IsEmpty());
}

TEST(PollingProvider, a_connection_accepted_after_the_question_is_asked_for_again) {
    const FileDescriptor listener = tcp_listener(loopback4);
    const auto provider = provider_that_never_polls();
    provider->refresh();
    const FileDescriptor initiator = open_socket(SOCK_STREAM, loopback4);
    connect_socket(initiator, local_of(listener));
    provider->look_up(Transport::tcp, remote_of(initiator), local_of(initiator));
    const auto unaccepted = [&](const SocketFacts &, const SocketFact &fact) {
        return fact.socket.local == remote_of(initiator) && fact.socket.inode == 0;
    };
    ASSERT_TRUE(await(*provider, unaccepted));
    const FileDescriptor accepted = accept_one(listener);
    const auto seen = await(*provider, answered_with_holder(inode_of(accepted)));
    ASSERT_TRUE(seen) << "this process listens on the port, so that is where a quick look searches";
    EXPECT_EQ(getpid(), seen->second.holders.front().process.pid);
}

TEST(PollingProvider, a_listener_is_the_answer_before_there_is_a_connection) {
    const FileDescriptor listener = tcp_listener(any6);
    const auto provider = provider_that_never_polls();
    provider->refresh();
    provider->look_up(Transport::tcp, {loopback4, local_of(listener).port}, {IpAddress::v4({192, 0, 2, 1}), 7});
    const auto seen = await(*provider, answered_with_holder(inode_of(listener)));
    ASSERT_TRUE(seen);
    EXPECT_EQ(SocketState::listen, seen->second.socket.state);
}

TEST(PollingProvider, more_questions_than_it_remembers_do_no_harm) {
    const auto provider = provider_that_never_polls();
    for (std::uint16_t port = 1; port <= 20000; ++port)
        provider->look_up(Transport::udp, {loopback4, port}, {loopback4, 9});
    const FileDescriptor udp = bound_socket(SOCK_DGRAM, {loopback4, 0});
    provider->look_up(Transport::udp, local_of(udp), {loopback4, 9});
    EXPECT_TRUE(await(*provider, [&](const SocketFacts &, const SocketFact &fact) {
        return fact.socket.inode == inode_of(udp) && !fact.holders.empty();
    })) << "the latest question is not the one that is forgotten";
}

TEST(PollingProvider, facts_that_nobody_takes_are_forgotten_and_that_is_said) {
    const auto provider = provider_that_never_polls();
    for (int i = 0; i < 20; ++i) provider->refresh();
    EXPECT_THAT(provider->drain(), SizeIs(16));
    EXPECT_THAT(provider->degradations(), testing::Contains(testing::Field(&Degradation::what, "socket_facts")));
}

TEST(PollingProvider, ends_promptly_at_any_moment) {
    const Clock::time_point begun = Clock::now();
    for (int i = 0; i < 50; ++i) {
        const auto provider = provider_that_never_polls();
        if (i % 2 == 0) provider->look_up(Transport::tcp, {loopback4, 1}, {loopback4, 2});
        if (i % 3 == 0) provider->refresh();
    }
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(60)) << "the poll interval is a day";
}

TEST(PollingProvider, takes_questions_from_several_threads) {
    const TcpPair pair = tcp_pair(loopback4);
    const auto provider = open({.method = AttributionMethod::netlink, .poll_interval = std::chrono::milliseconds(1)});
    {
        std::vector<std::jthread> threads;
        threads.reserve(4);
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 200; ++i) {
                    provider->look_up(Transport::tcp, local_of(pair.initiator), remote_of(pair.initiator));
                    static_cast<void>(provider->drain());
                    static_cast<void>(provider->degradations());
                }
                provider->refresh();
            });
    }
    provider->look_up(Transport::tcp, local_of(pair.initiator), remote_of(pair.initiator));
    EXPECT_TRUE(await(*provider, answered_with_holder(inode_of(pair.initiator))));
}

// The fixtures are what a little-endian kernel writes.
class PollingProviderOfFakeProc : public testing::Test {
  protected:
    void SetUp() override {
        if (std::endian::native != std::endian::little) GTEST_SKIP() << "the tables are of a little-endian machine";
        proc.tcp(table_row("0100007F:0050", "0100007F:C000", "01", "0", "777"));
        proc.add({.pid = 100});
        proc.socket(100, 3, 777);
        provider = open({.proc = proc.path(), .poll_interval = never});
        provider->refresh();
        static_cast<void>(provider->drain());
    }
    SocketFact ask() {
        provider->look_up(Transport::tcp, {loopback4, 80}, {loopback4, 0xC000});
        const auto seen =
            await(*provider, [](const SocketFacts &facts, const SocketFact &) { return !facts.whole_table; });
        return seen ? seen->second : SocketFact{};
    }

    FakeProc proc;
    std::unique_ptr<SocketProvider> provider;
};

TEST_F(PollingProviderOfFakeProc, answers_from_the_tables) {
    EXPECT_THAT(ask().holders, testing::ElementsAre(Holder{{100, 1000}, 3}));
}

TEST_F(PollingProviderOfFakeProc, does_not_take_another_process_with_the_same_pid_for_the_holder) {
    proc.remove(100);
    proc.add({.pid = 100, .start_ticks = "2000"});
    EXPECT_THAT(ask().holders, IsEmpty());
}

TEST_F(PollingProviderOfFakeProc, finds_the_new_process_that_took_the_socket_over) {
    proc.remove(100);
    proc.add({.pid = 200, .start_ticks = "2000"});
    proc.socket(200, 5, 777);
    EXPECT_THAT(ask().holders, testing::ElementsAre(Holder{{200, 2000}, 5}));
}

TEST_F(PollingProviderOfFakeProc, goes_on_and_says_so_when_the_tables_vanish) {
    proc.remove(100);
    std::filesystem::remove_all(proc.path() / "net");
    provider->refresh();
    EXPECT_THAT(provider->drain(), IsEmpty());
    EXPECT_THAT(provider->degradations(), testing::Contains(testing::Field(&Degradation::what, "socket_table")));
}

TEST(PollingProviderFailure, of_no_proc_is_refused) {
    EXPECT_FALSE(open_socket_provider({.proc = "/nonexistent"}));
    EXPECT_FALSE(open_socket_provider({.method = AttributionMethod::procfs, .proc = "/nonexistent"}));
}

} // namespace
} // namespace doorplate

#include "capture/sockets/socket_provider.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/sockets/fake_proc.h"
#include "tests/sockets/real_sockets.h"

namespace doorplate {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

SocketSnapshot snapshot(const SocketOptions &options) {
    auto taken = take_socket_snapshot(options);
    if (!taken) throw std::runtime_error(taken.error().message);
    return std::move(*taken);
}

SocketFact fact_of(const SocketFacts &facts, std::uint64_t inode) {
    const auto fact = std::ranges::find(facts.sockets, inode, [](const SocketFact &f) { return f.socket.inode; });
    EXPECT_NE(facts.sockets.end(), fact) << inode;
    return fact == facts.sockets.end() ? SocketFact{} : *fact;
}

std::vector<std::pair<int, int>> holders_of(const SocketFact &fact) {
    std::vector<std::pair<int, int>> holders;
    holders.reserve(fact.holders.size());
    for (const Holder &holder : fact.holders) holders.emplace_back(holder.process.pid, holder.descriptor);
    return holders;
}

class SnapshotByEachMethod : public testing::TestWithParam<AttributionMethod> {
  protected:
    SocketOptions options{.method = GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Methods, SnapshotByEachMethod,
                         testing::Values(AttributionMethod::netlink, AttributionMethod::procfs),
                         [](const auto &method) {
                             return method.param == AttributionMethod::netlink ? "netlink" : "procfs";
                         });

TEST_P(SnapshotByEachMethod, names_this_process_as_holder) {
    const TcpPair pair = tcp_pair(loopback4);
    const FileDescriptor udp = bound_socket(SOCK_DGRAM, {any6, 0});
    const SocketFacts facts = snapshot(options).facts;
    for (const FileDescriptor *socket : {&pair.listener, &pair.initiator, &pair.responder, &udp}) {
        const SocketFact fact = fact_of(facts, inode_of(*socket));
        EXPECT_EQ(local_of(*socket), fact.socket.local);
        EXPECT_EQ(HolderSearch::complete, fact.search);
        EXPECT_THAT(holders_of(fact), ElementsAre(std::pair(getpid(), socket->get())));
    }
    const auto self = std::ranges::find(facts.processes, getpid(), [](const Process &p) { return p.key.pid; });
    ASSERT_NE(facts.processes.end(), self);
    EXPECT_EQ(std::filesystem::read_symlink("/proc/self/exe"), self->exe);
    EXPECT_TRUE(facts.whole_table);
    EXPECT_LE(facts.begun, facts.ended);
}

TEST_P(SnapshotByEachMethod, names_parent_and_child_after_fork) {
    const FileDescriptor listener = tcp_listener(loopback4);
    const ForkedChild child([] {});
    child.wait_until_ready();
    const SocketFact fact = fact_of(snapshot(options).facts, inode_of(listener));
    EXPECT_THAT(holders_of(fact), testing::UnorderedElementsAre(std::pair(getpid(), listener.get()),
                                                                std::pair(child.pid(), listener.get())));
    EXPECT_TRUE(std::ranges::is_sorted(fact.holders));
}

TEST_P(SnapshotByEachMethod, names_every_descriptor_of_a_socket) {
    const FileDescriptor listener = tcp_listener(loopback4);
    const FileDescriptor twin(dup(listener.get()));
    EXPECT_THAT(holders_of(fact_of(snapshot(options).facts, inode_of(listener))),
                ElementsAre(std::pair(getpid(), listener.get()), std::pair(getpid(), twin.get())));
}

TEST_P(SnapshotByEachMethod, knows_the_namespace) {
    const FileDescriptor listener = tcp_listener(loopback4);
    const SocketSnapshot taken = snapshot(options);
    EXPECT_EQ(fmt::format("net:[{}]", fact_of(taken.facts, inode_of(listener)).socket.netns),
              std::filesystem::read_symlink("/proc/self/ns/net").string());
}

TEST_P(SnapshotByEachMethod, sees_two_thousand_sockets_each_once) {
    rlimit files{};
    ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &files));
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
    ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
    if (files.rlim_cur < 2100) GTEST_SKIP() << "the limit of open files (ulimit -n) is below 2100";
    std::map<std::uint64_t, int> expected;
    std::vector<FileDescriptor> sockets;
    for (int i = 0; i < 2000; ++i) {
        sockets.push_back(bound_socket(SOCK_DGRAM, {loopback4, 0}));
        expected[inode_of(sockets.back())] = 1;
    }
    std::map<std::uint64_t, int> seen;
    for (const SocketFact &fact : snapshot(options).facts.sockets)
        if (expected.contains(fact.socket.inode) && !fact.holders.empty()) ++seen[fact.socket.inode];
    EXPECT_EQ(expected, seen);
}

TEST_P(SnapshotByEachMethod, of_one_host_is_the_same_twice) {
    const TcpPair pair = tcp_pair(loopback4);
    const auto ours = [this] {
        std::vector<SocketRecord> records;
        for (const SocketFact &fact : snapshot(options).facts.sockets)
            if (!fact.holders.empty() && fact.holders.front().process.pid == getpid()) records.push_back(fact.socket);
        return records;
    };
    EXPECT_THAT(ours(), SizeIs(3));
    EXPECT_EQ(ours(), ours());
}

// Ends the main thread and leaves another one, which closes `ready` when the kernel shows the first as a zombie.
void go_on_without_main_thread(int ready) {
    std::thread([ready] {
        const std::string stat = fmt::format("/proc/self/task/{}/stat", getpid());
        std::string text;
        while (text.find(") Z ") == std::string::npos) {
            std::ifstream file(stat);
            std::getline(file, text);
        }
        close(ready);
        while (true) pause();
    }).detach();
    syscall(SYS_exit, 0);
}

TEST_P(SnapshotByEachMethod, names_a_process_whose_main_thread_has_ended) {
    FileDescriptor listener = tcp_listener(loopback4);
    const std::uint64_t inode = inode_of(listener);
    std::array<int, 2> ends{};
    ASSERT_EQ(0, pipe2(ends.data(), O_CLOEXEC));
    const FileDescriptor ready(ends[0]);
    const ForkedChild child([&ends] { go_on_without_main_thread(ends[1]); });
    close(ends[1]);
    listener = FileDescriptor();
    char nothing = 0;
    ASSERT_EQ(0, read(ready.get(), &nothing, 1));

    const SocketFacts facts = snapshot(options).facts;
    const auto holders = holders_of(fact_of(facts, inode));
    ASSERT_THAT(holders, SizeIs(1));
    EXPECT_EQ(child.pid(), holders.front().first);
    const auto process = std::ranges::find(facts.processes, child.pid(), [](const Process &p) { return p.key.pid; });
    ASSERT_NE(facts.processes.end(), process);
    EXPECT_EQ(std::filesystem::read_symlink("/proc/self/exe"), process->exe);
}

// What an unprivileged process sees, told through its exit code and a pipe.
std::string seen_by_nobody(const FileDescriptor &socket) {
    const std::uint64_t inode = inode_of(socket);
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return "no pipe";
    const pid_t child = fork();
    if (child == 0) {
        close(socket.get());
        constexpr id_t nobody = 65534;
        if (setgroups(0, nullptr) != 0 || setgid(nobody) != 0 || setuid(nobody) != 0) _exit(1);
        std::string text;
        const auto taken = take_socket_snapshot({});
        if (!taken) {
            text = taken.error().message;
        } else {
            for (const SocketFact &fact : taken->facts.sockets)
                if (fact.socket.inode == inode)
                    text += fmt::format("search {} holders {} uid {}\n", static_cast<int>(fact.search),
                                        fact.holders.size(), fact.socket.uid);
            for (const Degradation &degradation : taken->degradations)
                text += degradation.what + ": " + degradation.reason + "\n";
        }
        static_cast<void>(!write(ends[1], text.data(), text.size()));
        _exit(0);
    }
    close(ends[1]);
    const FileDescriptor reader(ends[0]);
    std::string text(65536, '\0');
    std::size_t used = 0;
    ssize_t count = 0;
    while ((count = read(reader.get(), text.data() + used, text.size() - used)) > 0)
        used += static_cast<std::size_t>(count);
    text.resize(used);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : fmt::format("status {}", status);
}

TEST(SnapshotWithoutRights, says_no_permission_and_which_rights_are_missing) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, to become nobody";
    const FileDescriptor listener = tcp_listener(loopback4);
    const std::string text = seen_by_nobody(listener);
    EXPECT_THAT(text,
                HasSubstr(fmt::format("search {} holders 0 uid 0\n", static_cast<int>(HolderSearch::no_permission))));
    EXPECT_THAT(text, HasSubstr("other_users_processes: "));
    EXPECT_THAT(text, HasSubstr("needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"));
    EXPECT_THAT(text, HasSubstr("sudo setcap cap_net_raw,cap_sys_ptrace,cap_dac_read_search+ep"));
}

TEST(SnapshotWithRights, asks_for_no_rights) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    EXPECT_THAT(snapshot({}).degradations,
                Not(testing::Contains(testing::Field(&Degradation::what, "other_users_processes"))));
}

// The fixtures are what a little-endian kernel writes.
class SnapshotOfFakeProc : public testing::Test {
  protected:
    void SetUp() override {
        if (std::endian::native != std::endian::little) GTEST_SKIP() << "the tables are of a little-endian machine";
    }
    SocketSnapshot taken() { return snapshot({.proc = proc.path()}); }

    FakeProc proc;
};

TEST_F(SnapshotOfFakeProc, joins_tables_and_processes) {
    proc.tcp(table_row("00000000:0050", "00000000:0000", "0A", "33", "777"));
    proc.add({.pid = 100});
    proc.add({.pid = 101});
    proc.socket(100, 3, 777);
    proc.socket(101, 4, 778);
    const SocketFacts facts = taken().facts;
    ASSERT_THAT(facts.sockets, SizeIs(1));
    EXPECT_EQ("0.0.0.0:80", facts.sockets.front().socket.local.to_string());
    EXPECT_EQ(4026531999U, facts.sockets.front().socket.netns);
    EXPECT_THAT(holders_of(facts.sockets.front()), ElementsAre(std::pair(100, 3)));
    ASSERT_THAT(facts.processes, SizeIs(1)) << "holders only";
    EXPECT_EQ("server", facts.processes.front().name);
}

TEST_F(SnapshotOfFakeProc, says_that_it_did_not_ask_the_kernel) {
    const auto degradations = taken().degradations;
    ASSERT_THAT(degradations, SizeIs(1));
    EXPECT_EQ("sock_diag", degradations.front().what);
    EXPECT_THAT(degradations.front().reason, HasSubstr(proc.path().string()));
}

TEST_F(SnapshotOfFakeProc, a_socket_that_nobody_has_was_searched_for_completely) {
    proc.tcp(table_row("00000000:0050", "00000000:0000", "0A", "33", "777"));
    proc.add({.pid = 100});
    const SocketFacts facts = taken().facts;
    ASSERT_THAT(facts.sockets, SizeIs(1));
    EXPECT_THAT(facts.sockets.front().holders, IsEmpty());
    EXPECT_EQ(HolderSearch::complete, facts.sockets.front().search);
}

TEST_F(SnapshotOfFakeProc, survives_processes_that_are_broken_in_every_way) {
    proc.tcp(table_row("00000000:0050", "00000000:0000", "0A", "33", "777") + "\xff\x1b garbage\n");
    proc.add({.pid = 100, .name = "x) R 1 (\n\x1b", .command_line = "\xff"});
    proc.socket(100, 3, 777);
    proc.file("101/stat", "");
    proc.file("102", "not a directory");
    proc.add({.pid = 103, .start_ticks = "18446744073709551616"});
    proc.link("104", "/proc/1");
    proc.file("105/fd", "not a directory");
    proc.file("105/stat", stat_text({.pid = 105}));
    const SocketSnapshot odd = taken();
    ASSERT_THAT(odd.facts.sockets, SizeIs(1));
    EXPECT_THAT(holders_of(odd.facts.sockets.front()), ElementsAre(std::pair(100, 3)));
    EXPECT_EQ("x) R 1 (\n\x1b", odd.facts.processes.front().name);
    EXPECT_THAT(odd.degradations, testing::Contains(testing::Field(&Degradation::what, "socket_table")));
}

TEST(Snapshot, of_no_proc_is_refused_with_advice) {
    const auto taken = take_socket_snapshot({.proc = "/nonexistent"});
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().message, AllOf(HasSubstr("/nonexistent"), HasSubstr("mounted"), Not(HasSubstr("\n"))));
}

} // namespace
} // namespace doorplate

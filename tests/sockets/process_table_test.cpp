#include "capture/sockets/process_table.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "tests/sockets/fake_proc.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ProcessTableOfFakeProc : public testing::Test {
  protected:
    ProcessTable table() {
        auto opened = ProcessTable::open(proc.path());
        EXPECT_TRUE(opened);
        return std::move(*opened);
    }
    ProcessDescriptors descriptors_of(int pid) {
        return table().read_descriptors(pid, [] { return true; });
    }
    std::vector<std::uint64_t> inodes_of(int pid) {
        std::vector<std::uint64_t> inodes;
        for (const HeldSocket &held : descriptors_of(pid).sockets) inodes.push_back(held.inode);
        std::ranges::sort(inodes);
        return inodes;
    }
    Process process(int pid, std::uint64_t start = 1000) { return table().read_process(ProcessKey{pid, start}); }

    FakeProc proc;
};

TEST_F(ProcessTableOfFakeProc, pids_are_the_directories_with_numbers_highest_first) {
    for (const int pid : {9, 100, 31}) proc.add({.pid = pid});
    for (const char *odd : {"sys/x", "007/x", "-1/x", "99999999999/x", "0/x"}) proc.file(odd, "");
    EXPECT_THAT(table().pids(), ElementsAre(100, 31, 9));
}

TEST_F(ProcessTableOfFakeProc, a_process_is_read_whole) {
    proc.add({.pid = 1, .name = "init", .parent = 0});
    proc.add({.pid = 100});
    const Process server = process(100);
    EXPECT_EQ((ProcessKey{100, 1000}), server.key);
    EXPECT_EQ("server", server.name);
    EXPECT_EQ("/usr/sbin/server", server.exe);
    EXPECT_THAT(server.command_line, ElementsAre("server", "-p", "8080"));
    EXPECT_EQ(1000U, server.uid);
    EXPECT_EQ(1001U, server.gid);
    EXPECT_EQ(1, server.parent_pid);
    EXPECT_EQ("init", server.parent_name);
    EXPECT_EQ("/system.slice/server.service", server.cgroup);
    EXPECT_EQ(4026531999U, server.netns);
}

TEST_F(ProcessTableOfFakeProc, start_is_boot_time_and_ticks) {
    proc.add({.pid = 100, .start_ticks = "1050"});
    const std::int64_t ns = 1'700'000'000'000'000'000 + std::int64_t{1050} * 1'000'000'000 / sysconf(_SC_CLK_TCK);
    EXPECT_EQ(timestamp_from_ns(ns), process(100, 1050).start);
}

TEST_F(ProcessTableOfFakeProc, an_absurd_start_is_absent) {
    proc.add({.pid = 100, .start_ticks = "18446744073709551615"});
    EXPECT_EQ(std::nullopt, process(100, 18446744073709551615U).start);
}

TEST_F(ProcessTableOfFakeProc, an_absurd_boot_time_is_absent) {
    proc.add({.pid = 100});
    for (const char *odd : {"btime 99999999999999\n", "btime -5\n", "btime\n", ""}) {
        proc.file("stat", odd);
        EXPECT_EQ(std::nullopt, process(100).start) << odd;
    }
}

TEST_F(ProcessTableOfFakeProc, a_name_may_hold_any_byte) {
    proc.add({.pid = 100, .name = "a\n)\x1b[2J\xff(", .command_line = std::string("\xff\xfe\0\x1b]0;x\a\0", 9)});
    const Process odd = process(100);
    EXPECT_EQ("a\n)\x1b[2J\xff(", odd.name);
    EXPECT_THAT(odd.command_line, ElementsAre("\xff\xfe", "\x1b]0;x\a"));
}

TEST_F(ProcessTableOfFakeProc, a_command_line_is_read_up_to_4_kib) {
    proc.add({.pid = 100, .command_line = std::string(1'000'000, 'x')});
    EXPECT_THAT(process(100).command_line, ElementsAre(std::string(4096, 'x')));
}

TEST_F(ProcessTableOfFakeProc, what_is_not_there_is_absent) {
    proc.file("100/stat", stat_text({.pid = 100}));
    const Process bare = process(100);
    EXPECT_EQ("server", bare.name);
    EXPECT_EQ(std::nullopt, bare.exe);
    EXPECT_THAT(bare.command_line, IsEmpty());
    EXPECT_EQ(std::nullopt, bare.uid);
    EXPECT_EQ(std::nullopt, bare.user);
    EXPECT_EQ(std::nullopt, bare.parent_name);
    EXPECT_EQ(std::nullopt, bare.cgroup);
    EXPECT_EQ(std::nullopt, bare.netns);
}

TEST_F(ProcessTableOfFakeProc, another_process_under_the_pid_tells_nothing_of_the_first) {
    proc.add({.pid = 100, .name = "second", .start_ticks = "2000"});
    const Process first = process(100, 1000);
    EXPECT_EQ((ProcessKey{100, 1000}), first.key);
    EXPECT_EQ("", first.name);
    EXPECT_EQ(std::nullopt, first.exe);
    EXPECT_THAT(first.command_line, IsEmpty());
}

TEST_F(ProcessTableOfFakeProc, descriptors_that_are_sockets_are_found) {
    proc.add({.pid = 100});
    proc.socket(100, 3, 777);
    proc.socket(100, 12, 778);
    proc.link("100/fd/0", "/dev/null");
    const ProcessDescriptors read = descriptors_of(100);
    EXPECT_EQ(DescriptorsRead::all, read.outcome);
    EXPECT_EQ(1000U, read.stat->start_ticks);
    EXPECT_THAT(inodes_of(100), ElementsAre(777, 778));
}

TEST_F(ProcessTableOfFakeProc, descriptors_of_odd_form_are_no_sockets) {
    proc.add({.pid = 100});
    proc.socket(100, 3, 777);
    proc.link("100/fd/4", "socket:[99999999999999999999999]");
    proc.link("100/fd/5", "socket:[" + std::string(200, '1') + "]");
    proc.link("100/fd/6", "[0000]:778");
    proc.link("100/fd/7", "socket:[778");
    proc.link("100/fd/x", "socket:[778]");
    proc.link("100/fd/-1", "socket:[778]");
    proc.file("100/fd/8", "socket:[778]");
    EXPECT_THAT(inodes_of(100), ElementsAre(777));
}

TEST_F(ProcessTableOfFakeProc, a_process_that_is_gone_is_gone) {
    EXPECT_EQ(DescriptorsRead::gone, descriptors_of(100).outcome);
    proc.file("100/stat", "nonsense");
    EXPECT_EQ(DescriptorsRead::gone, descriptors_of(100).outcome);
    proc.file("100/stat", stat_text({.pid = 101}));
    EXPECT_EQ(DescriptorsRead::gone, descriptors_of(100).outcome);
    proc.file("100/stat", stat_text({.pid = 100}));
    EXPECT_EQ(DescriptorsRead::gone, descriptors_of(100).outcome) << "it has no directory fd";
}

TEST_F(ProcessTableOfFakeProc, a_pid_that_changes_hands_while_it_is_read_is_gone) {
    proc.add({.pid = 100});
    for (int fd = 0; fd < 600; ++fd) proc.socket(100, fd, 1000U + static_cast<unsigned>(fd));
    const auto read = table().read_descriptors(100, [this] {
        proc.file("100/stat", stat_text({.pid = 100, .start_ticks = "2000"}));
        return true;
    });
    EXPECT_EQ(DescriptorsRead::gone, read.outcome);
    EXPECT_THAT(read.sockets, IsEmpty());
}

TEST_F(ProcessTableOfFakeProc, reading_many_descriptors_can_be_stopped) {
    proc.add({.pid = 100});
    for (int fd = 0; fd < 600; ++fd) proc.socket(100, fd, 1000U + static_cast<unsigned>(fd));
    const auto read = table().read_descriptors(100, [] { return false; });
    EXPECT_EQ(DescriptorsRead::given_up, read.outcome);
    EXPECT_THAT(read.sockets, SizeIs(testing::Lt(600)));
}

TEST_F(ProcessTableOfFakeProc, kernel_threads_and_the_dead_are_not_asked) {
    proc.add({.pid = 2, .flags = 0x208040});
    proc.socket(2, 3, 777);
    proc.add({.pid = 3, .state = 'Z'});
    proc.socket(3, 3, 777);
    EXPECT_THAT(inodes_of(2), IsEmpty());
    EXPECT_THAT(inodes_of(3), IsEmpty());
}

TEST_F(ProcessTableOfFakeProc, when_the_main_thread_has_ended_another_one_shows_the_descriptors) {
    proc.add({.pid = 100, .state = 'Z', .threads = 2});
    proc.file("100/task/100/stat", stat_text({.pid = 100, .state = 'Z', .threads = 2}));
    proc.file("100/task/105/stat", stat_text({.pid = 105, .threads = 2}));
    proc.link("100/task/105/fd/3", "socket:[777]");
    proc.link("100/task/105/exe", "/usr/bin/threaded");
    EXPECT_THAT(inodes_of(100), ElementsAre(777));
    EXPECT_EQ("/usr/bin/threaded", process(100).exe);
}

TEST_F(ProcessTableOfFakeProc, a_holder_is_checked_by_start_time_descriptor_and_inode) {
    proc.add({.pid = 100});
    proc.socket(100, 3, 777);
    EXPECT_TRUE(table().still_holds({{100, 1000}, 3}, 777));
    EXPECT_FALSE(table().still_holds({{100, 2000}, 3}, 777));
    EXPECT_FALSE(table().still_holds({{100, 1000}, 4}, 777));
    EXPECT_FALSE(table().still_holds({{100, 1000}, 3}, 778));
    EXPECT_FALSE(table().still_holds({{101, 1000}, 3}, 777));
}

TEST_F(ProcessTableOfFakeProc, a_pipe_or_a_directory_in_the_place_of_a_file_does_not_hold_us) {
    proc.add({.pid = 100});
    std::filesystem::remove(proc.path() / "100/cmdline");
    std::filesystem::remove(proc.path() / "100/status");
    ASSERT_EQ(0, mkfifo((proc.path() / "100/cmdline").c_str(), 0600));
    std::filesystem::create_directory(proc.path() / "100/status");
    EXPECT_EQ("server", process(100).name);
}

TEST(ProcessTable, of_a_missing_directory_is_refused_with_advice) {
    const auto table = ProcessTable::open("/nonexistent/proc");
    ASSERT_FALSE(table);
    EXPECT_EQ("cannot open /nonexistent/proc: No such file or directory; is a proc file system mounted there?",
              table.error().message);
}

TEST(ProcessTable, this_process_began_before_now_and_after_boot) {
    auto table = ProcessTable::open("/proc");
    ASSERT_TRUE(table);
    const auto stat = table->read_descriptors(getpid(), [] { return true; }).stat;
    ASSERT_TRUE(stat);
    const Process self = table->read_process(*stat);
    const Timestamp now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    ASSERT_TRUE(self.start);
    EXPECT_LT(*self.start, now);
    EXPECT_GT(*self.start, now - std::chrono::minutes(5));
    EXPECT_EQ(getppid(), self.parent_pid);
    EXPECT_EQ(geteuid(), self.uid);
    EXPECT_EQ(std::filesystem::read_symlink("/proc/self/exe"), self.exe);
}

} // namespace
} // namespace doorplate

#include "capture/sockets/process_text.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/sockets/fake_proc.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::optional<std::string> name_in(std::string_view stat) {
    const auto parsed = parse_process_stat(stat);
    return parsed ? std::optional(parsed->name) : std::nullopt;
}

TEST(ProcessStat, has_pid_state_parent_flags_threads_and_start) {
    const auto stat = parse_process_stat(
        "4213 (curl) S 17 4213 17 34816 4213 4194304 1 0 0 0 5 3 0 0 20 0 3 0 987654 1000 10 184467 1 1 0\n");
    ASSERT_TRUE(stat);
    EXPECT_EQ(4213, stat->pid);
    EXPECT_EQ("curl", stat->name);
    EXPECT_EQ('S', stat->state);
    EXPECT_EQ(17, stat->parent_pid);
    EXPECT_EQ(4194304U, stat->flags);
    EXPECT_EQ(3U, stat->threads);
    EXPECT_EQ(987654U, stat->start_ticks);
}

TEST(ProcessStat, a_name_may_hold_parentheses_and_spaces) {
    EXPECT_EQ(") S 1 (", name_in(stat_text({.name = ") S 1 ("})));
    EXPECT_EQ("a) b", name_in(stat_text({.name = "a) b"})));
    EXPECT_EQ(")", name_in(stat_text({.name = ")"})));
}

TEST(ProcessStat, a_name_may_hold_any_byte) {
    EXPECT_EQ("\n\x1b[31m\xff\xfe", name_in(stat_text({.name = "\n\x1b[31m\xff\xfe"})));
    EXPECT_EQ("", name_in(stat_text({.name = ""})));
}

TEST(ProcessStat, absurd_numbers_are_refused) {
    EXPECT_EQ(std::nullopt, name_in(stat_text({.pid = -7})));
    EXPECT_EQ(std::nullopt, name_in(stat_text({.start_ticks = "99999999999999999999999"})));
    EXPECT_EQ(std::nullopt, name_in(stat_text({.start_ticks = "-1"})));
    EXPECT_EQ(std::nullopt, name_in(stat_text({.start_ticks = "12x"})));
}

TEST(ProcessStat, text_that_is_cut_anywhere_is_refused_and_no_crash) {
    const std::string whole = stat_text({.name = "a) b"});
    const std::size_t needed = whole.find(" 1000 10"); // up to the end of the start time
    for (std::size_t length = 0; length < needed - 3; ++length)
        EXPECT_FALSE(parse_process_stat(std::string_view(whole).substr(0, length))) << length;
    EXPECT_FALSE(parse_process_stat(")("));
    EXPECT_FALSE(parse_process_stat(" ()"));
}

TEST(ProcessStat, a_kernel_thread_is_told_by_its_flag) {
    EXPECT_TRUE(parse_process_stat(stat_text({.flags = 0x208040}))->is_kernel_thread());
    EXPECT_FALSE(parse_process_stat(stat_text({.flags = 0x400100}))->is_kernel_thread());
}

TEST(ProcessStatus, has_the_effective_ids) {
    const auto ids = parse_process_status("Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n");
    EXPECT_EQ(2U, ids.uid);
    EXPECT_EQ(6U, ids.gid);
}

TEST(ProcessStatus, without_ids_has_none) {
    EXPECT_EQ(std::nullopt, parse_process_status("").uid);
    EXPECT_EQ(std::nullopt, parse_process_status("Uid:").uid);
    EXPECT_EQ(std::nullopt, parse_process_status("Uid:\t1\t99999999999\n").uid);
}

TEST(CommandLine, arguments_end_with_zero_bytes) {
    EXPECT_THAT(parse_command_line({"ls\0-l\0\xff\n\0", 9}), ElementsAre("ls", "-l", "\xff\n"));
    EXPECT_THAT(parse_command_line({"a\0\0b\0", 5}), ElementsAre("a", "", "b"));
    EXPECT_THAT(parse_command_line("no end"), ElementsAre("no end"));
    EXPECT_THAT(parse_command_line(""), IsEmpty());
}

TEST(CommandLine, padding_after_a_title_is_no_argument) {
    EXPECT_THAT(parse_command_line({"nginx: worker process\0\0\0\0\0", 26}), ElementsAre("nginx: worker process"));
}

TEST(CommandLine, has_256_arguments_at_most) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text.append("x\0", 2);
    EXPECT_EQ(256U, parse_command_line(text).size());
}

TEST(Cgroup, is_the_unified_path) {
    EXPECT_EQ("/user.slice/session-1.scope", parse_process_cgroup("0::/user.slice/session-1.scope\n"));
    EXPECT_EQ("/a", parse_process_cgroup("12:cpu,cpuacct:/b\n1:name=systemd:/c\n0::/a\n"));
}

TEST(Cgroup, is_the_named_v1_path_where_the_unified_says_nothing) {
    EXPECT_EQ("/c", parse_process_cgroup("12:cpu,cpuacct:/b\n1:name=systemd:/c\n0::/\n"));
    EXPECT_EQ("/b", parse_process_cgroup("12:cpu,cpuacct:/b\n0::/\n"));
    EXPECT_EQ("/", parse_process_cgroup("12:cpu,cpuacct:/\n0::/\n"));
}

TEST(Cgroup, may_hold_colons) { EXPECT_EQ("/a:b", parse_process_cgroup("0::/a:b\n")); }

TEST(Cgroup, of_odd_text_is_absent) {
    EXPECT_EQ(std::nullopt, parse_process_cgroup(""));
    EXPECT_EQ(std::nullopt, parse_process_cgroup("0\n::\n:::"));
}

TEST(InodeLink, has_kind_and_number) {
    EXPECT_EQ(123U, parse_inode_link("socket:[123]", "socket"));
    EXPECT_EQ(4026531840U, parse_inode_link("net:[4026531840]", "net"));
}

TEST(InodeLink, of_another_form_is_none) {
    for (const char *odd :
         {"pipe:[123]", "socket:[]", "socket:[-1]", "socket:[0x1]", "socket:[1", "socket:]", "[0000]:12",
          "socket:[99999999999999999999999]", "/tmp/socket:[1]", "socket:[1] ", "socket", ""})
        EXPECT_EQ(std::nullopt, parse_inode_link(odd, "socket")) << odd;
}

TEST(BootTime, is_the_line_btime) {
    EXPECT_EQ(1700000000, parse_boot_time("cpu  1\nbtime 1700000000\n"));
    EXPECT_EQ(std::nullopt, parse_boot_time("btimes 1\nbtime x\n"));
    EXPECT_EQ(std::nullopt, parse_boot_time(""));
}

TEST(NumberName, is_decimal_as_the_kernel_writes_it) {
    EXPECT_EQ(0, parse_number_name("0"));
    EXPECT_EQ(4194304, parse_number_name("4194304"));
    for (const char *odd : {"", "self", "007", "-1", "+1", "1 ", "99999999999", "-0"})
        EXPECT_EQ(std::nullopt, parse_number_name(odd)) << odd;
}

} // namespace
} // namespace doorplate

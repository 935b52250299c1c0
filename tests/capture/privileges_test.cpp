#include "capture/privileges.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/capability.h>
#include <unistd.h>

#include "tests/support/child_process.h"

namespace doorplate {
namespace {

using testing::HasSubstr;

// The Cap lines of /proc/self/status as this process, or one that it executes, has them.
std::string own_sets() {
    std::ifstream status("/proc/self/status");
    std::string sets;
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("Cap") || line.starts_with("NoNewPrivs")) sets += line + "\n";
    return sets;
}

std::string sets_of_an_executed_program() {
    FILE *pipe = popen("grep -E '^(Cap|NoNewPrivs)' /proc/self/status", "r"); // NOLINT(bugprone-command-processor)
    if (pipe == nullptr) return "no pipe";
    std::string text;
    std::array<char, 256> buffer{};
    while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) text += buffer.data();
    pclose(pipe);
    return text;
}

constexpr const char *none = "\t0000000000000000\n";
constexpr const char *only_net_raw = "\t0000000000002000\n"; // bit 13

class PrivilegesTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!has_right(Right::net_raw) || !has_right(Right::sys_ptrace))
            GTEST_SKIP() << "needs rights that can be given up; run the tests as root";
    }
};

TEST(RightToken, IsTheKernelsName) {
    EXPECT_EQ("CAP_NET_RAW", right_token(Right::net_raw));
    EXPECT_EQ("CAP_NET_ADMIN", right_token(Right::net_admin));
    EXPECT_EQ("CAP_SYS_PTRACE", right_token(Right::sys_ptrace));
    EXPECT_EQ("CAP_DAC_READ_SEARCH", right_token(Right::dac_read_search));
    EXPECT_EQ("CAP_DAC_OVERRIDE", right_token(Right::dac_override));
    EXPECT_EQ("CAP_BPF", right_token(Right::bpf));
    EXPECT_EQ("CAP_PERFMON", right_token(Right::perfmon));
}

TEST_F(PrivilegesTest, WhatIsKeptStaysAndTheRestGoes) {
    EXPECT_EQ("dropped, net_raw", in_child([] {
                  std::string said = drop_rights_except({Right::net_raw}) ? "dropped" : "refused";
                  if (has_right(Right::net_raw)) said += ", net_raw";
                  if (has_right(Right::sys_ptrace)) said += ", sys_ptrace";
                  if (has_right(Right::dac_read_search)) said += ", dac_read_search";
                  return said;
              }));
}

TEST_F(PrivilegesTest, EverySetOfTheProcessIsCleared) {
    const std::string sets = in_child([] { return drop_rights_except({Right::net_raw}) ? own_sets() : "refused"; });
    EXPECT_THAT(sets, HasSubstr(std::string("CapEff:") + only_net_raw));
    EXPECT_THAT(sets, HasSubstr(std::string("CapPrm:") + only_net_raw));
    EXPECT_THAT(sets, HasSubstr(std::string("CapInh:") + none));
    EXPECT_THAT(sets, HasSubstr(std::string("CapBnd:") + none));
    EXPECT_THAT(sets, HasSubstr(std::string("CapAmb:") + none));
    EXPECT_THAT(sets, HasSubstr("NoNewPrivs:\t1"));
}

TEST_F(PrivilegesTest, AProgramThatRootExecutesAfterwardsHasNone) {
    const std::string sets =
        in_child([] { return !drop_rights_except({Right::net_raw}) ? "refused" : sets_of_an_executed_program(); });
    EXPECT_THAT(sets, HasSubstr(std::string("CapEff:") + none));
    EXPECT_THAT(sets, HasSubstr(std::string("CapPrm:") + none));
}

TEST_F(PrivilegesTest, WithoutSetpcapAnExecutedProgramGainsNothingEither) {
    const std::string sets = in_child([] {
        // Everything but the right to empty the bounding set.
        cap_t capabilities = cap_get_proc();
        const cap_value_t setpcap = CAP_SETPCAP;
        cap_set_flag(capabilities, CAP_EFFECTIVE, 1, &setpcap, CAP_CLEAR);
        cap_set_flag(capabilities, CAP_PERMITTED, 1, &setpcap, CAP_CLEAR);
        cap_set_proc(capabilities);
        cap_free(capabilities);
        return !drop_rights_except({}) ? "refused" : sets_of_an_executed_program();
    });
    EXPECT_THAT(sets, HasSubstr(std::string("CapEff:") + none));
    EXPECT_THAT(sets, HasSubstr(std::string("CapPrm:") + none));
}

TEST_F(PrivilegesTest, ARightThatIsNotHeldCannotBeKept) {
    EXPECT_EQ("no net_raw", in_child([] {
                  const bool fine = drop_rights_except({}) && drop_rights_except({Right::net_raw});
                  return std::string(fine && !has_right(Right::net_raw) ? "no net_raw" : "odd");
              }));
}

TEST(Privileges, AProcessWithoutRightsMayDropThem) {
    EXPECT_EQ("fine", in_child([] {
                  if (getuid() == 0 && setresuid(65534, 65534, 65534) != 0) return std::string("cannot become nobody");
                  return std::string(drop_rights_except({}) && !has_right(Right::net_raw) ? "fine" : "refused");
              }));
}

} // namespace
} // namespace doorplate

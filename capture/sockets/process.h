#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/timestamp.h"

namespace doorplate {

// A process is its pid and its start time: pids are reused. `start_ticks` is field 22 of /proc/PID/stat, clock ticks
// since boot; only equality and order mean something.
struct ProcessKey {
    std::int32_t pid = 0;
    std::uint64_t start_ticks = 0;

    friend constexpr auto operator<=>(const ProcessKey &, const ProcessKey &) = default;
};

// What /proc said of a process when we looked. Names and arguments are any bytes the process chose.
struct Process {
    ProcessKey key;
    // Start time on the wall clock, exact to a clock tick (10 ms); absent if the boot time is unknown.
    std::optional<Timestamp> start;
    // /proc/PID/comm: 15 bytes at most, and the process may change it.
    std::string name;
    // Absent: not readable (no permission, or a kernel thread, which has none). A deleted file keeps the kernel's "
    // (deleted)".
    std::optional<std::string> exe;
    std::vector<std::string> command_line;
    // Effective ids.
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
    // Name of `uid` in /etc/passwd.
    std::optional<std::string> user;
    std::int32_t parent_pid = 0;
    std::optional<std::string> parent_name;
    // The unified (v2) hierarchy's path, else the first named or non-empty v1 path.
    std::optional<std::string> cgroup;
    // Inode number of its network namespace; absent if not readable.
    std::optional<std::uint64_t> netns;

    friend bool operator==(const Process &, const Process &) = default;
};

// One descriptor through which a process has a socket.
struct Holder {
    ProcessKey process;
    std::int32_t descriptor = -1;

    friend constexpr auto operator<=>(const Holder &, const Holder &) = default;
};

} // namespace doorplate

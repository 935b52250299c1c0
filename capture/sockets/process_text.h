#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doorplate {

// The texts of /proc/PID/* (proc(5)), each taken apart by a function that takes the text. A process chooses its name
// and its arguments freely, so both may hold any byte, those included that separate fields.

struct ProcessStat {
    std::int32_t pid = 0;
    std::string name;
    char state = '?';
    std::int32_t parent_pid = 0;
    std::uint64_t flags = 0;
    std::uint64_t threads = 0;
    std::uint64_t start_ticks = 0;

    [[nodiscard]] bool is_kernel_thread() const;
    // Its main thread has ended; the others, if there are any, go on.
    [[nodiscard]] bool is_zombie() const { return state == 'Z' || state == 'X'; }
};

[[nodiscard]] std::optional<ProcessStat> parse_process_stat(std::string_view text);

struct EffectiveIds {
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
};
[[nodiscard]] EffectiveIds parse_process_status(std::string_view text);

constexpr std::size_t most_arguments = 256;
// Empty arguments at the end are left out: programs that rename themselves (setproctitle) leave such padding.
[[nodiscard]] std::vector<std::string> parse_command_line(std::string_view text);

// See Process::cgroup. Beside systemd, the v2 path of a hybrid host is often just "/" and the v1 ones tell more.
[[nodiscard]] std::optional<std::string> parse_process_cgroup(std::string_view text);

// The inode number in a link like "socket:[123]" or "net:[4026531840]".
[[nodiscard]] std::optional<std::uint64_t> parse_inode_link(std::string_view target, std::string_view kind);

// Seconds since the epoch at which the host started, from /proc/stat.
[[nodiscard]] std::optional<std::int64_t> parse_boot_time(std::string_view text);

// The name of a directory in /proc or /proc/PID/fd, if it is a plain decimal number.
[[nodiscard]] std::optional<std::int32_t> parse_number_name(std::string_view name);

} // namespace doorplate

#include "capture/sockets/process_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace doorplate {

namespace {

// include/linux/sched.h
constexpr std::uint64_t pf_kthread = 0x00200000;

template <typename T> std::optional<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// The text up to `separator`, which is taken away with it.
std::string_view take_until(std::string_view &text, char separator) {
    const std::string_view word = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    return word;
}

std::string_view take_word(std::string_view &text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return text = {};
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(" \t\n"));
    text.remove_prefix(word.size());
    return word;
}

// "Uid:\treal\teffective\tsaved\tfile system"
std::optional<std::uint32_t> effective(std::string_view line) {
    take_word(line);
    take_word(line);
    return number<std::uint32_t>(take_word(line));
}

} // namespace

bool ProcessStat::is_kernel_thread() const { return (flags & pf_kthread) != 0; }

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
    // The name may hold parentheses, the rest does not.
    const std::size_t open = text.find(" (");
    const std::size_t close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) return std::nullopt;
    ProcessStat stat;
    stat.name = text.substr(open + 2, close - open - 2);
    std::string_view rest = text.substr(close + 1);
    // Fields 3 to 22 of proc_pid_stat(5).
    std::array<std::string_view, 20> fields;
    for (std::string_view &field : fields) field = take_word(rest);
    const auto pid = number<std::int32_t>(text.substr(0, open));
    const auto parent = number<std::int32_t>(fields[1]);
    const auto flags = number<std::uint64_t>(fields[6]);
    const auto threads = number<std::uint64_t>(fields[17]);
    const auto start = number<std::uint64_t>(fields[19]);
    if (!pid || *pid <= 0 || fields[0].size() != 1 || !parent || !flags || !threads || !start) return std::nullopt;
    stat.pid = *pid;
    stat.state = fields[0].front();
    stat.parent_pid = *parent;
    stat.flags = *flags;
    stat.threads = *threads;
    stat.start_ticks = *start;
    return stat;
}

EffectiveIds parse_process_status(std::string_view text) {
    EffectiveIds ids;
    while (!text.empty()) {
        const std::string_view line = take_until(text, '\n');
        if (line.starts_with("Uid:") && !ids.uid) ids.uid = effective(line);
        if (line.starts_with("Gid:") && !ids.gid) ids.gid = effective(line);
    }
    return ids;
}

std::vector<std::string> parse_command_line(std::string_view text) {
    std::vector<std::string> arguments;
    while (!text.empty() && arguments.size() < most_arguments) arguments.emplace_back(take_until(text, '\0'));
    while (!arguments.empty() && arguments.back().empty()) arguments.pop_back();
    return arguments;
}

std::optional<std::string> parse_process_cgroup(std::string_view text) {
    std::string_view unified;
    std::string_view named;
    std::string_view other;
    while (!text.empty()) {
        std::string_view path = take_until(text, '\n');
        const std::string_view hierarchy = take_until(path, ':');
        const std::string_view controllers = take_until(path, ':');
        if (!path.starts_with('/')) continue;
        std::string_view &kind = hierarchy == "0" && controllers.empty() ? unified
                                 : controllers.starts_with("name=")      ? named
                                                                         : other;
        if (kind.size() <= 1) kind = path;
    }
    const std::array candidates{unified, named, other};
    for (const std::string_view path : candidates)
        if (path.size() > 1) return std::string(path);
    for (const std::string_view path : candidates)
        if (!path.empty()) return std::string(path);
    return std::nullopt;
}

std::optional<std::uint64_t> parse_inode_link(std::string_view target, std::string_view kind) {
    if (!target.starts_with(kind) || !target.ends_with(']')) return std::nullopt;
    target.remove_prefix(kind.size());
    if (!target.starts_with(":[")) return std::nullopt;
    return number<std::uint64_t>(target.substr(2, target.size() - 3));
}

std::optional<std::int64_t> parse_boot_time(std::string_view text) {
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        if (take_word(line) == "btime") return number<std::int64_t>(take_word(line));
    }
    return std::nullopt;
}

std::optional<std::int32_t> parse_number_name(std::string_view name) {
    const auto value = number<std::int32_t>(name);
    if (!value || name.front() == '-' || (name.size() > 1 && name.front() == '0')) return std::nullopt;
    return value;
}

} // namespace doorplate

#include "capture/sockets/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pwd.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <expected>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "capture/bounded_read.h"

namespace doorplate {

namespace {

constexpr std::size_t stat_limit = 4096;
constexpr std::size_t status_limit = 16384;
constexpr std::size_t comm_limit = 256;
constexpr std::size_t command_line_limit = 4096;
constexpr std::size_t cgroup_limit = 16384;
// /proc/stat has a line for each processor before the one that we want.
constexpr std::size_t host_stat_limit = 1 << 20;
constexpr std::size_t most_users_remembered = 4096;
// The kernel's own limit (fs.nr_open) is a million unless somebody raised it.
constexpr std::size_t most_descriptors = 4 << 20;
constexpr std::size_t descriptors_between_questions = 256;
// The year 2100, and 95 years: together they fit into 63 bits of nanoseconds.
constexpr std::int64_t latest_boot = 4'102'444'800;
constexpr std::uint64_t longest_uptime = 3'000'000'000;

struct CloseDirectory {
    void operator()(DIR *directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

// The error is an errno value. The process may vanish between open and fdopendir.
std::expected<Directory, int> open_directory(int parent, const char *name) {
    FileDescriptor file(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file) return std::unexpected(errno);
    Directory directory(::fdopendir(file.get()));
    if (!directory) return std::unexpected(errno);
    static_cast<void>(file.release());
    return directory;
}

bool is_denial(int error) { return error == EACCES || error == EPERM; }

std::optional<ProcessStat> read_stat(int process) {
    const auto text = read_file_at(process, "stat", stat_limit);
    return text ? parse_process_stat(*text) : std::nullopt;
}

// Where the process's descriptors and the like are to be read. When the main thread has ended while others go on, the
// process's own directory shows none of them, but a living thread's does.
FileDescriptor living_part(const FileDescriptor &process, const ProcessStat &stat) {
    if (stat.is_zombie() && stat.threads > 1) {
        if (const auto tasks = open_directory(process.get(), "task")) {
            while (const dirent *entry = ::readdir(tasks->get())) {
                if (!parse_number_name(entry->d_name)) continue;
                FileDescriptor task(::openat(::dirfd(tasks->get()), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC));
                const auto task_stat = task ? read_stat(task.get()) : std::nullopt;
                if (task_stat && !task_stat->is_zombie()) return task;
            }
        }
    }
    return FileDescriptor(::openat(process.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

std::optional<std::string> text_of_link(int directory, const char *name) {
    auto target = read_link_at(directory, name);
    return target ? std::optional(std::move(*target)) : std::nullopt;
}

std::string read_name(int process, const std::string &otherwise) {
    auto name = read_file_at(process, "comm", comm_limit);
    if (!name || name->empty()) return otherwise;
    if (name->back() == '\n') name->pop_back();
    return std::move(*name);
}

// The moment of booting. The kernel's own btime is cut to a second; the two clocks know it exactly, and are believed if
// they agree with it (they do not where `proc` shows another host or another time namespace).
std::optional<Timestamp> read_boot_time(int proc) {
    const auto text = read_file_at(proc, "stat", host_stat_limit);
    const auto seconds = text ? parse_boot_time(*text) : std::nullopt;
    if (!seconds || *seconds < 0 || *seconds > latest_boot) return std::nullopt;
    const Timestamp coarse{std::chrono::seconds(*seconds)};
    timespec up{};
    if (::clock_gettime(CLOCK_BOOTTIME, &up) != 0) return coarse;
    const Timestamp fine = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) -
                           std::chrono::seconds(up.tv_sec) - std::chrono::nanoseconds(up.tv_nsec);
    return std::chrono::abs(fine - coarse) < std::chrono::seconds(2) ? fine : coarse;
}

} // namespace

Result<ProcessTable> ProcessTable::open(const std::filesystem::path &proc) {
    FileDescriptor directory(::open(proc.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory)
        return failure(fmt::format("cannot open {}: {}; is a proc file system mounted there?", proc.string(),
                                   std::generic_category().message(errno)));
    return ProcessTable(std::move(directory));
}

ProcessTable::ProcessTable(FileDescriptor proc)
    : proc_(std::move(proc)), boot_(read_boot_time(proc_.get())), ticks_per_second_(::sysconf(_SC_CLK_TCK)) {}

FileDescriptor ProcessTable::open_process(std::int32_t pid) const {
    return FileDescriptor(
        ::openat(proc_.get(), std::to_string(pid).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

std::vector<std::int32_t> ProcessTable::pids() const {
    std::vector<std::int32_t> pids;
    const auto directory = open_directory(proc_.get(), ".");
    if (!directory) return pids;
    while (const dirent *entry = ::readdir(directory->get())) {
        const auto pid = parse_number_name(entry->d_name);
        if (pid && *pid > 0) pids.push_back(*pid);
    }
    std::ranges::sort(pids, std::greater{});
    return pids;
}

ProcessDescriptors ProcessTable::read_descriptors(std::int32_t pid, const GoOn &go_on) const {
    ProcessDescriptors result;
    const FileDescriptor process = open_process(pid);
    if (!process) {
        if (is_denial(errno)) result.outcome = DescriptorsRead::denied;
        return result;
    }
    const auto stat_text = read_file_at(process.get(), "stat", stat_limit);
    if (!stat_text) {
        if (is_denial(stat_text.error())) result.outcome = DescriptorsRead::denied;
        return result;
    }
    result.stat = parse_process_stat(*stat_text);
    if (!result.stat || result.stat->pid != pid) {
        result.stat.reset();
        return result;
    }
    result.outcome = DescriptorsRead::all;
    if (result.stat->is_kernel_thread() || (result.stat->is_zombie() && result.stat->threads <= 1)) return result;

    const FileDescriptor part = living_part(process, *result.stat);
    const auto directory = open_directory(part.get(), "fd");
    if (!directory) {
        const int error = directory.error();
        result.outcome = is_denial(error)                     ? DescriptorsRead::denied
                         : error == EMFILE || error == ENFILE ? DescriptorsRead::given_up
                                                              : DescriptorsRead::gone;
        return result;
    }
    std::size_t seen = 0;
    while (const dirent *entry = ::readdir(directory->get())) {
        const auto descriptor = parse_number_name(entry->d_name);
        if (!descriptor) continue;
        ++seen;
        if (seen > most_descriptors || (seen % descriptors_between_questions == 0 && !go_on())) {
            result.outcome = DescriptorsRead::given_up;
            break;
        }
        // "socket:[4294967295]" has 19 bytes; whatever is longer is no socket.
        std::array<char, 64> target{};
        const ssize_t length = ::readlinkat(::dirfd(directory->get()), entry->d_name, target.data(), target.size());
        if (length < 0 && is_denial(errno)) {
            result.outcome = DescriptorsRead::denied;
            break;
        }
        if (length < 0) continue;
        const auto inode = parse_inode_link({target.data(), static_cast<std::size_t>(length)}, "socket");
        if (inode) result.sockets.push_back({*inode, *descriptor});
    }
    if (!result.sockets.empty()) {
        const auto again = read_stat(process.get());
        if (!again || again->start_ticks != result.stat->start_ticks) return {};
    }
    return result;
}

bool ProcessTable::still_holds(const Holder &holder, std::uint64_t inode) const {
    const FileDescriptor process = open_process(holder.process.pid);
    const auto stat = process ? read_stat(process.get()) : std::nullopt;
    if (!stat || stat->start_ticks != holder.process.start_ticks) return false;
    const FileDescriptor part = living_part(process, *stat);
    const auto target = read_link_at(part.get(), ("fd/" + std::to_string(holder.descriptor)).c_str());
    return target && parse_inode_link(*target, "socket") == inode;
}

Process ProcessTable::read_process(const ProcessStat &stat) {
    Process process;
    process.key = {stat.pid, stat.start_ticks};
    process.start = start_time(stat.start_ticks);
    process.name = stat.name;
    process.parent_pid = stat.parent_pid;
    const FileDescriptor directory = open_process(stat.pid);
    const auto now = directory ? read_stat(directory.get()) : std::nullopt;
    if (!now || now->start_ticks != stat.start_ticks) return process;

    // A process may execute another program while we read; then we begin again, for a name and arguments of one and the
    // same program.
    for (int attempt = 0; attempt < 3; ++attempt) {
        Process read = process;
        const FileDescriptor part = living_part(directory, *now);
        read.exe = text_of_link(part.get(), "exe");
        read.name = read_name(part.get(), stat.name);
        if (const auto text = read_file_at(part.get(), "cmdline", command_line_limit))
            read.command_line = parse_command_line(*text);
        if (const auto text = read_file_at(part.get(), "status", status_limit)) {
            const EffectiveIds ids = parse_process_status(*text);
            read.uid = ids.uid;
            read.gid = ids.gid;
        }
        if (const auto text = read_file_at(part.get(), "cgroup", cgroup_limit))
            read.cgroup = parse_process_cgroup(*text);
        if (const auto target = text_of_link(part.get(), "ns/net")) read.netns = parse_inode_link(*target, "net");

        const auto exe = text_of_link(part.get(), "exe");
        const auto again = read_stat(directory.get());
        // Another process under this pid: nothing of it may remain.
        if (again && again->start_ticks != stat.start_ticks) return process;
        const bool ended = !again || again->is_zombie();
        if (ended || exe == read.exe || attempt == 2) {
            process = std::move(read);
            if (again) process.parent_pid = again->parent_pid;
            break;
        }
    }
    if (process.uid) process.user = user_name(*process.uid);
    if (process.parent_pid > 0) {
        const FileDescriptor parent = open_process(process.parent_pid);
        if (parent) process.parent_name = read_name(parent.get(), {});
        if (process.parent_name && process.parent_name->empty()) process.parent_name.reset();
    }
    return process;
}

Process ProcessTable::read_process(const ProcessKey &key) {
    const FileDescriptor directory = open_process(key.pid);
    const auto stat = directory ? read_stat(directory.get()) : std::nullopt;
    if (stat && stat->pid == key.pid && stat->start_ticks == key.start_ticks) return read_process(*stat);
    Process process;
    process.key = key;
    process.start = start_time(key.start_ticks);
    return process;
}

std::optional<Process> ProcessTable::read_process(std::int32_t pid) {
    const FileDescriptor directory = open_process(pid);
    const auto stat = directory ? read_stat(directory.get()) : std::nullopt;
    if (!stat || stat->pid != pid) return std::nullopt;
    return read_process(*stat);
}

std::optional<std::string> ProcessTable::read_cgroup(const ProcessKey &key) const {
    const FileDescriptor directory = open_process(key.pid);
    const auto stat = directory ? read_stat(directory.get()) : std::nullopt;
    if (!stat || stat->start_ticks != key.start_ticks) return std::nullopt;
    const auto text = read_file_at(directory.get(), "cgroup", cgroup_limit);
    return text ? parse_process_cgroup(*text) : std::nullopt;
}

std::optional<Timestamp> ProcessTable::start_time(std::uint64_t ticks) const {
    if (!boot_ || ticks_per_second_ <= 0) return std::nullopt;
    const auto per_second = static_cast<std::uint64_t>(ticks_per_second_);
    const std::uint64_t seconds = ticks / per_second;
    if (seconds > longest_uptime) return std::nullopt;
    const std::uint64_t rest_ns = ticks % per_second * 1'000'000'000 / per_second;
    return *boot_ + std::chrono::seconds(seconds) + std::chrono::nanoseconds(rest_ns);
}

std::optional<std::string> ProcessTable::user_name(std::uint32_t uid) {
    if (const auto known = users_.find(uid); known != users_.end()) return known->second;
    if (users_.size() >= most_users_remembered) users_.clear();
    passwd entry{};
    passwd *found = nullptr;
    std::vector<char> buffer(1024);
    while (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == ERANGE && buffer.size() < (1U << 20))
        buffer.resize(buffer.size() * 4);
    std::optional<std::string> name;
    if (found != nullptr) name = found->pw_name;
    users_.emplace(uid, name);
    return name;
}

bool ProcessTable::hides_processes() const {
    struct statfs file_system{};
    if (::fstatfs(proc_.get(), &file_system) != 0 || file_system.f_type != PROC_SUPER_MAGIC) return false;
    // Every pid namespace has a process 1 as long as it lives.
    return !open_process(1);
}

std::optional<std::uint64_t> ProcessTable::own_namespace(const char *kind) const {
    // A thread can be in other namespaces than its process; kernels before 3.17 do not show that.
    for (const char *self : {"thread-self", "self"})
        if (const auto target = read_link_at(proc_.get(), fmt::format("{}/ns/{}", self, kind).c_str()))
            return parse_inode_link(*target, kind);
    return std::nullopt;
}

} // namespace doorplate

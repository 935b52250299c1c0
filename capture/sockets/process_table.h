#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/file_descriptor.h"
#include "capture/result.h"
#include "capture/sockets/process.h"
#include "capture/sockets/process_text.h"

namespace doorplate {

// What became of an attempt to read a process's descriptors. Processes vanish at any moment, which is no failure.
enum class DescriptorsRead : std::uint8_t { all, gone, denied, given_up };

struct HeldSocket {
    std::uint64_t inode = 0;
    std::int32_t descriptor = -1;
};

struct ProcessDescriptors {
    DescriptorsRead outcome = DescriptorsRead::gone;
    // Absent if not even this much could be read.
    std::optional<ProcessStat> stat;
    // Only those that are sockets, of whatever kind; in the order of the directory.
    std::vector<HeldSocket> sockets;
};

// Asked every some hundred descriptors and between processes; false: stop looking.
using GoOn = std::function<bool()>;

// The processes below the root of a proc file system. For one thread. Threads that have unshared their descriptors from
// their process (CLONE_FILES) are not looked at.
class ProcessTable {
  public:
    [[nodiscard]] static Result<ProcessTable> open(const std::filesystem::path &proc);

    // All there are now, highest (which is nearly always newest) first.
    [[nodiscard]] std::vector<std::int32_t> pids() const;

    // Kernel threads have no descriptors and are not asked. Each process is seen as one: if `pid` begins to mean
    // another process meanwhile, it is gone.
    [[nodiscard]] ProcessDescriptors read_descriptors(std::int32_t pid, const GoOn &go_on) const;

    // True if the holder's process is still the same one and still has this socket at this descriptor.
    [[nodiscard]] bool still_holds(const Holder &holder, std::uint64_t inode) const;

    // Everything about the process of which `stat` was read; what cannot be read any more is absent.
    [[nodiscard]] Process read_process(const ProcessStat &stat);
    // The same for a key; if it is gone, only the key is known.
    [[nodiscard]] Process read_process(const ProcessKey &key);
    // Whoever has this pid now; absent if nobody has.
    [[nodiscard]] std::optional<Process> read_process(std::int32_t pid);
    // See Process::cgroup.
    [[nodiscard]] std::optional<std::string> read_cgroup(const ProcessKey &key) const;

    // On the wall clock, from the start ticks of a ProcessKey.
    [[nodiscard]] std::optional<Timestamp> start_time(std::uint64_t ticks) const;
    [[nodiscard]] std::optional<std::string> user_name(std::uint32_t uid);

    // True if this is a real proc file system that hides other users' processes (mount option hidepid).
    [[nodiscard]] bool hides_processes() const;
    // Inode number of the calling thread's namespace: "net", "pid".
    [[nodiscard]] std::optional<std::uint64_t> own_namespace(const char *kind) const;

  private:
    explicit ProcessTable(FileDescriptor proc);

    [[nodiscard]] FileDescriptor open_process(std::int32_t pid) const;

    FileDescriptor proc_;
    std::optional<Timestamp> boot_;
    std::int64_t ticks_per_second_;
    std::unordered_map<std::uint32_t, std::optional<std::string>> users_;
};

} // namespace doorplate

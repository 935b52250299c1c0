#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/byte_reader.h"
#include "capture/sockets/socket_event.h"

namespace doorplate {

// How the kernel's numbers become ours.
struct KernelClock {
    // The wall clock minus CLOCK_MONOTONIC.
    Duration to_wall_clock{};
    // Of /proc/PID/stat.
    std::uint64_t ticks_per_second = 100;
};
// As of now: the wall clock may be set at any time.
[[nodiscard]] KernelClock read_kernel_clock();

struct KernelSocketEvent {
    // Without the process.
    SocketEvent event;
    // Absent if nobody is known.
    std::optional<ProcessKey> process;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

enum class ProcessEventKind : std::uint8_t { executed, forked, exited };

struct ProcessEvent {
    ProcessEventKind kind = ProcessEventKind::executed;
    Timestamp time;
    ProcessKey key;
    ProcessKey parent;
    std::string name;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint64_t netns = 0;
    // Of an executed program; absent if its path is longer than the kernel's side reads.
    std::optional<std::string> exe;
    std::vector<std::string> command_line;
    bool command_line_cut = false;
};

// One record of the kernel's side (kernel_event.h), whose names and arguments are any bytes. Absent if it is not one.
[[nodiscard]] std::optional<KernelSocketEvent> decode_socket_event(Bytes record, const KernelClock &clock);
[[nodiscard]] std::optional<ProcessEvent> decode_process_event(Bytes record, const KernelClock &clock);

} // namespace doorplate

#include "capture/sockets/ebpf/event_decoder.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <ranges>
#include <span>
#include <string_view>

#include "capture/sockets/ebpf/kernel_event.h"
#include "capture/sockets/process_text.h"
#include "capture/sockets/socket_table.h"

namespace doorplate {
namespace {

constexpr std::uint64_t ns_per_second = 1'000'000'000;
constexpr std::uint64_t longest = std::numeric_limits<std::int64_t>::max();

Duration read_clock(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Packets and events are of the same kernel, so a time that no clock can show is clamped, not believed.
Timestamp wall_time(std::uint64_t monotonic, const KernelClock &clock) {
    const std::int64_t offset = clock.to_wall_clock.count();
    const auto since_boot = static_cast<std::int64_t>(std::min(monotonic, longest));
    if (offset > 0 && since_boot > std::numeric_limits<std::int64_t>::max() - offset) return Timestamp::max();
    return timestamp_from_ns(std::max<std::int64_t>(since_boot + offset, 0));
}

std::optional<ProcessKey> process_key(std::uint32_t pid, std::uint64_t start, const KernelClock &clock) {
    if (pid == 0 || pid > static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max())) return std::nullopt;
    return ProcessKey{static_cast<std::int32_t>(pid), start / (ns_per_second / clock.ticks_per_second)};
}

// Up to the first NUL, which may be missing.
std::string text_of(std::span<const char> bytes) { return {bytes.begin(), std::ranges::find(bytes, '\0')}; }

std::optional<SocketEventKind> socket_event_kind(std::uint8_t kind) {
    switch (kind) {
    case DOORPLATE_CONNECTED: return SocketEventKind::connected;
    case DOORPLATE_LISTENING: return SocketEventKind::listening;
    case DOORPLATE_ACCEPTED: return SocketEventKind::accepted;
    case DOORPLATE_HANDLED: return SocketEventKind::handled;
    case DOORPLATE_BOUND: return SocketEventKind::bound;
    case DOORPLATE_SENT: return SocketEventKind::sent;
    case DOORPLATE_RECEIVED: return SocketEventKind::received;
    case DOORPLATE_CLOSED: return SocketEventKind::closed;
    case DOORPLATE_HELD: return SocketEventKind::held;
    default: return std::nullopt;
    }
}

std::optional<ProcessEventKind> process_event_kind(std::uint8_t kind) {
    switch (kind) {
    case DOORPLATE_EXECUTED: return ProcessEventKind::executed;
    case DOORPLATE_FORKED: return ProcessEventKind::forked;
    case DOORPLATE_EXITED: return ProcessEventKind::exited;
    default: return std::nullopt;
    }
}

Endpoint endpoint(std::uint8_t family, const std::uint8_t *address, std::uint16_t port) {
    return {IpAddress::from_bytes({address, family == 4 ? std::size_t{4} : std::size_t{16}}), port};
}

// From the names of the file and of all folders above it, each ended by NUL.
std::string path_of(std::string_view names) {
    std::vector<std::string_view> parts;
    while (!names.empty()) {
        const std::size_t end = names.find('\0');
        parts.push_back(names.substr(0, end));
        names.remove_prefix(end == std::string_view::npos ? names.size() : end + 1);
    }
    std::string path;
    for (const std::string_view part : parts | std::views::reverse) {
        path += '/';
        path += part;
    }
    return path;
}

} // namespace

KernelClock read_kernel_clock() {
    KernelClock clock;
    // Whoever is interrupted between two clocks reads a wrong difference: the quickest of some is the best.
    Duration quickest = Duration::max();
    for (int attempt = 0; attempt < 4; ++attempt) {
        const Duration before = read_clock(CLOCK_MONOTONIC);
        const Duration wall = read_clock(CLOCK_REALTIME);
        const Duration after = read_clock(CLOCK_MONOTONIC);
        if (after - before >= quickest) continue;
        quickest = after - before;
        clock.to_wall_clock = wall - before - (after - before) / 2;
    }
    const long ticks = ::sysconf(_SC_CLK_TCK);
    if (ticks > 0) clock.ticks_per_second = static_cast<std::uint64_t>(ticks);
    return clock;
}

std::optional<KernelSocketEvent> decode_socket_event(Bytes record, const KernelClock &clock) {
    doorplate_socket_event raw;
    if (record.size() < sizeof(raw)) return std::nullopt;
    std::memcpy(&raw, record.data(), sizeof(raw));
    const auto kind = socket_event_kind(raw.kind);
    if (!kind || (raw.family != 4 && raw.family != 6) || !is_socket_state(raw.state) || raw.cookie == 0)
        return std::nullopt;

    KernelSocketEvent decoded;
    SocketEvent &event = decoded.event;
    event.kind = *kind;
    event.time = wall_time(raw.time, clock);
    event.socket.netns = raw.netns;
    event.socket.transport = static_cast<Transport>(raw.protocol);
    event.socket.state = static_cast<SocketState>(raw.state);
    event.socket.local = endpoint(raw.family, raw.local, raw.local_port);
    event.socket.remote = endpoint(raw.family, raw.remote, raw.remote_port);
    event.socket.ipv6_only = (raw.flags & DOORPLATE_IPV6_ONLY) != 0;
    event.socket.inode = raw.inode;
    event.socket.cookie = raw.cookie;
    event.socket.uid = raw.socket_uid;
    event.socket.interface_index = raw.interface_index;
    event.port_asked_for = (raw.flags & DOORPLATE_PORT_ASKED_FOR) != 0;
    event.tid = static_cast<std::int32_t>(raw.tid);
    event.thread_name = text_of(raw.thread);
    decoded.process = process_key(raw.pid, raw.start, clock);
    decoded.uid = raw.uid;
    decoded.gid = raw.gid;
    const bool needs_process = *kind != SocketEventKind::closed;
    if (needs_process && !decoded.process) return std::nullopt;
    return decoded;
}

std::optional<ProcessEvent> decode_process_event(Bytes record, const KernelClock &clock) {
    doorplate_process_event raw;
    if (record.size() < sizeof(raw)) return std::nullopt;
    std::memcpy(&raw, record.data(), sizeof(raw));
    const auto kind = process_event_kind(raw.kind);
    const auto key = process_key(raw.pid, raw.start, clock);
    if (!kind || !key) return std::nullopt;
    const Bytes rest = record.subspan(sizeof(raw));
    if (rest.size() < std::size_t{raw.path_bytes} + raw.argument_bytes) return std::nullopt;
    const std::string_view text(reinterpret_cast<const char *>(rest.data()), rest.size());

    ProcessEvent event;
    event.kind = *kind;
    event.time = wall_time(raw.time, clock);
    event.key = *key;
    event.parent = process_key(raw.parent_pid, raw.parent_start, clock).value_or(ProcessKey{});
    event.name = text_of(raw.name);
    event.uid = raw.uid;
    event.gid = raw.gid;
    event.netns = raw.netns;
    if (*kind != ProcessEventKind::executed) return event;
    if ((raw.flags & DOORPLATE_PATH_CUT) == 0 && raw.path_bytes > 0) {
        event.exe = path_of(text.substr(0, raw.path_bytes));
        // As /proc says it.
        if ((raw.flags & DOORPLATE_DELETED) != 0) *event.exe += " (deleted)";
    }
    event.command_line = parse_command_line(text.substr(raw.path_bytes, raw.argument_bytes));
    event.command_line_cut = (raw.flags & DOORPLATE_ARGUMENTS_CUT) != 0;
    return event;
}

} // namespace doorplate

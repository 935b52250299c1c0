#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "capture/interfaces.h"

namespace doorplate {

struct PortRange {
    std::uint16_t low = 0;
    std::uint16_t high = 0; // inclusive

    [[nodiscard]] constexpr bool contains(std::uint16_t port) const { return low <= port && port <= high; }
    friend constexpr auto operator<=>(const PortRange &, const PortRange &) = default;
};

// What this host's kernel does with port numbers in our network namespace, and which addresses are its own.
// Absent means that the file could not be read.
struct HostFacts {
    std::string hostname;
    // "Linux 6.1.0"
    std::string kernel;
    // Inode number of the network namespace (the number in `readlink /proc/self/ns/net`).
    std::optional<std::uint64_t> netns;
    // net.ipv4.ip_local_port_range, which governs IPv6 too.
    std::optional<PortRange> ephemeral_ports;
    // net.ipv4.ip_local_reserved_ports: never handed out by the kernel by itself. Sorted, not overlapping.
    std::vector<PortRange> reserved_ports;
    // net.ipv4.ip_unprivileged_port_start: below it, bind needs CAP_NET_BIND_SERVICE.
    std::optional<std::uint16_t> unprivileged_port_start;
    std::vector<InterfaceAddress> local_addresses;

    // True for 127.0.0.0/8 and ::1 as well, which are every host's own.
    [[nodiscard]] bool is_local(const IpAddress &address) const;
    // A subnet's broadcast address of one of our interfaces, or 255.255.255.255.
    [[nodiscard]] bool is_broadcast(const IpAddress &address) const;
};

// `proc` is the root of a proc file system, "/proc" outside tests. Never fails: what cannot be read is absent.
// The local addresses come from the kernel, not from `proc`.
[[nodiscard]] HostFacts read_host_facts(const std::filesystem::path &proc);

} // namespace doorplate

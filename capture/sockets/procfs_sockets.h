#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "capture/sockets/socket_table.h"

namespace doorplate {

struct ParsedSockets {
    std::vector<SocketRecord> sockets; // in the order of the text
    // Lines that are not a row of such a table, the heading apart.
    std::uint64_t malformed = 0;
};

// The text of /proc/net/tcp, tcp6, udp, udp6 and their likes (proc(5)). Addresses there are 32-bit words in the byte
// order of the machine that wrote them, which must be this one. The text does not have cookies, devices and
// IPV6_V6ONLY.
[[nodiscard]] ParsedSockets parse_socket_table(std::string_view text, Transport transport, Family family,
                                               std::uint64_t netns);

// `proc`/net/*, of the network namespace of the thread that asks. Fails if not one of the tables can be read. Every
// find() reads a whole table.
[[nodiscard]] Result<std::unique_ptr<SocketTable>> open_procfs_sockets(const std::filesystem::path &proc,
                                                                       std::uint64_t netns);

} // namespace doorplate

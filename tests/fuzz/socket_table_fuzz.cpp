// The texts of a proc file system and the answers of sock_diag. The first byte chooses which.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "capture/sockets/netlink_sockets.h"
#include "capture/sockets/process_text.h"
#include "capture/sockets/procfs_sockets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace doorplate;
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char *>(data + 1), size - 1);
    switch (data[0] % 8) {
    case 0:
    case 1: {
        const Family family = data[0] % 8 == 0 ? Family::ipv4 : Family::ipv6;
        const ParsedSockets parsed = parse_socket_table(text, Transport::tcp, family, 1);
        // No text makes more rows than it has lines.
        if (parsed.sockets.size() + parsed.malformed > size) std::abort();
        break;
    }
    case 2: static_cast<void>(parse_diag_message({data + 1, size - 1}, Transport::udp, 1)); break;
    case 3: {
        const auto stat = parse_process_stat(text);
        if (stat && (stat->pid <= 0 || stat->name.size() > text.size())) std::abort();
        break;
    }
    case 4: static_cast<void>(parse_process_status(text)); break;
    case 5:
        if (parse_command_line(text).size() > most_arguments) std::abort();
        break;
    case 6: static_cast<void>(parse_process_cgroup(text)); break;
    default:
        static_cast<void>(parse_inode_link(text, "socket"));
        static_cast<void>(parse_boot_time(text));
        static_cast<void>(parse_number_name(text));
    }
    return 0;
}

#pragma once

#include <memory>
#include <optional>

#include "capture/byte_reader.h"
#include "capture/sockets/socket_table.h"

namespace doorplate {

// One answer of sock_diag(7), without its netlink header: a struct inet_diag_msg and attributes. Absent if it is cut
// short, of another family, or in a state that this version does not know.
[[nodiscard]] std::optional<SocketRecord> parse_diag_message(Bytes message, Transport transport, std::uint64_t netns);

// sock_diag(7): TCP and UDP, and SCTP and UDP-Lite where the kernel has them; IPv4 and IPv6; all states. Asks the
// network namespace that the calling thread is in now, for good; `netns` is its inode number. Needs no rights. Fails if
// the kernel refuses TCP or UDP.
[[nodiscard]] Result<std::unique_ptr<SocketTable>> open_netlink_sockets(std::uint64_t netns);

} // namespace doorplate

#pragma once

#include <optional>

#include "capture/interfaces.h"

struct sockaddr;

namespace doorplate {

// An interface's address and its netmask (may be null) as getifaddrs(3) and libpcap hand them out; nothing if the
// address is null or neither IPv4 nor IPv6.
[[nodiscard]] std::optional<InterfaceAddress> interface_address(const sockaddr *address, const sockaddr *netmask);

} // namespace doorplate

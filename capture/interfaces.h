#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/address.h"
#include "capture/link_type.h"
#include "capture/result.h"

namespace doorplate {

struct InterfaceAddress {
    IpAddress address;
    // Leading bits of the subnet; 32 or 128 where the kernel names none.
    std::uint8_t prefix_length = 0;

    friend bool operator==(const InterfaceAddress &, const InterfaceAddress &) = default;
};

// A place to listen on this host, as libpcap offers it.
struct Interface {
    std::string name;
    std::string description;
    std::vector<InterfaceAddress> addresses;
    bool up = false;
    bool running = false;
    bool loopback = false;
    bool wireless = false;
};

// Needs no rights. Sorted as libpcap sorts them: most useful first.
[[nodiscard]] Result<std::vector<Interface>> list_interfaces();

} // namespace doorplate

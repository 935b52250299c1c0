#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "analyze/port_registry.h"

namespace doorplate {

// A registered number and where its service is in PortTable::services.
struct PortEntry {
    std::uint16_t port = 0;
    std::uint16_t service = 0;
};

// The registry as the build made it (see analyze/registry/). Everything lives as long as the program.
struct PortTable {
    std::span<const RegisteredService> services;
    // One for each transport, ascending by port.
    std::span<const PortEntry> tcp;
    std::span<const PortEntry> udp;
    std::span<const PortEntry> sctp;
    std::span<const PortEntry> dccp;
    std::string_view source;
};

[[nodiscard]] PortTable built_in_port_table();

} // namespace doorplate

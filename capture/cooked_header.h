#pragma once

#include <cstdint>
#include <optional>

#include "capture/packet.h"

namespace doorplate {

// What the capturing kernel said of a packet in the cooked header that it put in front (LINKTYPE_LINUX_SLL and _SLL2).
struct CookedHeader {
    PacketDirection direction = PacketDirection::unknown;
    // The interface's number on the capturing host; only version 2 has it.
    std::optional<std::uint32_t> interface_index;
};

// Knows nothing for other link types and for bytes that are cut short.
[[nodiscard]] CookedHeader read_cooked_header(LinkType link_type, Bytes bytes);

} // namespace doorplate

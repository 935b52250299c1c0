#pragma once

#include <cstdint>

#include "capture/byte_reader.h"
#include "capture/link_type.h"
#include "capture/timestamp.h"

namespace doorplate {

// As the source says it, seen from the capturing host.
enum class PacketDirection : std::uint8_t { unknown, inbound, outbound };

// A captured packet. `bytes` is a view into the source: it is valid until the next call to that source.
struct Packet {
    Bytes bytes;
    // The length on the wire, of which bytes.size() were captured. A damaged or hostile file may say anything here,
    // less than bytes.size() included.
    std::uint32_t original_length = 0;
    Timestamp time;
    LinkType link_type = LinkType::ethernet;
    // Index into PacketSource::interfaces().
    std::uint32_t interface = 0;
    PacketDirection direction = PacketDirection::unknown;
};

} // namespace doorplate

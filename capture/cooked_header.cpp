#include "capture/cooked_header.h"

namespace doorplate {

namespace {

// Broadcast, multicast and packets for other hosts (1 to 3) were received too, but not necessarily from outside, and
// "inbound" would read as "for us".
PacketDirection direction_of(std::uint16_t packet_type) {
    constexpr std::uint16_t to_us = 0;
    constexpr std::uint16_t outgoing = 4;
    if (packet_type == to_us) return PacketDirection::inbound;
    if (packet_type == outgoing) return PacketDirection::outbound;
    return PacketDirection::unknown;
}

} // namespace

// https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html
//      packet type (2), ARPHRD type (2), address length (2), address (8), protocol (2)
// https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html
//      protocol (2), reserved (2), interface index (4), ARPHRD type (2), packet type (1), address length (1), address
//      (8)
CookedHeader read_cooked_header(LinkType link_type, Bytes bytes) {
    ByteReader reader{bytes};
    CookedHeader header;
    if (link_type == LinkType::linux_cooked) {
        if (const auto packet_type = reader.be16()) header.direction = direction_of(*packet_type);
    } else if (link_type == LinkType::linux_cooked_v2 && reader.skip(4)) {
        header.interface_index = reader.be32();
        if (!reader.skip(2)) return header;
        if (const auto packet_type = reader.u8()) header.direction = direction_of(*packet_type);
    }
    return header;
}

} // namespace doorplate

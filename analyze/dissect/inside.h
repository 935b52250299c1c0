#pragma once

#include "analyze/dissect/layer.h"

namespace doorplate {

// How sure the header in front is that this is a tunnel.
enum class HeaderSays : std::uint8_t { maybe, surely };

// Is this what somebody would put into a tunnel, or do random bytes look like it?
[[nodiscard]] inline bool makes_sense(const Dissection &inner, HeaderSays header) {
    switch (inner.kind) {
    case PacketKind::ip: break;
    case PacketKind::arp: return !inner.malformation;
    case PacketKind::ppp:
        return inner.ether_type >> 8 == 0xc0 || inner.ether_type >> 8 == 0x80; // LCP, NCPs and the like
    case PacketKind::llc:
    case PacketKind::other_ether_type: return header == HeaderSays::surely;
    default: return false;
    }
    if (!inner.malformation) return true;
    switch (*inner.malformation) {
    case Malformation::ipv4_bad_header_length:
    case Malformation::ipv4_total_length_too_small:
    case Malformation::ipv4_bad_options:
    case Malformation::ipv6_bad_extension_header:
    case Malformation::ipv6_too_many_extension_headers:
    case Malformation::fragment_bad_length: return false;
    case Malformation::longer_than_frame: return header == HeaderSays::surely;
    default: return true;
    }
}

// For tunnels that nothing announces for sure: has `dissect_inside` write into a new level, and keeps it only if that
// makes sense.
template <typename DissectInside>
bool try_inside(TunnelKind tunnel, std::optional<std::uint64_t> tunnel_id, Output &output,
                const DissectInside &dissect_inside, HeaderSays header = HeaderSays::maybe) {
    const std::size_t outside = output.levels();
    if (!output.enter(tunnel, tunnel_id)) return true;
    dissect_inside();
    if (makes_sense(output.level(outside), header)) return true;
    output.leave_to(outside);
    return false;
}

} // namespace doorplate

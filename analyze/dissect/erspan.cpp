// Cisco's encapsulated remote switch port analyzer: frames of a mirrored port, in GRE (draft-foschiano-erspan).

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

// In the lower bits of the second 16 of types II and III.
std::uint64_t session_of(LayerBytes bytes) { return bytes.be16(2) & 0x03ff; }

} // namespace

//     0                   2                   4                   8
//    +----+--------------+------+------------+-------------------+---------
//    |ver.|     VLAN     | ...  |  session   |       index       | Ethernet
//    +----+--------------+------+------------+-------------------+---------
//
// Type II, version 1. Type I has no header at all, and GRE in front of it no sequence number.

void dissect_erspan(LayerBytes bytes, bool has_header, Output &output) {
    constexpr std::size_t header_length = 8;
    if (has_header && !require(bytes, header_length, Malformation::tunnel_header_too_short, output.level())) return;
    const auto session = has_header ? std::optional(session_of(bytes)) : std::nullopt;
    if (!output.enter(TunnelKind::erspan, session)) return;
    dissect_ethernet(bytes.behind(has_header ? header_length : 0), output);
}

//     0                   2                   4                   8                   10                  12
//    +----+--------------+------+------------+-------------------+-------------------+-------------------+---------
//    |ver.|     VLAN     | ...  |  session   |       time        |       group       |P|type|   ...    |O| Ethernet
//    +----+--------------+------+------------+-------------------+-------------------+-------------------+---------
//
// Type III, version 2. O: 8 more bytes.

void dissect_erspan_3(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 12;
    constexpr std::size_t subheader_length = 8;
    constexpr unsigned ip_frame = 2;
    if (!require(bytes, fixed_length, Malformation::tunnel_header_too_short, output.level())) return;
    const std::uint16_t last = bytes.be16(10);
    if (!output.enter(TunnelKind::erspan, session_of(bytes))) return;
    bytes = bytes.behind(fixed_length + ((last & 1) != 0 ? subheader_length : 0));
    if ((last >> 10 & 0x1f) == ip_frame) return dissect_raw_ip(bytes, output);
    dissect_ethernet(bytes, output);
}

} // namespace doorplate

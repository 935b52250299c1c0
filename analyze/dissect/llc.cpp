// IEEE 802.2 LLC, of which only SNAP is of interest (RFC 1042): it may hold IP.

#include "analyze/dissect/ethernet.h"
#include "analyze/dissect/layers.h"

namespace doorplate {

//     0      1      2      3
//    +------+------+------+-----
//    | DSAP | SSAP | ctrl | SNAP
//    | 0xaa | 0xaa |   3  |
//    +------+------+------+-----

void dissect_llc(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 3;
    constexpr std::size_t snap_header_length = 5;
    constexpr std::uint32_t snap = 0xaaaa03;
    // IP with a service access point of its own, as on ARCNET and old token rings (RFC 1042, "must not").
    constexpr std::uint32_t ip = 0x060603;

    Dissection &out = output.level();
    if (!output.may_go_on()) return note(Malformation::too_many_link_headers, out);
    out.kind = PacketKind::llc;
    if (!require(bytes, header_length, Malformation::link_header_too_short, out)) return;
    const std::uint32_t header = bytes.be24(0);
    if (header != snap && header != ip) return;
    bytes = bytes.behind(header_length);
    if (header == ip) {
        out.kind = PacketKind::undissected;
        return dissect_ipv4(bytes, output);
    }
    if (!require(bytes, snap_header_length, Malformation::link_header_too_short, out)) return;
    dissect_snap(bytes, output);
}

//     0                    3             5
//    +--------------------+-------------+-----
//    |    organization    |  protocol   | ...
//    +--------------------+-------------+-----

void dissect_snap(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 5;
    constexpr std::uint32_t encapsulated_ethernet = 0x000000; // RFC 1042
    constexpr std::uint32_t bridge_tunnel = 0x0000f8;         // IEEE 802.1H
    constexpr std::uint32_t bridged = 0x0080c2;               // RFC 2427 section 4.2, RFC 2684 section 5.2

    Dissection &out = output.level();
    const std::uint32_t organization = bytes.be24(0);
    const std::uint16_t protocol = bytes.be16(3);
    bytes = bytes.behind(header_length);
    if (organization == encapsulated_ethernet || organization == bridge_tunnel) {
        out.kind = PacketKind::undissected;
        return dissect_ether_type(protocol, bytes, output);
    }
    out.kind = PacketKind::llc;
    if (organization == bridged && (protocol == 1 || protocol == 7)) {
        out.kind = PacketKind::undissected;
        // In front of the frame ATM fills up to a word; Frame Relay does not.
        return dissect_ethernet(looks_like_ethernet(bytes.behind(2)) ? bytes.behind(2) : bytes, output);
    }
}

} // namespace doorplate

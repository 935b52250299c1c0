// IEEE 802.2 LLC, of which only SNAP with an EtherType is of interest (RFC 1042): it may hold IP.

#include <algorithm>
#include <array>

#include "analyze/dissect/layers.h"

namespace doorplate {

//     0      1      2      3                    6             8
//    +------+------+------+--------------------+-------------+-----
//    | DSAP | SSAP | ctrl |    organization    |  EtherType  | ...
//    | 0xaa | 0xaa |   3  |      00-00-00      |             |
//    +------+------+------+--------------------+-------------+-----

void dissect_llc(const LayerBytes &bytes, Output &output) {
    constexpr std::size_t header_length = 3;
    constexpr std::size_t snap_header_length = 8;
    constexpr std::array<std::uint8_t, 6> snap_with_ether_type{0xaa, 0xaa, 3, 0, 0, 0};

    Dissection &out = output.level();
    out.kind = PacketKind::llc;
    if (!require(bytes, header_length, Malformation::link_header_too_short, out)) return;
    if (!std::ranges::equal(bytes.captured().first(header_length),
                            std::span(snap_with_ether_type).first(header_length)))
        return;
    if (!require(bytes, snap_header_length, Malformation::link_header_too_short, out)) return;

    if (!std::ranges::equal(bytes.captured().first(snap_with_ether_type.size()), snap_with_ether_type)) return;
    out.kind = PacketKind::undissected;
    dissect_ether_type(bytes.be16(6), bytes.behind(snap_header_length), output);
}

} // namespace doorplate

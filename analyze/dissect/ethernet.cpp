// Ethernet II and IEEE 802.3.

#include "analyze/dissect/ethernet.h"

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

constexpr std::size_t header_length = 14;

} // namespace

//     0                   6                   12       14
//    +-------------------+-------------------+--------+---------
//    |    destination    |      source       | type or| ...
//    |                   |                   | length |
//    +-------------------+-------------------+--------+---------

void dissect_ethernet(LayerBytes bytes, Output &output) {
    if (!require(bytes, header_length, Malformation::link_header_too_short, output.level())) return;
    dissect_type_or_length(bytes.be16(12), bytes.past(header_length), output);
}

bool looks_like_ethernet(LayerBytes bytes) {
    if (bytes.captured().size() <= header_length) return false;
    const unsigned first_bits = bytes.u8(header_length) >> 4;
    switch (bytes.be16(12)) {
    case 0x0800: return first_bits == 4;
    case 0x86dd: return first_bits == 6;
    case 0x0806: return bytes.captured().size() >= header_length + 4 && bytes.be32(header_length) == 0x00010800;
    case 0x8100:
    case 0x88a8:
    case 0x8847:
    case 0x8863:
    case 0x8864: return true;
    default: return false;
    }
}

} // namespace doorplate

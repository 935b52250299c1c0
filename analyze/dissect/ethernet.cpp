// Ethernet II and IEEE 802.3.

#include "analyze/dissect/layers.h"

namespace doorplate {

//     0                   6                   12       14
//    +-------------------+-------------------+--------+---------
//    |    destination    |      source       | type or| ...
//    |                   |                   | length |
//    +-------------------+-------------------+--------+---------

void dissect_ethernet(const LayerBytes &bytes, Output &output) {
    constexpr std::size_t header_length = 14;
    if (!require(bytes, header_length, Malformation::link_header_too_short, output.level())) return;

    dissect_type_or_length(bytes.be16(12), bytes.behind(header_length), output);
}

} // namespace doorplate

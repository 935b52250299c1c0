// Ethernet II and IEEE 802.3.

#include "analyze/dissect/layers.h"

namespace doorplate {

//     0                   6                   12       14
//    +-------------------+-------------------+--------+---------
//    |    destination    |      source       | type or| ...
//    |                   |                   | length |
//    +-------------------+-------------------+--------+---------

void dissect_ethernet(const LayerBytes &bytes, Dissection &out) {
    constexpr std::size_t header_length = 14;
    if (!require(bytes, header_length, Malformation::link_header_too_short, out)) return;

    ByteReader addresses_and_type(bytes.captured().subspan(12));
    dissect_type_or_length(*addresses_and_type.be16(), bytes.behind(header_length), out);
}

} // namespace doorplate

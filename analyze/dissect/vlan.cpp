// IEEE 802.1Q tags, stacked as in IEEE 802.1ad.

#include "analyze/dissect/layers.h"

namespace doorplate {

//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +-----+-+-----------------------+-------------------------------+
//    | PCP |D|    VLAN identifier    |         type or length        |
//    +-----+-+-----------------------+-------------------------------+

void dissect_vlan(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 4;
    Dissection &out = output.level();
    if (out.vlan_count == max_vlan_tags) return note(Malformation::too_many_vlan_tags, out);
    if (!require(bytes, header_length, Malformation::vlan_header_too_short, out)) return;

    out.vlans[out.vlan_count++] = bytes.be16(0) & 0x0fff;
    dissect_type_or_length(bytes.be16(2), bytes.behind(header_length), output);
}

} // namespace doorplate

// MPLS, RFC 3032, and Ethernet pseudowires, RFC 4448.

#include "analyze/dissect/ethernet.h"
#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

// RFC 3032 and its likes know no limit; nobody was seen to stack half as many.
constexpr std::size_t max_walked_labels = 16;

// What follows the bottom of the stack is nowhere told: the routers at the ends of the path agree on it. IP has its
// version in the first four bits; an Ethernet pseudowire has zero there if it has a control word, and for the sake of
// this very guess an associated channel has one (RFC 4928, RFC 5586).
void dissect_payload(LayerBytes bytes, Output &output) {
    constexpr std::size_t control_word_length = 4;
    Dissection &out = output.level();
    if (!require(bytes, 1, Malformation::link_header_too_short, out)) return;
    const unsigned first_bits = bytes.u8(0) >> 4;
    if (first_bits == 0 && looks_like_ethernet(bytes.behind(control_word_length)))
        return dissect_ethernet(bytes.behind(control_word_length), output);
    if (looks_like_ethernet(bytes)) return dissect_ethernet(bytes, output);
    if (first_bits == 4) return dissect_ipv4(bytes, output);
    if (first_bits == 6) return dissect_ipv6(bytes, output);
    out.kind = PacketKind::mpls;
}

} // namespace

//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +---------------------------------------+-----+-+---------------+
//    |                 Label                 |class|S|  Time to Live |
//    +---------------------------------------+-----+-+---------------+
//
// S: the bottom of the stack.

void dissect_mpls(LayerBytes bytes, Output &output) {
    constexpr std::size_t entry_length = 4;
    constexpr std::uint32_t bottom = 0x100;
    Dissection &out = output.level();
    for (std::size_t walked = 0; walked < max_walked_labels; ++walked) {
        if (!require(bytes, entry_length, Malformation::link_header_too_short, out)) return;
        const std::uint32_t entry = bytes.be32(0);
        if (out.mpls_count < max_mpls_labels) out.mpls[out.mpls_count++] = entry >> 12;
        bytes = bytes.behind(entry_length);
        if ((entry & bottom) != 0) return dissect_payload(bytes, output);
    }
    out.kind = PacketKind::mpls;
    note(Malformation::too_many_mpls_labels, out);
}

} // namespace doorplate

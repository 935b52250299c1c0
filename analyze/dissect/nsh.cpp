// The network service header, RFC 8300.

#include "analyze/dissect/layers.h"

namespace doorplate {

//     0                   2         3         4
//    +---+-+-+-----------+---+-----+---------+-----------------------
//    |ver|O| |    TTL    |length   |metadata | protocol, service path, metadata
//    +---+-+-+-----------+---------+---------+-----------------------
//
// The length is in words.

void dissect_nsh(LayerBytes bytes, Output &output) {
    constexpr std::size_t shortest_length = 8;
    Dissection &out = output.level();
    if (!require(bytes, shortest_length, Malformation::link_header_too_short, out)) return;
    const std::size_t length = std::size_t{4} * (bytes.be16(0) & 0x3f);
    if (length < shortest_length) return note(Malformation::link_header_too_short, out);
    const std::uint8_t protocol = bytes.u8(3);
    // One in another would be without end.
    if (protocol == 4) {
        out.kind = PacketKind::other_ether_type;
        return;
    }
    dissect_nsh_protocol(protocol, bytes.behind(length), output);
}

// RFC 8300 section 2.2; VXLAN-GPE has the same numbers.
void dissect_nsh_protocol(std::uint8_t protocol, LayerBytes bytes, Output &output) {
    switch (protocol) {
    case 1: return dissect_ipv4(bytes, output);
    case 2: return dissect_ipv6(bytes, output);
    case 3: return dissect_ethernet(bytes, output);
    case 4: return dissect_ether_type(0x894f, bytes, output);
    case 5: return dissect_mpls(bytes, output);
    default: output.level().kind = PacketKind::undissected;
    }
    note(Malformation::tunnel_bad_header, output.level());
}

} // namespace doorplate

// Frame Relay: Q.922 addresses, the encapsulation of RFC 2427, and Cisco's.

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

// Two to four bytes; the last one has its lowest bit set.
std::size_t address_length(Bytes captured) {
    for (std::size_t i = 1; i < 4 && i < captured.size(); ++i)
        if ((captured[i] & 1) != 0) return i + 1;
    return 2;
}

} // namespace

//     0                   2           3
//    +-------------------+-----------+--------------------+-----
//    |      address      |  control  |   NLPID, before it | ...
//    |                   |    03     |   0 may fill up    |
//    +-------------------+-----------+--------------------+-----

void dissect_frame_relay(LayerBytes bytes, Output &output) {
    constexpr std::uint8_t unnumbered_information = 0x03;
    Dissection &out = output.level();
    const std::size_t header_length = address_length(bytes.captured());
    if (!require(bytes, header_length + 2, Malformation::link_header_too_short, out)) return;
    // Cisco has an EtherType instead of control and NLPID.
    if (bytes.u8(header_length) != unnumbered_information)
        return dissect_ether_type(bytes.be16(header_length), bytes.behind(header_length + 2), output);
    bytes = bytes.behind(header_length + 1);
    if (bytes.u8(0) == 0) bytes = bytes.behind(1);
    if (!require(bytes, 1, Malformation::link_header_too_short, out)) return;
    dissect_nlpid(bytes.u8(0), bytes.behind(1), output);
}

// ISO/IEC TR 9577: the byte that tells the network layer's protocol.
void dissect_nlpid(std::uint8_t nlpid, LayerBytes bytes, Output &output) {
    constexpr std::size_t snap_length = 5;
    Dissection &out = output.level();
    switch (nlpid) {
    case 0xcc: return dissect_ipv4(bytes, output);
    case 0x8e: return dissect_ipv6(bytes, output);
    case 0xcf: return dissect_ppp(bytes, output);
    case 0x80: break; // SNAP
    default: out.kind = PacketKind::llc; return;
    }
    if (!require(bytes, snap_length, Malformation::link_header_too_short, out)) return;
    dissect_snap(bytes, output);
}

} // namespace doorplate

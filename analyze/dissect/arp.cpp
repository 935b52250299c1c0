// ARP, RFC 826. Nothing of it is kept but that it was there, and whole.

#include "analyze/dissect/layers.h"

namespace doorplate {

//     0          2          4      5      6           8
//    +----------+----------+------+------+-----------+-----------------------------
//    | hardware | protocol | hlen | plen | operation | two addresses of hlen bytes
//    |          |          |      |      |           | and two of plen, in turns
//    +----------+----------+------+------+-----------+-----------------------------

void dissect_arp(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 8;
    Dissection &out = output.level();
    out.kind = PacketKind::arp;
    if (!require(bytes, fixed_length, Malformation::arp_too_short, out)) return;

    const std::size_t hardware_length = bytes.u8(4);
    const std::size_t protocol_length = bytes.u8(5);
    static_cast<void>(
        require(bytes, fixed_length + 2 * (hardware_length + protocol_length), Malformation::arp_too_short, out));
}

} // namespace doorplate

// The point-to-point protocol: RFC 1661; over HDLC, RFC 1662; over Ethernet, RFC 2516; and Cisco's HDLC, which shares
// its link types.

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

constexpr std::uint16_t hdlc_all_stations = 0xff03; // address and control

bool is_cisco_hdlc(LayerBytes bytes) {
    constexpr std::uint8_t unicast = 0x0f;
    constexpr std::uint8_t multicast = 0x8f;
    const Bytes captured = bytes.captured();
    return captured.size() >= 2 && (captured[0] == unicast || captured[0] == multicast) && captured[1] == 0;
}

void dissect_protocol(std::uint16_t protocol, LayerBytes bytes, Output &output) {
    switch (protocol) {
    case 0x0021: return dissect_ipv4(bytes, output);
    case 0x0057: return dissect_ipv6(bytes, output);
    case 0x0281:
    case 0x0283: return dissect_mpls(bytes, output);
    default: break;
    }
    output.level().kind = PacketKind::ppp;
    output.level().ether_type = protocol;
}

} // namespace

//     0                2               3 or 4
//    +----------------+----------------+-----
//    | ff 03, may be  |  protocol, its | ...
//    | left out       | first 0 as well|
//    +----------------+----------------+-----

void dissect_ppp(LayerBytes bytes, Output &output) {
    Dissection &out = output.level();
    if (is_cisco_hdlc(bytes)) return dissect_cisco_hdlc(bytes, output);
    if (bytes.captured().size() >= 2 && bytes.be16(0) == hdlc_all_stations) bytes = bytes.behind(2);
    if (!require(bytes, 1, Malformation::link_header_too_short, out)) return;
    // The last bit of a protocol's number is 1, that of its first byte is 0.
    if ((bytes.u8(0) & 1) != 0) return dissect_protocol(bytes.u8(0), bytes.behind(1), output);
    if (!require(bytes, 2, Malformation::link_header_too_short, out)) return;
    dissect_protocol(bytes.be16(0), bytes.behind(2), output);
}

// Where the address was, the direction is: LINKTYPE_PPP_PPPD, LINKTYPE_PPP_WITH_DIR.
void dissect_ppp_with_direction(LayerBytes bytes, Output &output) {
    constexpr std::uint8_t control = 0x03;
    if (!require(bytes, 2, Malformation::link_header_too_short, output.level())) return;
    dissect_ppp(bytes.behind(bytes.u8(1) == control ? 2 : 1), output);
}

//     0         1         2                   4                   6
//    +----+----+---------+-------------------+-------------------+-----
//    |ver.|type|  code   |      session      | length behind this| PPP
//    +----+----+---------+-------------------+-------------------+-----

void dissect_pppoe(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 6;
    if (!require(bytes, header_length, Malformation::link_header_too_short, output.level())) return;
    constexpr std::uint16_t ipv4 = 0x0021;
    constexpr std::uint16_t ipv6 = 0x0057;
    constexpr std::size_t shortest_ip_header = 20;
    const LayerBytes inside = bytes.behind(header_length);
    const std::size_t length = bytes.be16(4);
    // IP knows its own length, and where the two differ the sums of IP and TCP come out right with IP's.
    const bool is_ip = length >= 2 + shortest_ip_header && inside.captured().size() >= 2 &&
                       (inside.be16(0) == ipv4 || inside.be16(0) == ipv6);
    dissect_ppp(is_ip ? inside : inside.first(length), output);
}

//     0         1         2                   4
//    +---------+---------+-------------------+-----
//    | address | control |     EtherType     | ...
//    +---------+---------+-------------------+-----

void dissect_cisco_hdlc(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 4;
    if (!require(bytes, header_length, Malformation::link_header_too_short, output.level())) return;
    dissect_ether_type(bytes.be16(2), bytes.behind(header_length), output);
}

} // namespace doorplate

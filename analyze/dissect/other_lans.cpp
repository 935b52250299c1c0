// Link layers that are rare today: token ring (IEEE 802.5), FDDI, ARCNET (RFC 1201, RFC 1051), IP over InfiniBand (RFC
// 4391), IP over Fibre Channel (RFC 2625), classical IP over ATM (RFC 2684), SLIP (RFC 1055), Solaris's ipnet.

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

constexpr Malformation too_short = Malformation::link_header_too_short;

} // namespace

//     0         1         2                   8                   14
//    +---------+---------+-------------------+-------------------+------------------------+-----
//    | access  | control |    destination    |      source       | routing, if the source | LLC
//    +---------+---------+-------------------+-------------------+ says so                +-----

void dissect_token_ring(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 14;
    constexpr std::uint8_t has_routing = 0x80; // the first bit of the source
    Dissection &out = output.level();
    if (!require(bytes, fixed_length, too_short, out)) return;
    const bool is_llc = bytes.u8(1) >> 6 == 1;
    std::size_t header_length = fixed_length;
    if ((bytes.u8(8) & has_routing) != 0) {
        if (!require(bytes, fixed_length + 1, too_short, out)) return;
        header_length += bytes.u8(fixed_length) & 0x1f;
    }
    out.kind = PacketKind::llc;
    if (is_llc) dissect_llc(bytes.behind(header_length), output);
}

//     0         1                   7                   13
//    +---------+-------------------+-------------------+-----
//    | control |    destination    |      source       | LLC
//    +---------+-------------------+-------------------+-----

void dissect_fddi(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 13;
    constexpr std::uint8_t llc_frame = 0x10;
    Dissection &out = output.level();
    if (!require(bytes, header_length, too_short, out)) return;
    out.kind = PacketKind::llc;
    if ((bytes.u8(0) & 0x30) == llc_frame) dissect_llc(bytes.behind(header_length), output);
}

//     0         1         2                   4         5         6         8
//    +---------+---------+-------------------+---------+---------+---------+-----
//    | source  | dest.   |      offset       |  type   |  split  | sequence| ...
//    +---------+---------+-------------------+---------+---------+---------+-----
//
// As Linux gives it. The types of RFC 1051 have no header behind the type.
void dissect_arcnet(LayerBytes bytes, Output &output) {
    constexpr std::size_t old_length = 5;
    constexpr std::size_t length = 8;
    Dissection &out = output.level();
    if (!require(bytes, old_length, too_short, out)) return;
    switch (bytes.u8(4)) {
    case 240: return dissect_ipv4(bytes.behind(old_length), output);
    case 241: return dissect_arp(bytes.behind(old_length), output);
    case 212: return dissect_ipv4(bytes.behind(length), output);
    case 213: return dissect_arp(bytes.behind(length), output);
    case 196: return dissect_ipv6(bytes.behind(length), output);
    default: out.kind = PacketKind::unknown_link;
    }
}

// 40 bytes of a global routing header, an EtherType and two bytes of nothing.
void dissect_ip_over_infiniband(LayerBytes bytes, Output &output) {
    constexpr std::size_t routing_length = 40;
    constexpr std::size_t header_length = routing_length + 4;
    if (!require(bytes, header_length, too_short, output.level())) return;
    dissect_ether_type(bytes.be16(routing_length), bytes.behind(header_length), output);
}

// 16 bytes of addresses, then LLC.
void dissect_ip_over_fibre_channel(LayerBytes bytes, Output &output) { dissect_llc(bytes.behind(16), output); }

// LLC, or for one protocol per circuit an NLPID or nothing in front of it.
void dissect_atm(LayerBytes bytes, Output &output) {
    if (!require(bytes, 1, too_short, output.level())) return;
    const unsigned first_bits = bytes.u8(0) >> 4;
    if (first_bits == 4 || first_bits == 6) return dissect_raw_ip(bytes, output);
    dissect_llc(bytes, output);
}

// SunATM's 4 bytes: the traffic's type and the circuit.
void dissect_sun_atm(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 4;
    constexpr std::uint8_t llc_traffic = 2;
    Dissection &out = output.level();
    if (!require(bytes, header_length, too_short, out)) return;
    if ((bytes.u8(0) & 0x0f) == llc_traffic) return dissect_llc(bytes.behind(header_length), output);
    out.kind = PacketKind::unknown_link;
}

// 16 bytes with the direction and a compressed header, if there was one; the packet follows as it was before.
void dissect_slip(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 16;
    if (!require(bytes, header_length, too_short, output.level())) return;
    dissect_raw_ip(bytes.behind(header_length), output);
}

//     0         1         2                                       24
//    +---------+---------+---------------------------------------+-----
//    | version | family  | interfaces and zones                  | IP
//    +---------+---------+---------------------------------------+-----

void dissect_ipnet(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 24;
    if (!require(bytes, header_length, too_short, output.level())) return;
    dissect_raw_ip(bytes.behind(header_length), output);
}

} // namespace doorplate

// Tunnels in UDP.

#include "analyze/dissect/udp_tunnels.h"

#include "analyze/dissect/inside.h"
#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

bool has(LayerBytes bytes, std::size_t count) { return bytes.captured().size() >= count; }

//     0         1                   4                   7         8
//    +---------+-------------------+-------------------+---------+----------
//    |  flags  |     reserved      |      network      | reserved| Ethernet
//    +---------+-------------------+-------------------+---------+----------
//
// RFC 7348 section 5. With the generic protocol extension (draft-ietf-nvo3-vxlan-gpe), which has a port of its own, the
// last reserved byte in front of the network is the protocol of what follows; not all senders set the flag for it.
void dissect_vxlan(LayerBytes bytes, bool tells_protocol, Output &output) {
    constexpr std::size_t header_length = 8;
    constexpr std::uint8_t network_is_valid = 0x08;
    if (!has(bytes, header_length) || (bytes.u8(0) & network_is_valid) == 0) return;
    constexpr std::uint8_t ethernet = 3;
    const std::uint8_t protocol = tells_protocol ? bytes.u8(3) : ethernet;
    const bool reserved_is_zero = bytes.u8(0) == network_is_valid && bytes.be24(1) == 0 && bytes.u8(7) == 0;
    try_inside(
        TunnelKind::vxlan, bytes.be24(4), output,
        [&] { dissect_nsh_protocol(protocol, bytes.behind(header_length), output); },
        reserved_is_zero ? HeaderSays::surely : HeaderSays::maybe);
}

//     0         1         2                   4                   7         8
//    +---------+---------+-------------------+-------------------+---------+---------
//    |ver., len|  flags  |     EtherType     |      network      | reserved| options
//    +---------+---------+-------------------+-------------------+---------+---------
//
// RFC 8926 section 3.4; the options' length is in words.
void dissect_geneve(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 8;
    if (!has(bytes, fixed_length) || bytes.u8(0) >> 6 != 0) return;
    const std::size_t header_length = fixed_length + std::size_t{4} * (bytes.u8(0) & 0x3f);
    if (!has(bytes, header_length)) return;
    const bool reserved_is_zero = (bytes.u8(1) & 0x3f) == 0 && bytes.u8(7) == 0;
    try_inside(
        TunnelKind::geneve, bytes.be24(4), output,
        [&] { dissect_ether_type(bytes.be16(2), bytes.behind(header_length), output); },
        reserved_is_zero ? HeaderSays::surely : HeaderSays::maybe);
}

// 3GPP TS 29.281 section 5.2: each begins with its length in words and ends with the type of the next one.
std::optional<std::size_t> behind_gtp_extensions(LayerBytes bytes, std::size_t at, std::uint8_t type) {
    constexpr int most = 16;
    for (int count = 0; type != 0; ++count) {
        if (count == most || !has(bytes, at + 1)) return std::nullopt;
        const std::size_t length = std::size_t{4} * bytes.u8(at);
        if (length == 0 || !has(bytes, at + length)) return std::nullopt;
        type = bytes.u8(at + length - 1);
        at += length;
    }
    return at;
}

//     0         1         2                   4                                       8
//    +---------+---------+-------------------+---------------------------------------+------------------------
//    |ver.,flag| message |      length       |          tunnel endpoint              | sequence number (2), N-PDU
//    +---------+---------+-------------------+---------------------------------------+ number, extension's type
//
// 3GPP TS 29.281 section 5.1. The last four bytes are there if one of three flags is set.
void dissect_gtp_u(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 8;
    constexpr std::size_t long_length = 12;
    constexpr std::uint8_t version_1_no_prime = 0x30;
    constexpr std::uint8_t any_of_the_three = 0x07;
    constexpr std::uint8_t has_extensions = 0x04;
    constexpr std::uint8_t user_packet = 255;
    if (!has(bytes, fixed_length) || (bytes.u8(0) & 0xf0) != version_1_no_prime || bytes.u8(1) != user_packet) return;
    if (bytes.be16(2) + fixed_length > bytes.length()) return;

    const std::uint8_t flags = bytes.u8(0);
    std::optional<std::size_t> inner_at = fixed_length;
    if ((flags & any_of_the_three) != 0) {
        if (!has(bytes, long_length)) return;
        inner_at =
            (flags & has_extensions) != 0 ? behind_gtp_extensions(bytes, long_length, bytes.u8(11)) : long_length;
    }
    if (!inner_at) return;
    const bool length_is_right = bytes.be16(2) + fixed_length == bytes.length();
    try_inside(
        TunnelKind::gtp_u, bytes.be32(4), output, [&] { dissect_raw_ip(bytes.behind(*inner_at), output); },
        length_is_right ? HeaderSays::surely : HeaderSays::maybe);
}

// RFC 4380 section 5.1.1: in front of IPv6 there may be an authentication and an origin indication.
void dissect_teredo(LayerBytes bytes, Output &output) {
    constexpr std::uint16_t authentication = 0x0001;
    constexpr std::uint16_t origin = 0x0000;
    constexpr std::size_t authentication_length = 13; // and two values, whose lengths are in bytes 2 and 3
    constexpr std::size_t origin_length = 8;
    constexpr std::size_t ipv6_header_length = 40;
    if (has(bytes, 4) && bytes.be16(0) == authentication)
        bytes = bytes.behind(authentication_length + bytes.u8(2) + bytes.u8(3));
    if (has(bytes, 2) && bytes.be16(0) == origin) bytes = bytes.behind(origin_length);
    if (!has(bytes, ipv6_header_length) || bytes.u8(0) >> 4 != 6) return;
    try_inside(TunnelKind::teredo, std::nullopt, output, [&] { dissect_ipv6(bytes, output); });
}

//     0                   2
//    +-+-+---+-+-+-+-----+----------------------------------------------------
//    |T|L|...|S|..|O| ver| length (if L), tunnel, session, two sequence numbers (if S), offset and filling (if O)
//    +-+-+---+-+-+-+-----+----------------------------------------------------
//
// RFC 2661 section 3.1, and version 3, RFC 3931 section 4.1.2.1, which has a session of four bytes behind two reserved
// ones. T: a control message.
void dissect_l2tp(LayerBytes bytes, Output &output) {
    constexpr std::uint16_t is_control = 0x8000;
    constexpr std::uint16_t has_length = 0x4000;
    constexpr std::uint16_t has_sequence = 0x0800;
    constexpr std::uint16_t has_offset = 0x0200;
    if (!has(bytes, 8)) return;
    const std::uint16_t flags = bytes.be16(0);
    if ((flags & is_control) != 0) return;
    if ((flags & 0x000f) == 3) {
        dissect_l2tp_session(bytes.behind(4), output);
        return;
    }
    if ((flags & 0x000f) != 2) return;
    std::size_t at = 2;
    if ((flags & has_length) != 0) {
        if (bytes.be16(at) > bytes.length()) return;
        at += 2;
    }
    const std::uint32_t tunnel_and_session = bytes.be32(at);
    at += 4;
    if ((flags & has_sequence) != 0) at += 4;
    if ((flags & has_offset) != 0) {
        if (!has(bytes, at + 2)) return;
        at += std::size_t{2} + bytes.be16(at);
    }
    try_inside(TunnelKind::l2tp, tunnel_and_session, output, [&] { dissect_ppp(bytes.behind(at), output); });
}

//     0         1                             4                   6                   8
//    +---------+-----------------------------+-------------------+-------------------+-----
//    | version | length (5), radio (5), kind of radio (5), flags (9)  | fragment, offset | ...
//    +---------+-----------------------------+-------------------+-------------------+-----
//
// RFC 5415 section 4.3; the length is in words. Of the flags: T, it is a frame of the radio and not of Ethernet; F, L:
// a fragment, the last one.
void dissect_capwap(LayerBytes bytes, Output &output) {
    constexpr std::size_t shortest_length = 8;
    constexpr std::uint32_t is_native = 0x100;
    constexpr std::uint32_t is_fragment = 0x080;
    constexpr std::uint32_t is_keep_alive = 0x008;
    constexpr std::uint8_t version = 0x03; // in 802.11's first byte, always 0; Cisco's access points swap the first two
    if (!has(bytes, shortest_length) || bytes.u8(0) != 0) return;
    const std::uint32_t header = bytes.be24(1);
    const std::size_t length = std::size_t{4} * (header >> 19);
    if (length < shortest_length || !has(bytes, length) || (header & (is_fragment | is_keep_alive)) != 0) return;
    bytes = bytes.behind(length);
    try_inside(TunnelKind::capwap, std::nullopt, output, [&] {
        if ((header & is_native) == 0) return dissect_ethernet(bytes, output);
        const bool is_swapped = has(bytes, 2) && (bytes.u8(0) & version) != 0 && (bytes.u8(1) & version) == 0;
        dissect_wlan(bytes, is_swapped ? WlanForm::swapped_control : WlanForm::standard, output);
    });
}

//     0         1         2         3         4                   8
//    +---------+---------+---------+---------+-------------------+-----
//    | identity| signat. | authent.| next    |       time        | identity, signature
//    | log2 len| words   | op code | header  |                   |
//    +---------+---------+---------+---------+-------------------+-----
//
// Anything in Anything, as SixXS's tunnels had it.
void dissect_ayiya(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 8;
    constexpr std::uint8_t forward = 1;
    constexpr std::uint8_t ipv6 = 41;
    if (!has(bytes, fixed_length) || (bytes.u8(2) & 0x0f) != forward || bytes.u8(3) != ipv6) return;
    const std::size_t identity_length = std::size_t{1} << (bytes.u8(0) >> 4);
    const std::size_t signature_length = std::size_t{4} * (bytes.u8(1) >> 4);
    try_inside(TunnelKind::ayiya, std::nullopt, output,
               [&] { dissect_ipv6(bytes.behind(fixed_length + identity_length + signature_length), output); });
}

// RFC 9300 section 5.1: flags, a nonce and an instance in front of the IP packet, or RFC 9301 section 4.2: of control
// messages the encapsulated ones, which have four bytes there.
void dissect_lisp(LayerBytes bytes, std::size_t header_length, Output &output) {
    try_inside(TunnelKind::lisp, std::nullopt, output, [&] { dissect_raw_ip(bytes.behind(header_length), output); });
}

void dissect_lisp_control(LayerBytes bytes, Output &output) {
    constexpr unsigned encapsulated = 8;
    if (has(bytes, 4) && bytes.u8(0) >> 4 == encapsulated) dissect_lisp(bytes, 4, output);
}

} // namespace

void dissect_udp_tunnel(std::uint16_t port, LayerBytes bytes, Output &output) {
    switch (port) {
    case 1701: return dissect_l2tp(bytes, output);
    case 2152: return dissect_gtp_u(bytes, output);
    case 3544: return dissect_teredo(bytes, output);
    case 4341: return dissect_lisp(bytes, 8, output);
    case 4342: return dissect_lisp_control(bytes, output);
    case 4789:
    case 8472: return dissect_vxlan(bytes, false, output);
    case 4790: return dissect_vxlan(bytes, true, output);
    case 5072: return dissect_ayiya(bytes, output);
    case 5247: return dissect_capwap(bytes, output);
    case 6081: return dissect_geneve(bytes, output);
    case 6635: try_inside(TunnelKind::mpls_in_ip, std::nullopt, output, [&] { dissect_mpls(bytes, output); }); return;
    default: return;
    }
}

} // namespace doorplate

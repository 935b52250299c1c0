// Generic routing encapsulation: RFC 2784, with key and sequence number RFC 2890, with routing RFC 1701, and PPTP's
// version 1, RFC 2637.

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

constexpr std::uint16_t checksum_present = 0x8000;
constexpr std::uint16_t routing_present = 0x4000;
constexpr std::uint16_t key_present = 0x2000;
constexpr std::uint16_t sequence_present = 0x1000;
constexpr std::uint16_t acknowledgment_present = 0x0080;
constexpr std::uint16_t version_mask = 0x0007;

constexpr std::uint16_t eoip = 0x6400;
// Aruba's access points put the frames of the radio into GRE, with a type for each tunnel.
constexpr std::uint16_t aruba_first = 0x8200;
constexpr std::uint16_t aruba_last = 0x82ff;

// The fields that the flags announce are 4 bytes each, in the order of the flags.
struct Fields {
    std::size_t key_at = 4;
    std::size_t header_length = 4;
};

Fields fields_of(std::uint16_t flags) {
    Fields fields;
    if ((flags & (checksum_present | routing_present)) != 0) fields.key_at += 4;
    fields.header_length = fields.key_at;
    for (const std::uint16_t flag : {key_present, sequence_present})
        if ((flags & flag) != 0) fields.header_length += 4;
    if ((flags & version_mask) == 1 && (flags & acknowledgment_present) != 0) fields.header_length += 4;
    return fields;
}

// What GRE carries has EtherTypes, and a few more.
void dissect_payload(std::uint16_t type, std::uint16_t flags, std::optional<std::uint64_t> key, LayerBytes bytes,
                     Output &output) {
    constexpr std::uint16_t erspan = 0x88be;
    constexpr std::uint16_t erspan_3 = 0x22eb;
    constexpr std::uint16_t wccp = 0x883e;
    if (type == erspan) return dissect_erspan(bytes, (flags & sequence_present) != 0, output);
    if (type == erspan_3) return dissect_erspan_3(bytes, output);
    if (!output.enter(TunnelKind::gre, key)) return;
    if (type == wccp) {
        // Version 2 of Cisco's web cache protocol has four bytes of its own in front of IP.
        const bool is_ip = !bytes.captured().empty() && bytes.u8(0) >> 4 == 4;
        return dissect_ipv4(is_ip ? bytes : bytes.behind(4), output);
    }
    if (aruba_first <= type && type <= aruba_last) return dissect_wlan(bytes, WlanForm::standard, output);
    dissect_ether_type(type, bytes, output);
}

} // namespace

//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +-+-+-+-+-+-----+-+-------+-----+-------------------------------+
//    |C|R|K|S|s|recur|A| flags | ver |     EtherType of the rest     |
//    +-+-+-+-+-+-----+-+-------+-----+-------------------------------+
//    |      Checksum (if C or R)     |      Offset (if C or R)       |
//    +-------------------------------+-------------------------------+
//    |     Key (if K); of version 1: payload length, call number     |
//    +---------------------------------------------------------------+
//    |                    Sequence Number (if S)                     |
//    +---------------------------------------------------------------+
//    |            Acknowledgment Number (if A, version 1)            |
//    +---------------------------------------------------------------+

void dissect_gre(LayerBytes bytes, Output &output) {
    Dissection &around = output.level();
    if (!require(bytes, 4, Malformation::tunnel_header_too_short, around)) return;
    const std::uint16_t flags = bytes.be16(0);
    const std::uint16_t type = bytes.be16(2);
    const bool is_version_1 = (flags & version_mask) == 1;
    if ((flags & version_mask) > 1) return note(Malformation::tunnel_bad_header, around);
    const Fields fields = fields_of(flags);
    if (!require(bytes, fields.header_length, Malformation::tunnel_header_too_short, around)) return;

    LayerBytes inside = bytes.behind(fields.header_length);
    std::optional<std::uint64_t> key;
    if ((flags & key_present) != 0) key = bytes.be32(fields.key_at);
    if (is_version_1 && key) {
        inside = inside.first(bytes.be16(fields.key_at));
        // MikroTik's Ethernet over IP is a GRE with a type and a byte order of its own.
        if (type == eoip) {
            if (output.enter(TunnelKind::gre, std::byteswap(bytes.be16(fields.key_at + 2))))
                dissect_ethernet(inside, output);
            return;
        }
        key = bytes.be16(fields.key_at + 2);
    }
    // PPTP acknowledges without data, and a keep-alive has nothing inside, too.
    if (inside.length() == 0) return;
    dissect_payload(type, flags, key, inside, output);
}

} // namespace doorplate

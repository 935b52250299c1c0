// Headers that capturing systems put in front of frames, and which tell what link type follows.

#include <bit>

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

// Their numbers are in the byte order of the system that captured, in practice this one.
std::uint16_t le16(LayerBytes bytes, std::size_t at) { return std::byteswap(bytes.be16(at)); }
std::uint32_t le32(LayerBytes bytes, std::size_t at) { return std::byteswap(bytes.be32(at)); }

constexpr Malformation too_short = Malformation::link_header_too_short;

// Does the header fit that says it is `told` bytes long, and at least `least`?
bool fits(LayerBytes bytes, std::size_t told, std::size_t least, Dissection &out) {
    if (told >= least) return require(bytes, told, too_short, out);
    note(too_short, out);
    return false;
}

// Some fields of a radiotap header, in this order, each aligned to its size, if the bit of its number is set.
bool radiotap_says_padded(LayerBytes bytes, std::size_t header_length) {
    constexpr std::uint32_t more_words = 1U << 31;
    constexpr std::uint32_t has_time = 1U << 0; // 8 bytes
    constexpr std::uint32_t has_flags = 1U << 1;
    constexpr std::uint8_t padded = 0x20;
    std::size_t at = 4;
    const std::uint32_t present = le32(bytes, at);
    for (std::uint32_t word = present; (word & more_words) != 0;) {
        at += 4;
        if (at + 4 > header_length) return false;
        word = le32(bytes, at);
    }
    at += 4;
    if ((present & has_flags) == 0) return false;
    if ((present & has_time) != 0) at = (at + 7) / 8 * 8 + 8;
    return at < header_length && (bytes.u8(at) & padded) != 0;
}

} // namespace

// https://www.radiotap.org
//     0         1         2                   4
//    +---------+---------+-------------------+-----------------------
//    | version |         |   header length   | which fields there are
//    +---------+---------+-------------------+-----------------------

void dissect_radiotap(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 8;
    Dissection &out = output.level();
    if (!require(bytes, fixed_length, too_short, out)) return;
    const std::size_t length = le16(bytes, 2);
    if (!fits(bytes, length, fixed_length, out)) return;
    const bool padded = radiotap_says_padded(bytes, length);
    dissect_wlan(bytes.behind(length), padded ? WlanForm::padded : WlanForm::standard, output);
}

// CACE's per-packet information.
//     0         1         2                   4
//    +---------+---------+-------------------+-----------------------
//    | version |  flags  |   header length   |  link type (4 bytes)
//    +---------+---------+-------------------+-----------------------

void dissect_ppi(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 8;
    Dissection &out = output.level();
    if (!require(bytes, fixed_length, too_short, out)) return;
    const std::size_t length = le16(bytes, 2);
    if (!fits(bytes, length, fixed_length, out)) return;
    dissect_inner_link(le32(bytes, 4), bytes.behind(length), output);
}

// AVS's header: a magic number whose last digit is the version, and the header's length, both in network byte order.
void dissect_avs(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 8;
    Dissection &out = output.level();
    if (!require(bytes, fixed_length, too_short, out)) return;
    const std::size_t length = bytes.be32(4);
    if (!fits(bytes, length, fixed_length, out)) return;
    dissect_wlan(bytes.behind(length), WlanForm::standard, output);
}

// Prism II's header, always of one length. AVS's header took over its link type in places.
void dissect_prism(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 144;
    constexpr std::uint32_t avs_magic = 0x80211000;
    Dissection &out = output.level();
    if (!require(bytes, 4, too_short, out)) return;
    if ((bytes.be32(0) & 0xfffff000) == avs_magic) return dissect_avs(bytes, output);
    if (!require(bytes, header_length, too_short, out)) return;
    dissect_wlan(bytes.behind(header_length), WlanForm::standard, output);
}

// Darwin's, with the interface and the process.
//     0                   4                   8                   12
//    +-------------------+-------------------+-------------------+-----
//    |   header length   |    record type    |     link type     | ...
//    +-------------------+-------------------+-------------------+-----

void dissect_pktap(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 108;
    constexpr std::uint32_t packet_record = 1;
    Dissection &out = output.level();
    if (!require(bytes, fixed_length, too_short, out)) return;
    const std::size_t length = le32(bytes, 0);
    if (!fits(bytes, length, fixed_length, out)) return;
    if (le32(bytes, 4) != packet_record) {
        out.kind = PacketKind::unknown_link;
        return;
    }
    dissect_inner_link(le32(bytes, 8), bytes.behind(length), output);
}

// LINKTYPE_NFLOG: a family, then attributes, each with length and type, filled up to 4 bytes. One is the packet.
//     0         1         2                   4                   6                   8
//    +---------+---------+-------------------+-------------------+-------------------+-----
//    | family  | version |    resource       |  attribute length |  attribute type   | ...
//    +---------+---------+-------------------+-------------------+-------------------+-----

void dissect_nflog(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 4;
    constexpr std::size_t attribute_header_length = 4;
    constexpr std::uint16_t payload_attribute = 9;
    Dissection &out = output.level();
    if (!require(bytes, fixed_length, too_short, out)) return;
    bytes = bytes.behind(fixed_length);
    while (require(bytes, attribute_header_length, too_short, out)) {
        const std::size_t length = le16(bytes, 0);
        const std::uint16_t type = le16(bytes, 2);
        if (length < attribute_header_length) return note(too_short, out);
        if (type == payload_attribute)
            return dissect_raw_ip(bytes.first(length).behind(attribute_header_length), output);
        bytes = bytes.behind((length + 3) / 4 * 4);
    }
}

// OpenBSD's packet filter log: the header's length, which is filled up to 4 bytes, and the address family.
void dissect_pflog(LayerBytes bytes, Output &output) {
    Dissection &out = output.level();
    if (!require(bytes, 2, too_short, out)) return;
    const std::size_t length = (bytes.u8(0) + std::size_t{3}) / 4 * 4;
    if (!fits(bytes, length, 4, out)) return;
    dissect_raw_ip(bytes.behind(length), output);
}

// Juniper's: a magic number, flags, and extensions if a flag says so.
//     0                             3         4                   6
//    +-----------------------------+---------+-------------------+------------+-----
//    |         "MGC"               |  flags  | extensions' length| extensions | frame
//    +-----------------------------+---------+-------------------+------------+-----

void dissect_juniper_ethernet(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 4;
    constexpr std::uint32_t magic = 0x4d4743;
    constexpr std::uint8_t has_extensions = 0x80;
    constexpr std::uint8_t has_no_frame = 0x02;
    Dissection &out = output.level();
    if (!require(bytes, fixed_length, too_short, out)) return;
    out.kind = PacketKind::unknown_link;
    const std::uint8_t flags = bytes.u8(3);
    if (bytes.be24(0) != magic || (flags & has_no_frame) != 0) return;
    out.kind = PacketKind::undissected;
    std::size_t length = fixed_length;
    if ((flags & has_extensions) != 0) {
        if (!require(bytes, fixed_length + 2, too_short, out)) return;
        length += std::size_t{2} + bytes.be16(fixed_length);
    }
    dissect_ethernet(bytes.behind(length), output);
}

} // namespace doorplate

// Tags that Ethernet switches put into frames or in front of them: toward their own processor (DSA), between bridges
// (802.1BR, VN-Tag, HSR), around customers' frames (802.1ah, MACsec, TRILL).

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

constexpr std::size_t addresses_length = 12;
constexpr Malformation too_short = Malformation::link_header_too_short;

// A tag of `length` bytes that ends with the EtherType of what follows.
void skip_tag(LayerBytes bytes, std::size_t length, Output &output) {
    if (!require(bytes, length, too_short, output.level())) return;
    dissect_type_or_length(bytes.be16(length - 2), bytes.behind(length), output);
}

// Ethernet whose addresses are followed by `length` bytes of a tag, then by the type.
void dissect_tagged_ethernet(LayerBytes bytes, std::size_t length, Output &output) {
    skip_tag(bytes, addresses_length + length + 2, output);
}

} // namespace

// Marvell's tag. A tagged VLAN frame has its 802.1Q tag within: the EtherType follows at once.
void dissect_dsa(LayerBytes bytes, Output &output) {
    constexpr std::uint8_t is_tagged = 0x20;
    Dissection &out = output.level();
    if (!require(bytes, addresses_length + 4, too_short, out)) return;
    if ((bytes.u8(addresses_length) & is_tagged) != 0)
        out.vlans[out.vlan_count++] = bytes.be16(addresses_length + 2) & 0x0fff;
    dissect_tagged_ethernet(bytes, 4, output);
}

// The same behind an EtherType of its own and two bytes of nothing.
void dissect_edsa(LayerBytes bytes, Output &output) {
    constexpr std::size_t tag_at = addresses_length + 4;
    constexpr std::uint8_t is_tagged = 0x20;
    Dissection &out = output.level();
    if (!require(bytes, tag_at + 4, too_short, out)) return;
    if ((bytes.u8(tag_at) & is_tagged) != 0) out.vlans[out.vlan_count++] = bytes.be16(tag_at + 2) & 0x0fff;
    dissect_tagged_ethernet(bytes, 8, output);
}

// Broadcom's, behind the addresses or in front of the frame.
void dissect_broadcom_tag(LayerBytes bytes, Output &output) { dissect_tagged_ethernet(bytes, 4, output); }
void dissect_prepended_broadcom_tag(LayerBytes bytes, Output &output) { dissect_ethernet(bytes.behind(4), output); }

void dissect_802_1br(LayerBytes bytes, Output &output) { skip_tag(bytes, 8, output); }
void dissect_vn_tag(LayerBytes bytes, Output &output) { skip_tag(bytes, 6, output); }
void dissect_hsr(LayerBytes bytes, Output &output) { skip_tag(bytes, 6, output); }
void dissect_cisco_metadata(LayerBytes bytes, Output &output) { skip_tag(bytes, 8, output); }

//     0                                   4
//    +-----------------------------------+-----------
//    | priority and service identifier   | Ethernet
//    +-----------------------------------+-----------

void dissect_802_1ah(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 4;
    if (!require(bytes, header_length, too_short, output.level())) return;
    dissect_ethernet(bytes.behind(header_length), output);
}

//     0         1         2                                   6
//    +---------+---------+-----------------------------------+----------------------------+-----
//    | control |  short  |           packet number           | channel (8 bytes), if told | ...
//    |         | length  |                                   |                            |
//    +---------+---------+-----------------------------------+----------------------------+-----
//
// IEEE 802.1AE. Frames that are encrypted stay what they are; those that are only signed can be read.
void dissect_macsec(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 6;
    constexpr std::size_t channel_length = 8;
    constexpr std::uint8_t has_channel = 0x20;
    constexpr std::uint8_t is_encrypted = 0x08;
    constexpr std::uint8_t is_changed = 0x04;
    Dissection &out = output.level();
    out.kind = PacketKind::other_ether_type;
    if (!require(bytes, fixed_length, too_short, out)) return;
    const std::uint8_t control = bytes.u8(0);
    if ((control & (is_encrypted | is_changed)) != 0) return;
    out.kind = PacketKind::undissected;
    skip_tag(bytes, fixed_length + ((control & has_channel) != 0 ? channel_length : 0) + 2, output);
}

// RFC 6325 section 3: two bytes of flags and hops, two nicknames, options, and the customer's frame.
void dissect_trill(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 6;
    if (!require(bytes, fixed_length, too_short, output.level())) return;
    const std::size_t options_length = std::size_t{4} * (bytes.be16(0) >> 6 & 0x1f);
    dissect_ethernet(bytes.behind(fixed_length + options_length), output);
}

} // namespace doorplate

// IEEE 802.11 data frames.

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

constexpr std::uint8_t data_type = 2;
constexpr std::uint8_t no_data = 4; // a bit of a data frame's subtype
constexpr std::uint8_t quality_of_service = 8;
constexpr std::uint8_t to_distribution = 0x01;
constexpr std::uint8_t from_distribution = 0x02;
constexpr std::uint8_t more_fragments = 0x04;
constexpr std::uint8_t is_protected = 0x40;
constexpr std::uint8_t has_high_throughput_control = 0x80;

PacketKind kind_without_data(unsigned type, unsigned subtype) {
    if (type == 0) return PacketKind::wlan_management;
    if (type != data_type) return PacketKind::wlan_control;
    return (subtype & no_data) != 0 ? PacketKind::wlan_no_data : PacketKind::undissected;
}

} // namespace

//     0         1         2         4            10           16           22         24
//    +---------+---------+---------+------------+------------+------------+----------+-----
//    |subt|ty|v|  flags  |duration | address 1  | address 2  | address 3  | sequence | address 4, QoS control,
//    +---------+---------+---------+------------+------------+------------+----------+ HT control, if there

void dissect_wlan(LayerBytes bytes, WlanForm form, Output &output) {
    constexpr std::size_t shortest_control = 2;
    constexpr std::uint8_t aggregated = 0x80;
    Dissection &out = output.level();
    if (!require(bytes, shortest_control, Malformation::link_header_too_short, out)) return;
    const std::size_t type_at = form == WlanForm::swapped_control ? 1 : 0;
    const unsigned type = bytes.u8(type_at) >> 2 & 3U;
    const unsigned subtype = bytes.u8(type_at) >> 4;
    const std::uint8_t flags = bytes.u8(1 - type_at);
    out.kind = kind_without_data(type, subtype);
    if (out.kind != PacketKind::undissected) return;

    std::size_t header_length = 24;
    if ((flags & to_distribution) != 0 && (flags & from_distribution) != 0) header_length += 6;
    const std::size_t control_at = header_length;
    const bool has_control = (subtype & quality_of_service) != 0;
    if (has_control) header_length += (flags & has_high_throughput_control) != 0 ? 6 : 2;
    if (!require(bytes, header_length, Malformation::link_header_too_short, out)) return;
    const bool is_later_fragment = (bytes.u8(22 + type_at) & 0x0f) != 0;
    if ((flags & is_protected) != 0) {
        out.kind = PacketKind::wlan_encrypted;
        return;
    }
    if ((flags & more_fragments) != 0 || is_later_fragment) {
        out.kind = PacketKind::wlan_fragment;
        return;
    }
    const bool is_aggregate = has_control && (bytes.u8(control_at) & aggregated) != 0;
    bytes = bytes.behind(form == WlanForm::padded ? (header_length + 3) / 4 * 4 : header_length);
    if (is_aggregate) return dissect_wlan_aggregate(bytes, output);
    dissect_llc(bytes, output);
}

//     0                   6                   12       14
//    +-------------------+-------------------+--------+-----
//    |    destination    |      source       | length | LLC
//    +-------------------+-------------------+--------+-----
//
// An aggregate of such frames, each filled up to 4 bytes. The first one is dissected; the others are `more_frames`.
void dissect_wlan_aggregate(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 14;
    if (!require(bytes, header_length, Malformation::link_header_too_short, output.level())) return;
    const std::size_t length = header_length + bytes.be16(12);
    const std::size_t level = output.levels() - 1;
    dissect_llc(bytes.first(length).behind(header_length), output);
    // Behind the call, so that the outermost aggregate is told. The frame check sequence at the end is no frame.
    const LayerBytes rest = bytes.behind((length + 3) / 4 * 4);
    if (rest.captured().size() > header_length) output.set_more_frames(rest.captured(), level);
}

} // namespace doorplate

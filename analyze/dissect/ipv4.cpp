// IPv4, RFC 791.

#include "analyze/dissect/checksum.h"
#include "analyze/dissect/extension_headers.h"
#include "analyze/dissect/fragment.h"
#include "analyze/dissect/layers.h"
#include "analyze/dissect/options.h"

namespace doorplate {

namespace {

// On its way the destination address is the next router's, and the transport's checksum is over the last one's.
bool has_source_route(Bytes options) {
    constexpr std::uint8_t loose = 131;
    constexpr std::uint8_t strict = 137;
    return std::ranges::any_of(options, [](std::uint8_t kind) { return kind == loose || kind == strict; });
}

} // namespace

//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +-------+-------+---------------+-------------------------------+
//    |Version|  IHL  |Type of Service|          Total Length         |
//    +-------+-------+---------------+-----+-------------------------+
//    |         Identification        |Flags|     Fragment Offset     |
//    +---------------+---------------+-----+-------------------------+
//    |  Time to Live |    Protocol   |        Header Checksum        |
//    +---------------+---------------+-------------------------------+
//    |                         Source Address                        |
//    +---------------------------------------------------------------+
//    |                      Destination Address                      |
//    +---------------------------------------------------------------+
//    |                    Options (IHL - 5 words)                    |
//    +---------------------------------------------------------------+

void dissect_ipv4(LayerBytes bytes, Output &output) {
    constexpr std::size_t fixed_length = 20;
    constexpr std::uint16_t more_fragments = 0x2000;
    constexpr std::uint16_t offset_mask = 0x1fff;

    Dissection &out = output.level();
    if (!require(bytes, 1, Malformation::ipv4_header_too_short, out)) return;
    if (bytes.u8(0) >> 4 != 4) return note(Malformation::ipv4_bad_version, out);
    if (!require(bytes, fixed_length, Malformation::ipv4_header_too_short, out)) return;

    const std::size_t header_length = std::size_t{4} * (bytes.u8(0) & 0x0f);
    if (header_length < fixed_length) return note(Malformation::ipv4_bad_header_length, out);
    const std::uint16_t total_length = bytes.be16(2);
    const std::uint16_t flags_and_offset = bytes.be16(6);
    const std::uint8_t protocol = bytes.u8(9);
    out.source = bytes.ipv4_address(12);
    out.destination = bytes.ipv4_address(16);
    out.kind = PacketKind::ip;

    // Length 0: captured before the network card cut a large segment into packets. The frame knows.
    const std::uint64_t length = total_length == 0 ? bytes.length() : total_length;
    out.ip_bytes = saturated(length);
    if (length < header_length) return note(Malformation::ipv4_total_length_too_small, out);
    if (length > bytes.length()) {
        note(Malformation::longer_than_frame, out);
        output.give_up_transport_checksum();
    }
    const LayerBytes whole = bytes.first(length);

    if (header_length > fixed_length) {
        const Bytes captured = whole.captured();
        const Bytes options = captured.first(std::min(header_length, captured.size())).subspan(fixed_length);
        if (!options_are_valid(options, options.size() == header_length - fixed_length))
            note(Malformation::ipv4_bad_options, out);
        if (has_source_route(options)) output.give_up_transport_checksum();
    }
    if (output.verifies_checksums() && whole.captured().size() >= header_length) {
        const Bytes header = whole.captured().first(header_length);
        out.ip_checksum = ipv4_header_checksum(ones_complement_sum(header.data(), header.size()), header);
    }

    const LayerBytes payload = whole.behind(header_length);
    if ((flags_and_offset & (more_fragments | offset_mask)) != 0) {
        set_fragment({.identification = bytes.be16(4),
                      .offset = (flags_and_offset & offset_mask) * 8U,
                      .more = (flags_and_offset & more_fragments) != 0},
                     payload, out);
    }
    dissect_upper_layer(protocol, Family::ipv4, payload, output);
}

} // namespace doorplate

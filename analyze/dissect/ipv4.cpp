// IPv4, RFC 791.

#include "analyze/dissect/extension_headers.h"
#include "analyze/dissect/fragment.h"
#include "analyze/dissect/layers.h"
#include "analyze/dissect/options.h"

namespace doorplate {

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

void dissect_ipv4(const LayerBytes &bytes, Dissection &out) {
    constexpr std::size_t fixed_length = 20;
    constexpr std::uint16_t more_fragments = 0x2000;
    constexpr std::uint16_t offset_mask = 0x1fff;

    if (!require(bytes, 1, Malformation::ipv4_header_too_short, out)) return;
    if (bytes.captured()[0] >> 4 != 4) return note(Malformation::ipv4_bad_version, out);
    if (!require(bytes, fixed_length, Malformation::ipv4_header_too_short, out)) return;

    ByteReader header(bytes.captured());
    const std::size_t header_length = std::size_t{4} * (*header.u8() & 0x0f);
    if (header_length < fixed_length) return note(Malformation::ipv4_bad_header_length, out);
    static_cast<void>(header.skip(1));
    const std::uint16_t total_length = *header.be16();
    FragmentFields fragment{.identification = *header.be16()};
    const std::uint16_t flags_and_offset = *header.be16();
    fragment.offset = (flags_and_offset & offset_mask) * 8U;
    fragment.more = (flags_and_offset & more_fragments) != 0;
    static_cast<void>(header.skip(1));
    const std::uint8_t protocol = *header.u8();
    static_cast<void>(header.skip(2));
    out.source = IpAddress::from_bytes(*header.take(4));
    out.destination = IpAddress::from_bytes(*header.take(4));
    out.kind = PacketKind::ip;

    // Length 0: captured before the network card cut a large segment into packets. The frame knows.
    const std::uint64_t length = total_length == 0 ? bytes.length() : total_length;
    out.ip_bytes = saturated(length);
    if (length < header_length) return note(Malformation::ipv4_total_length_too_small, out);
    if (length > bytes.length()) note(Malformation::longer_than_frame, out);
    const LayerBytes whole = bytes.first(length);

    const Bytes options =
        whole.captured().first(std::min(header_length, whole.captured().size())).subspan(fixed_length);
    if (!options_are_valid(options, options.size() == header_length - fixed_length))
        note(Malformation::ipv4_bad_options, out);

    const LayerBytes payload = whole.behind(header_length);
    set_fragment(fragment, payload, out);
    dissect_upper_layer({.protocol = protocol, .bytes = payload}, Family::ipv4, out);
}

} // namespace doorplate

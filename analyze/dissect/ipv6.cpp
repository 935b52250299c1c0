// IPv6, RFC 8200; jumbograms, RFC 2675.

#include "analyze/dissect/extension_headers.h"
#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

// A payload length of 0 has three meanings: really nothing; a jumbogram, whose option has the length; or a large
// segment captured before the network card cut it into packets, which is longer than the field can say.
std::uint64_t payload_length(std::uint16_t field, std::uint8_t next_header, LayerBytes behind_header) {
    if (field != 0) return field;
    if (const auto jumbo = jumbo_payload_length(next_header, behind_header)) return *jumbo;
    return behind_header.length() > 0xffff ? behind_header.length() : 0;
}

} // namespace

//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +-------+---------------+---------------------------------------+
//    |Version| Traffic Class |               Flow Label              |
//    +-------+---------------+-------+---------------+---------------+
//    |         Payload Length        |  Next Header  |   Hop Limit   |
//    +-------------------------------+---------------+---------------+
//    |                   Source Address (16 bytes)                   |
//    +---------------------------------------------------------------+
//    |                 Destination Address (16 bytes)                |
//    +---------------------------------------------------------------+

void dissect_ipv6(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 40;
    Dissection &out = output.level();
    if (!require(bytes, 1, Malformation::ipv6_header_too_short, out)) return;
    if (bytes.u8(0) >> 4 != 6) return note(Malformation::ipv6_bad_version, out);
    if (!require(bytes, header_length, Malformation::ipv6_header_too_short, out)) return;

    const std::uint16_t length_field = bytes.be16(4);
    const std::uint8_t next_header = bytes.u8(6);
    out.source = bytes.ipv6_address(8);
    out.destination = bytes.ipv6_address(24);
    out.kind = PacketKind::ip;

    const LayerBytes behind_header = bytes.behind(header_length);
    const std::uint64_t length = payload_length(length_field, next_header, behind_header);
    out.ip_bytes = saturated(header_length + length);
    if (length > behind_header.length()) {
        note(Malformation::longer_than_frame, out);
        output.give_up_transport_checksum();
    }
    dissect_upper_layer(next_header, Family::ipv6, behind_header.first(length), output);
}

} // namespace doorplate

// DCCP, RFC 4340 section 5.1.

#include "analyze/dissect/checksum.h"
#include "analyze/dissect/layers.h"

namespace doorplate {

//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +-------------------------------+-------------------------------+
//    |          Source Port          |        Destination Port       |
//    +---------------+-------+-------+-------------------------------+
//    |  Data Offset  | CCVal | CsCov |            Checksum           |
//    +-----+-------+-+-------+-------+-------------------------------+
//    | Res | Type  |X|    Sequence Number: 3 bytes, or 7 if X is 1   |
//    +-----+-------+-+-----------------------------------------------+
//    |      further fields of the type, and options, up to Data Offset words

void dissect_dccp(LayerBytes bytes, Output &output) {
    constexpr std::size_t shortest_length = 12;
    Dissection &out = output.level();
    if (!read_ports(bytes, Malformation::dccp_header_too_short, out)) return;
    if (!require(bytes, shortest_length, Malformation::dccp_header_too_short, out)) return;

    const std::size_t header_length = std::size_t{4} * bytes.u8(4);
    if (header_length < shortest_length || header_length > bytes.length())
        return note(Malformation::dccp_bad_data_offset, out);
    set_payload(bytes.behind(header_length), out);
    if (!output.verifies_transport_checksum()) return;
    // Section 9.2: 0 covers all, n the header and n - 1 words of the data.
    const std::size_t coverage = bytes.u8(5) & 0x0f;
    const LayerBytes covered = coverage == 0 ? bytes : bytes.first(header_length + (coverage - 1) * 4);
    out.transport_checksum =
        transport_checksum({.bytes = bytes, .covered = covered.length(), .checksum_at = 6}, pseudo_header_sum(out));
}

} // namespace doorplate

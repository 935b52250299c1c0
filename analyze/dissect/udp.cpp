// UDP, RFC 768, and UDP-Lite, RFC 3828.

#include "analyze/dissect/checksum.h"
#include "analyze/dissect/layers.h"
#include "analyze/dissect/udp_tunnels.h"

namespace doorplate {

namespace {

//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +-------------------------------+-------------------------------+
//    |          Source Port          |        Destination Port       |
//    +-------------------------------+-------------------------------+
//    |     Length, or UDP-Lite's     |            Checksum           |
//    |       checksum coverage       |                               |
//    +-------------------------------+-------------------------------+

constexpr std::size_t header_length = 8;

// RFC 2675 section 4: a datagram too long for the field has 0 there.
constexpr std::uint64_t longest_told = 0xffff;

} // namespace

void dissect_udp(LayerBytes bytes, Output &output) {
    Dissection &out = output.level();
    if (!read_ports(bytes, Malformation::udp_header_too_short, out)) return;
    if (!require(bytes, header_length, Malformation::udp_header_too_short, out)) return;

    const std::uint16_t told = bytes.be16(4);
    const std::uint64_t length = told == 0 && bytes.length() > longest_told ? bytes.length() : told;
    if (length < header_length) return note(Malformation::udp_bad_length, out);

    // What IP has beyond that length is no payload (RFC 9868 puts options there).
    set_payload(bytes.past(header_length).first(length - header_length), out);
    // The first fragment has the length of all. Else the datagram is counted as what it says it is.
    if (length > bytes.length() && !out.fragment) {
        note(Malformation::udp_bad_length, out);
        out.payload_bytes = saturated(length - header_length);
        return;
    }
    if (output.verifies_transport_checksum())
        out.transport_checksum = udp_checksum(bytes.first(length), pseudo_header_sum(out));
    const bool to_tunnel = is_tunnel_port(out.destination_port);
    if (!to_tunnel && !is_tunnel_port(out.source_port)) return;
    LayerBytes inside = bytes.first(length).behind(header_length);
    if (out.fragment) inside = inside.going_on_to(static_cast<std::uint32_t>(length - header_length));
    dissect_udp_tunnel(to_tunnel ? out.destination_port : out.source_port, inside, output);
}

void dissect_udplite(LayerBytes bytes, Output &output) {
    Dissection &out = output.level();
    if (!read_ports(bytes, Malformation::udp_header_too_short, out)) return;
    if (!require(bytes, header_length, Malformation::udp_header_too_short, out)) return;

    const std::uint16_t coverage = bytes.be16(4);
    const bool coverage_fits = coverage == 0 || (coverage >= header_length && coverage <= bytes.length());
    if (!coverage_fits && !out.fragment) note(Malformation::udp_bad_length, out);
    set_payload(bytes.behind(header_length), out);
    if (coverage_fits && output.verifies_transport_checksum()) {
        out.transport_checksum =
            transport_checksum({.bytes = bytes, .covered = coverage == 0 ? bytes.length() : coverage, .checksum_at = 6},
                               pseudo_header_sum(out));
    }
}

} // namespace doorplate

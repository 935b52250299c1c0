// ICMP, RFC 792, and ICMPv6, RFC 4443: one header.

#include "analyze/dissect/checksum.h"
#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +---------------+---------------+-------------------------------+
//    |      Type     |      Code     |            Checksum           |
//    +---------------+---------------+-------------------------------+
//    |  of an echo: Identifier       |        Sequence Number        |
//    +-------------------------------+-------------------------------+

void read_header(LayerBytes bytes, std::uint8_t echo_request, std::uint8_t echo_reply, Output &output) {
    constexpr std::size_t header_length = 8;
    Dissection &out = output.level();
    if (!require(bytes, header_length, Malformation::icmp_header_too_short, out)) return;

    IcmpFields icmp{.type = bytes.u8(0), .code = bytes.u8(1)};
    if (icmp.type == echo_request || icmp.type == echo_reply) icmp.identifier = bytes.be16(4);
    out.icmp = icmp;
    set_payload(bytes.behind(header_length), out);
    out.flow_ready = true;
    if (!output.verifies_transport_checksum()) return;
    const Summed summed{.bytes = bytes, .covered = bytes.length(), .checksum_at = 2};
    const bool sums_addresses = out.transport == Transport::icmpv6;
    out.transport_checksum =
        sums_addresses ? transport_checksum(summed, pseudo_header_sum(out)) : icmp_checksum(summed);
}

} // namespace

void dissect_icmp(LayerBytes bytes, Output &output) { read_header(bytes, 8, 0, output); }

void dissect_icmpv6(LayerBytes bytes, Output &output) { read_header(bytes, 128, 129, output); }

} // namespace doorplate

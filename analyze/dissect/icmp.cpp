// ICMP, RFC 792, and ICMPv6, RFC 4443: one header.

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

void read_header(const LayerBytes &bytes, std::uint8_t echo_request, std::uint8_t echo_reply, Dissection &out) {
    constexpr std::size_t header_length = 8;
    if (!require(bytes, header_length, Malformation::icmp_header_too_short, out)) return;

    ByteReader header(bytes.captured());
    IcmpFields icmp{.type = *header.u8(), .code = *header.u8()};
    static_cast<void>(header.skip(2));
    if (icmp.type == echo_request || icmp.type == echo_reply) icmp.identifier = *header.be16();
    out.icmp = icmp;
    set_payload(bytes.behind(header_length), out);
    out.flow_ready = true;
}

} // namespace

void dissect_icmp(const LayerBytes &bytes, Dissection &out) { read_header(bytes, 8, 0, out); }

void dissect_icmpv6(const LayerBytes &bytes, Dissection &out) { read_header(bytes, 128, 129, out); }

} // namespace doorplate

// TCP, RFC 9293 section 3.1.

#include "analyze/dissect/checksum.h"
#include "analyze/dissect/layers.h"
#include "analyze/dissect/options.h"
#include "analyze/dissect/tcp_fields.h"

namespace doorplate {

void read_opening_options(Bytes options, TcpFields &tcp) {
    constexpr std::uint8_t end = 0, filler = 1, multipath = 30, fast_open = 34;
    std::size_t at = 0;
    while (at + 1 < options.size() && options[at] != end) {
        if (options[at] == filler) {
            ++at;
            continue;
        }
        const std::size_t length = options[at + 1];
        if (options[at] == fast_open) tcp.fast_open = true;
        if (options[at] == multipath && length > 2 && at + 2 < options.size()) {
            const int subtype = options[at + 2] >> 4;
            if (subtype == 0) tcp.mptcp_capable = true;
            if (subtype == 1) tcp.mptcp_join = true;
        }
        at += length;
    }
}

//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +-------------------------------+-------------------------------+
//    |          Source Port          |        Destination Port       |
//    +-------------------------------+-------------------------------+
//    |                        Sequence Number                        |
//    +---------------------------------------------------------------+
//    |                     Acknowledgment Number                     |
//    +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
//    |  Data |       |C|E|U|A|P|R|S|F|                               |
//    | Offset|       |W|C|R|C|S|S|Y|I|            Window             |
//    |       |       |R|E|G|K|H|T|N|N|                               |
//    +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
//    |            Checksum           |         Urgent Pointer        |
//    +-------------------------------+-------------------------------+
//    |                Options (Data Offset - 5 words)                |
//    +---------------------------------------------------------------+

void dissect_tcp(LayerBytes bytes, Output &output) {
    Dissection &out = output.level();
    if (!read_ports(bytes, Malformation::tcp_header_too_short, out)) return;
    if (!require(bytes, tcp_fixed_length, Malformation::tcp_header_too_short, out)) return;

    const std::size_t header_length = tcp_header_length(bytes);
    // A receiver drops such a segment whatever its flags say, so nobody shall conclude anything from them.
    if (header_length < tcp_fixed_length) return note(Malformation::tcp_bad_data_offset, out);
    if (header_length > bytes.length())
        return note(out.fragment ? Malformation::fragment_too_small : Malformation::tcp_bad_data_offset, out);

    read_tcp_fields(bytes, out.tcp);
    set_payload(bytes.behind(header_length), out);
    if (output.verifies_transport_checksum()) out.transport_checksum = tcp_checksum(bytes, pseudo_header_sum(out));
    if (header_length == tcp_fixed_length) return;
    // What the options say is not needed, so it does not matter that the snapshot cut them.
    const Bytes captured = bytes.captured();
    const Bytes options = captured.first(std::min(header_length, captured.size())).subspan(tcp_fixed_length);
    if (!options_are_valid(options, options.size() == header_length - tcp_fixed_length))
        return note(Malformation::tcp_bad_options, out);
    if (out.tcp->syn) read_opening_options(options, *out.tcp);
}

} // namespace doorplate

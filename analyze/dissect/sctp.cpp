// SCTP, RFC 9260 section 3; I-DATA, RFC 8260.

#include "analyze/dissect/checksum.h"
#include "analyze/dissect/layers.h"
#include "analyze/dissect/sctp_chunks.h"

namespace doorplate {

namespace {

constexpr std::size_t common_header_length = 12;

void read_chunks(LayerBytes chunks, SctpFields &sctp, Dissection &out) {
    std::uint64_t user_bytes = 0;
    const LayerBytes rest = walk_sctp_chunks(chunks, [&](const SctpChunkBytes &chunk) {
        sctp.add(chunk.kind);
        // A fragment ends where it ends.
        if (chunk.length > chunk.bytes.length() && !out.fragment) note(Malformation::sctp_bad_chunk_length, out);
        const std::size_t user_data = sctp_user_data_offset(chunk.kind);
        if (user_data != 0) user_bytes += chunk.bytes.behind(user_data).length();
    });
    if (rest.length() > 0 && require(rest, sctp_chunk_header_length, Malformation::sctp_bad_chunk_length, out))
        note(Malformation::sctp_bad_chunk_length, out);
    out.payload = chunks.captured();
    out.payload_bytes = saturated(user_bytes);
}

} // namespace

//     0               1               2               3
//    +-------------------------------+-------------------------------+
//    |          Source Port          |        Destination Port       |
//    +-------------------------------+-------------------------------+
//    |                        Verification Tag                       |
//    +---------------------------------------------------------------+
//    |                            Checksum                           |
//    +---------------------------------------------------------------+

void dissect_sctp(LayerBytes bytes, Output &output) {
    Dissection &out = output.level();
    if (!read_ports(bytes, Malformation::sctp_header_too_short, out)) return;
    if (!require(bytes, common_header_length, Malformation::sctp_header_too_short, out)) return;

    SctpFields sctp;
    sctp.verification_tag = bytes.be32(4);
    read_chunks(bytes.behind(common_header_length), sctp, out);
    out.sctp = sctp;
    if (output.verifies_transport_checksum()) out.transport_checksum = sctp_checksum(bytes);
}

} // namespace doorplate

// SCTP, RFC 9260 section 3; I-DATA, RFC 8260.

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

constexpr std::size_t common_header_length = 12;
constexpr std::size_t chunk_header_length = 4;

// Before the user data of DATA and I-DATA chunks. 0: a chunk without user data.
std::size_t user_data_offset(std::uint8_t type) {
    switch (type) {
    case 0: return 16;
    case 64: return 20;
    default: return 0;
    }
}

void note_chunk_type(std::uint8_t type, SctpFields &sctp) {
    switch (type) {
    case 1: sctp.init = true; break;
    case 2: sctp.init_ack = true; break;
    case 6: sctp.abort = true; break;
    case 7: sctp.shutdown = true; break;
    case 14: sctp.shutdown_complete = true; break;
    default: break;
    }
}

//     0               1               2                               4
//    +---------------+---------------+-------------------------------+----
//    |      Type     |     Flags     |  Length, these four included  | ...
//    +---------------+---------------+-------------------------------+----
//
// A chunk is filled up to 4 bytes, which its length does not count. RFC 9260 section 3.2.
void walk_chunks(LayerBytes chunks, SctpFields &sctp, Dissection &out) {
    std::uint64_t user_bytes = 0;
    bool first_user_data = true;
    while (chunks.length() > 0) {
        if (!require(chunks, chunk_header_length, Malformation::sctp_bad_chunk_length, out)) break;
        const std::uint8_t type = chunks.u8(0);
        const std::size_t length = chunks.be16(2);
        const std::size_t user_data = user_data_offset(type);
        if (length < std::max(chunk_header_length, user_data)) {
            note(Malformation::sctp_bad_chunk_length, out);
            break;
        }
        note_chunk_type(type, sctp);
        // A fragment ends where it ends.
        if (length > chunks.length() && !out.fragment) note(Malformation::sctp_bad_chunk_length, out);
        const LayerBytes chunk = chunks.first(length);
        if (user_data != 0) {
            user_bytes += chunk.behind(user_data).length();
            if (first_user_data) out.payload = chunk.behind(user_data).captured();
            first_user_data = false;
        }
        chunks = chunks.behind((length + 3) / 4 * 4);
    }
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
    walk_chunks(bytes.behind(common_header_length), sctp, out);
    out.sctp = sctp;
}

} // namespace doorplate

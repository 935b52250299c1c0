#pragma once

#include "analyze/dissect/layer.h"
#include "analyze/sctp_chunk.h"

namespace doorplate {

// A chunk of an SCTP packet (RFC 9260 section 3.2), as much of it as there is.
struct SctpChunkBytes {
    SctpChunk kind = SctpChunk::other;
    std::uint8_t flags = 0;
    // As its header says, which is a part of it.
    std::size_t length = 0;
    // Header included.
    LayerBytes bytes;
};

inline constexpr std::size_t sctp_chunk_header_length = 4;

// Where the user data begins in chunks that have some: DATA, and I-DATA of RFC 8260. 0 in others.
[[nodiscard]] constexpr std::size_t sctp_user_data_offset(SctpChunk kind) {
    return kind == SctpChunk::data ? 16 : kind == SctpChunk::i_data ? 20 : 0;
}

//     0               1               2                               4
//    +---------------+---------------+-------------------------------+----
//    |      Type     |     Flags     |  Length, these four included  | ...
//    +---------------+---------------+-------------------------------+----
//
// Shows all of `chunks` to `visit`, in order. A chunk is filled up to 4 bytes, which its length does not count. Returns
// what is left: nothing, or a chunk whose header was not captured or whose length is too small for its kind.
template <typename Visit> LayerBytes walk_sctp_chunks(LayerBytes chunks, const Visit &visit) {
    while (chunks.captured().size() >= sctp_chunk_header_length) {
        const SctpChunk kind = sctp_chunk(chunks.u8(0));
        const std::size_t length = chunks.be16(2);
        if (length < std::max(sctp_chunk_header_length, sctp_user_data_offset(kind))) break;
        visit(SctpChunkBytes{kind, chunks.u8(1), length, chunks.first(length)});
        chunks = chunks.behind((length + 3) / 4 * 4);
    }
    return chunks;
}

} // namespace doorplate

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "capture/byte_reader.h"
#include "capture/byte_stream.h"

namespace doorplate {

enum class Compression : std::uint8_t { none, gzip, zstd, lz4 };

inline constexpr std::size_t compression_magic_bytes = 4;

// By the first bytes of a file, of which there may be less than a magic number has.
[[nodiscard]] Compression compression_of(Bytes beginning);

// What a stream decompresses to; a stream that is not compressed is handed on as it is. One frame (gzip: member) may
// follow another. Memory is bounded by the formats' windows: 128 MiB for zstd at most, less for the others. Damage is a
// failure behind all that came in front of it.
[[nodiscard]] std::unique_ptr<ByteStream> decompressed(std::unique_ptr<ByteStream> stream);

} // namespace doorplate

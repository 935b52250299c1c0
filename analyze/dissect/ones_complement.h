#pragma once

#include <cstdint>

#include "capture/byte_reader.h"

namespace doorplate {

// The sum of RFC 1071 over 16-bit words as they stand in memory, not folded yet: sums of parts, each but the last of an
// even number of bytes, and other words may be added to it. In which byte order the words are read does not matter as
// long as it is one order for all (section 2 (B)).
[[nodiscard]] std::uint64_t ones_complement_sum(const std::uint8_t *at, std::size_t size);

// To 16 bits, with carries brought round. All ones: the checksum that was summed with the rest was right.
[[nodiscard]] constexpr std::uint16_t folded(std::uint64_t sum) {
    sum = (sum >> 32) + (sum & UINT32_MAX);
    sum = (sum >> 32) + (sum & UINT32_MAX);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return static_cast<std::uint16_t>(sum);
}

} // namespace doorplate

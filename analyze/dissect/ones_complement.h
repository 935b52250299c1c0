#pragma once

#include <cstdint>
#include <cstring>

#include "capture/byte_reader.h"

namespace doorplate {

// The same for many bytes.
[[nodiscard]] std::uint64_t ones_complement_sum_of_many(const std::uint8_t *at, std::size_t size);

// The sum of RFC 1071 over 16-bit words as they stand in memory, not folded yet: sums of parts, each but the last of an
// even number of bytes, and other words may be added to it. In which byte order the words are read does not matter as
// long as it is one order for all (section 2 (B)).
[[nodiscard]] inline std::uint64_t ones_complement_sum(const std::uint8_t *at, std::size_t size) {
    constexpr std::size_t many = 128;
    if (size >= many) return ones_complement_sum_of_many(at, size);
    std::uint64_t sum = 0;
    for (; size >= 8; at += 8, size -= 8) {
        const auto word = load<std::uint64_t>(at, false);
        sum += (word >> 32) + (word & UINT32_MAX);
    }
    if (size >= 4) {
        sum += load<std::uint32_t>(at, false);
        at += 4;
        size -= 4;
    }
    if (size >= 2) {
        sum += load<std::uint16_t>(at, false);
        at += 2;
        size -= 2;
    }
    if (size == 0) return sum;
    const std::uint8_t last[2] = {*at, 0}; // filled up with a zero
    return sum + load<std::uint16_t>(last, false);
}

// To 16 bits, with carries brought round. All ones: the checksum that was summed with the rest was right.
[[nodiscard]] constexpr std::uint16_t folded(std::uint64_t sum) {
    sum = (sum >> 32) + (sum & UINT32_MAX);
    sum = (sum >> 32) + (sum & UINT32_MAX);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return static_cast<std::uint16_t>(sum);
}

} // namespace doorplate

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "capture/byte_reader.h"

namespace doorplate {

// The same for many bytes.
[[nodiscard]] std::uint64_t ones_complement_sum_of_many(const std::uint8_t *at, std::size_t size);

// The sum of RFC 1071 over 16-bit words as they stand in memory, not folded yet: sums of parts, each but the last of an
// even number of bytes, and other words may be added to it. In which byte order the words are read does not matter as
// long as it is one order for all (section 2 (B)).
[[nodiscard, gnu::always_inline]] inline std::uint64_t ones_complement_sum(const std::uint8_t *at, std::size_t size) {
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

// To 16 bits, with carries brought round.
[[nodiscard]] constexpr std::uint16_t folded(std::uint64_t sum) {
    // The upper half of a number and its halves changed is the halves' sum, with the carry out of the lower one.
    sum += std::rotl(sum, 32);
    auto half = static_cast<std::uint32_t>(sum >> 32);
    half += std::rotl(half, 16);
    return static_cast<std::uint16_t>(half >> 16);
}

// Was the checksum that was summed with the rest right?
[[nodiscard]] constexpr bool is_good(std::uint64_t sum) { return folded(sum) == 0xffff; }

} // namespace doorplate

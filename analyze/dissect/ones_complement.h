#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "capture/byte_reader.h"

namespace doorplate {

// Sums of RFC 1071 over 16-bit words as they stand in memory, not folded yet: sums of parts, each but the last of an
// even number of bytes, and other words may be added to them. In which byte order the words are read does not matter as
// long as it is one order for all (section 2 (B)).

// For many bytes in front of which there are others, as below.
[[nodiscard]] std::uint64_t ones_complement_sum_of_many(const std::uint8_t *at, std::size_t size);

// Over the last bytes of a part in which at least eight are in front of them.
[[nodiscard, gnu::always_inline]] inline std::uint64_t ones_complement_sum_of_last(const std::uint8_t *at,
                                                                                   std::size_t size) {
    constexpr std::size_t word_bytes = 8, many = 128;
    if (size == 0) return 0;
    if (size >= many) return ones_complement_sum_of_many(at, size);
    std::uint64_t sum = 0, carries = 0;
    const auto add = [&](std::uint64_t word) {
        sum += word;
        carries += sum < word ? 1U : 0U;
    };
    const std::size_t odd = size % word_bytes;
    for (const std::uint8_t *const end = at + (size - odd); at != end; at += word_bytes)
        add(load<std::uint64_t>(at, false));
    if (odd > 0) {
        // They are the end of a word whose other bytes are not to be summed again.
        const auto word = load<std::uint64_t>(at + odd - word_bytes, false);
        const std::size_t others = 8 * (word_bytes - odd);
        add(std::endian::native == std::endian::big ? word << others : word >> others);
    }
    return (sum >> 32) + (sum & UINT32_MAX) + carries;
}

[[nodiscard, gnu::always_inline]] inline std::uint64_t ones_complement_sum_of_8(const std::uint8_t *at) {
    const auto word = load<std::uint64_t>(at, false);
    return (word >> 32) + (word & UINT32_MAX);
}
// An IPv4 or TCP header without options.
[[nodiscard, gnu::always_inline]] inline std::uint64_t ones_complement_sum_of_20(const std::uint8_t *at) {
    const auto word = [at](std::size_t number) -> std::uint64_t { return load<std::uint32_t>(at + 4 * number, false); };
    return word(0) + word(1) + word(2) + word(3) + word(4);
}

// Over any bytes.
[[nodiscard]] std::uint64_t ones_complement_sum(const std::uint8_t *at, std::size_t size);

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

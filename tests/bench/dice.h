#pragma once

#include <bit>
#include <cstdint>

namespace doorplate {

// Random numbers made of integers only: the same seed gives the same numbers with every compiler and library.
// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}

    std::uint64_t roll() {
        state_ += 0x9E37'79B9'7F4A'7C15;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58'476D'1CE4'E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0'49BB'1331'11EB;
        return mixed ^ (mixed >> 31);
    }
    // Up to, but without `limit`, which is not 0. The remainder's bias is below 2^-32 for what is asked here.
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>((roll() >> 32) % limit); }
    // Both ends included.
    std::uint32_t between(std::uint32_t low, std::uint32_t high) { return low + below(high - low + 1); }
    bool percent(std::uint32_t chance) { return below(100) < chance; }

    // Heavy-tailed, from 2^low up to 2^high: each doubling is half as likely as the one before, so all of them hold
    // about the same sum.
    std::uint32_t heavy(std::uint32_t low, std::uint32_t high) {
        std::uint32_t octave = low + static_cast<std::uint32_t>(std::countr_zero(roll()));
        if (octave >= high) octave = high - 1;
        return (1U << octave) + below(1U << octave);
    }

  private:
    std::uint64_t state_;
};

} // namespace doorplate

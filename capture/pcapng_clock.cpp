#include "capture/pcapng_clock.h"

#include <limits>

#include "capture/pcapng_format.h"

namespace doorplate {

namespace {

// 2^64 ticks times 10^9, and 2^63 seconds in nanoseconds, are both below 2^94.
__extension__ using Wide = __int128;

constexpr std::uint64_t ns_per_second = 1'000'000'000;
// The highest power of ten that 64 bits hold.
constexpr unsigned max_power = 19;

constexpr std::uint64_t power_of_ten(unsigned exponent) {
    std::uint64_t power = 1;
    for (; exponent > 0; --exponent) power *= 10;
    return power;
}

} // namespace

PcapngClock::PcapngClock(std::uint8_t resolution, std::int64_t offset_seconds) : offset_seconds_(offset_seconds) {
    const unsigned exponent = resolution & 0x7fU;
    if ((resolution & pcapng_format::resolution_base_two) != 0) {
        multiplier_ = ns_per_second;
        shift_ = exponent;
    } else if (exponent <= 9) {
        multiplier_ = power_of_ten(9 - exponent);
    } else {
        multiplier_ = 1;
        divisor_ = exponent - 9 <= max_power ? power_of_ten(exponent - 9) : 0;
    }
    if (divisor_ == 1 && shift_ == 0 && offset_seconds_ == 0)
        plain_ticks_ = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / multiplier_;
}

ClockReading PcapngClock::read_with_care(std::uint64_t ticks) const {
    const std::uint64_t units = divisor_ == 0 ? 0 : ticks / divisor_;
    const Wide ns = (Wide{units} * Wide{multiplier_} >> shift_) + Wide{offset_seconds_} * Wide{ns_per_second};
    if (ns < 0) return {.time = timestamp_from_ns(0), .in_range = false};
    constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
    if (ns > last) return {.time = timestamp_from_ns(last), .in_range = false};
    return {.time = timestamp_from_ns(static_cast<std::int64_t>(ns)), .in_range = true};
}

} // namespace doorplate

#pragma once

#include <cstdint>

#include "capture/timestamp.h"

namespace doorplate {

struct ClockReading {
    Timestamp time;
    // False if the time had to be clamped to what a Timestamp can hold.
    bool in_range = true;
};

// What a pcapng interface counts time in (draft-ietf-opsawg-pcapng section 4.2, if_tsresol and if_tsoffset).
class PcapngClock {
  public:
    // Ticks of a microsecond since 1970, which an interface without options has.
    PcapngClock() = default;
    PcapngClock(std::uint8_t resolution, std::int64_t offset_seconds);

    [[nodiscard]] ClockReading read(std::uint64_t ticks) const {
        // Nearly every clock counts some power of ten of nanoseconds from 1970: no 128 bits are needed then.
        if (ticks <= plain_ticks_) return {.time = timestamp_from_ns(static_cast<std::int64_t>(ticks * multiplier_))};
        return read_with_care(ticks);
    }

  private:
    [[nodiscard]] ClockReading read_with_care(std::uint64_t ticks) const;

    // ns = ticks / divisor * multiplier >> shift, then the offset. Divisor 0 stands for one that no number of ticks
    // reaches.
    std::uint64_t divisor_ = 1;
    std::uint64_t multiplier_ = 1000;
    unsigned shift_ = 0;
    std::int64_t offset_seconds_ = 0;
    // Up to here ns = ticks * multiplier is all there is to it, and fits.
    std::uint64_t plain_ticks_ = 0;
};

} // namespace doorplate

#include "capture/pcapng_clock.h"

#include <limits>

#include <gtest/gtest.h>

namespace doorplate {
namespace {

constexpr std::uint64_t most_ticks = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t last_ns = std::numeric_limits<std::int64_t>::max();

std::int64_t ns(const ClockReading &reading) { return ns_since_epoch(reading.time); }

TEST(PcapngClock, CountsMicrosecondsUnlessToldOtherwise) { EXPECT_EQ(5'000, ns(PcapngClock().read(5))); }

TEST(PcapngClock, CountsTenthsToAnyPower) {
    EXPECT_EQ(5'000'000'000, ns(PcapngClock(0, 0).read(5)));
    EXPECT_EQ(5'000'000, ns(PcapngClock(3, 0).read(5)));
    EXPECT_EQ(5, ns(PcapngClock(9, 0).read(5)));
    EXPECT_EQ(5, ns(PcapngClock(12, 0).read(5'999)));
    EXPECT_EQ(1, ns(PcapngClock(28, 0).read(most_ticks)));
    EXPECT_EQ(0, ns(PcapngClock(29, 0).read(most_ticks)));
    EXPECT_EQ(0, ns(PcapngClock(127, 0).read(most_ticks)));
}

TEST(PcapngClock, CountsHalvesToAnyPower) {
    EXPECT_EQ(5'000'000'000, ns(PcapngClock(0x80, 0).read(5)));
    EXPECT_EQ(500'000'000, ns(PcapngClock(0x81, 0).read(1)));
    EXPECT_EQ(1'999'999'999, ns(PcapngClock(0x80 | 63, 0).read(most_ticks)));
    EXPECT_EQ(0, ns(PcapngClock(0xff, 0).read(most_ticks)));
}

TEST(PcapngClock, AddsItsOffset) {
    EXPECT_EQ(100'000'005'000, ns(PcapngClock(6, 100).read(5)));
    EXPECT_EQ(5'000, ns(PcapngClock(6, -100).read(100'000'005)));
}

TEST(PcapngClock, ReadsTheFirstAndTheLastTimeThereIs) {
    EXPECT_TRUE(PcapngClock(9, 0).read(0).in_range);
    EXPECT_TRUE(PcapngClock(9, 0).read(most_ticks / 2).in_range);
    EXPECT_EQ(last_ns, ns(PcapngClock(9, 0).read(most_ticks / 2)));
}

TEST(PcapngClock, ClampsTimesBefore1970) {
    EXPECT_FALSE(PcapngClock(9, -1).read(999'999'999).in_range);
    EXPECT_EQ(0, ns(PcapngClock(9, -1).read(999'999'999)));
    EXPECT_EQ(0, ns(PcapngClock(0, std::numeric_limits<std::int64_t>::min()).read(1)));
}

TEST(PcapngClock, ClampsTimesBehind2262) {
    EXPECT_FALSE(PcapngClock(9, 0).read(most_ticks / 2 + 1).in_range);
    EXPECT_EQ(last_ns, ns(PcapngClock(9, 0).read(most_ticks / 2 + 1)));
    EXPECT_EQ(last_ns, ns(PcapngClock(0, std::numeric_limits<std::int64_t>::max()).read(most_ticks)));
}

} // namespace
} // namespace doorplate

#include "analyze/sequence_ranges.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace doorplate {
namespace {

TEST(SequenceRanges, BytesInOrderMoveTheEdge) {
    SequenceRanges ranges(1);
    EXPECT_TRUE(ranges.add(1, 11));
    EXPECT_EQ(11, ranges.edge());
}

TEST(SequenceRanges, BytesThatAreThereAreNotNew) {
    SequenceRanges ranges(1);
    ranges.add(1, 11);
    ranges.add(20, 30);
    EXPECT_FALSE(ranges.add(5, 11));
    EXPECT_FALSE(ranges.add(20, 25));
}

TEST(SequenceRanges, OneNewByteIsEnough) {
    SequenceRanges ranges(1);
    ranges.add(20, 30);
    EXPECT_TRUE(ranges.add(20, 31));
    EXPECT_EQ(31, ranges.top());
}

TEST(SequenceRanges, AFilledHoleMovesTheEdgePastTheIsland) {
    SequenceRanges ranges(1);
    ranges.add(11, 21);
    ranges.add(1, 11);
    EXPECT_EQ(21, ranges.edge());
    EXPECT_EQ(0, ranges.held());
}

TEST(SequenceRanges, GivingUpCountsEachHole) {
    SequenceRanges ranges(1);
    ranges.add(11, 21);
    ranges.add(31, 41);
    const auto holes = ranges.give_up_to(50);
    EXPECT_EQ(3U, holes.count);
    EXPECT_EQ(29U, holes.bytes);
    EXPECT_EQ(50, ranges.edge());
}

TEST(SequenceRanges, GivingUpInsideAnIslandGoesToItsEnd) {
    SequenceRanges ranges(1);
    ranges.add(11, 21);
    EXPECT_EQ(1U, ranges.give_up_to(15).count);
    EXPECT_EQ(21, ranges.edge());
}

TEST(SequenceRanges, TooManyIslandsFillTheLowestHole) {
    SequenceRanges ranges(1);
    for (std::int64_t i = 1; i <= 33; ++i) ranges.add(i * 100, i * 100 + 10);
    EXPECT_EQ(110, ranges.edge());
}

TEST(SequenceRanges, AgreeWithASetOfBytes) {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        SequenceRanges ranges(0);
        std::vector<bool> bytes(200);
        for (int i = 0; i < 30; ++i) {
            const std::size_t begin = random() % 180;
            const std::size_t end = begin + 1 + random() % 20;
            bool is_new = false;
            for (std::size_t at = begin; at < end; ++at) {
                is_new = is_new || !bytes[at];
                bytes[at] = true;
            }
            ASSERT_EQ(is_new, ranges.add(static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end)));
            const auto hole = std::ranges::find(bytes, false);
            ASSERT_EQ(hole - bytes.begin(), ranges.edge());
        }
    }
}

} // namespace
} // namespace doorplate

#include "analyze/channels/ordered_bytes.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "analyze/channels/line_buffer.h"
#include "analyze/channels/record_buffer.h"

namespace doorplate {
namespace {

Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()}; }
std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char *>(bytes.data()), bytes.size()}; }

class OrderedBytesTest : public testing::Test {
  protected:
    void segment(std::uint32_t sequence, std::string_view text, std::uint32_t length = 0) {
        bytes_.add(
            {sequence, length == 0 ? static_cast<std::uint32_t>(text.size()) : length, bytes_of(text)},
            [this](Bytes piece) { seen_ += text_of(piece); }, [this] { seen_ += "|"; });
    }

    OrderedBytes bytes_;
    std::string seen_; // "|" where bytes are missing
};

TEST_F(OrderedBytesTest, SegmentsInOrderPassThrough) {
    segment(10, "ab");
    segment(12, "cd");
    EXPECT_EQ("abcd", seen_);
}

TEST_F(OrderedBytesTest, ASynThatIsSentAgainBeginsNothingAnew) {
    bytes_.begin_at(10);
    segment(10, "ab");
    bytes_.begin_at(10);
    segment(12, "cd");
    EXPECT_EQ("abcd", seen_);
}

TEST_F(OrderedBytesTest, WhatWasSeenIsNotGivenAgain) {
    segment(10, "abcd");
    segment(10, "abcd");
    segment(12, "cdef");
    EXPECT_EQ("abcdef", seen_);
}

TEST_F(OrderedBytesTest, WhatCameTooEarlyWaitsForItsTurn) {
    segment(10, "ab");
    segment(16, "gh");
    segment(14, "ef");
    segment(12, "cd");
    EXPECT_EQ("abcdefgh", seen_);
}

TEST_F(OrderedBytesTest, NumbersGoOnBehindTheLargestOne) {
    segment(0xffffffff, "ab");
    segment(1, "cd");
    EXPECT_EQ("abcd", seen_);
}

TEST_F(OrderedBytesTest, ASynSaysWherePayloadBegins) {
    bytes_.begin_at(8);
    segment(10, "cd");
    EXPECT_EQ("", seen_);
    segment(8, "ab");
    EXPECT_EQ("abcd", seen_);
}

TEST_F(OrderedBytesTest, WhatTheSnapshotCutOffIsMissing) {
    segment(10, "ab", 100);
    segment(110, "cd");
    EXPECT_EQ("ab|cd", seen_);
}

TEST_F(OrderedBytesTest, AHoleIsGivenUpWhenTooMuchWaitsBehindIt) {
    segment(10, "ab");
    const std::string large(OrderedBytes::most_held_bytes / 2 + 1, 'x');
    segment(20, large);
    EXPECT_EQ("ab", seen_);
    segment(20 + static_cast<std::uint32_t>(large.size()), large);
    EXPECT_EQ("ab|" + large + large, seen_);
}

TEST_F(OrderedBytesTest, ManySmallSegmentsAreNotHeldForEver) {
    segment(10, "ab");
    for (std::uint32_t i = 0; i <= OrderedBytes::most_held_segments; ++i) segment(20 + 2 * i, "x");
    EXPECT_TRUE(seen_.starts_with("ab|x")) << seen_;
}

TEST(LineBufferTest, LinesComeWhole) {
    LineBuffer lines;
    std::string seen;
    const auto take = [&](std::string_view line) { seen += "<" + std::string(line) + ">"; };
    lines.add(bytes_of("on"), take);
    lines.add(bytes_of("e\r\ntwo\nthr"), take);
    EXPECT_EQ("<one><two>", seen);
    lines.add(bytes_of("ee\r\n\r\n"), take);
    EXPECT_EQ("<one><two><three><>", seen);
}

TEST(LineBufferTest, ALineWithoutEndIsSkipped) {
    LineBuffer lines;
    std::string seen;
    const auto take = [&](std::string_view line) { seen += line; };
    for (int i = 0; i < 100; ++i) lines.add(bytes_of(std::string(100, 'x')), take);
    lines.add(bytes_of("end of it\nnext\n"), take);
    EXPECT_EQ("next", seen);
}

TEST(LineBufferTest, TheRestOfALineThatIsMissingIsNoLine) {
    LineBuffer lines;
    std::string seen;
    const auto take = [&](std::string_view line) { seen += line; };
    lines.add(bytes_of("22"), take);
    lines.lost(false);
    lines.add(bytes_of("7 (1,2,3,4,5,6)\nnext\n"), take);
    EXPECT_EQ("next", seen);
}

class RecordBufferTest : public testing::Test {
  protected:
    void add(std::string_view text) {
        records_.add(bytes_of(text), [this](Bytes record) { seen_ += "<" + std::string(text_of(record)) + ">"; });
    }

    // The first byte is the record's length; "0" begins nothing.
    RecordBuffer records_{2, [](Bytes header) -> std::optional<std::uint64_t> {
                              if (header[0] == '0') return std::nullopt;
                              return header[0] == 'L' ? 2000U : static_cast<std::uint64_t>(header[0] - '0');
                          }};
    std::string seen_;
};

TEST_F(RecordBufferTest, RecordsComeWhole) {
    add("3");
    add("ab4a");
    add("bc2a5");
    EXPECT_EQ("<3ab><4abc><2a>", seen_);
}

TEST_F(RecordBufferTest, OfALongRecordTheBeginningIsKept) {
    add("L" + std::string(1999, 'x') + "3ab");
    EXPECT_EQ("<L" + std::string(RecordBuffer::most_kept - 1, 'x') + "><3ab>", seen_);
}

TEST_F(RecordBufferTest, NothingIsReadBehindAnImpossibleLength) {
    add("0a3ab");
    add("3ab");
    EXPECT_EQ("", seen_);
    records_.lost();
    add("3ab");
    EXPECT_EQ("<3ab>", seen_);
}

} // namespace
} // namespace doorplate

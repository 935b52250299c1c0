#include "analyze/reassembly.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "analyze/fragments.h"
#include "talk.h"

namespace doorplate {
namespace {

// A GRE packet of 24 bytes, mostly in fragments of 8.
class ReassemblyTest : public testing::Test {
  protected:
    ReassemblyTest() : bytes_(24) { std::iota(bytes_.begin(), bytes_.end(), std::uint8_t{1}); }

    std::optional<Reassembly::Whole> sees(std::uint32_t offset, std::uint32_t length = 8) {
        return sees_cut(offset, length, length);
    }
    std::optional<Reassembly::Whole> sees_cut(std::uint32_t offset, std::uint32_t length, std::size_t captured) {
        Dissection dissection = packet_between(Transport::gre, source_, 0, destination_, 0, length);
        dissection.fragment = FragmentFields{identification_, offset, offset + length < bytes_.size(), length,
                                             Bytes(bytes_).subspan(offset, captured)};
        return reassembly_.add(dissection, {}, carries_ && offset == 0, 7, now_);
    }

    const char *source_ = "192.0.2.1";
    const char *destination_ = "198.51.100.2";
    bool carries_ = true;
    std::uint32_t identification_ = 1;
    Timestamp now_ = noon;
    std::vector<std::uint8_t> bytes_;
    Reassembly reassembly_;
};

TEST_F(ReassemblyTest, MakesAPacketOfItsFragmentsInAnyOrder) {
    for (const std::array<std::uint32_t, 3> &order : {std::array{0U, 8U, 16U}, {16U, 8U, 0U}, {8U, 0U, 16U}}) {
        EXPECT_FALSE(sees(order[0]));
        EXPECT_FALSE(sees(order[1]));
        const auto whole = sees(order[2]);
        ASSERT_TRUE(whole);
        EXPECT_EQ(44U, whole->length);
        EXPECT_TRUE(std::ranges::equal(bytes_, Bytes(whole->bytes).subspan(20)));
        EXPECT_EQ(7U, whole->flow_id);
        ++identification_;
    }
    reassembly_.give_up_all();
    EXPECT_EQ(0U, reassembly_.given_up());
}

TEST_F(ReassemblyTest, TakesAFragmentThatIsSentOnceMoreForNoNewPacket) {
    for (const std::uint32_t offset : {0U, 8U, 16U}) sees(offset);
    EXPECT_FALSE(sees(0));
    reassembly_.give_up_all();
    EXPECT_EQ(0U, reassembly_.given_up());
}

TEST_F(ReassemblyTest, MakesAnotherPacketOfOtherBytesWithTheSameIdentification) {
    for (const std::uint32_t offset : {0U, 8U, 16U}) sees(offset);
    bytes_.front() = 99;
    EXPECT_FALSE(sees(0));
    EXPECT_FALSE(sees(8));
    EXPECT_TRUE(sees(16));
}

TEST_F(ReassemblyTest, WritesAnIpHeaderThatCanBeDissected) {
    for (const bool ipv6 : {false, true}) {
        source_ = ipv6 ? "2001:db8::1" : "192.0.2.1";
        destination_ = ipv6 ? "2001:db8::2" : "198.51.100.2";
        sees(0);
        sees(8);
        const auto whole = sees(16);
        ASSERT_TRUE(whole);
        Packet packet;
        packet.bytes = whole->bytes;
        packet.original_length = whole->length;
        packet.link_type = LinkType::raw_ip;
        const Dissection dissection = dissect(packet);
        EXPECT_EQ(address(source_), dissection.source);
        EXPECT_EQ(address(destination_), dissection.destination);
        EXPECT_EQ(Transport::gre, dissection.transport);
        EXPECT_EQ(24U, dissection.payload_bytes);
        EXPECT_FALSE(dissection.fragment);
    }
}

TEST_F(ReassemblyTest, TakesTheSameFragmentTwice) {
    sees(0);
    sees(0);
    sees(8);
    sees(8);
    EXPECT_TRUE(sees(16));
    EXPECT_EQ(0U, reassembly_.given_up());
}

TEST_F(ReassemblyTest, EndsWhereTheSnapshotLengthCutAFragment) {
    sees(0);
    sees_cut(8, 8, 3);
    const auto whole = sees(16);
    ASSERT_TRUE(whole);
    EXPECT_EQ(44U, whole->length);
    EXPECT_EQ(20U + 8U + 3U, whole->bytes.size());
}

TEST_F(ReassemblyTest, GivesUpWhatOverlaps) {
    sees(0, 16);
    EXPECT_FALSE(sees(8));
    EXPECT_FALSE(sees(16));
    EXPECT_EQ(1U, reassembly_.given_up());
}

TEST_F(ReassemblyTest, GivesUpWhatIsNotWholeInTime) {
    sees(0);
    sees(8);
    now_ += FragmentTable::timeout;
    reassembly_.advance(now_);
    EXPECT_TRUE(reassembly_.empty());
    EXPECT_EQ(1U, reassembly_.given_up());
    EXPECT_FALSE(sees(16));
}

TEST_F(ReassemblyTest, LeavesAlonePacketsThatCarryNone) {
    carries_ = false;
    EXPECT_FALSE(sees(8));
    EXPECT_FALSE(sees(0));
    EXPECT_FALSE(sees(16));
    reassembly_.give_up_all();
    EXPECT_EQ(0U, reassembly_.given_up());
}

TEST_F(ReassemblyTest, KeepsPacketsApart) {
    sees(0);
    identification_ = 2;
    EXPECT_FALSE(sees(8));
    EXPECT_FALSE(sees(16));
}

TEST_F(ReassemblyTest, HoldsNoMorePacketsThanItMay) {
    for (identification_ = 1; identification_ <= Reassembly::max_packets + 10; ++identification_) sees(0);
    EXPECT_EQ(10U, reassembly_.given_up());
}

TEST_F(ReassemblyTest, HoldsNoMoreBytesThanItMay) {
    bytes_.resize(60'000);
    constexpr std::size_t fit = Reassembly::max_bytes / 50'000;
    for (identification_ = 1; identification_ <= fit + 3; ++identification_) sees(0, 50'000);
    EXPECT_EQ(3U, reassembly_.given_up());
}

} // namespace
} // namespace doorplate

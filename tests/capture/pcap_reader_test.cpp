#include <string>

#include <gmock/gmock.h>

#include "tests/support/capture_file_builder.h"
#include "tests/support/savefile_harness.h"

namespace doorplate {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t second = 1'000'000'000;

TEST(Pcap, GivesPacketsInTheOrderOfTheFile) {
    const auto read = read_to_end(PcapFile().packet("first").packet("second").bytes());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, ElementsAre(Field(&KeptPacket::bytes, "first"), Field(&KeptPacket::bytes, "second")));
}

TEST(Pcap, WithAHeaderAloneHasNoPacketsAndNoError) {
    const auto read = read_to_end(PcapFile().bytes());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, IsEmpty());
}

TEST(Pcap, CountsMicroseconds) {
    const auto read = read_to_end(PcapFile().packet("x", {.seconds = 7, .fraction = 5}).bytes());
    EXPECT_EQ(7 * second + 5'000, read.packets.at(0).ns);
}

TEST(Pcap, CountsNanosecondsUnderTheirMagic) {
    const auto read = read_to_end(PcapFile().nanoseconds().packet("x", {.seconds = 7, .fraction = 5}).bytes());
    EXPECT_EQ(7 * second + 5, read.packets.at(0).ns);
}

TEST(Pcap, HoldsSecondsUntil2106) {
    const auto read = read_to_end(PcapFile().packet("x", {.seconds = 0xffffffff}).bytes());
    EXPECT_EQ(4'294'967'295 * second, read.packets.at(0).ns);
}

TEST(Pcap, ToleratesAFractionOfMoreThanASecond) {
    const auto read = read_to_end(PcapFile().packet("x", {.seconds = 7, .fraction = 1'500'000}).bytes());
    EXPECT_EQ(8 * second + second / 2, read.packets.at(0).ns);
}

TEST(Pcap, IsReadInEitherByteOrder) {
    const PcapFile::Record record{.seconds = 7, .fraction = 5, .captured_length = -1, .original_length = 60};
    const auto little = read_to_end(PcapFile().packet("hello", record).bytes());
    const auto big = read_to_end(PcapFile().big_endian().packet("hello", record).bytes());
    EXPECT_THAT(big.packets, SizeIs(1));
    EXPECT_EQ(little.packets, big.packets);
}

TEST(Pcap, OfKuznetzovsKindHasLongerRecordHeaders) {
    const auto read = read_to_end(PcapFile().kuznetzov().packet("first").packet("second").bytes());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, ElementsAre(Field(&KeptPacket::bytes, "first"), Field(&KeptPacket::bytes, "second")));
}

TEST(Pcap, DescribesItsOneInterface) {
    const auto read = read_to_end(PcapFile().link_type(LinkType::linux_cooked).snapshot_length(96).packet("x").bytes());
    ASSERT_THAT(read.interfaces, SizeIs(1));
    EXPECT_EQ(LinkType::linux_cooked, read.interfaces[0].link_type);
    EXPECT_EQ(96U, read.interfaces[0].snapshot_length);
    EXPECT_EQ(LinkType::linux_cooked, read.packets.at(0).link_type);
    EXPECT_EQ(0U, read.packets.at(0).interface);
}

TEST(Pcap, LinkTypeIsReadBesideTheCheckSequenceBits) {
    const auto read = read_to_end(PcapFile().link_type_field(0x44000001).packet("x").bytes());
    EXPECT_EQ(LinkType::ethernet, read.packets.at(0).link_type);
}

TEST(Pcap, KeepsTheRawLinkTypesOfBsdApart) {
    EXPECT_EQ(LinkType::raw_bsd12,
              read_to_end(PcapFile().link_type_field(12).packet("x").bytes()).packets.at(0).link_type);
    EXPECT_EQ(LinkType::raw_bsd14,
              read_to_end(PcapFile().link_type_field(14).packet("x").bytes()).packets.at(0).link_type);
}

TEST(Pcap, SaysTheLengthOnTheWire) {
    const auto read = read_to_end(PcapFile().packet("cut", {.original_length = 1500}).bytes());
    EXPECT_EQ("cut", read.packets.at(0).bytes);
    EXPECT_EQ(1500U, read.packets.at(0).original_length);
}

TEST(Pcap, KeepsAPacketOfWhichNothingWasCaptured) {
    const auto read = read_to_end(PcapFile().packet("", {.original_length = 60}).packet("next").bytes());
    EXPECT_THAT(read.packets, ElementsAre(Field(&KeptPacket::bytes, ""), Field(&KeptPacket::bytes, "next")));
}

TEST(Pcap, ToleratesMoreBytesThanTheSnapshotLengthAllows) {
    const auto read = read_to_end(PcapFile().snapshot_length(4).packet("hello").packet("next").bytes());
    EXPECT_EQ("", read.error);
    EXPECT_EQ("hello", read.packets.at(0).bytes);
}

TEST(Pcap, ToleratesMoreBytesThanWereOnTheWire) {
    const auto read = read_to_end(PcapFile().packet("hello", {.original_length = 2}).packet("next").bytes());
    EXPECT_EQ("", read.error);
    EXPECT_EQ("hello", read.packets.at(0).bytes);
    EXPECT_EQ(2U, read.packets.at(0).original_length);
}

TEST(Pcap, UntilVersion22HasTheLengthsTheOtherWayRound) {
    const PcapFile::Record swapped{.captured_length = 1500, .original_length = 3};
    const auto read = read_to_end(PcapFile().version(2, 2).packet("cut", swapped).bytes());
    EXPECT_EQ("cut", read.packets.at(0).bytes);
    EXPECT_EQ(1500U, read.packets.at(0).original_length);
}

TEST(Pcap, OfVersion23MayHaveTheLengthsEitherWayRound) {
    const PcapFile::Record swapped{.captured_length = 1500, .original_length = 3};
    const PcapFile::Record plain{.captured_length = 3, .original_length = 1500};
    const auto read = read_to_end(PcapFile().version(2, 3).packet("one", swapped).packet("two", plain).bytes());
    EXPECT_THAT(read.packets, ElementsAre(Field(&KeptPacket::bytes, "one"), Field(&KeptPacket::bytes, "two")));
    EXPECT_THAT(read.packets, Each(Field(&KeptPacket::original_length, 1500)));
}

TEST(Pcap, OfDgUxIsRead) {
    EXPECT_EQ("x", read_to_end(PcapFile().version(543, 0).packet("x").bytes()).packets.at(0).bytes);
}

TEST(Pcap, OfAnUnknownVersionIsRefusedAtOnce) {
    const auto read = read_to_end(PcapFile().version(99, 4).packet("x").bytes());
    EXPECT_FALSE(read.opened);
    EXPECT_EQ(
        "test: damaged at byte 0: version 99.4 of the pcap format is unknown (2.4 is what everyone writes); there "
        "is no packet in front of it",
        read.error);
}

TEST(Pcap, CutInItsHeaderIsRefusedAtOnce) {
    const auto read = read_to_end(cut_to(PcapFile().bytes(), 23));
    EXPECT_FALSE(read.opened);
    EXPECT_EQ("test: damaged at byte 0: cut short, only 23 of at least 24 bytes are there; there is no packet in front "
              "of it",
              read.error);
}

TEST(Pcap, CutInARecordHeaderGivesAllInFrontOfIt) {
    const FileBytes whole = PcapFile().packet("first").bytes();
    const auto read = read_to_end(joined(whole, FileBytes(7)));
    EXPECT_THAT(read.packets, ElementsAre(Field(&KeptPacket::bytes, "first")));
    EXPECT_EQ(
        "test: damaged at byte 45: cut short, only 7 of at least 16 bytes are there; the packet in front of it was "
        "read",
        read.error);
}

TEST(Pcap, CutInAPacketGivesAllInFrontOfIt) {
    const auto read = read_to_end(without_last(PcapFile().packet("first").packet("second").packet("third").bytes(), 1));
    EXPECT_THAT(read.packets, SizeIs(2));
    EXPECT_EQ(
        "test: damaged at byte 67: cut short, only 20 of at least 21 bytes are there; the 2 packets in front of it "
        "were read",
        read.error);
}

TEST(Pcap, WithAnAbsurdCapturedLengthIsDamagedThere) {
    const auto read = read_to_end(PcapFile().packet("first").packet("x", {.captured_length = 0x80000000}).bytes());
    EXPECT_THAT(read.packets, SizeIs(1));
    EXPECT_EQ(
        "test: damaged at byte 45: captured length 2147483648 is more than any packet has; the packet in front of it "
        "was read",
        read.error);
}

TEST(Pcap, WithTheLargestCapturedLengthButNotItsBytesIsCutShort) {
    const auto read = read_to_end(PcapFile().packet("x", {.captured_length = 64 << 20}).bytes());
    EXPECT_THAT(read.error, HasSubstr("cut short, only 17 of at least 67108880 bytes"));
}

TEST(Pcap, OfTwoFilesJoinedIsDamagedAtTheSecondHeader) {
    const FileBytes first = PcapFile().packet("first").bytes();
    const auto read = read_to_end(joined(first, PcapFile().packet("second", {.seconds = 1'700'000'000}).bytes()));
    EXPECT_EQ("first", read.packets.at(0).bytes);
    EXPECT_THAT(read.error, HasSubstr("damaged at byte"));
}

} // namespace
} // namespace doorplate

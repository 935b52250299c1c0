#include <string>

#include <gmock/gmock.h>

#include "tests/support/capture_file_builder.h"
#include "tests/support/savefile_harness.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint16_t if_name = 2;
constexpr std::uint16_t if_tsresol = 9;
constexpr std::uint16_t if_tsoffset = 14;
constexpr std::uint16_t epb_flags = 2;

PcapngFile ethernet_file() { return PcapngFile().section().interface(LinkType::ethernet); }

auto has_bytes(const std::string &bytes) { return Field(&KeptPacket::bytes, bytes); }

TEST(Pcapng, GivesPacketsInTheOrderOfTheFile) {
    const auto read = read_to_end(ethernet_file().packet(0, "first").packet(0, "second").bytes());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, ElementsAre(has_bytes("first"), has_bytes("second")));
}

TEST(Pcapng, WithASectionHeaderAloneHasNoPacketsAndNoError) {
    const auto read = read_to_end(PcapngFile().section().bytes());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, IsEmpty());
    EXPECT_THAT(read.interfaces, IsEmpty());
}

TEST(Pcapng, OfVersion12IsTheSameAs10) {
    const auto read = read_to_end(PcapngFile().section(1, 2).interface(LinkType::ethernet).packet(0, "x").bytes());
    EXPECT_THAT(read.packets, SizeIs(1));
}

TEST(Pcapng, IsReadInEitherByteOrder) {
    const auto describe = [](PcapngFile file) {
        return read_to_end(file.section()
                               .interface(LinkType::raw_ip, {file.option_u64(if_tsoffset, 7)})
                               .packet(0, "hello", {.original_length = 60, .options = {file.option_u32(epb_flags, 2)}})
                               .bytes());
    };
    const auto little = describe(PcapngFile().little_endian());
    const auto big = describe(PcapngFile().big_endian());
    EXPECT_THAT(big.packets, SizeIs(1));
    EXPECT_EQ(little.packets, big.packets);
}

TEST(Pcapng, SectionsMayChangeTheByteOrder) {
    const auto read = read_to_end(ethernet_file()
                                      .packet(0, "little")
                                      .big_endian()
                                      .section()
                                      .interface(LinkType::ethernet)
                                      .packet(0, "big")
                                      .bytes());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, ElementsAre(has_bytes("little"), has_bytes("big")));
}

TEST(Pcapng, InterfacesHaveTheirOwnNamesLinkTypesAndLimits) {
    PcapngFile file = PcapngFile().section();
    file.interface(LinkType::ethernet, {file.option(if_name, "eth0")}, 96);
    file.interface(LinkType::raw_ip, {file.option(if_name, "tun0")});
    const auto read = read_to_end(file.packet(1, "raw").packet(0, "ether").bytes());
    ASSERT_THAT(read.interfaces, SizeIs(2));
    EXPECT_EQ("eth0", read.interfaces[0].name);
    EXPECT_EQ(96U, read.interfaces[0].snapshot_length);
    EXPECT_EQ("tun0", read.interfaces[1].name);
    EXPECT_EQ(LinkType::raw_ip, read.packets.at(0).link_type);
    EXPECT_EQ(LinkType::ethernet, read.packets.at(1).link_type);
}

TEST(Pcapng, InterfacesAreCountedOnAcrossSections) {
    const auto read = read_to_end(ethernet_file()
                                      .packet(0, "first")
                                      .section()
                                      .interface(LinkType::raw_ip)
                                      .interface(LinkType::ipv6)
                                      .packet(1, "second")
                                      .bytes());
    ASSERT_THAT(read.interfaces, SizeIs(3));
    EXPECT_EQ(0U, read.packets.at(0).interface);
    EXPECT_EQ(2U, read.packets.at(1).interface);
    EXPECT_EQ(LinkType::ipv6, read.packets.at(1).link_type);
}

TEST(Pcapng, SectionDoesNotKnowTheInterfacesOfTheOneBefore) {
    const auto read = read_to_end(ethernet_file().packet(0, "first").section().packet(0, "second").bytes());
    EXPECT_THAT(read.packets, SizeIs(1));
    EXPECT_THAT(read.error, HasSubstr("interface 0, but its section describes 0 so far; the packet in front"));
}

TEST(Pcapng, TimesAreInMicrosecondsUnlessTheInterfaceSaysOtherwise) {
    PcapngFile file = PcapngFile().section();
    file.interface(LinkType::ethernet).interface(LinkType::ethernet, {file.option(if_tsresol, "\x09")});
    const auto read = read_to_end(file.packet(0, "x", {.ticks = 7}).packet(1, "x", {.ticks = 7}).bytes());
    EXPECT_EQ(7'000, read.packets.at(0).ns);
    EXPECT_EQ(7, read.packets.at(1).ns);
}

TEST(Pcapng, TimeOfTheUpperHalfIsNotLost) {
    const auto read = read_to_end(ethernet_file().packet(0, "x", {.ticks = 0x1'0000'0001}).bytes());
    EXPECT_EQ(0x1'0000'0001 * 1000, read.packets.at(0).ns);
}

TEST(Pcapng, OffsetOfAnInterfaceIsInSeconds) {
    PcapngFile file = PcapngFile().section();
    file.interface(LinkType::ethernet, {file.option_u64(if_tsoffset, 100)});
    EXPECT_EQ(100'000'007'000, read_to_end(file.packet(0, "x", {.ticks = 7}).bytes()).packets.at(0).ns);
}

TEST(Pcapng, TimesOutOfRangeAreClampedAndCounted) {
    PcapngFile file = PcapngFile().section();
    file.interface(LinkType::ethernet, {file.option_u64(if_tsoffset, 0x8000000000000000)});
    const auto read = read_to_end(file.packet(0, "x").packet(0, "y").bytes());
    EXPECT_EQ(0, read.packets.at(0).ns);
    EXPECT_EQ(2U, read.stats.times_out_of_range);
}

TEST(Pcapng, ClockOptionsOfAWrongSizeAreIgnored) {
    PcapngFile file = PcapngFile().section();
    file.interface(LinkType::ethernet, {file.option(if_tsresol, "\x03\x03\x03"), file.option(if_tsoffset, "\x01")});
    EXPECT_EQ(7'000, read_to_end(file.packet(0, "x", {.ticks = 7}).bytes()).packets.at(0).ns);
}

TEST(Pcapng, DirectionIsInTheFlags) {
    PcapngFile file = ethernet_file();
    file.packet(0, "x", {.options = {file.option_u32(epb_flags, 1)}});
    file.packet(0, "x", {.options = {file.option_u32(epb_flags, 0xfffffff2)}});
    file.packet(0, "x", {.options = {file.option_u32(epb_flags, 0)}});
    file.packet(0, "x");
    const auto read = read_to_end(file.bytes());
    EXPECT_EQ(PacketDirection::inbound, read.packets.at(0).direction);
    EXPECT_EQ(PacketDirection::outbound, read.packets.at(1).direction);
    EXPECT_EQ(PacketDirection::unknown, read.packets.at(2).direction);
    EXPECT_EQ(PacketDirection::unknown, read.packets.at(3).direction);
}

TEST(Pcapng, FlagsAreFoundBehindOtherOptions) {
    PcapngFile file = ethernet_file();
    file.packet(0, "x", {.options = {file.option(1, "odd length"), file.option_u32(epb_flags, 1)}});
    EXPECT_EQ(PacketDirection::inbound, read_to_end(file.bytes()).packets.at(0).direction);
}

TEST(Pcapng, PacketIsWorthMoreThanItsBrokenOptions) {
    PcapngFile file = ethernet_file();
    const auto body = file.writer().u32(0).u32(0).u32(0).u32(4).u32(4).text("good").u16(1).u16(400).written();
    const auto read = read_to_end(file.block(6, body).packet(0, "next").bytes());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, ElementsAre(has_bytes("good"), has_bytes("next")));
}

TEST(Pcapng, SimplePacketIsOfTheFirstInterfaceAndWithoutTime) {
    const auto read = read_to_end(
        PcapngFile().section().interface(LinkType::raw_ip).interface(LinkType::ethernet).simple_packet("x", 1).bytes());
    EXPECT_EQ(LinkType::raw_ip, read.packets.at(0).link_type);
    EXPECT_EQ(0, read.packets.at(0).ns);
    EXPECT_EQ(0U, read.stats.times_out_of_range);
}

TEST(Pcapng, SimplePacketEndsWhereItsPaddingBegins) {
    EXPECT_EQ("hello", read_to_end(ethernet_file().simple_packet("hello", 5).bytes()).packets.at(0).bytes);
}

TEST(Pcapng, SimplePacketEndsAtTheSnapshotLength) {
    const auto read =
        read_to_end(PcapngFile().section().interface(LinkType::ethernet, {}, 5).simple_packet("hello", 1500).bytes());
    EXPECT_EQ("hello", read.packets.at(0).bytes);
    EXPECT_EQ(1500U, read.packets.at(0).original_length);
}

TEST(Pcapng, ObsoletePacketBlockIsRead) {
    const auto read = read_to_end(PcapngFile()
                                      .section()
                                      .interface(LinkType::ethernet)
                                      .interface(LinkType::raw_ip)
                                      .obsolete_packet(1, "old")
                                      .bytes());
    EXPECT_THAT(read.packets, ElementsAre(has_bytes("old")));
    EXPECT_EQ(1U, read.packets.at(0).interface);
    EXPECT_EQ(1'700'000'000'000'000'000, read.packets.at(0).ns);
}

TEST(Pcapng, OtherBlocksAreSkipped) {
    constexpr std::uint32_t name_resolution = 4;
    constexpr std::uint32_t statistics = 5;
    constexpr std::uint32_t custom = 0xbad;
    constexpr std::uint32_t unheard_of = 0x7fffffff;
    const FileBytes lies(8, 0xff);
    const auto read = read_to_end(ethernet_file()
                                      .block(name_resolution, lies)
                                      .block(statistics, lies)
                                      .packet(0, "first")
                                      .block(custom, {})
                                      .block(unheard_of, lies)
                                      .packet(0, "second")
                                      .bytes());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, ElementsAre(has_bytes("first"), has_bytes("second")));
}

TEST(Pcapng, TrailingLengthIsNotNeeded) {
    const FileBytes body(8);
    const auto read = read_to_end(ethernet_file().lying_block(5, 20, body, 4711).packet(0, "next").bytes());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, SizeIs(1));
}

TEST(Pcapng, BlockLengthMayForgetThePadding) {
    const FileBytes padded(8);
    const auto read = read_to_end(ethernet_file().lying_block(5, 18, padded, 18).packet(0, "next").bytes());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, SizeIs(1));
}

TEST(Pcapng, WithTooSmallABlockIsDamagedThere) {
    const FileBytes front = ethernet_file().packet(0, "first").bytes();
    ASSERT_EQ(88U, front.size());
    const auto read = read_to_end(ethernet_file().packet(0, "first").lying_block(6, 7, {}, 7).packet(0, "x").bytes());
    EXPECT_THAT(read.packets, SizeIs(2));
    EXPECT_EQ("test: damaged at byte 88: block length 7 is too small; the packet in front of it was read, and 1 behind "
              "it; 12 bytes were skipped",
              read.error);
}

TEST(Pcapng, WithTooLargeABlockIsDamagedThere) {
    const auto read = read_to_end(ethernet_file().packet(0, "first").lying_block(6, 0xfffffff0, {}, 0).bytes());
    EXPECT_THAT(read.error, HasSubstr("damaged at byte 88: block length 4294967280 is too large"));
}

TEST(Pcapng, WithAPacketThatOverrunsItsBlockIsDamagedThere) {
    const auto read = read_to_end(
        ethernet_file().packet(0, "first").packet(0, "x", {.captured_length = 0xffffffff}).packet(0, "y").bytes());
    EXPECT_THAT(read.packets, ElementsAre(Field(&KeptPacket::bytes, "first"), Field(&KeptPacket::bytes, "y")));
    EXPECT_THAT(read.error, HasSubstr("captured length 4294967295 does not fit its block of 36 bytes"));
}

TEST(Pcapng, WithABlockThatHasNoRoomForItsFieldsIsDamagedThere) {
    EXPECT_THAT(read_to_end(ethernet_file().block(6, FileBytes(16)).bytes()).error,
                HasSubstr("block length 28 is too small for a packet"));
    EXPECT_THAT(read_to_end(ethernet_file().block(3, {}).bytes()).error,
                HasSubstr("block length 12 is too small for a simple packet"));
    EXPECT_THAT(read_to_end(ethernet_file().block(1, FileBytes(4)).bytes()).error,
                HasSubstr("block length 16 is too small for an interface description"));
}

TEST(Pcapng, WithAnUndescribedInterfaceIsDamagedThere) {
    const auto read = read_to_end(ethernet_file().packet(0, "first").packet(99, "x").bytes());
    EXPECT_THAT(read.packets, SizeIs(1));
    EXPECT_THAT(read.error,
                HasSubstr("a packet is said to come from interface 99, but its section describes 1 so far"));
}

TEST(Pcapng, CutInABlockGivesAllInFrontOfIt) {
    const auto read = read_to_end(without_last(ethernet_file().packet(0, "first").packet(0, "second").bytes(), 1));
    EXPECT_THAT(read.packets, ElementsAre(has_bytes("first")));
    EXPECT_EQ(
        "test: damaged at byte 88: cut short, only 39 of at least 40 bytes are there; the packet in front of it was "
        "read",
        read.error);
}

TEST(Pcapng, WithGarbageBehindTheLastBlockGivesAllInFrontOfIt) {
    const auto read = read_to_end(ethernet_file().packet(0, "first").garbage("??").bytes());
    EXPECT_THAT(read.packets, SizeIs(1));
    EXPECT_THAT(read.error, HasSubstr("cut short"));
}

TEST(Pcapng, OfAnUnknownVersionIsRefusedAtOnce) {
    const auto read = read_to_end(PcapngFile().section(2, 0).bytes());
    EXPECT_FALSE(read.opened);
    EXPECT_THAT(read.error, HasSubstr("version 2.0 of the pcapng format is unknown"));
}

TEST(Pcapng, WithASectionOfAnUnknownVersionGivesAllInFrontOfIt) {
    const auto read = read_to_end(ethernet_file().packet(0, "first").section(2, 0).bytes());
    EXPECT_THAT(read.packets, SizeIs(1));
    EXPECT_THAT(read.error, HasSubstr("damaged at byte 88: version 2.0"));
}

TEST(Pcapng, WithoutAByteOrderIsRefusedAtOnce) {
    const auto read = read_to_end(PcapngFile().lying_block(0x0a0d0d0a, 28, FileBytes(16, 0x42), 28).bytes());
    EXPECT_FALSE(read.opened);
    EXPECT_THAT(read.error, HasSubstr("a section's byte-order magic is 0x42424242"));
}

TEST(Pcapng, InterfaceNamesAreCutSomewhere) {
    PcapngFile file = PcapngFile().section();
    const auto read =
        read_to_end(file.interface(LinkType::ethernet, {file.option(if_name, std::string(60000, 'x'))}).bytes());
    EXPECT_EQ(std::string(255, 'x'), read.interfaces.at(0).name);
}

TEST(Pcapng, DoesNotDescribeInterfacesWithoutEnd) {
    const FileBytes one = PcapngFile().interface(LinkType::ethernet).bytes();
    FileBytes file = PcapngFile().section().bytes();
    for (int i = 0; i < 262145; ++i) file.insert(file.end(), one.begin(), one.end());
    EXPECT_THAT(read_to_end(file).error, HasSubstr("more than 262144 interfaces are described"));
}

} // namespace
} // namespace doorplate

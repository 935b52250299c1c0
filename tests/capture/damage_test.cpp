// Reading on behind damage, and where not to.

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/capture_file_builder.h"
#include "tests/support/savefile_harness.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> contents(const WholeRead &read) {
    std::vector<std::string> result;
    for (const KeptPacket &packet : read.packets) result.push_back(packet.bytes);
    return result;
}

PcapFile with_packets(PcapFile file, const std::vector<std::string> &packets) {
    for (const std::string &packet : packets) file.packet(packet);
    return file;
}

TEST(PcapDamage, BetweenRecordsIsPassed) {
    PcapFile file = PcapFile().packet("a").packet("b").garbage("\x13\x37 what is this? \xff\xfe\xfd\xfc");
    const WholeRead read = read_to_end(with_packets(file, {"c", "d", "e", "f"}).bytes());
    EXPECT_THAT(contents(read), ElementsAre("a", "b", "c", "d", "e", "f"));
    EXPECT_EQ(1U, read.stats.damaged_places);
    EXPECT_EQ(21U, read.stats.damaged_bytes);
    EXPECT_THAT(read.error, HasSubstr("damaged at byte 58: "));
    EXPECT_THAT(read.error,
                HasSubstr("; the 2 packets in front of it were read, and 4 behind it; 21 bytes were skipped"));
}

TEST(PcapDamage, OfALengthCostsThatRecordAlone) {
    PcapFile file = PcapFile().packet("a").packet("lost", {.captured_length = 0xffffffff});
    const WholeRead read = read_to_end(with_packets(file, {"c", "d", "e", "f"}).bytes());
    EXPECT_THAT(contents(read), ElementsAre("a", "c", "d", "e", "f"));
    EXPECT_THAT(read.error, HasSubstr("captured length 4294967295 is more than any packet has"));
}

TEST(PcapDamage, InSeveralPlacesIsToldOnce) {
    const std::vector<std::string> good{"c", "d", "e", "f"};
    PcapFile file = with_packets(PcapFile().garbage("first garbage ..."), good);
    file = with_packets(file.garbage("second garbage .."), good);
    const WholeRead read = read_to_end(file.bytes());
    EXPECT_THAT(read.packets, SizeIs(8));
    EXPECT_EQ(2U, read.stats.damaged_places);
    EXPECT_EQ(34U, read.stats.damaged_bytes);
    EXPECT_THAT(read.error, HasSubstr("; there is no packet in front of it, and 8 behind it; 34 bytes in 2 places were "
                                      "skipped"));
}

TEST(PcapDamage, IsNotFollowedByOneRecordAlone) {
    const WholeRead read = read_to_end(PcapFile().packet("a").garbage("some garbage here").packet("b").bytes());
    EXPECT_THAT(contents(read), ElementsAre("a"));
}

TEST(PcapDamage, IsNotFollowedByRecordsOfAnotherDay) {
    PcapFile file = PcapFile().packet("a").garbage("some garbage here");
    for (int i = 0; i < 9; ++i) file.packet("b", {.seconds = 1'600'000'000});
    EXPECT_THAT(contents(read_to_end(file.bytes())), ElementsAre("a"));
}

TEST(PcapDamage, OfZerosMakesNoPackets) {
    PcapFile file = PcapFile().packet("a").garbage(std::string(9000, '\0'));
    const WholeRead read = read_to_end(with_packets(file, {"c", "d", "e", "f"}).bytes());
    EXPECT_THAT(contents(read), ElementsAre("a", "c", "d", "e", "f"));
    EXPECT_THAT(read.error, HasSubstr("there are zeros where a record should begin"));
    EXPECT_EQ(9000U, read.stats.damaged_bytes);
}

TEST(PcapDamage, IsNotAnEmptyRecordWhoseTimesMakeNoSense) {
    const PcapFile empty = PcapFile().packet("a").packet("", {.seconds = 0, .fraction = 3'841'916'976});
    const PcapFile::Record much_later{.seconds = 2'145'916'800};
    EXPECT_THAT(contents(read_to_end(PcapFile(empty).packet("b", much_later).bytes())), ElementsAre("a", "", "b"));
    PcapFile file = empty;
    for (const char *const packet : {"b", "c", "d", "e"}) file.packet(packet, much_later);
    EXPECT_THAT(contents(read_to_end(PcapFile(file).garbage("x").bytes())), ElementsAre("a", "", "b", "c", "d", "e"));
    // Nothing bears it out.
    EXPECT_THAT(contents(read_to_end(PcapFile(empty).packet("b", much_later).garbage("some garbage here").bytes())),
                ElementsAre("a"));
}

TEST(PcapDamage, ByAnotherFileJoinedOnIsItsHeaderAlone) {
    const FileBytes first = PcapFile().packet("a").bytes();
    const FileBytes second = PcapFile().nanoseconds().big_endian().link_type(LinkType::raw_ip).packet("b").bytes();
    const WholeRead read = read_to_end(joined(first, second));
    EXPECT_THAT(contents(read), ElementsAre("a", "b"));
    EXPECT_THAT(read.error, HasSubstr("another capture file begins here"));
    EXPECT_EQ(24U, read.stats.damaged_bytes);
    EXPECT_EQ(LinkType::raw_ip, read.packets.at(1).link_type);
    ASSERT_THAT(read.interfaces, SizeIs(2));
    EXPECT_EQ(LinkType::raw_ip, read.interfaces[read.packets[1].interface].link_type);
}

TEST(PcapDamage, IsNotWhatIsOnlyOdd) {
    PcapFile file = PcapFile().packet("a", {.fraction = 1'500'000}).packet("bb", {.original_length = 1});
    const WholeRead read = read_to_end(file.packet("", {.original_length = 60}).packet("d").bytes());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(contents(read), ElementsAre("a", "bb", "", "d"));
}

PcapngFile ethernet_file() { return PcapngFile().section().interface(LinkType::ethernet); }

TEST(PcapngDamage, OfABlocksContentCostsThatBlockAlone) {
    const WholeRead read = read_to_end(ethernet_file().packet(0, "a").packet(7, "lost").packet(0, "c").bytes());
    EXPECT_THAT(contents(read), ElementsAre("a", "c"));
    EXPECT_THAT(read.error, HasSubstr("a packet is said to come from interface 7"));
    EXPECT_EQ(36U, read.stats.damaged_bytes);
}

TEST(PcapngDamage, OfAnyLengthIsPassed) {
    const std::string garbage = "37 bytes that are no block, unaligned";
    const WholeRead read = read_to_end(ethernet_file().packet(0, "a").garbage(garbage).packet(0, "b").bytes());
    EXPECT_THAT(contents(read), ElementsAre("a", "b"));
    EXPECT_EQ(garbage.size(), read.stats.damaged_bytes);
}

TEST(PcapngDamage, IsPassedInEitherByteOrder) {
    const WholeRead read = read_to_end(PcapngFile()
                                           .big_endian()
                                           .section()
                                           .interface(LinkType::ethernet)
                                           .packet(0, "a")
                                           .garbage("some bytes of garbage")
                                           .packet(0, "b")
                                           .bytes());
    EXPECT_THAT(contents(read), ElementsAre("a", "b"));
}

TEST(PcapngDamage, IsNotFollowedByABlockThatDoesNotSayItsLengthTwice) {
    const WholeRead read =
        read_to_end(ethernet_file().packet(0, "a").garbage("garbage").lying_block(5, 24, FileBytes(12), 28).bytes());
    EXPECT_THAT(contents(read), ElementsAre("a"));
}

// A lost interface description would give its number, and its packets, to the next one.
TEST(PcapngDamage, LeavesNoInterfaceDescribedBehindIt) {
    PcapngFile file = ethernet_file().packet(0, "a").garbage("garbage").packet(0, "b");
    file.interface(LinkType::raw_ip).packet(1, "whose?").packet(0, "d");
    file.section().interface(LinkType::ethernet).packet(0, "e");
    const WholeRead read = read_to_end(file.bytes());
    EXPECT_THAT(contents(read), ElementsAre("a", "b", "e"));
    EXPECT_EQ(2U, read.stats.damaged_places);
}

TEST(PcapngDamage, OfASectionHeaderCostsTheSection) {
    PcapngFile file = ethernet_file().packet(0, "a").section(9, 9).interface(LinkType::ethernet).packet(0, "unknown");
    const WholeRead read = read_to_end(file.section().interface(LinkType::raw_ip).packet(0, "c").bytes());
    EXPECT_THAT(contents(read), ElementsAre("a", "c"));
    EXPECT_EQ(LinkType::raw_ip, read.packets.at(1).link_type);
}

TEST(PcapngDamage, InFrontOfAllPacketsDoesNotHideThem) {
    const WholeRead read = read_to_end(ethernet_file().packet(3, "lost").packet(0, "b").bytes());
    EXPECT_TRUE(read.opened);
    EXPECT_THAT(contents(read), ElementsAre("b"));
    EXPECT_THAT(read.error, HasSubstr("there is no packet in front of it, and 1 behind it"));
}

TEST(Damage, IsTheSameInAnyPieces) {
    PcapngFile front = ethernet_file().packet(0, "a").garbage("garbage").packet(0, "b").packet(0, "b").packet(0, "b");
    const FileBytes file = joined(front.garbage("more").bytes(), ethernet_file().packet(0, "c").bytes());
    const WholeRead whole = read_to_end(file);
    const WholeRead crumbs = read_to_end(file, {}, 3);
    EXPECT_THAT(contents(whole), ElementsAre("a", "b", "b", "b", "c"));
    EXPECT_EQ(whole.packets, crumbs.packets);
    EXPECT_EQ(whole.error, crumbs.error);
    EXPECT_EQ(whole.stats.damaged_bytes, crumbs.stats.damaged_bytes);
}

TEST(PcapngStatistics, AreTheLastOfEachInterface) {
    const auto statistics = [](PcapngFile &file, std::uint32_t interface, std::uint64_t by_interface,
                               std::uint64_t by_kernel) {
        FileWriter body = file.writer();
        body.u32(interface).u64(0);
        body.u16(5).u16(8).u64(by_interface);
        body.u16(7).u16(8).u64(by_kernel);
        file.block(5, body.written());
    };
    PcapngFile file = PcapngFile().section().interface(LinkType::ethernet).interface(LinkType::raw_ip).packet(0, "a");
    statistics(file, 0, 1, 2);
    statistics(file, 0, 10, 20);
    statistics(file, 1, 100, 200);
    statistics(file, 2, 1000, 2000);
    const CaptureStats stats = read_to_end(file.bytes()).stats;
    EXPECT_EQ(110U, stats.dropped_by_interface);
    EXPECT_EQ(220U, stats.dropped_by_kernel);
    EXPECT_EQ(std::nullopt, stats.received_by_filter);
}

TEST(PcapngSimplePacket, HasTheNewestTimeInFrontOfIt) {
    const WholeRead read = read_to_end(ethernet_file()
                                           .simple_packet("first", 5)
                                           .packet(0, "x", {.ticks = 7'000'000})
                                           .packet(0, "y", {.ticks = 5'000'000})
                                           .simple_packet("last", 4)
                                           .bytes());
    EXPECT_EQ(0, read.packets.at(0).ns);
    EXPECT_EQ(7'000'000'000, read.packets.at(3).ns);
}

TEST(PcapngInterface, HasANameAndADescription) {
    PcapngFile file;
    const WholeRead read =
        read_to_end(file.section()
                        .interface(LinkType::ethernet, {file.option(2, "eth0"), file.option(3, "to the world")})
                        .packet(0, "x")
                        .bytes());
    ASSERT_THAT(read.interfaces, SizeIs(1));
    EXPECT_EQ("eth0", read.interfaces[0].name);
    EXPECT_EQ("to the world", read.interfaces[0].description);
}

} // namespace
} // namespace doorplate

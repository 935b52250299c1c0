// Several files as one: one after another, and in the order of time.

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "capture/chained_source.h"
#include "capture/merged_source.h"
#include "tests/support/capture_file_builder.h"
#include "tests/support/savefile_harness.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

using Sources = std::vector<std::unique_ptr<PacketSource>>;

std::unique_ptr<PacketSource> opened(const FileBytes &file) {
    auto source = read_savefile(std::make_unique<MemoryStream>(file), "test", "");
    EXPECT_TRUE(source);
    return std::move(*source);
}

template <typename... Files> Sources sources(const Files &...files) {
    Sources result;
    (result.push_back(opened(files)), ...);
    return result;
}

std::vector<std::string> contents(const WholeRead &read) {
    std::vector<std::string> result;
    for (const KeptPacket &packet : read.packets) result.push_back(packet.bytes);
    return result;
}

struct Timed {
    std::uint32_t seconds;
    std::string bytes;
};
FileBytes file_of(const std::vector<Timed> &packets) {
    PcapFile file;
    for (const Timed &packet : packets) file.packet(packet.bytes, {.seconds = packet.seconds});
    return file.bytes();
}

TEST(ChainedSource, GivesOneFileAfterAnother) {
    const WholeRead read = read_to_end(chain(sources(file_of({{7, "a"}, {8, "b"}}), file_of({{1, "c"}}))));
    EXPECT_EQ("", read.error);
    EXPECT_THAT(contents(read), ElementsAre("a", "b", "c"));
    EXPECT_EQ(3U, read.stats.packets);
}

TEST(ChainedSource, TakesWhatIsDescribedAlikeForOneInterface) {
    const FileBytes first = PcapngFile().section().interface(LinkType::ethernet).packet(0, "a").bytes();
    const FileBytes second =
        PcapngFile().section().interface(LinkType::ethernet).interface(LinkType::raw_ip).packet(1, "b").bytes();
    const FileBytes third = PcapngFile()
                                .section()
                                .interface(LinkType::ipv4)
                                .interface(LinkType::raw_ip)
                                .packet(0, "c")
                                .packet(1, "d")
                                .bytes();
    const WholeRead read = read_to_end(chain(sources(first, second, third)));
    ASSERT_THAT(read.interfaces, SizeIs(3));
    ASSERT_THAT(read.packets, SizeIs(4));
    EXPECT_EQ(0U, read.packets[0].interface);
    EXPECT_EQ(1U, read.packets[1].interface);
    EXPECT_EQ(2U, read.packets[2].interface);
    EXPECT_EQ(1U, read.packets[3].interface);
    for (const KeptPacket &packet : read.packets)
        EXPECT_EQ(packet.link_type, read.interfaces[packet.interface].link_type);
}

TEST(ChainedSource, TellsDamageWhenAllIsRead) {
    const FileBytes damaged = PcapFile().packet("a").garbage("?").bytes();
    const WholeRead read = read_to_end(chain(sources(damaged, damaged, file_of({{1, "b"}}))));
    EXPECT_THAT(contents(read), ElementsAre("a", "a", "b"));
    EXPECT_THAT(read.error, HasSubstr("damaged at byte 41"));
    EXPECT_THAT(read.error, HasSubstr("; 1 more file is damaged, too"));
    EXPECT_EQ(2U, read.stats.damaged_places);
}

TEST(MergedSource, GivesPacketsInTheOrderOfTime) {
    const WholeRead read = read_to_end(
        merge(sources(file_of({{1, "a"}, {4, "d"}, {5, "e"}}), file_of({{2, "b"}, {3, "c"}}), file_of({{6, "f"}}))));
    EXPECT_EQ("", read.error);
    EXPECT_THAT(contents(read), ElementsAre("a", "b", "c", "d", "e", "f"));
    EXPECT_EQ(6U, read.stats.packets);
}

TEST(MergedSource, GivesPacketsOfOneTimeInTheOrderOfTheFiles) {
    const FileBytes first = file_of({{1, "a"}, {1, "b"}});
    const FileBytes second = file_of({{1, "c"}, {1, "d"}});
    EXPECT_THAT(contents(read_to_end(merge(sources(first, second)))), ElementsAre("a", "b", "c", "d"));
    EXPECT_THAT(contents(read_to_end(merge(sources(second, first)))), ElementsAre("c", "d", "a", "b"));
}

TEST(MergedSource, KeepsEachFilesOwnOrder) {
    const WholeRead read = read_to_end(merge(sources(file_of({{5, "a"}, {1, "b"}}), file_of({{2, "c"}, {6, "d"}}))));
    EXPECT_THAT(contents(read), ElementsAre("c", "a", "b", "d"));
}

TEST(MergedSource, KeepsTheInterfacesOfEachFileApart) {
    const WholeRead read = read_to_end(merge(sources(file_of({{1, "a"}, {3, "c"}}), file_of({{2, "b"}}))));
    ASSERT_THAT(read.interfaces, SizeIs(2));
    ASSERT_THAT(read.packets, SizeIs(3));
    EXPECT_EQ(0U, read.packets[0].interface);
    EXPECT_EQ(1U, read.packets[1].interface);
    EXPECT_EQ(0U, read.packets[2].interface);
}

TEST(MergedSource, OfManyBatchesLosesNothing) {
    std::vector<std::vector<Timed>> files(5);
    constexpr std::uint32_t packets = 5000;
    std::vector<std::string> expected;
    for (std::uint32_t i = 0; i < packets; ++i) {
        // Some files have long runs, some alternate.
        files[(i / 700 + i * (i % 3)) % files.size()].push_back({i, std::to_string(i)});
        expected.push_back(std::to_string(i));
    }
    Sources all;
    for (const auto &file : files) all.push_back(opened(file_of(file)));
    EXPECT_EQ(expected, contents(read_to_end(merge(std::move(all)))));
}

TEST(MergedSource, TellsDamageWhenAllIsRead) {
    const FileBytes damaged = PcapFile().packet("a", {.seconds = 1}).garbage("?").bytes();
    const WholeRead read = read_to_end(merge(sources(damaged, file_of({{1, "b"}, {2, "c"}}))));
    EXPECT_THAT(contents(read), ElementsAre("a", "b", "c"));
    EXPECT_THAT(read.error, HasSubstr("damaged at byte 41"));
    EXPECT_EQ(1U, read.stats.damaged_places);
}

} // namespace
} // namespace doorplate

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "tests/support/capture_file_builder.h"
#include "tests/support/savefile_harness.h"

namespace doorplate {
namespace {

using testing::HasSubstr;
using testing::Optional;
using testing::SizeIs;

// RFC 1761, with numbers as they are given.
class SnoopFile {
  public:
    explicit SnoopFile(std::uint32_t link_type = 4, std::uint32_t version = 2) {
        writer_.text("snoop").u8(0).u8(0).u8(0).u32(version).u32(link_type);
    }
    SnoopFile &packet(std::string_view bytes, std::uint32_t original = 100, std::uint32_t lost = 0) {
        const std::size_t padding = (4 - bytes.size() % 4) % 4;
        record(original, bytes.size(), 24 + bytes.size() + padding, lost).text(bytes);
        for (std::size_t i = 0; i < padding; ++i) writer_.u8(0xee);
        return *this;
    }
    FileWriter &record(std::uint32_t original, std::size_t captured, std::size_t length, std::uint32_t lost = 0) {
        return writer_.u32(original)
            .u32(static_cast<std::uint32_t>(captured))
            .u32(static_cast<std::uint32_t>(length))
            .u32(lost)
            .u32(7)
            .u32(5);
    }
    [[nodiscard]] const FileBytes &bytes() const { return writer_.written(); }

  private:
    FileWriter writer_{std::endian::big};
};

TEST(Snoop, GivesPacketsWithTheirTimesAndLengths) {
    const WholeRead read = read_to_end(SnoopFile().packet("first").packet("2nd!").bytes());
    EXPECT_EQ("", read.error);
    ASSERT_THAT(read.packets, SizeIs(2));
    EXPECT_EQ("first", read.packets[0].bytes);
    EXPECT_EQ(100U, read.packets[0].original_length);
    EXPECT_EQ(7'000'005'000, read.packets[0].ns);
    EXPECT_EQ("2nd!", read.packets[1].bytes);
}

TEST(Snoop, IsTheSameInAnyPieces) {
    const FileBytes file = SnoopFile().packet("first").packet("second").bytes();
    EXPECT_EQ(read_to_end(file).packets, read_to_end(file, {}, 1).packets);
}

TEST(Snoop, HasLinkTypesOfItsOwn) {
    const auto link_type = [](std::uint32_t number) {
        return read_to_end(SnoopFile(number).packet("x").bytes()).packets.at(0).link_type;
    };
    EXPECT_EQ(LinkType::ethernet, link_type(0));
    EXPECT_EQ(LinkType::ethernet, link_type(4));
    EXPECT_EQ(LinkType::token_ring, link_type(2));
    EXPECT_EQ(LinkType::fddi, link_type(8));
    EXPECT_THAT(read_to_end(SnoopFile(9).packet("x").bytes()).error, HasSubstr("link type 9 of the snoop format"));
}

TEST(Snoop, OfAnotherVersionIsRefused) {
    EXPECT_THAT(read_to_end(SnoopFile(4, 3).bytes()).error, HasSubstr("version 3 of the snoop format is unknown"));
}

TEST(Snoop, TellsHowManyPacketsWereLost) {
    EXPECT_THAT(read_to_end(SnoopFile().packet("a", 1, 2).packet("b", 1, 5).bytes()).stats.dropped_by_kernel,
                Optional(5U));
}

TEST(Snoop, EndsAtARecordThatMakesNoSense) {
    for (const std::uint32_t length : {0U, 23U, 24U, 28U, 0xffffffffU}) {
        SnoopFile file = SnoopFile().packet("first");
        file.record(100, 5, length).text("12345678");
        const WholeRead read = read_to_end(file.packet("last").bytes());
        EXPECT_THAT(read.packets, SizeIs(1)) << length;
        EXPECT_THAT(read.error, HasSubstr("damaged at byte 48: what should be a record says 5 bytes captured"));
    }
}

TEST(Snoop, CutShortGivesWhatIsThere) {
    FileBytes file = SnoopFile().packet("first").packet("second").bytes();
    file.pop_back();
    const WholeRead read = read_to_end(file);
    EXPECT_THAT(read.packets, SizeIs(1));
    EXPECT_THAT(read.error, HasSubstr("cut short"));
    // Inside of the magic bytes.
    EXPECT_FALSE(read_to_end(FileBytes(file.begin(), file.begin() + 5)).opened);
}

TEST(Snoop, OtherToolsWriteWhatWeRead) {
    const std::filesystem::path sample(DOORPLATE_SOURCE_DIR "/samples/web.pcapng");
    const std::filesystem::path target = std::filesystem::path(testing::TempDir()) / "doorplate-web.snoop";
    const std::string command = "editcap -F snoop '" + sample.string() + "' '" + target.string() + "' 2>/dev/null";
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no editcap";
    const WholeRead expected = read_to_end(open_savefile({.path = sample.string(), .filter = {}}));
    const WholeRead read = read_to_end(open_savefile({.path = target.string(), .filter = {}}));
    std::filesystem::remove(target);
    EXPECT_EQ("", read.error);
    ASSERT_EQ(expected.packets.size(), read.packets.size());
    for (std::size_t i = 0; i < read.packets.size(); ++i) {
        EXPECT_EQ(expected.packets[i].bytes, read.packets[i].bytes);
        EXPECT_EQ(expected.packets[i].ns / 1'000, read.packets[i].ns / 1'000);
    }
}

} // namespace
} // namespace doorplate

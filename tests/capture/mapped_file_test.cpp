// Regular files, which are mapped, and what becomes of them while they are read.

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "capture/mapped_file.h"
#include "capture/packet_source.h"
#include "tests/support/capture_file_builder.h"
#include "tests/support/temp_dir.h"

namespace doorplate {
namespace {

using testing::HasSubstr;

void write_file(const std::filesystem::path &path, const FileBytes &bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char *>(bytes.data()), // NOLINT
               static_cast<std::streamsize>(bytes.size()));
}

FileDescriptor open_file(const std::filesystem::path &path) {
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

class MappedFileTest : public testing::Test {
  protected:
    [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "file"; }

    std::unique_ptr<MappedFile> mapped(std::size_t size) {
        write_file(path(), FileBytes(size, 'x'));
        FileDescriptor file = open_file(path());
        return MappedFile::map(file);
    }

    TempDir folder_;
};

TEST_F(MappedFileTest, ShowsTheFile) {
    const auto file = mapped(10'000);
    ASSERT_TRUE(file);
    EXPECT_EQ(10'000U, file->bytes().size());
    EXPECT_EQ('x', file->bytes().back());
    EXPECT_EQ(10'000U, file->intact_bytes());
}

TEST_F(MappedFileTest, IsNoneOfAnEmptyFileOrAPipe) {
    EXPECT_FALSE(mapped(0));
    int ends[2] = {-1, -1}; // NOLINT: pipe(2)
    ASSERT_EQ(0, ::pipe(ends));
    FileDescriptor reader(ends[0]);
    const FileDescriptor writer(ends[1]);
    EXPECT_FALSE(MappedFile::map(reader));
    EXPECT_TRUE(reader);
}

TEST_F(MappedFileTest, IsNoneOfAFileThatWasReadInPart) {
    write_file(path(), FileBytes(100));
    FileDescriptor file = open_file(path());
    ASSERT_EQ(10, ::lseek(file.get(), 10, SEEK_SET));
    EXPECT_FALSE(MappedFile::map(file));
}

TEST_F(MappedFileTest, HasZerosWhereTheFileWasCutOff) {
    const auto file = mapped(100'000);
    ASSERT_TRUE(file);
    EXPECT_EQ('x', file->bytes()[99'999]);
    std::filesystem::resize_file(path(), 10'000);
    // The pages of the cut are gone, and looking there is a bus error for who does not expect it.
    EXPECT_EQ(0, file->bytes()[99'999]);
    EXPECT_EQ(0, file->bytes()[50'000]);
    EXPECT_EQ('x', file->bytes()[9'999]);
    EXPECT_EQ(10'000U, file->intact_bytes());
}

TEST_F(MappedFileTest, StaysCutOffWhenTheFileGrowsAgain) {
    const auto file = mapped(100'000);
    ASSERT_TRUE(file);
    std::filesystem::resize_file(path(), 0);
    EXPECT_EQ(0, file->bytes()[99'999]);
    std::filesystem::resize_file(path(), 100'000);
    EXPECT_GT(100'000U, file->intact_bytes());
}

TEST_F(MappedFileTest, CanBeCutOffBesideOthers) {
    const auto first = mapped(100'000);
    TempDir other;
    write_file(other.path() / "other", FileBytes(100'000, 'y'));
    FileDescriptor file = open_file(other.path() / "other");
    const auto second = MappedFile::map(file);
    ASSERT_TRUE(first && second);
    std::filesystem::resize_file(path(), 0);
    EXPECT_EQ(0, first->bytes()[50'000]);
    EXPECT_EQ('y', second->bytes()[50'000]);
    EXPECT_EQ(100'000U, second->intact_bytes());
}

TEST_F(MappedFileTest, ReleasedInFrontCanStillBeRead) {
    const auto file = mapped(std::size_t{20} << 20);
    ASSERT_TRUE(file);
    file->release_until(std::size_t{10} << 20);
    EXPECT_EQ('x', file->bytes()[0]);
}

// Another program's bus errors are its own: it must still die of them.
using MappedFileDeathTest = MappedFileTest;
TEST_F(MappedFileDeathTest, LeavesOtherBusErrorsAlone) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_DEATH(
        {
            const auto file = mapped(100);
            ::raise(SIGBUS);
        },
        "");
}

TEST_F(MappedFileTest, CutShortWhileItIsReadMakesNoPacketsOfZeros) {
    PcapFile capture;
    const std::string bytes(500, 'p');
    for (int i = 0; i < 10'000; ++i) capture.packet(bytes);
    const FileBytes whole = capture.bytes();
    // Ends in a record's header, in its bytes, at a page's end and one byte behind it.
    for (const std::size_t cut : {24UZ + 5000 * 516 + 8, 24UZ + 5000 * 516 + 400, 4096UZ * 500, 4096UZ * 500 + 1}) {
        write_file(path(), whole);
        const auto source = open_savefile({.path = path().string(), .filter = {}});
        ASSERT_TRUE(source);
        std::size_t packets = 0;
        std::string error;
        while (true) {
            const auto batch = (*source)->read(Duration::zero());
            if (!batch) {
                error = batch.error().message;
                break;
            }
            ASSERT_FALSE(batch->at_end);
            for (const Packet &packet : batch->packets) {
                ASSERT_EQ(500U, packet.bytes.size());
                ASSERT_EQ('p', packet.bytes.back());
            }
            packets += batch->packets.size();
            if (packets == 1024) std::filesystem::resize_file(path(), cut);
        }
        EXPECT_EQ((cut - 24) / 516, packets);
        EXPECT_THAT(error, HasSubstr("was cut short to " + std::to_string(cut) + " bytes while it was read"));
    }
}

TEST_F(MappedFileTest, ThatGrowsIsReadToTheLengthItHadWhenItWasOpened) {
    write_file(path(), PcapFile().packet("first").bytes());
    const auto source = open_savefile({.path = path().string(), .filter = {}});
    ASSERT_TRUE(source);
    write_file(path(), PcapFile().packet("first").packet("second").bytes());
    EXPECT_THAT((*source)->read(Duration::zero())->packets, testing::SizeIs(1));
    EXPECT_TRUE((*source)->read(Duration::zero())->at_end);
}

} // namespace
} // namespace doorplate

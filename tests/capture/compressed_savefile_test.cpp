#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/support/capture_file_builder.h"
#include "tests/support/savefile_harness.h"

namespace doorplate {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

FileBytes gzip(const FileBytes &plain) {
    z_stream state{};
    EXPECT_EQ(Z_OK, deflateInit2(&state, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY));
    FileBytes compressed(deflateBound(&state, plain.size()) + 64);
    FileBytes input = plain;
    state.next_in = input.data();
    state.avail_in = static_cast<uInt>(input.size());
    state.next_out = compressed.data();
    state.avail_out = static_cast<uInt>(compressed.size());
    EXPECT_EQ(Z_STREAM_END, deflate(&state, Z_FINISH));
    compressed.resize(state.total_out);
    deflateEnd(&state);
    return compressed;
}

FileBytes zstd(const FileBytes &plain) {
    FileBytes compressed(ZSTD_compressBound(plain.size()));
    compressed.resize(ZSTD_compress(compressed.data(), compressed.size(), plain.data(), plain.size(), 3));
    return compressed;
}

FileBytes lz4(const FileBytes &plain) {
    FileBytes compressed(LZ4F_compressFrameBound(plain.size(), nullptr));
    compressed.resize(LZ4F_compressFrame(compressed.data(), compressed.size(), plain.data(), plain.size(), nullptr));
    return compressed;
}

struct Format {
    const char *name;
    FileBytes (*compress)(const FileBytes &);
};

class CompressedSavefile : public testing::TestWithParam<Format> {
  protected:
    static FileBytes compressed(const FileBytes &plain) { return GetParam().compress(plain); }
};

INSTANTIATE_TEST_SUITE_P(Formats, CompressedSavefile,
                         testing::Values(Format{"gzip", gzip}, Format{"zstd", zstd}, Format{"lz4", lz4}),
                         [](const auto &format) { return format.param.name; });

// Does not compress well, so that its frames have several blocks.
PcapFile capture(std::size_t packets) {
    PcapFile file;
    std::uint32_t state = 1;
    for (std::size_t i = 0; i < packets; ++i) {
        std::string bytes(1000, '\0');
        for (char &byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
        file.packet(bytes);
    }
    return file;
}

TEST_P(CompressedSavefile, GivesWhatThePlainOneGives) {
    const FileBytes plain = capture(1000).bytes();
    const WholeRead read = read_to_end(compressed(plain));
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, SizeIs(1000));
    EXPECT_EQ(read_to_end(plain).packets, read.packets);
}

TEST_P(CompressedSavefile, OfPcapngIsReadToo) {
    const FileBytes plain = PcapngFile().section().interface(LinkType::ethernet).packet(0, "hello").bytes();
    EXPECT_THAT(read_to_end(compressed(plain)).packets, SizeIs(1));
}

TEST_P(CompressedSavefile, MayTrickle) {
    const FileBytes file = compressed(capture(20).bytes());
    EXPECT_EQ(read_to_end(file).packets, read_to_end(file, "", 1).packets);
}

TEST_P(CompressedSavefile, MayBeOfSeveralFrames) {
    const FileBytes plain = capture(10).bytes();
    const FileBytes front = cut_to(plain, 3333);
    const FileBytes back(plain.begin() + 3333, plain.end());
    const WholeRead read = read_to_end(joined(compressed(front), compressed(back)));
    EXPECT_EQ("", read.error);
    EXPECT_EQ(read_to_end(plain).packets, read.packets);
}

TEST_P(CompressedSavefile, CutShortGivesAllInFrontOfTheCut) {
    const FileBytes file = compressed(capture(1000).bytes());
    const WholeRead read = read_to_end(cut_to(file, file.size() / 2));
    EXPECT_LT(300U, read.packets.size());
    EXPECT_THAT(read.error, HasSubstr(std::string("its ") + GetParam().name + " data are cut short at byte " +
                                      std::to_string(file.size() / 2) + " of the file"));
}

TEST_P(CompressedSavefile, ThatIsDamagedGivesAllInFrontOfTheDamage) {
    FileBytes file = compressed(capture(1000).bytes());
    for (std::size_t i = 0; i < 2000; ++i) file[file.size() * 3 / 4 + i] = 0xff;
    // A checksum notices what the data do not.
    const WholeRead read = read_to_end(file);
    EXPECT_LT(600U, read.packets.size());
    EXPECT_NE("", read.error);
}

TEST_P(CompressedSavefile, WithSomethingElseBehindItIsReadUpToThere) {
    const WholeRead read = read_to_end(joined(compressed(capture(10).bytes()), {'t', 'a', 'i', 'l'}));
    EXPECT_THAT(read.packets, SizeIs(10));
    EXPECT_THAT(read.error, HasSubstr(std::string("something that is not ") + GetParam().name));
}

TEST_P(CompressedSavefile, OfNothingIsEmpty) {
    EXPECT_EQ("test: is empty; a capture without packets has a header", read_to_end(compressed({})).error);
}

TEST_P(CompressedSavefile, OfSomethingElseIsNoCapture) {
    EXPECT_THAT(read_to_end(compressed({'t', 'e', 'x', 't'})).error,
                HasSubstr("is not a pcap, pcapng or snoop capture"));
}

TEST(GzipSavefile, MayBeFilledUpWithZeros) {
    const WholeRead read = read_to_end(joined(gzip(capture(10).bytes()), FileBytes(1000)));
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, SizeIs(10));
}

// A frame that decompresses to nothing, as pzstd writes in front of each real one.
TEST(ZstdSavefile, MayBeginWithASkippableFrame) {
    const FileBytes skippable{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};
    EXPECT_THAT(read_to_end(joined(skippable, zstd(capture(10).bytes()))).packets, SizeIs(10));
}

TEST(ZstdSavefile, WithAHugeWindowSaysWhatToDo) {
    // RFC 8878: magic, a frame header with a window descriptor only, 2^31 bytes.
    EXPECT_THAT(read_to_end(FileBytes{0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0, 0, 0, 0}).error,
                HasSubstr("try: zstdcat --long=31 FILE | doorplate replay -"));
}

// 64 MiB of zeros behind the header; nothing is kept of them.
TEST(GzipSavefile, ThatIsABombIsPassedInSteps) {
    const WholeRead read = read_to_end(gzip(joined(capture(1).bytes(), FileBytes(std::size_t{64} << 20))));
    EXPECT_THAT(read.packets, SizeIs(1));
    EXPECT_EQ(std::uint64_t{64} << 20, read.stats.damaged_bytes);
}

} // namespace
} // namespace doorplate

#include "capture/savefile_source.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/support/capture_file_builder.h"
#include "tests/support/savefile_harness.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

FileBytes text(std::string_view text) { return {text.begin(), text.end()}; }

// A file that goes away with the test.
class TemporaryFile {
  public:
    explicit TemporaryFile(const FileBytes &bytes) {
        std::ofstream(path_, std::ios::binary)
            .write(reinterpret_cast<const char *>(bytes.data()), // NOLINT
                   static_cast<std::streamsize>(bytes.size()));
    }
    TemporaryFile(const TemporaryFile &) = delete;
    TemporaryFile &operator=(const TemporaryFile &) = delete;
    ~TemporaryFile() { std::filesystem::remove(path_); }

    [[nodiscard]] const std::string &path() const { return path_; }

  private:
    std::string path_ = (std::filesystem::path(testing::TempDir()) /
                         ("doorplate-" + std::to_string(::getpid()) + "-" +
                          testing::UnitTest::GetInstance()->current_test_info()->name() + ".pcap"))
                            .string();
};

WholeRead open_and_read(const std::string &path, const std::string &filter = {}) {
    return read_to_end(open_savefile({.path = path, .filter = filter}));
}

// Ends in a signal wherever the pipe would have had to wait.
class InterruptedStream final : public ByteStream {
  public:
    explicit InterruptedStream(FileBytes bytes) : bytes_(std::move(bytes)) {}

    Result<StreamRead> read(std::span<std::uint8_t> room) override {
        interrupt_ = !interrupt_;
        return interrupt_ ? StreamRead{} : bytes_.read(room);
    }

  private:
    MemoryStream bytes_;
    bool interrupt_ = true;
};

class FailingStream final : public ByteStream {
  public:
    explicit FailingStream(FileBytes bytes) : bytes_(std::move(bytes)) {}

    Result<StreamRead> read(std::span<std::uint8_t> room) override {
        const auto read = bytes_.read(room);
        if (read && read->at_end) return failure("Input/output error");
        return read;
    }

  private:
    MemoryStream bytes_;
};

TEST(Savefile, IsOpenedByItsPath) {
    const TemporaryFile file(PcapFile().packet("hello").bytes());
    const auto read = open_and_read(file.path());
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, ElementsAre(Field(&KeptPacket::bytes, "hello")));
}

TEST(Savefile, IsWhatItsBytesAreWhateverItsName) {
    const TemporaryFile file(PcapngFile().section().interface(LinkType::ethernet).packet(0, "hello").bytes());
    EXPECT_THAT(file.path(), EndsWith(".pcap"));
    EXPECT_THAT(open_and_read(file.path()).packets, SizeIs(1));
}

TEST(Savefile, OfDashIsStandardInput) {
    const TemporaryFile file(PcapFile().packet("hello").bytes());
    const int terminal = ::dup(STDIN_FILENO);
    ASSERT_NE(nullptr, std::freopen(file.path().c_str(), "rb", stdin));
    const auto read = open_and_read("-");
    ::dup2(terminal, STDIN_FILENO);
    ::close(terminal);
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, SizeIs(1));
}

TEST(Savefile, ThatIsMissingIsSaidSo) {
    EXPECT_EQ("/nowhere/web.pcap: there is no such file", open_and_read("/nowhere/web.pcap").error);
}

TEST(Savefile, ThatIsADirectoryIsSaidSo) {
    EXPECT_EQ("/: is a directory; name the capture file in it", open_and_read("/").error);
}

TEST(Savefile, ThatMustNotBeReadIsSaidSo) {
    constexpr uid_t nobody = 65534;
    const TemporaryFile file(PcapFile().bytes());
    std::filesystem::permissions(file.path(), std::filesystem::perms::none);
    // Root may read everything, so be someone else meanwhile.
    const uid_t self = ::geteuid();
    if (self == 0) {
        ASSERT_EQ(0, ::seteuid(nobody));
    }
    const auto read = open_and_read(file.path());
    ASSERT_EQ(0, ::seteuid(self));
    EXPECT_THAT(read.error, EndsWith(": no permission to read it; see its owner and mode (ls -l)"));
}

TEST(Savefile, ThatIsEmptyIsSaidSo) {
    EXPECT_EQ("test: is empty; a capture without packets has a header", read_to_end(FileBytes{}).error);
}

TEST(Savefile, ThatIsNoCaptureShowsItsFirstBytes) {
    EXPECT_EQ("test: is not a pcap, pcapng or snoop capture: it begins with 68 65 6c 6c",
              read_to_end(text("hello")).error);
}

TEST(Savefile, ThatIsShorterThanAMagicNumberIsNoCapture) {
    EXPECT_EQ("test: is not a pcap, pcapng or snoop capture: it begins with d4 c3 b2, and ends there",
              read_to_end(FileBytes{0xd4, 0xc3, 0xb2}).error);
}

TEST(Savefile, InACompressionThatIsNotReadSaysHowToReadIt) {
    EXPECT_EQ("test: is compressed with bzip2, which cannot be read directly; try: bzcat FILE | doorplate replay -",
              read_to_end(text("BZh9")).error);
    EXPECT_THAT(read_to_end(FileBytes{0xfd, '7', 'z', 'X'}).error, HasSubstr("xzcat FILE"));
    EXPECT_THAT(read_to_end(FileBytes{0x02, 0x21, 0x4c, 0x18}).error, HasSubstr("lz4cat FILE"));
}

TEST(Savefile, GivesTheSameFromAFileAndFromATricklingPipe) {
    PcapngFile file = PcapngFile().section().interface(LinkType::ethernet);
    for (int i = 0; i < 1000; ++i) file.packet(0, std::string(static_cast<std::size_t>(i), 'x'));
    const auto whole = read_to_end(file.bytes());
    const auto trickled = read_to_end(file.bytes(), "", 7);
    EXPECT_THAT(whole.packets, SizeIs(1000));
    EXPECT_EQ(whole.packets, trickled.packets);
}

TEST(Savefile, MayHaveAPacketLargerThanAnyBuffer) {
    const std::string large(3'000'000, 'x');
    const auto read = read_to_end(PcapFile().packet("small").packet(large).packet("small").bytes());
    EXPECT_EQ("", read.error);
    ASSERT_THAT(read.packets, SizeIs(3));
    EXPECT_EQ(large, read.packets[1].bytes);
}

TEST(Savefile, OfMoreThanABatchIsGivenInSeveral) {
    PcapFile file;
    for (int i = 0; i < 1000; ++i) file.packet("x");
    auto source = read_savefile(std::make_unique<MemoryStream>(file.bytes()), "test", "");
    ASSERT_TRUE(source);
    const auto batch = (*source)->read(Duration::zero());
    ASSERT_TRUE(batch);
    EXPECT_THAT(batch->packets, SizeIs(256));
    EXPECT_EQ(256U, (*source)->stats().packets);
}

TEST(Savefile, IsAtItsEndBehindAnError) {
    auto source =
        read_savefile(std::make_unique<MemoryStream>(PcapFile().packet("x").garbage("?").bytes()), "test", "");
    ASSERT_TRUE(source);
    EXPECT_THAT((*source)->read(Duration::zero())->packets, SizeIs(1));
    auto next = (*source)->read(Duration::zero());
    // What cannot be read is passed in steps.
    while (next && !next->at_end) next = (*source)->read(Duration::zero());
    EXPECT_FALSE(next);
    EXPECT_TRUE((*source)->read(Duration::zero())->at_end);
}

TEST(Savefile, GivesAnEmptyBatchWhenASignalComes) {
    auto source = read_savefile(std::make_unique<InterruptedStream>(PcapFile().packet("x").bytes()), "test", "");
    ASSERT_TRUE(source);
    EXPECT_THAT((*source)->read(Duration::zero())->packets, SizeIs(1));
    const auto interrupted = (*source)->read(Duration::zero());
    ASSERT_TRUE(interrupted);
    EXPECT_THAT(interrupted->packets, IsEmpty());
    EXPECT_FALSE(interrupted->at_end);
    EXPECT_FALSE((*source)->read(Duration::zero())->at_end);
    EXPECT_TRUE((*source)->read(Duration::zero())->at_end);
}

TEST(Savefile, OnAFailingDiskGivesAllInFrontOfTheFailure) {
    const auto read =
        read_to_end(read_savefile(std::make_unique<FailingStream>(PcapFile().packet("x").bytes()), "test", ""));
    EXPECT_THAT(read.packets, SizeIs(1));
    EXPECT_EQ("test: cannot be read from byte 41 on: Input/output error; the packet in front of it was read",
              read.error);
}

TEST(Savefile, SaysNothingOfDropsThatItCannotKnow) {
    const auto stats = read_to_end(PcapFile().packet("x").bytes()).stats;
    EXPECT_EQ(std::nullopt, stats.received_by_filter);
    EXPECT_EQ(std::nullopt, stats.dropped_by_kernel);
    EXPECT_EQ(std::nullopt, stats.dropped_by_interface);
}

TEST(Savefile, OfACookedCaptureKnowsDirectionsAsTheLiveCaptureDid) {
    std::string to_us(16, '\0');
    std::string from_us = to_us;
    from_us[1] = 4; // LINUX_SLL_OUTGOING
    const auto read = read_to_end(PcapFile().link_type(LinkType::linux_cooked).packet(to_us).packet(from_us).bytes());
    ASSERT_THAT(read.packets, SizeIs(2));
    EXPECT_EQ(PacketDirection::inbound, read.packets[0].direction);
    EXPECT_EQ(PacketDirection::outbound, read.packets[1].direction);
}

// Ethernet and IPv4 up to the protocol and the addresses: enough for a filter.
std::string ipv4_frame(std::uint8_t protocol) {
    std::string frame(34, '\0');
    frame[12] = '\x08';
    frame[14] = '\x45';
    frame[23] = static_cast<char>(protocol);
    return frame;
}

TEST(SavefileFilter, KeepsWhatItNamesAndCountsTheRest) {
    const auto read =
        read_to_end(PcapFile().packet(ipv4_frame(6)).packet(ipv4_frame(17)).packet(ipv4_frame(6)).bytes(), "udp");
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, ElementsAre(Field(&KeptPacket::bytes, ipv4_frame(17))));
    EXPECT_EQ(1U, read.stats.packets);
    EXPECT_EQ(2U, read.stats.filtered_out);
}

TEST(SavefileFilter, SpeaksOfTheLengthOnTheWire) {
    const auto read =
        read_to_end(PcapFile().packet("cut", {.original_length = 1500}).packet("short").bytes(), "greater 100");
    EXPECT_THAT(read.packets, ElementsAre(Field(&KeptPacket::bytes, "cut")));
}

TEST(SavefileFilter, IsCompiledForEachLinkType) {
    const std::string raw = ipv4_frame(17).substr(14);
    const auto read = read_to_end(PcapngFile()
                                      .section()
                                      .interface(LinkType::ethernet)
                                      .interface(LinkType::raw_ip)
                                      .packet(0, ipv4_frame(17))
                                      .packet(1, raw)
                                      .packet(1, ipv4_frame(17))
                                      .bytes(),
                                  "udp");
    EXPECT_EQ("", read.error);
    EXPECT_THAT(read.packets, ElementsAre(Field(&KeptPacket::bytes, ipv4_frame(17)), Field(&KeptPacket::bytes, raw)));
}

TEST(SavefileFilter, KnowsTheThreeNumbersOfRawIp) {
    const std::string raw = ipv4_frame(17).substr(14);
    for (const LinkType type : {LinkType::raw_bsd12, LinkType::raw_bsd14, LinkType::raw_ip})
        EXPECT_THAT(read_to_end(PcapFile().link_type(type).packet(raw).bytes(), "udp").packets, SizeIs(1));
}

TEST(SavefileFilter, DoesNotMindASnapshotLengthOfZero) {
    EXPECT_THAT(read_to_end(PcapFile().snapshot_length(0).packet(ipv4_frame(17)).bytes(), "udp").packets, SizeIs(1));
}

TEST(SavefileFilter, ThatIsNoneIsAUsageFailureAtOnce) {
    const auto read = read_to_end(PcapFile().packet("x").bytes(), "tcp prot 80");
    EXPECT_FALSE(read.opened);
    EXPECT_EQ(ErrorKind::usage, read.error_kind);
    EXPECT_THAT(read.error, StartsWith("test: bad filter \"tcp prot 80\" for EN10MB packets: "));
    EXPECT_THAT(read.error, HasSubstr("syntax error"));
}

TEST(SavefileFilter, OfWiresharksDisplayKindIsRecognised) {
    EXPECT_THAT(read_to_end(PcapFile().bytes(), "tcp.port == 80").error, HasSubstr("a display filter of Wireshark"));
}

TEST(SavefileFilter, ThatDoesNotFitTheLinkTypeIsAUsageFailureAtOnce) {
    const auto read = read_to_end(PcapFile().link_type(LinkType::ethernet).bytes(), "wlan type mgt");
    EXPECT_FALSE(read.opened);
    EXPECT_EQ(ErrorKind::usage, read.error_kind);
}

TEST(SavefileFilter, IsCheckedEvenIfNoInterfaceIsDescribed) {
    const auto read = read_to_end(PcapngFile().section().bytes(), "tcp prot 80");
    EXPECT_FALSE(read.opened);
    EXPECT_EQ(ErrorKind::usage, read.error_kind);
}

TEST(SavefileFilter, ThatDoesNotFitALaterInterfaceFailsWhereItIsMet) {
    const auto read = read_to_end(PcapngFile()
                                      .section()
                                      .interface(LinkType::ethernet)
                                      .packet(0, std::string(12, '\0'))
                                      .interface(LinkType{65535})
                                      .packet(1, "raw")
                                      .packet(0, std::string(12, '\0'))
                                      .bytes(),
                                  "ether host 00:00:00:00:00:00");
    EXPECT_TRUE(read.opened);
    EXPECT_THAT(read.packets, SizeIs(1));
    EXPECT_EQ(1U, read.stats.packets);
    EXPECT_EQ(ErrorKind::usage, read.error_kind);
    EXPECT_THAT(read.error, HasSubstr("for LINKTYPE_65535 packets"));
}

} // namespace
} // namespace doorplate

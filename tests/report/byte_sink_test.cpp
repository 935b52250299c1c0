#include "report/byte_sink.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorplate {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Sink : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "doorplate-sink-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        std::signal(SIGPIPE, SIG_IGN); // as main does
    }
    void TearDown() override { fs::remove_all(folder_); }

    [[nodiscard]] std::string path(const std::string &name) const { return (folder_ / name).string(); }
    [[nodiscard]] static std::string content(const std::string &path) {
        std::ifstream file(path, std::ios::binary);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
    }
    static std::string refusal(const std::string &path, SinkKind kind = SinkKind::whole) {
        const auto sink = open_sink(path, kind);
        return sink ? "it was opened" : sink.error().message;
    }

    fs::path folder_;
};

TEST_F(Sink, AWholeReportAppearsWhenItIsComplete) {
    auto sink = open_sink(path("report.txt"), SinkKind::whole);
    ASSERT_TRUE(sink);
    (*sink)->write("hello");
    (*sink)->flush();
    EXPECT_FALSE(fs::exists(path("report.txt")));
    ASSERT_TRUE((*sink)->close());
    EXPECT_EQ("hello", content(path("report.txt")));
    EXPECT_EQ(1U, files());
}

TEST_F(Sink, AReportThatIsGivenUpLeavesTheOldOne) {
    std::ofstream(path("report.txt")) << "old";
    {
        auto sink = open_sink(path("report.txt"), SinkKind::whole);
        ASSERT_TRUE(sink);
        (*sink)->write("new");
        (*sink)->flush();
    }
    EXPECT_EQ("old", content(path("report.txt")));
    EXPECT_EQ(1U, files());
}

TEST_F(Sink, ReplacingAFileKeepsItsPermissions) {
    std::ofstream(path("report.txt")) << "old";
    ASSERT_EQ(0, ::chmod(path("report.txt").c_str(), 0600));
    auto sink = open_sink(path("report.txt"), SinkKind::whole);
    ASSERT_TRUE(sink && (*sink)->close());
    EXPECT_EQ(fs::perms::owner_read | fs::perms::owner_write, fs::status(path("report.txt")).permissions());
}

TEST_F(Sink, ANewFileFollowsTheUmask) {
    const mode_t before = ::umask(027);
    auto sink = open_sink(path("report.txt"), SinkKind::whole);
    const bool closed = sink && (*sink)->close();
    ::umask(before);
    ASSERT_TRUE(closed);
    EXPECT_EQ(fs::perms{0640}, fs::status(path("report.txt")).permissions());
}

TEST_F(Sink, AStreamIsReadableWhileItIsWritten) {
    auto sink = open_sink(path("flows.ndjson"), SinkKind::stream);
    ASSERT_TRUE(sink);
    (*sink)->write("one\n");
    (*sink)->flush();
    EXPECT_EQ("one\n", content(path("flows.ndjson")));
    ASSERT_TRUE((*sink)->close());
}

TEST_F(Sink, LargeWritesArriveWholeAndInOrder) {
    auto sink = open_sink(path("large"), SinkKind::whole);
    ASSERT_TRUE(sink);
    std::string expected;
    for (const std::size_t size : {1U, 70'000U, 5U, 65'536U, 65'535U, 3U}) {
        const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
        expected += piece;
        (*sink)->write(piece);
    }
    ASSERT_TRUE((*sink)->close());
    EXPECT_EQ(expected, content(path("large")));
}

TEST_F(Sink, WritesThroughALinkInsteadOfReplacingIt) {
    std::ofstream(path("target")) << "old";
    fs::create_symlink("target", path("link"));
    auto sink = open_sink(path("link"), SinkKind::whole);
    ASSERT_TRUE(sink);
    (*sink)->write("new");
    ASSERT_TRUE((*sink)->close());
    EXPECT_TRUE(fs::is_symlink(path("link")));
    EXPECT_EQ("new", content(path("target")));
}

TEST_F(Sink, WritesIntoAPipeInsteadOfReplacingIt) {
    ASSERT_EQ(0, ::mkfifo(path("pipe").c_str(), 0600));
    std::string got;
    std::thread reader([&] { got = content(path("pipe")); });
    auto sink = open_sink(path("pipe"), SinkKind::whole);
    if (sink) {
        (*sink)->write("through");
        EXPECT_TRUE((*sink)->close());
    }
    reader.join();
    EXPECT_EQ("through", got);
    EXPECT_TRUE(fs::is_fifo(path("pipe")));
}

TEST_F(Sink, LeavesDevicesWhereTheyAre) {
    auto sink = open_sink("/dev/null", SinkKind::whole);
    ASSERT_TRUE(sink);
    (*sink)->write("gone");
    EXPECT_TRUE((*sink)->close());
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(Sink, ReportsAFullDiskWithItsPathAndAdvice) {
    auto sink = open_sink("/dev/full", SinkKind::whole);
    ASSERT_TRUE(sink);
    (*sink)->write("does not fit");
    const auto closed = (*sink)->close();
    ASSERT_FALSE(closed);
    EXPECT_EQ("cannot write /dev/full: No space left on device; free some room or choose another place",
              closed.error().message);
    EXPECT_EQ(ErrorKind::runtime, closed.error().kind);
}

TEST_F(Sink, TheFirstErrorSticksAndTheRestIsIgnored) {
    auto sink = open_sink("/dev/full", SinkKind::stream);
    ASSERT_TRUE(sink);
    (*sink)->write("x");
    (*sink)->flush();
    EXPECT_TRUE((*sink)->broken());
    (*sink)->write(std::string(200'000, 'x'));
    EXPECT_FALSE((*sink)->close());
}

TEST_F(Sink, AReaderThatGoesAwayIsNoError) {
    ASSERT_EQ(0, ::mkfifo(path("pipe").c_str(), 0600));
    const int reader = ::open(path("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    auto sink = open_sink(path("pipe"), SinkKind::stream);
    ASSERT_TRUE(sink);
    ::close(reader);
    (*sink)->write("nobody reads this");
    (*sink)->flush();
    EXPECT_TRUE((*sink)->broken());
    EXPECT_TRUE((*sink)->close());
}

TEST_F(Sink, RefusesAFolderThatDoesNotExist) {
    EXPECT_EQ("cannot write " + path("no/report.txt") +
                  ": No such file or directory; the folder does not exist, make it first (mkdir -p)",
              refusal(path("no/report.txt")));
}

TEST_F(Sink, RefusesAFolderAsAFile) {
    EXPECT_THAT(refusal(folder_.string()), HasSubstr("Is a directory; name a file in it"));
    EXPECT_THAT(refusal(folder_.string(), SinkKind::stream), HasSubstr("Is a directory; name a file in it"));
    EXPECT_THAT(refusal(folder_.string() + "/"), HasSubstr("Is a directory"));
}

TEST_F(Sink, RefusesAnEmptyPath) { EXPECT_THAT(refusal(""), HasSubstr("its path is empty")); }

TEST_F(Sink, RefusesAFileInAPlaceOfAFolder) {
    std::ofstream(path("file")) << "x";
    EXPECT_THAT(refusal(path("file/report.txt")), HasSubstr("Not a directory"));
}

TEST_F(Sink, RefusesAFileThatMayNotBeWritten) {
    std::ofstream(path("report.txt")) << "old";
    ASSERT_EQ(0, ::chmod(path("report.txt").c_str(), 0444));
    // Root may write everything, so for a moment we are nobody.
    const uid_t before = ::geteuid();
    constexpr uid_t nobody = 65534;
    if (before == 0) {
        ASSERT_EQ(0, ::chmod(folder_.c_str(), 0777));
        ASSERT_EQ(0, ::seteuid(nobody));
    }
    const std::string message = refusal(path("report.txt"));
    ASSERT_EQ(0, ::seteuid(before));
    EXPECT_THAT(message, HasSubstr("Permission denied; choose a folder that you may write to"));
}

TEST(StringSink, Appends) {
    std::string text = "a";
    const auto sink = string_sink(text);
    sink->write("b");
    EXPECT_TRUE(sink->close());
    EXPECT_EQ("ab", text);
}

} // namespace
} // namespace doorplate

#include "options.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::variant<Command, ParseEnd> parse(std::vector<const char *> words) {
    words.insert(words.begin(), "doorplate");
    return parse_options(static_cast<int>(words.size()), words.data());
}

template <typename T> T parsed(const std::vector<const char *> &words) {
    const auto result = parse(words);
    if (const auto *end = std::get_if<ParseEnd>(&result)) ADD_FAILURE() << end->message;
    return std::get<T>(std::get<Command>(result));
}

std::string refused(const std::vector<const char *> &words) {
    const auto result = parse(words);
    const auto *end = std::get_if<ParseEnd>(&result);
    if (end == nullptr) return "was taken";
    EXPECT_EQ(2, end->exit_code);
    return end->message;
}

TEST(Options, TcpdumpsLettersKeepTheirMeaning) {
    const auto live = parsed<LiveCommand>({"live", "-i", "eth0", "-i", "any", "-c", "5", "-n", "-s", "96", "-p", "-B",
                                           "4096", "-Q", "in", "tcp", "port", "443"});
    EXPECT_THAT(live.capture.interfaces, ElementsAre("eth0", "any"));
    EXPECT_EQ(5U, live.count);
    EXPECT_TRUE(live.reports.numeric);
    EXPECT_EQ(96, live.capture.snapshot_length);
    EXPECT_FALSE(live.capture.promiscuous);
    EXPECT_EQ(4096 * 1024, live.capture.buffer_bytes);
    EXPECT_EQ(CaptureDirection::in, live.capture.direction);
    EXPECT_EQ("tcp port 443", live.capture.filter);
}

TEST(Options, PayloadsAreLookedIntoUnlessToldNotTo) {
    EXPECT_TRUE(parsed<ReplayCommand>({"replay", "a.pcap"}).analysis.detect_protocols);
    EXPECT_FALSE(parsed<ReplayCommand>({"replay", "a.pcap", "--no-dpi"}).analysis.detect_protocols);
    EXPECT_FALSE(parsed<LiveCommand>({"live", "--no-dpi"}).analysis.detect_protocols);
    EXPECT_TRUE(parsed<ReplayCommand>({"replay", "a.pcap"}).analysis.link_data_channels);
    EXPECT_FALSE(parsed<ReplayCommand>({"replay", "a.pcap", "--no-dpi"}).analysis.link_data_channels);
}

TEST(Options, FlowsMayBeToldApartByWhatIsAroundTheirPackets) {
    const auto plain = parsed<ReplayCommand>({"replay", "x.pcap"});
    EXPECT_FALSE(plain.analysis.flows.key.any());
    const auto key =
        parsed<ReplayCommand>({"replay", "x.pcap", "--key", "vlan,tunnel", "--key=mpls"}).analysis.flows.key;
    EXPECT_TRUE(key.vlan);
    EXPECT_TRUE(key.mpls);
    EXPECT_TRUE(key.tunnel);
    EXPECT_FALSE(key.interface);
    EXPECT_TRUE(parsed<LiveCommand>({"live", "--key", "interface"}).analysis.flows.key.interface);
    EXPECT_THAT(refused({"replay", "x.pcap", "--key", "vlan,port"}),
                HasSubstr("'port' is none of vlan, mpls, tunnel, interface"));
}

TEST(Options, TimeoutsAreInSeconds) {
    const auto flows = parsed<ReplayCommand>({"replay", "x.pcap", "--tcp-timeout", "3600", "--udp-timeout=0.5",
                                              "--other-timeout", "7", "--active-timeout", "1800"})
                           .analysis.flows;
    EXPECT_EQ(std::chrono::hours(1), flows.tcp_inactive);
    EXPECT_EQ(std::chrono::milliseconds(500), flows.udp_inactive);
    EXPECT_EQ(std::chrono::seconds(7), flows.other_inactive);
    EXPECT_EQ(std::chrono::minutes(30), flows.active);
    EXPECT_THAT(refused({"replay", "x.pcap", "--tcp-timeout", "0"}), HasSubstr("--tcp-timeout"));
    EXPECT_THAT(refused({"replay", "x.pcap", "--active-timeout", "-1"}), HasSubstr("--active-timeout"));
    EXPECT_THAT(refused({"replay", "x.pcap", "--active-timeout", "1e300"}), HasSubstr("--active-timeout"));
}

TEST(Options, ChecksumsAreVerifiedUnlessTheyShallBeIgnored) {
    const auto checksums = [](std::vector<const char *> more) {
        std::vector<const char *> words{"replay", "x.pcap"};
        words.insert(words.end(), more.begin(), more.end());
        const AnalysisOptions analysis = parsed<ReplayCommand>(words).analysis;
        return std::pair(analysis.dissect.verify_checksums, analysis.drop_bad_checksums);
    };
    EXPECT_EQ(std::pair(true, false), checksums({}));
    EXPECT_EQ(std::pair(true, false), checksums({"--checksums=flag"}));
    EXPECT_EQ(std::pair(true, true), checksums({"--checksums=drop"}));
    EXPECT_EQ(std::pair(false, false), checksums({"--checksums=ignore"}));
}

TEST(Options, OptionsMayStandBehindTheFilter) {
    EXPECT_EQ("udp", parsed<LiveCommand>({"live", "udp", "-i", "lo"}).capture.filter);
}

TEST(Options, TheFirstWordThatIsNoFileBeginsTheFilter) {
    const auto replay = parsed<ReplayCommand>({"replay", "missing.pcap", "/dev/null", "-", "tcp", "port", "80"});
    EXPECT_THAT(replay.files, ElementsAre("missing.pcap", "/dev/null", "-"));
    EXPECT_EQ("tcp port 80", replay.filter);
}

TEST(Options, AFilterMayComeFromAFile) {
    const auto path = std::filesystem::temp_directory_path() / "doorplate-options-test-filter";
    std::ofstream(path) << "tcp port 80";
    EXPECT_EQ("tcp port 80", parsed<ReplayCommand>({"replay", "x.pcap", "-F", path.c_str()}).filter);
    EXPECT_THAT(refused({"replay", "x.pcap", "-F", path.c_str(), "udp"}), HasSubstr("both -F"));
    std::filesystem::remove(path);
    EXPECT_THAT(refused({"replay", "x.pcap", "-F", path.c_str()}), HasSubstr("cannot read"));
}

TEST(Options, EachReportTakesItsPathsAndMayBeRepeated) {
    const auto replay = parsed<ReplayCommand>({"replay", "x.pcap", "--json", "a", "--json", "b", "--html", "c"});
    EXPECT_THAT(replay.reports.json, ElementsAre("a", "b"));
    EXPECT_THAT(replay.reports.html, ElementsAre("c"));
    EXPECT_THAT(replay.reports.text, IsEmpty());
}

TEST(Options, AllShowsEveryFlow) {
    EXPECT_EQ(40U, parsed<ReplayCommand>({"replay", "x.pcap"}).reports.top);
    EXPECT_EQ(0U, parsed<ReplayCommand>({"replay", "x.pcap", "--all"}).reports.top);
    EXPECT_THAT(refused({"replay", "x.pcap", "--all", "--top", "3"}), HasSubstr("--top"));
}

TEST(Options, AttributionIsChosenByName) {
    EXPECT_EQ(AttributionMethod::automatic, parsed<LiveCommand>({"live"}).sockets.method);
    EXPECT_EQ(AttributionMethod::procfs, parsed<LiveCommand>({"live", "--attribution=procfs"}).sockets.method);
    EXPECT_EQ(AttributionMethod::none, parsed<LiveCommand>({"live", "--attribution", "none"}).sockets.method);
    EXPECT_THAT(refused({"live", "--attribution=magic"}), HasSubstr("--attribution"));
    EXPECT_THAT(refused({"ports", "--attribution=none"}), HasSubstr("--attribution"));
}

TEST(Options, QuestionsAreHandedOnAsTheyAre) {
    EXPECT_EQ("tcp/8080", parsed<WhoCommand>({"who", "tcp/8080"}).door);
    EXPECT_EQ("443/tcp", parsed<ExplainCommand>({"explain", "443/tcp"}).what);
    EXPECT_THAT(parsed<PortsCommand>({"ports", "--json", "-"}).reports.json, ElementsAre("-"));
}

TEST(Options, AWrongCommandLineNamesTheHelp) {
    EXPECT_THAT(refused({}), HasSubstr("doorplate --help"));
    EXPECT_THAT(refused({"frobnicate"}), HasSubstr("doorplate --help"));
    EXPECT_THAT(refused({"replay"}), HasSubstr("doorplate replay --help"));
    EXPECT_THAT(refused({"live", "-c", "0"}), HasSubstr("doorplate live --help"));
    EXPECT_THAT(refused({"live", "-s", "-1"}), HasSubstr("doorplate live --help"));
}

TEST(Options, HelpAndVersionAreNoFailure) {
    for (const char *word : {"--help", "--version"}) {
        const auto result = parse({word});
        ASSERT_TRUE(std::holds_alternative<ParseEnd>(result));
        EXPECT_EQ(0, std::get<ParseEnd>(result).exit_code);
        EXPECT_THAT(std::get<ParseEnd>(result).message, HasSubstr("doorplate"));
    }
}

} // namespace
} // namespace doorplate

#include <gtest/gtest.h>

#include "report/escape.h"
#include "report/format.h"
#include "report/json/json_parts.h"
#include "report/utf8.h"

namespace doorplate {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

TEST(Utf8, ReplacesEveryByteThatIsNotUtf8) {
    const std::string replacement = "\xef\xbf\xbd";
    EXPECT_EQ("a" + replacement + replacement + "b", valid_utf8("a\xc0\x80"s + "b"));
    EXPECT_EQ(replacement + replacement + replacement, valid_utf8("\xed\xa0\x80")); // a surrogate
    EXPECT_EQ(replacement, valid_utf8("\xe2"));                                     // cut
    EXPECT_EQ("\xf0\x9f\x9a\xaa", valid_utf8("\xf0\x9f\x9a\xaa"));                  // a door
    EXPECT_EQ(4U, valid_utf8("\xf4\x90\x80\x80").size() / replacement.size());      // past U+10FFFF
}

TEST(Utf8, KnowsHowWideTerminalsDraw) {
    EXPECT_EQ(5, display_width("caf\xc3\xa9s"));
    EXPECT_EQ(4, display_width("数据"));
    EXPECT_EQ(1, display_width("e\xcc\x81"));
    EXPECT_EQ(2, display_width("\xf0\x9f\x9a\xaa"));
}

TEST(Utf8, ShortensAtTheEndOrInTheMiddle) {
    EXPECT_EQ("short", shortened("short", 5));
    EXPECT_EQ("a lo...", shortened("a long text", 7));
    EXPECT_EQ("a ...xt", shortened_in_the_middle("a long text", 7));
    EXPECT_EQ("..", shortened("abc", 2));
    EXPECT_EQ("", shortened("abc", 0));
    EXPECT_EQ("数...", shortened("数据库", 5));
}

TEST(Printable, WritesOutWhatHasNoGlyph) {
    EXPECT_EQ("\\x1b[31m", printable("\x1b[31m"));
    EXPECT_EQ("a\\nb\\tc\\r\\x00", printable("a\nb\tc\r\0"s));
    EXPECT_EQ("\\u{202e}txt", printable("\xe2\x80\xaetxt"));
    EXPECT_EQ("\\u{9b}", printable("\xc2\x9b"));
    EXPECT_EQ("\\xff", printable("\xff"));
    EXPECT_EQ("C:\\\\x", printable("C:\\x"));
    EXPECT_EQ("数据 caf\xc3\xa9", printable("数据 caf\xc3\xa9"));
}

TEST(Printable, StopsMarksFromPilingUp) {
    EXPECT_EQ("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\\u{301}", printable("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"));
}

TEST(HtmlEscaped, LeavesNoMarkup) {
    EXPECT_EQ("&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;", html_escaped("<b a=\"x\" c='y'>&"));
}

TEST(CsvField, QuotesWhatWouldSplit) {
    EXPECT_EQ("plain", csv_field("plain"));
    EXPECT_EQ("\"a,b\"", csv_field("a,b"));
    EXPECT_EQ("\"say \"\"hi\"\"\"", csv_field("say \"hi\""));
    EXPECT_EQ("a\\r\\nb", csv_field("a\r\nb"));
}

TEST(CsvField, DisarmsFormulas) {
    for (const char *formula : {"=1+1", "+1", "-1", "@SUM(A1)"}) EXPECT_EQ("'"s + formula, csv_field(formula));
    EXPECT_EQ("'\\t=1", csv_field("\t=1"));
    EXPECT_EQ("'\\r=1", csv_field("\r=1"));
}

TEST(Format, CountsAndMeasuresForPeople) {
    EXPECT_EQ("1,234,567", grouped(1234567));
    EXPECT_EQ("1 packet", counted(1, "packet"));
    EXPECT_EQ("0 packets", counted(0, "packet"));
    EXPECT_EQ("999 B", byte_count(999));
    EXPECT_EQ("1.0 kB", byte_count(1000));
    EXPECT_EQ("100 kB", byte_count(99999));
    EXPECT_EQ("1.0 MB", byte_count(999999));
    EXPECT_EQ("18.4 EB", byte_count(UINT64_MAX));
    EXPECT_EQ("820 us", time_span(820us));
    EXPECT_EQ("12.3 ms", time_span(12300us));
    EXPECT_EQ("1.0 s", time_span(999'600us));
    EXPECT_EQ("12 m 4 s", time_span(724s));
    EXPECT_EQ("106751 d 23 h", time_span(Duration::max()));
    EXPECT_EQ("3 h 5 m", time_span(3h + 5min));
    EXPECT_EQ("2 d 3 h", time_span(51h));
}

TEST(Format, TimesAreUtcWhateverTheEnvironmentSays) {
    EXPECT_EQ("2023-11-14 22:13:20", utc_seconds(timestamp_from_ns(1'700'000'000'123'456'789)));
    EXPECT_EQ("2023-11-14T22:13:20.123456789Z", utc_full(timestamp_from_ns(1'700'000'000'123'456'789)));
    EXPECT_EQ("1970-01-01 00:00:00", utc_seconds(Timestamp{}));
}

TEST(CgroupNames, AreReadWhereThePathSaysThem) {
    EXPECT_EQ("nginx.service", unit_of_cgroup("/system.slice/nginx.service"));
    EXPECT_EQ("foo.service",
              unit_of_cgroup("/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service/worker"));
    EXPECT_EQ("session-3.scope", unit_of_cgroup("/user.slice/user-1000.slice/session-3.scope"));
    const std::string id(64, 'a');
    EXPECT_EQ(id, container_of_cgroup("/system.slice/docker-" + id + ".scope"));
    EXPECT_EQ(id, container_of_cgroup("/docker/" + id));
    EXPECT_EQ(id, container_of_cgroup("/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + id + ".scope"));
}

TEST(CgroupNames, AreNotGuessed) {
    EXPECT_EQ(std::nullopt, unit_of_cgroup("/"));
    EXPECT_EQ(std::nullopt, unit_of_cgroup("/user.slice"));
    EXPECT_EQ(std::nullopt, unit_of_cgroup("/.service"));
    EXPECT_EQ(std::nullopt, container_of_cgroup("/system.slice/docker.service"));
    EXPECT_EQ(std::nullopt, container_of_cgroup("/builds/" + std::string(64, 'a')));
}

} // namespace
} // namespace doorplate

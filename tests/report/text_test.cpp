#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report_writer.h"
#include "report/utf8.h"
#include "tests/report/hostile.h"
#include "tests/support/observation_builder.h"

namespace doorplate {
namespace {

using namespace test;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const Observation &observation, const TextStyle &style = {}) {
    std::string text;
    const auto sink = string_sink(text);
    write_text(observation, style, *sink);
    return text;
}

TextStyle columns(int width) {
    TextStyle style;
    style.width = width;
    return style;
}

int widest_line(const std::string &text) {
    std::istringstream lines(text);
    int widest = 0;
    for (std::string line; std::getline(lines, line);) widest = std::max(widest, display_width(line));
    return widest;
}

FlowBuilder nginx_over_ipv6() {
    return FlowBuilder()
        .id(2)
        .from("[2001:db8:1234:5678:9abc:def0:1234:5678]:50000")
        .to("[2001:db8::1]:443")
        .sent(120, 40'000)
        .got(200, 3'000'000)
        .initiator_is(unknown(UnknownReason::not_local), false)
        .responder_is(held_by({process(10, "nginx", "www-data"), process(11, "nginx", "www-data")}));
}

FlowBuilder dns_query() {
    return FlowBuilder()
        .id(3)
        .transport(Transport::udp)
        .from("192.0.2.10:45000")
        .to("192.0.2.1:53")
        .sent(1, 80)
        .got(1, 200)
        .initiator_is(unknown(UnknownReason::exited))
        .responder_is(unknown(UnknownReason::not_local), false);
}

Observation busy_host() {
    Observation observation = observation_of({curl_to_web_server(), nginx_over_ipv6(), dns_query()});
    ListeningSocket listener;
    listener.socket.local = endpoint("[::1]:443");
    listener.socket.state = SocketState::listen;
    listener.attribution = held_by({process(10, "nginx", "www-data"), process(11, "nginx", "www-data")});
    observation.listeners = {listener};
    observation.losses.packets_without_flow = {{"arp", 12}};
    observation.degradations = {{"other_users_processes", "not readable without CAP_SYS_PTRACE"}};
    return observation;
}

// --- whole reports, as they look

TEST(Text, AFlowInsideATunnelNamesTheOneThatCarriesIt) {
    const Observation observation = replay_of({FlowBuilder().id(3), FlowBuilder().id(4).inside(TunnelKind::gre, 5, 3)});
    EXPECT_THAT(text_of(observation, columns(200)), HasSubstr("\n#4 in #3  tcp "));
    EXPECT_THAT(text_of(observation, columns(80)), HasSubstr("\n#4 in #3  "));
}

TEST(Text, VerboseTellsInterfacesVlansAndLabels) {
    TextStyle style = columns(100);
    style.explain = true;
    EXPECT_THAT(text_of(replay_of({FlowBuilder().with_tags({10}, {16, 17})}), style),
                HasSubstr("\n  In VLAN 10 and under MPLS labels 16, 17.\n"));
    Observation two = replay_of({FlowBuilder()});
    two.source.interfaces.resize(2);
    EXPECT_THAT(text_of(two, style), HasSubstr("\n  Seen on eth0.\n"));
    two.source.interfaces.resize(1);
    EXPECT_THAT(text_of(two, style), Not(HasSubstr("Seen on")));
}

TEST(Text, OfABusyHostIn80Columns) {
    EXPECT_EQ(R"(eth0: 340 packets (3.0 MB) in 1.0 s, 2023-11-14 22:13:20 to 22:13:21 UTC; 3
flows: 2 tcp, 1 udp. Packets that belong to no flow: 12 arp. Programs are named
at 2 of 3 ends on this host.

FLOW  INITIATOR                      RESPONDER                      BYTES  STATE
tcp   [2001:db...34:5678]:50000  ->  [2001:db8::1]:443             3.0 MB     SF
#2    ephemeral, elsewhere           service, nginx (10) +1      320 pkts  1.0 s
tcp   192.0.2.10:51034           ->  198.51.100.7:443              6.4 kB     SF
#1    ephemeral, curl (4213)         https service, elsewhere     18 pkts  1.0 s
udp   192.0.2.10:45000           ->  192.0.2.1:53                   280 B  2-way
#3    ephemeral, exited              domain service, elsewhere     2 pkts  1.0 s

Doors of this host: ports that wait for others
PROTO  ADDRESS    REGISTERED AS  PROGRAM        USER
tcp    [::1]:443  https          nginx (10) +1  www-data

Programs without a name
  1 end (exited). The socket or its process was gone before it could be read,
  and nothing is guessed in its place; programs that live only for a moment can
  be missed.

What is missing or damaged
  other_users_processes: not readable without CAP_SYS_PTRACE.
)",
              text_of(busy_host(), columns(80)));
}

TEST(Text, FlowsOfOneKindAreCountedOnce) {
    EXPECT_THAT(text_of(replay_of({FlowBuilder(), FlowBuilder()}), columns(200)), HasSubstr("; 2 tcp flows. "));
    EXPECT_THAT(text_of(replay_of({FlowBuilder()}), columns(200)), HasSubstr("; 1 tcp flow. "));
}

TEST(Text, OfABareFileIn120ColumnsIsOneLineForEachFlow) {
    EXPECT_EQ(
        R"(web.pcapng: 20 packets (6.6 kB) in 1.0 s, 2023-11-14 22:13:20 to 22:13:21 UTC; 2 flows: 1 tcp, 1 udp. No programs are
named: these packets came without socket facts; captured live by doorplate, they would have names.

FLOW  PROTO  INITIATOR         PORT           RESPONDER         PORT            STATE  PACKETS   BYTES   TIME
#1    tcp    192.0.2.10:51034  ephemeral  ->  198.51.100.7:443  https service   SF          18  6.4 kB  1.0 s
#3    udp    192.0.2.10:45000  ephemeral  ->  192.0.2.1:53      domain service  2-way        2   280 B  1.0 s
)",
        text_of(replay_of({FlowBuilder(), dns_query()
                                              .initiator_is(unknown(UnknownReason::no_socket_facts), std::nullopt)
                                              .responder_is(unknown(UnknownReason::no_socket_facts), std::nullopt)}),
                columns(120)));
}

TEST(Text, ShowsTheBytesOnlyWhereTheRegisteredNameDoesNotSayIt) {
    FlowRecord flow = curl_to_web_server();
    flow.detection = Detection{.protocol = "tls", .application = {}, .server_name = {}};
    EXPECT_THAT(text_of(replay_of({flow}), columns(160)), Not(HasSubstr("bytes:")));
    flow.detection->protocol = "ssh";
    EXPECT_THAT(text_of(replay_of({flow}), columns(160)), HasSubstr("https service (bytes: ssh)"));
}

TEST(Text, OfNothingSaysSo) { EXPECT_EQ("web.pcapng: no packets.\n", text_of(replay_of({}))); }

// --- fitting

TEST(Text, NeverExceedsTheWidthItWasGiven) {
    for (const int width : {60, 72, 80, 100, 120, 132, 200})
        EXPECT_GE(width, widest_line(text_of(busy_host(), columns(width)))) << width;
}

TEST(Text, NeverExceedsTheWidthWithHostileNames) {
    for (const std::string &name : hostile_names())
        EXPECT_GE(80, widest_line(text_of(everything_is_called(name), columns(80)))) << name;
}

TEST(Text, MeasuresWideCharactersAsTerminalsDo) {
    // Eight characters of two columns each.
    const std::string name = "数据库服务器进程";
    const std::string text =
        text_of(observation_of({curl_to_web_server().initiator_is(held_by({process(7, name)}))}), columns(80));
    EXPECT_GE(80, widest_line(text));
    EXPECT_THAT(text, HasSubstr("ephemeral, 数据库服务... (7)"));
}

TEST(Text, KeepsThePortWhenAnAddressIsCut) { EXPECT_THAT(text_of(busy_host(), columns(60)), HasSubstr("]:50000")); }

// --- what is shown

TEST(Text, CountsTheFlowsThatAreNotAmongTheTop) {
    TextStyle style;
    style.top = 1;
    EXPECT_THAT(text_of(busy_host(), style), HasSubstr("... and 2 more flows (6.6 kB); --all shows them.\n"));
}

TEST(Text, ShowsAllFlowsWhenAskedTo) {
    TextStyle style;
    style.top = 0;
    EXPECT_THAT(text_of(busy_host(), style), Not(HasSubstr("more flow")));
}

TEST(Text, NumericNamesNoServices) {
    TextStyle style;
    style.numeric = true;
    EXPECT_THAT(text_of(busy_host(), style), Not(HasSubstr("https")));
}

TEST(Text, QuietKeepsTheSummaryAndWhatWasLost) {
    TextStyle style;
    style.quiet = true;
    EXPECT_EQ(R"(eth0: 340 packets (3.0 MB) in 1.0 s, 2023-11-14 22:13:20 to 22:13:21 UTC; 3
flows: 2 tcp, 1 udp. Packets that belong to no flow: 12 arp. Programs are named
at 2 of 3 ends on this host.

What is missing or damaged
  other_users_processes: not readable without CAP_SYS_PTRACE.
)",
              text_of(busy_host(), style));
}

TEST(Text, VerboseExplainsEveryFlowThatIsShown) {
    TextStyle style;
    style.explain = true;
    const std::string text = text_of(busy_host(), style);
    EXPECT_THAT(text, HasSubstr("\nWhy\n\n#2\n  A program on another host connected from"));
    EXPECT_THAT(
        text,
        HasSubstr(
            "\n#1\n  curl (pid 4213, user ana) on this host connected from 192.0.2.10:51034 to\n  198.51.100.7:443."));
}

TEST(Text, ColoursOnlyWhenAskedToAndSaysNothingByColourAlone) {
    TextStyle style;
    const std::string plain = text_of(busy_host(), style);
    EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
    style.colour = true;
    std::string coloured = text_of(busy_host(), style);
    EXPECT_THAT(coloured, HasSubstr("\x1b[32m"));
    for (std::size_t at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b'))
        coloured.erase(at, coloured.find('m', at) - at + 1);
    EXPECT_EQ(plain, coloured);
}

TEST(Text, SaysWhatWasDroppedAndWhatHelps) {
    Observation observation = busy_host();
    observation.source.stats.dropped_by_kernel = 1204;
    observation.source.damage = "truncated in the middle of a packet";
    observation.malformations[static_cast<std::size_t>(Malformation::tcp_bad_data_offset)] = 3;
    const std::string text = text_of(observation, columns(120));
    EXPECT_THAT(text,
                HasSubstr("1,204 packets were dropped by the kernel before it could be read; a larger buffer (-B)"));
    EXPECT_THAT(text, HasSubstr("The capture ends early: truncated in the middle of a packet."));
    EXPECT_THAT(text, HasSubstr("Malformed packets, counted and left at that: 3 tcp_bad_data_offset."));
}

TEST(Text, WarnsOfEphemeralPortsThatGetScarce) {
    Observation observation = busy_host();
    observation.pressure = {
        {Transport::tcp, *IpAddress::parse("192.0.2.10"), endpoint("198.51.100.7:443"), 20000, 5000, 28232},
        {Transport::tcp, *IpAddress::parse("192.0.2.10"), endpoint("198.51.100.8:443"), 2, 0, 28232}};
    const std::string text = text_of(observation, columns(120));
    EXPECT_THAT(
        text,
        HasSubstr("tcp from 192.0.2.10 to 198.51.100.7:443: 25,000 of 28,232 ephemeral ports in use or in TIME_WAIT."));
    EXPECT_THAT(text, Not(HasSubstr("198.51.100.8")));
}

TEST(Text, LetsNoControlCharacterThrough) {
    for (const std::string &name : hostile_names()) {
        const std::string text = text_of(everything_is_called(name), columns(120));
        for (std::string_view rest = text; !rest.empty();) {
            const CodePoint point = first_code_point(rest);
            ASSERT_TRUE(point.valid && (point.code == '\n' || !is_invisible(point.code))) << name;
            rest.remove_prefix(point.length);
        }
    }
}

TEST(TextLine, IsOneLineForAFlow) {
    std::string text;
    const auto sink = string_sink(text);
    write_text_line(curl_to_web_server(), {}, *sink);
    EXPECT_EQ("2023-11-14 22:13:20 tcp 192.0.2.10:51034 ephemeral curl (4213) -> 198.51.100.7:443 https service "
              "elsewhere  SF 18 "
              "packets 6.4 kB 1.0 s\n",
              text);
}

} // namespace
} // namespace doorplate

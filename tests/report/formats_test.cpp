#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report_writer.h"
#include "report/tokens.h"
#include "report/utf8.h"
#include "tests/report/hostile.h"
#include "tests/support/json_paths.h"
#include "tests/support/observation_builder.h"

namespace doorplate {
namespace {

using namespace test;
using ::testing::HasSubstr;
using ::testing::Not;

std::string written(void (*write)(const Observation &, ByteSink &), const Observation &observation) {
    std::string text;
    const auto sink = string_sink(text);
    write(observation, *sink);
    return text;
}

std::string json_of(const Observation &observation) { return written(write_json, observation); }
std::string csv_of(const Observation &observation) { return written(write_csv, observation); }
std::string html_of(const Observation &observation) { return written(write_html, observation); }
std::string ndjson_of(const FlowRecord &flow) {
    std::string text;
    const auto sink = string_sink(text);
    const HostFacts host = host_facts();
    write_ndjson_flow(flow, &host, *sink);
    return text;
}

// --- JSON

TEST(Json, AFlowInsideATunnelNamesItsTunnelAndTheFlowThatCarriesIt) {
    auto inner = json_paths(ndjson_of(FlowBuilder().id(4).inside(TunnelKind::vxlan, 42, 3).with_tags({}, {16, 17})));
    EXPECT_EQ("1", inner["level"]);
    EXPECT_EQ("3", inner["parent_id"]);
    EXPECT_EQ("vxlan", inner["tunnel.kind"]);
    EXPECT_EQ("42", inner["tunnel.id"]);
    EXPECT_EQ("null", inner["vlan"]);
    EXPECT_EQ("17", inner["mpls.1"]);
    auto outer = json_paths(ndjson_of(FlowBuilder().id(3)));
    EXPECT_EQ("0", outer["level"]);
    EXPECT_EQ("null", outer["parent_id"]);
    EXPECT_EQ("null", outer["tunnel"]);
    EXPECT_EQ("null", outer["mpls"]);
}

TEST(Csv, TunnelsLabelsAndAnnouncementsAreTheLastColumns) {
    const std::string csv =
        csv_of(replay_of({FlowBuilder().id(4).inside(TunnelKind::gre, 42, 3).with_tags({}, {16, 17})}));
    EXPECT_THAT(csv, HasSubstr(",explanation,level,parent_id,tunnel_kind,tunnel_id,mpls,announced_in,announcer\r\n"));
    EXPECT_THAT(csv, HasSubstr(",1,3,gre,42,16 17,,\r\n"));
}

TEST(Csv, ADataChannelHasItsControlFlowForAParent) {
    EXPECT_THAT(csv_of(replay_of({FlowBuilder().id(4).announced_by("198.51.100.7", AnnouncedIn::ftp_pasv, 3)})),
                HasSubstr(",0,3,,,,ftp_pasv,198.51.100.7\r\n"));
}

TEST(Html, ADataChannelNamesTheFlowThatAnnouncedIt) {
    EXPECT_THAT(html_of(replay_of({FlowBuilder().id(4).announced_by("198.51.100.7", AnnouncedIn::ftp_pasv, 3)})),
                HasSubstr("#4 of #3"));
}

TEST(Json, ADataChannelSaysWhoAnnouncedItWhereAndWhen) {
    auto record = json_paths(ndjson_of(FlowBuilder().id(4).announced_by("198.51.100.7", AnnouncedIn::ftp_pasv, 3)));
    EXPECT_EQ("3", record["parent_id"]);
    EXPECT_EQ("3", record["data_channel.control_id"]);
    EXPECT_EQ("ftp_pasv", record["data_channel.announced_in"]);
    EXPECT_EQ("198.51.100.7", record["data_channel.announcer"]);
    EXPECT_EQ("1699999999999000000", record["data_channel.announced_ns"]);
    EXPECT_EQ("data_channel", record["relation.kind"]);
    EXPECT_EQ("negotiated", record["responder.role"]);
}

TEST(Html, AFlowInsideATunnelNamesTheOneThatCarriesIt) {
    EXPECT_THAT(html_of(replay_of({FlowBuilder().id(4).inside(TunnelKind::gre, 5, 3)})), HasSubstr("#4 in #3"));
}

TEST(Json, FlowRecordHasTheNamesAndTheNestingOfTheContract) {
    auto record = json_paths(ndjson_of(curl_to_web_server().id(7)));
    EXPECT_EQ("flow", record["type"]);
    EXPECT_EQ("7", record["id"]);
    EXPECT_EQ("tcp", record["transport"]);
    EXPECT_EQ("1700000000000000000", record["start_ns"]);
    EXPECT_EQ("192.0.2.10", record["initiator.address"]);
    EXPECT_EQ("51034", record["initiator.port"]);
    EXPECT_EQ("dynamic", record["initiator.class"]);
    EXPECT_EQ("ephemeral", record["initiator.role"]);
    EXPECT_EQ("0.98", record["initiator.confidence"]);
    EXPECT_EQ("in_ephemeral_range", record["initiator.evidence.0"]);
    EXPECT_EQ("[]", record["initiator.against"]);
    EXPECT_EQ("null", record["initiator.registered_service"]);
    EXPECT_EQ("null", record["initiator.unknown_reason"]);
    EXPECT_EQ("4213", record["initiator.process.pid"]);
    EXPECT_EQ("null", record["initiator.process.tid"]);
    EXPECT_EQ("curl", record["initiator.process.name"]);
    EXPECT_EQ("/usr/bin/curl", record["initiator.process.exe"]);
    EXPECT_EQ("curl", record["initiator.process.command_line.0"]);
    EXPECT_EQ("1000", record["initiator.process.uid"]);
    EXPECT_EQ("ana", record["initiator.process.user"]);
    EXPECT_EQ("1", record["initiator.process.parent.pid"]);
    EXPECT_EQ("init", record["initiator.process.parent.name"]);
    EXPECT_EQ("4026531840", record["initiator.process.netns"]);
    EXPECT_EQ("exact", record["initiator.process.match"]);
    EXPECT_EQ("1", record["initiator.process.holders"]);
    EXPECT_EQ("https", record["responder.registered_service"]);
    EXPECT_EQ("null", record["responder.process"]);
    EXPECT_EQ("not_local", record["responder.unknown_reason"]);
    EXPECT_EQ("syn", record["initiator_evidence"]);
    EXPECT_EQ("10", record["packets.initiator"]);
    EXPECT_EQ("5120", record["frame_bytes.responder"]);
    EXPECT_EQ("1100", record["ip_bytes.initiator"]);
    EXPECT_EQ("4688", record["payload_bytes.responder"]);
    EXPECT_EQ("SF", record["tcp.state"]);
    EXPECT_EQ("ShADadFf", record["tcp.history"]);
    EXPECT_EQ("12000000", record["tcp.handshake_rtt_ns"]);
    EXPECT_EQ("0", record["tcp.retransmissions.initiator"]);
    EXPECT_EQ("end_detected", record["end_reason"]);
    EXPECT_EQ("null", record["relation"]);
    EXPECT_EQ("eth0", record["interfaces.0"]);
    EXPECT_EQ("null", record["vlan"]);
    EXPECT_THAT(record["explanation"], HasSubstr("curl (pid 4213, user ana)"));
}

TEST(Json, ATransportWithoutPortsHasNone) {
    auto record = json_paths(ndjson_of(FlowBuilder().from("192.0.2.10").to("192.0.2.1").icmp(8, 0, 17)));
    EXPECT_EQ("null", record["initiator.port"]);
    EXPECT_EQ("null", record["initiator.class"]);
    EXPECT_EQ("none", record["initiator.role"]);
    EXPECT_EQ("null", record["tcp"]);
    EXPECT_EQ("17", record["icmp.id"]);
}

TEST(Json, TellsAnAssociation) {
    FlowRecord flow = FlowBuilder().sctp(SctpState::closed);
    flow.flow.sctp->facts.responder.addresses = {*IpAddress::parse("2001:db8::7")};
    flow.flow.sctp->payload_protocols = {18};
    auto record = json_paths(ndjson_of(flow));
    EXPECT_EQ("closed", record["sctp.state"]);
    EXPECT_EQ("true", record["sctp.multihomed"]);
    EXPECT_EQ("null", record["sctp.other_path_id"]);
    EXPECT_EQ("18", record["sctp.payload_protocols.0"]);
    EXPECT_EQ("7", record["sctp.initiator.tag"]);
    EXPECT_EQ("3", record["sctp.initiator.chunks.data"]);
    EXPECT_EQ("2001:db8::7", record["sctp.responder.other_addresses.0"]);
    EXPECT_EQ("null", json_paths(ndjson_of(FlowBuilder()))["sctp"]);
}

TEST(Json, ListsEveryHolderOfASharedSocket) {
    const auto workers = held_by({process(10, "nginx"), process(11, "nginx")});
    auto record = json_paths(ndjson_of(curl_to_web_server().responder_is(workers)));
    EXPECT_EQ("2", record["responder.process.holders"]);
    EXPECT_EQ("11", record["responder.other_holders.0.pid"]);
}

TEST(Json, ListsCandidatesThatDisagreeAndNamesNone) {
    Attribution who = unknown(UnknownReason::ambiguous);
    who.holders = {process(1, "a"), process(2, "b")};
    auto record = json_paths(ndjson_of(curl_to_web_server().initiator_is(who)));
    EXPECT_EQ("null", record["initiator.process"]);
    EXPECT_EQ("ambiguous", record["initiator.unknown_reason"]);
    EXPECT_EQ("2", record["initiator.candidates.1.pid"]);
}

TEST(Json, NamesTheRightsThatAreMissing) {
    Attribution who = unknown(UnknownReason::no_permission);
    who.missing_rights = {Right::sys_ptrace};
    who.socket_uid = 0;
    auto record = json_paths(ndjson_of(curl_to_web_server().initiator_is(who)));
    EXPECT_EQ("CAP_SYS_PTRACE", record["initiator.missing_rights.0"]);
    EXPECT_EQ("0", record["initiator.socket_uid"]);
}

TEST(Json, SaysThatBothEndsAreOnThisHost) {
    EXPECT_EQ("loopback_pair", json_paths(ndjson_of(FlowBuilder().on_loopback()))["relation.kind"]);
}

TEST(Json, ListsVlanTagsOutermostFirst) {
    FlowRecord flow = FlowBuilder();
    flow.flow.vlans = {100, 7};
    auto record = json_paths(ndjson_of(flow));
    EXPECT_EQ("100", record["vlan.0"]);
    EXPECT_EQ("7", record["vlan.1"]);
}

TEST(Json, KeepsAllDigitsOfLargeCounters) {
    FlowRecord flow = FlowBuilder();
    flow.flow.traffic.initiator.frame_bytes = UINT64_MAX;
    EXPECT_EQ("18446744073709551615", json_paths(ndjson_of(flow))["frame_bytes.initiator"]);
}

TEST(Json, ReportIsOneObjectWithItsVersionFirst) {
    const std::string text = json_of(observation_of({curl_to_web_server()}));
    EXPECT_THAT(text, ::testing::StartsWith("{\n\"schema_version\":1,\n"));
    auto report = json_paths(text);
    EXPECT_EQ("den", report["host.hostname"]);
    EXPECT_EQ("32768", report["host.ephemeral_ports.low"]);
    EXPECT_EQ("flow", report["flows.0.type"]);
    EXPECT_EQ("[]", report["listeners"]);
    EXPECT_EQ("18", report["summary.packets"]);
    EXPECT_EQ("1", report["summary.flows_by_transport.tcp"]);
    EXPECT_EQ("1", report["summary.flows_with_known_owner"]);
}

TEST(Json, ReportOfAReplayHasNoHost) { EXPECT_EQ("null", json_paths(json_of(replay_of({})))["host"]); }

TEST(Json, KeepsNamesAndReplacesOnlyWhatIsNotUtf8) {
    for (const std::string &name : hostile_names())
        EXPECT_EQ(valid_utf8(name), json_paths(json_of(everything_is_called(name)))["processes.0.name"]);
}

TEST(Ndjson, IsOneLineForEachRecordAndEndsWithTheSummary) {
    std::string text;
    const auto sink = string_sink(text);
    write_ndjson_end(everything_is_called("two\nlines"), *sink);
    std::istringstream lines(text);
    std::vector<std::string> types;
    for (std::string line; std::getline(lines, line);) types.push_back(json_paths(line)["type"]);
    EXPECT_THAT(types, ::testing::ElementsAre("listener", "process", "process", "summary"));
}

// --- the schema

JsonPaths flow_schema() {
    const std::ifstream file(std::string(DOORPLATE_SOURCE_DIR) + "/docs/schema/flow-record.schema.json");
    std::stringstream text;
    text << file.rdbuf();
    return json_paths(text.str());
}

template <typename Token>
void expect_tokens_in_schema(const std::string &definition, Token last, Token first = Token{}) {
    const std::string prefix = "$defs." + definition + ".enum.";
    std::vector<std::string> allowed;
    for (const auto &[path, value] : flow_schema())
        if (path.starts_with(prefix) && value != "null") allowed.push_back(value);
    std::vector<std::string> written_ones;
    for (auto i = static_cast<std::size_t>(first); i <= static_cast<std::size_t>(last); ++i)
        written_ones.emplace_back(token(static_cast<Token>(i)));
    EXPECT_THAT(allowed, ::testing::UnorderedElementsAreArray(written_ones)) << definition;
}

TEST(Schema, KnowsEveryTokenAndNoOther) {
    expect_tokens_in_schema("evidence", Evidence::no_ports);
    expect_tokens_in_schema("port_class", PortClass::dynamic);
    expect_tokens_in_schema("port_role", PortRole::none);
    expect_tokens_in_schema("match", MatchQuality::recorded);
    expect_tokens_in_schema("unknown_reason", UnknownReason::ambiguous);
    expect_tokens_in_schema("relation_kind", RelationKind::data_channel);
    expect_tokens_in_schema("sctp_state", SctpState::aborted);
    expect_tokens_in_schema("announced_in", AnnouncedIn::skinny);
    expect_tokens_in_schema("tunnel_kind", TunnelKind::ayiya, TunnelKind::ip_in_ip);
    expect_tokens_in_schema("malformation", Malformation::bad_transport_checksum);
}

// Written for validate_json.py, which the next CTest entry runs (see CMakeLists.txt).
TEST(Schema, SamplesAreWritten) {
    std::ofstream report(DOORPLATE_SAMPLES_DIR "/report.json", std::ios::binary);
    std::ofstream stream(DOORPLATE_SAMPLES_DIR "/stream.ndjson", std::ios::binary);
    std::vector<FlowRecord> flows{curl_to_web_server(),
                                  FlowBuilder().from("[2001:db8::2]:40000").to("[2001:db8::1]:22").on_loopback(),
                                  FlowBuilder().from("192.0.2.10").to("192.0.2.1").icmp(8, 0, 17),
                                  FlowBuilder().transport(Transport{99}).from("192.0.2.10").to("192.0.2.1")};
    flows.back().flow.vlans = {4095};
    for (std::size_t i = 0; i <= static_cast<std::size_t>(SctpState::aborted); ++i)
        flows.push_back(FlowBuilder().sctp(static_cast<SctpState>(i)));
    SctpEndFacts every{.tag = UINT32_MAX,
                       .chunks = {},
                       .addresses = {*IpAddress::parse("2001:db8::7")},
                       .ecn_capable = true,
                       .streams = 65535,
                       .wrong_tags = 1,
                       .bad_checksums = 1};
    for (std::size_t i = 0; i <= static_cast<std::size_t>(SctpChunk::other); ++i)
        every.chunks.push_back({static_cast<SctpChunk>(i), UINT64_MAX});
    flows.back().flow.sctp->facts.responder = every;
    flows.back().flow.sctp->other_path_id = 1;
    flows.back().flow.sctp->payload_protocols = {UINT32_MAX};
    flows.push_back(FlowBuilder().announced_by("198.51.100.7", AnnouncedIn::ftp_pasv, 3));
    for (std::size_t i = 0; i <= static_cast<std::size_t>(UnknownReason::ambiguous); ++i) {
        Attribution who = unknown(static_cast<UnknownReason>(i));
        if (who.unknown == UnknownReason::ambiguous) who.holders = {process(1, "a"), process(2, "b")};
        if (who.unknown == UnknownReason::no_permission)
            who.missing_rights = {Right::sys_ptrace, Right::dac_read_search};
        flows.push_back(FlowBuilder().initiator_is(who));
    }
    for (const std::string &name : hostile_names()) flows.push_back(everything_is_called(name).flows[0]);
    Observation observation = observation_of(flows);
    const Observation hostile = everything_is_called("\xff\x1b");
    observation.listeners = hostile.listeners;
    observation.losses = hostile.losses;
    observation.degradations = hostile.degradations;
    observation.source = hostile.source;
    observation.relations = {{RelationKind::loopback_pair, {2}}};
    observation.pressure = {
        {Transport::tcp, *IpAddress::parse("192.0.2.10"), endpoint("198.51.100.7:443"), 2, 1, 28232}};
    observation.malformations.fill(1);
    report << json_of(observation);
    std::string text;
    const auto sink = string_sink(text);
    for (const FlowRecord &flow : observation.flows) write_ndjson_flow(flow, nullptr, *sink);
    write_ndjson_end(observation, *sink);
    stream << text;
    EXPECT_TRUE(report.good() && stream.good());
}

// --- CSV

// RFC 4180, read back by its grammar.
std::vector<std::vector<std::string>> rows_of(const std::string &csv) {
    std::vector<std::vector<std::string>> rows(1);
    std::string field;
    bool quoted = false;
    for (std::size_t i = 0; i < csv.size(); ++i) {
        if (quoted) {
            if (csv[i] != '"') {
                field += csv[i];
            } else if (i + 1 < csv.size() && csv[i + 1] == '"') {
                field += csv[++i];
            } else {
                quoted = false;
            }
        } else if (csv[i] == '"') {
            quoted = true;
        } else if (csv[i] == ',' || csv[i] == '\r') {
            rows.back().push_back(field);
            field.clear();
            if (csv[i] == '\r') {
                ++i;
                if (i + 1 < csv.size()) rows.emplace_back();
            }
        } else {
            field += csv[i];
        }
    }
    return rows;
}

std::string column(const std::vector<std::vector<std::string>> &rows, const std::string &name) {
    const auto at = std::ranges::find(rows[0], name);
    return at == rows[0].end() ? "no such column" : rows[1][static_cast<std::size_t>(at - rows[0].begin())];
}

TEST(Csv, HasAHeaderAndARowForEachFlow) {
    const auto rows = rows_of(csv_of(observation_of({curl_to_web_server(), FlowBuilder().id(2)})));
    ASSERT_EQ(3U, rows.size());
    EXPECT_EQ("2023-11-14T22:13:20.000000000Z", column(rows, "start_utc"));
    EXPECT_EQ("192.0.2.10", column(rows, "initiator_address"));
    EXPECT_EQ("51034", column(rows, "initiator_port"));
    EXPECT_EQ("4213", column(rows, "initiator_pid"));
    EXPECT_EQ("not_local", column(rows, "responder_unknown_reason"));
    EXPECT_EQ("5120", column(rows, "responder_frame_bytes"));
    EXPECT_EQ("SF", column(rows, "tcp_state"));
}

TEST(Csv, EveryRowHasAsManyFieldsAsTheHeader) {
    for (const std::string &name : hostile_names()) {
        const auto rows = rows_of(csv_of(everything_is_called(name)));
        ASSERT_EQ(2U, rows.size()) << name;
        EXPECT_EQ(rows[0].size(), rows[1].size()) << name;
    }
    const auto rows =
        rows_of(csv_of(observation_of({FlowBuilder().from("192.0.2.10").to("192.0.2.1").icmp(8, 0, 17)})));
    EXPECT_EQ(rows[0].size(), rows[1].size());
    EXPECT_EQ("17", column(rows, "icmp_id"));
}

TEST(Csv, ColumnNamesAreUnique) {
    auto names = rows_of(csv_of(observation_of({})))[0];
    std::ranges::sort(names);
    EXPECT_EQ(names.end(), std::ranges::adjacent_find(names));
}

TEST(Csv, LetsNoFormulaThrough) {
    const auto rows = rows_of(csv_of(everything_is_called("=cmd|' /C calc'!A0")));
    EXPECT_EQ("'=cmd|' /C calc'!A0", column(rows, "initiator_program"));
    EXPECT_EQ("'=cmd|' /C calc'!A0", column(rows, "initiator_exe"));
    EXPECT_THAT(column(rows, "explanation"), ::testing::StartsWith("'=cmd"));
}

// --- HTML

// Tags without their content: nothing captured may be among them.
std::vector<std::string> tags_of(const std::string &html) {
    static const std::regex tag("<[^>]*>");
    std::vector<std::string> tags;
    for (auto it = std::sregex_iterator(html.begin(), html.end(), tag); it != std::sregex_iterator(); ++it)
        tags.push_back(it->str());
    return tags;
}

TEST(Html, HasTheSameMarkupWhateverTheNamesAre) {
    const auto expected = tags_of(html_of(everything_is_called("plain")));
    for (const std::string &name : hostile_names()) {
        if (name.empty()) continue; // what has no content has no element: a filter
        EXPECT_EQ(expected, tags_of(html_of(everything_is_called(name)))) << name;
    }
}

TEST(Html, ShowsHostileNamesAsText) {
    const std::string page = html_of(everything_is_called("<script>alert(1)</script>"));
    EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
    EXPECT_THAT(page, Not(HasSubstr("<script")));
}

TEST(Html, LetsNoInvisibleCharacterThrough) {
    for (const std::string &name : hostile_names()) {
        const std::string page = html_of(everything_is_called(name));
        for (std::string_view rest = page; !rest.empty();) {
            const CodePoint point = first_code_point(rest);
            ASSERT_TRUE(point.valid && (point.code == '\n' || !is_invisible(point.code))) << name;
            rest.remove_prefix(point.length);
        }
    }
}

TEST(Html, AllowsNothingButItsOwnStyle) {
    const std::string page = html_of(observation_of({curl_to_web_server()}));
    EXPECT_TRUE(std::regex_search(
        page, std::regex("default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; "
                         "form-action 'none'")));
    for (const char *forbidden :
         {"<script", "<link", "<img", "<iframe", "http:", "https:", "url(", " style=", " on", "@import"})
        for (const std::string &tag : tags_of(page)) EXPECT_THAT(tag, Not(HasSubstr(forbidden)));
}

TEST(Html, ShowsFlowsListenersAndProcesses) {
    const std::string page = html_of(everything_is_called("nginx"));
    EXPECT_THAT(page, HasSubstr("192.0.2.10:51034"));
    EXPECT_THAT(page, HasSubstr("<h2>Doors of this host"));
    EXPECT_THAT(page, HasSubstr("<h2>Processes</h2>"));
    EXPECT_THAT(page, HasSubstr("was picked by the kernel for this connection"));
}

TEST(Html, DrawsThisHostsRangeOrSaysThatItIsNotKnown) {
    EXPECT_THAT(html_of(observation_of({curl_to_web_server()})), HasSubstr("this host's kernel hands out 32768-60999"));
    EXPECT_THAT(html_of(replay_of({FlowBuilder()})), HasSubstr("(this host's is not known)"));
}

TEST(Html, CountsTheFlowsThatItLeavesOut) {
    EXPECT_THAT(html_of(replay_of(std::vector<FlowRecord>(2001, FlowBuilder()))),
                HasSubstr("The 2,000 largest of 2,001 flows"));
}

// --- all

TEST(EveryFormat, GivesTheSameBytesForTheSameObservation) {
    const Observation observation = everything_is_called("nginx");
    EXPECT_EQ(json_of(observation), json_of(observation));
    EXPECT_EQ(csv_of(observation), csv_of(observation));
    EXPECT_EQ(html_of(observation), html_of(observation));
}

} // namespace
} // namespace doorplate

// Compares our connections with what Zeek itself wrote of the same captures: roles, conn_state, history (of TCP),
// packets and IP bytes, all of them, letter for letter. Where the two differ, the table below says why.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/observer.h"
#include "capture/packet_source.h"

namespace doorplate {
namespace {

namespace fs = std::filesystem;

// A connection as one line: "192.0.2.1:5 > 198.51.100.2:80 SF ShADadFf 7/512 7/5379".
using Lines = std::vector<std::string>;

struct Expected {
    std::string_view capture;
    std::size_t zeek_lines; // of Zeek's connections that are not among ours
    std::size_t our_lines;  // of ours that are not among Zeek's
    std::string_view reason;
};

constexpr std::array differences{
    Expected{"globus-url-copy.pcap", 1, 1,
             "Zeek's GridFTP script stops following a data connection when it knows what it is"},
    Expected{"ldap__missing_krbtgt_ldap_request.pcapng", 1, 1,
             "one IPv4 header has a total length of 0 (segmentation offload): Zeek adds 0, we what the frame holds"},
    Expected{"ntp__misordered-ntp.pcap", 1, 1, "Zeek reads in NTP's mode who is the client"},
    Expected{"pppoe-over-qinq.pcap", 1, 1,
             "IP tells of six more bytes than PPPoE in some packets; Zeek counts them as payload, which is sent again"},
    Expected{"smtp.pcap", 2, 6,
             "Zeek ran with a script that stops following connections: not one service is named in this log"},
    Expected{"tunnels__ayiya-large-identity.pcap", 1, 1,
             "Zeek takes the first sender for the initiator; we see that its port is a registered service"},
    Expected{"tunnels__gre-aruba-amsdu.pcap", 1, 1,
             "Zeek reads both parts of an aggregated frame, we the first, and does not know port 443 here"},
    Expected{"tunnels__gtp__gtp1_gn_normal_incl_fragmentation.pcap", 2, 2,
             "Zeek puts fragments together before it counts the packet, and looks into it; we count fragments"},
    Expected{"tunnels__vxlan-encapsulated-igmp-v2.pcap", 3, 3,
             "Zeek counts no packet with a bad UDP checksum, but has a connection for it"},
    Expected{"wikipedia.pcap", 1, 1,
             "Zeek ran without any protocol's ports, so it did not turn round a first SYN+ACK; we always do"},
};

fs::path corpus() { return DOORPLATE_CORPUS_DIR; }

std::string line(const std::string &initiator, const std::string &responder, std::string_view what,
                 std::string_view counters) {
    return fmt::format("{} > {} {} {}", initiator, responder, what, counters);
}

std::vector<std::string> split(const std::string &text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

// Of UDP, Zeek's state tells who sent; ICMP and others have none that says anything.
std::string state_and_history(const std::string &proto, const std::string &state, const std::string &history) {
    if (proto == "tcp") return state + " " + history;
    return proto == "udp" ? state : proto;
}

Lines zeek_connections(const fs::path &log) {
    std::ifstream file(log);
    std::map<std::string, std::size_t> column;
    Lines lines;
    for (std::string text; std::getline(file, text);) {
        const auto parts = split(text, '\t');
        if (text.starts_with("#fields")) {
            for (std::size_t i = 1; i < parts.size(); ++i) column[parts[i]] = i - 1;
        }
        if (text.empty() || text.starts_with('#')) continue;
        const auto at = [&](const char *name) { return parts.at(column.at(name)); };
        const std::string proto = at("proto");
        const bool has_ports = proto == "tcp" || proto == "udp";
        const auto end = [&](const char *host, const char *port) {
            const std::string number = has_ports ? at(port) : "0";
            return Endpoint{IpAddress::parse(at(host)).value(), static_cast<std::uint16_t>(std::stoul(number))}
                .to_string();
        };
        lines.push_back(line(
            end("id.orig_h", "id.orig_p"), end("id.resp_h", "id.resp_p"),
            state_and_history(proto, at("conn_state"), at("history")),
            fmt::format("{}/{} {}/{}", at("orig_pkts"), at("orig_ip_bytes"), at("resp_pkts"), at("resp_ip_bytes"))));
    }
    return lines;
}

std::string_view udp_state(const PerSide<TrafficCounters> &traffic) {
    if (traffic.initiator.packets == 0) return "SHR";
    return traffic.responder.packets == 0 ? "S0" : "SF";
}

bool is_of_other_transport(const Flow &flow) { return !flow.tcp && !flow.icmp && flow.key.transport != Transport::udp; }

// Zeek has no ports but those of TCP and UDP.
Endpoint shown(Endpoint end, const Flow &flow) {
    if (is_of_other_transport(flow)) end.port = 0;
    return end;
}

std::string our_line(const Flow &flow) {
    const auto &[initiator, responder] = flow.traffic;
    std::string what = "unknown_transport";
    if (flow.tcp) what = state_and_history("tcp", flow.tcp->state, flow.tcp->history);
    if (flow.icmp) what = "icmp";
    if (flow.key.transport == Transport::udp) what = udp_state(flow.traffic);
    return line(
        shown(flow.ends.initiator, flow).to_string(), shown(flow.ends.responder, flow).to_string(), what,
        fmt::format("{}/{} {}/{}", initiator.packets, initiator.ip_bytes, responder.packets, responder.ip_bytes));
}

// Versions of Zeek before 7 did not log other transports than TCP, UDP and ICMP.
Lines our_connections(const fs::path &capture, bool with_other_transports) {
    Lines lines;
    Observer observer({}, [&](const FlowRecord &record) {
        if (with_other_transports || !is_of_other_transport(record.flow)) lines.push_back(our_line(record.flow));
    });
    auto source = open_savefile({.path = capture.string(), .filter = ""});
    EXPECT_TRUE(source) << source.error().message;
    if (!source) return lines;
    for (bool at_end = false; !at_end;) {
        const auto batch = (*source)->read(Duration::zero());
        if (!batch) break;
        observer.ingest(batch->packets, (*source)->interfaces());
        at_end = batch->at_end;
    }
    static_cast<void>(observer.finish());
    return lines;
}

Lines without(Lines lines, Lines others) {
    std::ranges::sort(lines);
    std::ranges::sort(others);
    Lines rest;
    std::ranges::set_difference(lines, others, std::back_inserter(rest));
    return rest;
}

const Expected *expected_difference(const std::string &capture) {
    const auto found = std::ranges::find(differences, capture, &Expected::capture);
    return found == differences.end() ? nullptr : &*found;
}

TEST(ZeekConnLog, AgreesWithOursOnEveryConnectionBesidesTheKnownDifferences) {
    const fs::path logs = corpus() / "expected" / "zeek";
    if (!fs::is_directory(logs)) GTEST_SKIP() << "the corpus of captures is not here: " << corpus();
    constexpr std::string_view suffix = ".zeek-conn.log";
    std::size_t connections = 0;
    std::size_t agreed = 0;
    std::size_t compared = 0; // captures
    for (const auto &entry : fs::directory_iterator(logs)) {
        const std::string name = entry.path().filename().string();
        if (!name.ends_with(suffix)) continue;
        const std::string capture = name.substr(0, name.size() - suffix.size());
        const Lines zeek = zeek_connections(entry.path());
        if (zeek.empty()) continue;
        SCOPED_TRACE(capture);
        const bool logs_other_transports = std::ranges::any_of(
            zeek, [](const std::string &line) { return line.find("unknown_transport") != std::string::npos; });
        const Lines ours = our_connections(corpus() / "zeek" / capture, logs_other_transports);
        const Lines only_zeek = without(zeek, ours);
        const Lines only_ours = without(ours, zeek);
        ++compared;
        connections += zeek.size();
        agreed += zeek.size() - only_zeek.size();
        if (const Expected *known = expected_difference(capture)) {
            EXPECT_EQ(known->zeek_lines, only_zeek.size()) << known->reason;
            EXPECT_EQ(known->our_lines, only_ours.size()) << known->reason;
        } else {
            EXPECT_THAT(only_zeek, testing::IsEmpty());
            EXPECT_THAT(only_ours, testing::IsEmpty());
        }
    }
    EXPECT_EQ(216U, connections);
    EXPECT_EQ(202U, agreed);
    EXPECT_EQ(46U, compared);
}

} // namespace
} // namespace doorplate

// Compares our TCP connections with what Zeek itself wrote of the same captures: roles, conn_state, history, packets
// and IP bytes, all of them, letter for letter. Where the two differ, the table below says why.
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

#include "analyze/flow_table.h"
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
    Expected{"pppoe-over-qinq.pcap", 1, 1,
             "PPPoE says in six frames that four bytes fewer follow than IP does: Zeek goes by IP and counts data"},
    Expected{"smtp.pcap", 2, 5,
             "Zeek ran with a script that stops following connections: not one service is named in this log"},
    Expected{"wikipedia.pcap", 1, 1,
             "Zeek ran without any protocol's ports, so it did not turn round a first SYN+ACK; we always do"},
};

fs::path corpus() { return DOORPLATE_CORPUS_DIR; }

std::string line(const std::string &initiator, const std::string &responder, std::string_view state,
                 std::string_view history, std::string_view counters) {
    return fmt::format("{} > {} {} {} {}", initiator, responder, state, history, counters);
}

std::vector<std::string> split(const std::string &text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
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
        const std::string tunnel = at("tunnel_parents");
        if (at("proto") != "tcp" || (tunnel != "-" && !tunnel.empty())) continue;
        const auto end = [&](const char *host, const char *port) {
            return Endpoint{IpAddress::parse(at(host)).value(), static_cast<std::uint16_t>(std::stoul(at(port)))}
                .to_string();
        };
        lines.push_back(line(
            end("id.orig_h", "id.orig_p"), end("id.resp_h", "id.resp_p"), at("conn_state"), at("history"),
            fmt::format("{}/{} {}/{}", at("orig_pkts"), at("orig_ip_bytes"), at("resp_pkts"), at("resp_ip_bytes"))));
    }
    return lines;
}

Lines our_connections(const fs::path &capture) {
    Lines lines;
    FlowTable table({}, [&lines](const FlowTable::View &view) {
        const Flow flow = view.flow();
        if (!flow.tcp) return;
        const auto &[initiator, responder] = flow.traffic;
        lines.push_back(line(
            flow.ends.initiator.to_string(), flow.ends.responder.to_string(), flow.tcp->state, flow.tcp->history,
            fmt::format("{}/{} {}/{}", initiator.packets, initiator.ip_bytes, responder.packets, responder.ip_bytes)));
    });
    auto source = open_savefile({.path = capture.string(), .filter = ""});
    EXPECT_TRUE(source) << source.error().message;
    if (!source) return lines;
    for (bool at_end = false; !at_end;) {
        const auto batch = (*source)->read(Duration::zero());
        if (!batch) break;
        for (const Packet &packet : batch->packets) table.add(packet, dissect(packet));
        at_end = batch->at_end;
    }
    table.finish();
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

TEST(ZeekConnLog, AgreesWithOursOnEveryTcpConnectionBesidesTheKnownDifferences) {
    const fs::path logs = corpus() / "expected" / "zeek";
    if (!fs::is_directory(logs)) GTEST_SKIP() << "the corpus of captures is not here: " << corpus();
    constexpr std::string_view suffix = ".zeek-conn.log";
    std::size_t connections = 0;
    std::size_t agreed = 0;
    std::size_t compared = 0; // captures with TCP outside of tunnels
    for (const auto &entry : fs::directory_iterator(logs)) {
        const std::string name = entry.path().filename().string();
        if (!name.ends_with(suffix)) continue;
        const std::string capture = name.substr(0, name.size() - suffix.size());
        const Lines zeek = zeek_connections(entry.path());
        if (zeek.empty()) continue;
        SCOPED_TRACE(capture);
        const Lines ours = our_connections(corpus() / "zeek" / capture);
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
    EXPECT_EQ(99U, connections);
    EXPECT_EQ(93U, agreed);
    EXPECT_EQ(27U, compared);
}

} // namespace
} // namespace doorplate

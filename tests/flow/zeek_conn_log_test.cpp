// Compares our connections with what Zeek itself wrote of the same captures: roles, conn_state, history, payload,
// packets and IP bytes each way, and the service. Where the two differ, the tables below say why.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "analyze/observer.h"
#include "analyze/port_registry.h"
#include "capture/packet_source.h"

namespace doorplate {
namespace {

namespace fs = std::filesystem;

struct Row {
    std::string ends; // "192.0.2.1:5 > 198.51.100.2:80"
    std::string what; // "SF ShADadFf"
    // "512 5379": payload of the two ends. Zeek tells none of a connection with a single packet.
    std::optional<std::string> payload{};
    std::string packets; // "7 7"
    std::string ip_bytes;
    // Zeek's; of ours, what the bytes say and what the registry says.
    std::set<std::string> services{};

    [[nodiscard]] std::string text() const {
        return fmt::format("{} {}, payload {}, packets {}, IP bytes {}, {}", ends, what, payload.value_or("-"), packets,
                           ip_bytes, fmt::join(services, ","));
    }
};
using Rows = std::vector<Row>;

// Zeek was run without its list of ports that servers have: whoever sends first is its initiator.
constexpr std::array<std::string_view, 2> runs_without_ports{"tunnels__gre-aruba-amsdu.pcap", "wikipedia.pcap"};

struct Exception {
    std::string_view capture;
    std::size_t rows; // of Zeek's that are not among ours
    std::string_view reason;
};

// Rows that tell how Zeek was run, and not what is in the capture.
constexpr std::array no_baseline{
    Exception{"globus-url-copy.pcap", 1, "Zeek's GridFTP script stops following a data connection that it knows"},
    Exception{"smtp.pcap", 2, "a script stopped following each TCP connection behind its second packet"},
    Exception{"tunnels__vxlan-encapsulated-igmp-v2.pcap", 3,
              "Zeek was told to verify checksums of a host that leaves them to its network card"},
};

constexpr std::array differences{
    Exception{"ntp__misordered-ntp.pcap", 1, "Zeek counts the server's answer, which came first, as the client's"},
    Exception{"tunnels__gtp__gtp1_gn_normal_incl_fragmentation.pcap", 1,
              "Zeek counts packets when their fragments are all there; we count the fragments"},
};

// Agree in all but the bytes of IP headers.
constexpr std::array ip_bytes_differences{
    Exception{"ldap__missing_krbtgt_ldap_request.pcapng", 1,
              "a total length of 0 (segmentation offload): Zeek adds 0, we what the frame holds"},
};

// Zeek's names of services, and ours (nDPI's, or the registry's) where they are not the same.
struct SameService {
    std::string_view zeek;
    std::string_view ours;
};
constexpr std::array same_services{
    SameService{"dns", "llmnr"}, // which is DNS on the wire (RFC 4795)
    SameService{"gtpv1", "gtp"},
    SameService{"irc", "ircu"},
    SameService{"krb_tcp", "kerberos"},
    SameService{"ldap_tcp", "ldap"},
    SameService{"rdpeudp", "ms-wbt-server"},
    SameService{"ssl", "tls"},
};

fs::path corpus() { return DOORPLATE_CORPUS_DIR; }

std::vector<std::string> split(const std::string &text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

// ICMP and others have no state or history that says anything.
std::string state_and_history(const std::string &proto, const std::string &state, const std::string &history) {
    return proto == "tcp" || proto == "udp" ? state + " " + history : proto;
}

Rows zeek_rows(const fs::path &log) {
    std::ifstream file(log);
    std::map<std::string, std::size_t> column;
    Rows rows;
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
        Row row{.ends = end("id.orig_h", "id.orig_p") + " > " + end("id.resp_h", "id.resp_p"),
                .what = state_and_history(proto, at("conn_state"), at("history")),
                .packets = at("orig_pkts") + " " + at("resp_pkts"),
                .ip_bytes = at("orig_ip_bytes") + " " + at("resp_ip_bytes")};
        if (at("orig_bytes") != "-") row.payload = at("orig_bytes") + " " + at("resp_bytes");
        for (const std::string &service : split(at("service"), ',')) {
            if (service != "-") row.services.insert(service);
        }
        rows.push_back(row);
    }
    return rows;
}

bool is_of_other_transport(const Flow &flow) { return !flow.tcp && !flow.icmp && flow.key.transport != Transport::udp; }

// Zeek has no ports but those of TCP and UDP.
Endpoint shown(Endpoint end, const Flow &flow) {
    if (is_of_other_transport(flow)) end.port = 0;
    return end;
}

std::uint64_t payload(const Flow &flow, Side side) {
    if (is_of_other_transport(flow)) return 0; // Zeek counts none
    return flow.tcp ? flow.tcp->facts[side].stream_bytes : flow.traffic[side].payload_bytes;
}

Row our_row(const FlowRecord &record) {
    const Flow &flow = record.flow;
    const auto &[initiator, responder] = flow.traffic;
    Row row{.ends = shown(flow.ends.initiator, flow).to_string() + " > " + shown(flow.ends.responder, flow).to_string(),
            .what = flow.icmp ? "icmp" : "unknown_transport",
            .payload = fmt::format("{} {}", payload(flow, Side::initiator), payload(flow, Side::responder)),
            .packets = fmt::format("{} {}", initiator.packets, responder.packets),
            .ip_bytes = fmt::format("{} {}", initiator.ip_bytes, responder.ip_bytes)};
    if (flow.tcp) row.what = flow.tcp->state + " " + flow.tcp->history;
    if (flow.udp) row.what = flow.udp->state + " " + flow.udp->history;
    if (record.detection) row.services.insert(record.detection->protocol);
    if (const auto *registered = registered_service(flow.key.transport, flow.ends.responder.port)) {
        row.services.emplace(registered->name);
    }
    // FTP's kinds are the first.
    if (flow.channel && flow.channel->method <= AnnouncedIn::ftp_lpsv) row.services.insert("ftp-data");
    return row;
}

Rows our_rows(const fs::path &capture, bool knows_ports) {
    Rows rows;
    Observer observer({}, [&](FlowRecord record) {
        const bool is_turned = record.initiator_verdict.flip || record.flow.initiator_evidence == Evidence::syn_ack;
        if (!knows_ports && is_turned) record.flow.flip();
        rows.push_back(our_row(record));
    });
    auto source = open_savefile({.path = capture.string(), .filter = ""});
    EXPECT_TRUE(source) << source.error().message;
    if (!source) return rows;
    for (bool at_end = false; !at_end;) {
        const auto batch = (*source)->read(Duration::zero());
        if (!batch) break;
        observer.ingest(batch->packets, (*source)->interfaces());
        at_end = batch->at_end;
    }
    static_cast<void>(observer.finish());
    return rows;
}

// Does one of Zeek's names stand for one of ours? Zeek lists all layers ("smtp,ssl"), we name the first.
bool names_the_same(const std::set<std::string> &zeek, const std::set<std::string> &ours) {
    return std::ranges::any_of(zeek, [&](const std::string &name) {
        return ours.contains(name) || std::ranges::any_of(same_services, [&](const SameService &same) {
                   return same.zeek == name && ours.contains(std::string(same.ours));
               });
    });
}

bool agree(const Row &zeek, const Row &ours) {
    return zeek.ends == ours.ends && zeek.what == ours.what && zeek.packets == ours.packets &&
           (!zeek.payload || zeek.payload == ours.payload) &&
           (zeek.services.empty() || names_the_same(zeek.services, ours.services));
}

struct Comparison {
    Rows only_zeek;
    Rows only_ours;
    Rows other_ip_bytes; // Zeek's
};

// Each of ours serves once.
Comparison compare(const Rows &zeek, Rows ours) {
    Comparison result;
    for (const Row &row : zeek) {
        auto found =
            std::ranges::find_if(ours, [&](const Row &our) { return agree(row, our) && row.ip_bytes == our.ip_bytes; });
        if (found == ours.end()) found = std::ranges::find_if(ours, [&](const Row &our) { return agree(row, our); });
        if (found == ours.end()) {
            result.only_zeek.push_back(row);
            continue;
        }
        if (found->ip_bytes != row.ip_bytes) result.other_ip_bytes.push_back(row);
        ours.erase(found);
    }
    result.only_ours = std::move(ours);
    return result;
}

std::string texts(const Rows &rows) {
    std::string text;
    for (const Row &row : rows) text += row.text() + "\n";
    return text;
}

// Versions of Zeek before 7 did not log other transports than TCP, UDP and ICMP.
void leave_out_other_transports(Rows &ours, const Rows &zeek) {
    const auto is_other = [](const Row &row) { return row.what == "unknown_transport"; };
    if (std::ranges::none_of(zeek, is_other)) std::erase_if(ours, is_other);
}

std::size_t rows_in(const auto &table, const std::string &capture) {
    const auto entry = std::ranges::find(table, capture, &Exception::capture);
    return entry == table.end() ? 0 : entry->rows;
}

TEST(ZeekConnLog, AgreesWithOursOnEveryConnectionBesidesTheKnownDifferences) {
    const fs::path logs = corpus() / "expected" / "zeek";
    if (!fs::is_directory(logs)) GTEST_SKIP() << "the corpus of captures is not here: " << corpus();
    constexpr std::string_view suffix = ".zeek-conn.log";
    std::size_t rows = 0;
    std::size_t left_out = 0;
    std::size_t different = 0;
    for (const auto &entry : fs::directory_iterator(logs)) {
        const std::string name = entry.path().filename().string();
        if (!name.ends_with(suffix)) continue;
        const std::string capture = name.substr(0, name.size() - suffix.size());
        const Rows zeek = zeek_rows(entry.path());
        const bool knows_ports = std::ranges::find(runs_without_ports, capture) == runs_without_ports.end();
        Rows ours = our_rows(corpus() / "zeek" / capture, knows_ports);
        leave_out_other_transports(ours, zeek);
        const Comparison found = compare(zeek, std::move(ours));

        const std::size_t left_out_here = rows_in(no_baseline, capture);
        const std::size_t known = left_out_here + rows_in(differences, capture);
        EXPECT_EQ(known, found.only_zeek.size()) << capture << "\nonly Zeek:\n"
                                                 << texts(found.only_zeek) << "only we:\n"
                                                 << texts(found.only_ours);
        if (known == 0) {
            EXPECT_EQ("", texts(found.only_ours)) << capture << ": only we";
        }
        EXPECT_EQ(rows_in(ip_bytes_differences, capture), found.other_ip_bytes.size()) << capture << "\n"
                                                                                       << texts(found.other_ip_bytes);
        rows += zeek.size();
        left_out += left_out_here;
        different += found.only_zeek.size() - std::min(found.only_zeek.size(), left_out_here);
    }
    EXPECT_EQ(216U, rows);
    EXPECT_LE(different * 100, rows - left_out) << different << " of " << rows - left_out << " rows differ";
}

} // namespace
} // namespace doorplate

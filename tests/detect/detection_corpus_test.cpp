// What tshark calls the flows of the corpus, beside what we find in them. Where both have a name they agree, but for
// the few that docs/correctness.md explains.

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analyze/detect/flow_inspector.h"
#include "analyze/flow_key.h"
#include "capture/packet_source.h"

namespace doorplate {
namespace {

namespace fs = std::filesystem;

fs::path corpus() { return DOORPLATE_CORPUS_DIR; }

// Protocols whose bytes leave no doubt, by tshark's name and ours.
struct Names {
    std::string_view tshark;
    std::string_view ours;
};
constexpr std::array decisive{Names{"bgp", "bgp"},           Names{"dhcp", "dhcp"},   Names{"dhcpv6", "dhcpv6"},
                              Names{"dns", "dns"},           Names{"ftp", "ftp"},     Names{"http", "http"},
                              Names{"kerberos", "kerberos"}, Names{"llmnr", "llmnr"}, Names{"mdns", "mdns"},
                              Names{"mqtt", "mqtt"},         Names{"ntp", "ntp"},     Names{"quic", "quic"},
                              Names{"sip", "sip"},           Names{"smtp", "smtp"},   Names{"snmp", "snmp"},
                              Names{"ssdp", "ssdp"},         Names{"ssh", "ssh"},     Names{"stun", "stun"},
                              Names{"tls", "tls"},           Names{"tftp", "tftp"},   Names{"vnc", "rfb"}};

using Services = std::map<FlowKey, std::string>;

std::vector<std::string> fields(const std::string &line) {
    std::vector<std::string> found;
    std::istringstream stream(line);
    for (std::string field; std::getline(stream, field, '\t');) found.push_back(field);
    return found;
}

// The conversations that tshark gave exactly one name.
Services expected_services(const fs::path &file) {
    Services services;
    std::ifstream stream(file);
    std::string line;
    if (!std::getline(stream, line)) return services;
    const auto columns = fields(line);
    const auto at = [&](const std::vector<std::string> &row, std::string_view name) {
        const auto index = static_cast<std::size_t>(std::ranges::find(columns, name) - columns.begin());
        return index < row.size() ? row[index] : std::string{};
    };
    while (std::getline(stream, line)) {
        const auto row = fields(line);
        const std::string protocol = at(row, "proto");
        const auto a = IpAddress::parse(at(row, "a_addr"));
        const auto b = IpAddress::parse(at(row, "b_addr"));
        if ((protocol != "tcp" && protocol != "udp") || !a || !b || at(row, "depth") != "1") continue;
        const auto port = [&](std::string_view name) { return static_cast<std::uint16_t>(std::stoi(at(row, name))); };
        services[FlowKey::between(protocol == "tcp" ? Transport::tcp : Transport::udp, {*a, port("a_port")},
                                  {*b, port("b_port")})] = at(row, "services");
    }
    return services;
}

// `last_id` goes on from file to file: to make an inspector takes longer than most files do.
std::map<FlowKey, std::string> detected(const fs::path &file, FlowInspector &inspector, std::uint64_t &last_id) {
    std::map<FlowKey, std::string> found;
    auto source = open_savefile({file.string(), ""});
    if (!source) return found;
    std::map<FlowKey, std::uint64_t> ids;
    bool at_end = false;
    while (!at_end) {
        const auto batch = (*source)->read(Duration::zero());
        if (!batch) break;
        for (const Packet &packet : batch->packets) {
            const Dissection outer = dissect(packet);
            if (!outer.flow_ready) continue;
            const FlowKey key = FlowKey::between(outer.transport, {outer.source, outer.source_port},
                                                 {outer.destination, outer.destination_port});
            const auto [flow, is_new] = ids.try_emplace(key, last_id + 1);
            if (is_new) ++last_id;
            inspector.packet(flow->second, outer, packet.time);
        }
        at_end = batch->at_end;
    }
    for (const auto &[key, id] : ids) {
        if (const auto detection = inspector.take(id)) found[key] = detection->protocol;
    }
    return found;
}

TEST(DetectionCorpus, AgreesWithTsharkWhereTheBytesAreDecisive) {
    if (!fs::is_directory(corpus() / "expected")) GTEST_SKIP() << "no corpus";
    FlowInspector inspector;
    std::uint64_t last_id = 0;
    std::size_t both = 0;
    std::size_t same = 0;
    std::string differences;
    for (const fs::directory_entry &entry : fs::recursive_directory_iterator(corpus() / "expected")) {
        const fs::path capture = corpus() / fs::relative(entry.path(), corpus() / "expected").replace_extension();
        if (entry.path().extension() != ".tsv" || !fs::is_regular_file(capture)) continue;
        const Services expected = expected_services(entry.path());
        for (const auto &[key, protocol] : detected(capture, inspector, last_id)) {
            const auto row = expected.find(key);
            if (row == expected.end()) continue;
            const auto *const names = std::ranges::find(decisive, row->second, &Names::tshark);
            if (names == decisive.end()) continue;
            ++both;
            if (protocol == names->ours) {
                ++same;
            } else {
                differences += fmt::format("{} {} {}: tshark {}, we {}\n", capture.filename().string(),
                                           key.low.to_string(), key.high.to_string(), row->second, protocol);
            }
        }
    }
    EXPECT_LT(1500U, both);
    EXPECT_LE(both * 98, same * 100) << differences;
}

} // namespace
} // namespace doorplate

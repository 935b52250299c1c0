// Data channels of every capture of the corpus, with the control conversations that tshark links them to.
#include <cstddef>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/corpus/corpus.h"

namespace doorplate {
namespace {

// "ndpi/tftp.pcap: udp 192.0.2.1:2000 198.51.100.2:3000 of udp 192.0.2.1:69 198.51.100.2:3000".
using Link = std::string;
using Links = std::set<Link>;

std::string conversation(std::string_view transport, const Endpoint &a, const Endpoint &b) {
    return fmt::format("{} {} {}", transport, std::min(a, b).to_string(), std::max(a, b).to_string());
}

Endpoint endpoint(const std::string &address, const std::string &port) {
    return {IpAddress::parse(address).value(), static_cast<std::uint16_t>(std::stoul(port))};
}

// The column: "tcp,192.0.2.1,51000,198.51.100.2,21".
std::string expected_parent(const std::string &column) {
    std::vector<std::string> parts;
    std::istringstream stream(column);
    for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
    return conversation(parts.at(0), endpoint(parts.at(1), parts.at(2)), endpoint(parts.at(3), parts.at(4)));
}

Links expected_links(const std::string &capture) {
    Links links;
    for (const TableRow &row : read_table(corpus_folder() / "expected" / (capture + ".tsv"))) {
        const std::string &parent = row.at("parent");
        if (parent.empty() || parent == "-") continue;
        const std::string child = conversation(row.at("proto"), endpoint(row.at("a_addr"), row.at("a_port")),
                                               endpoint(row.at("b_addr"), row.at("b_port")));
        links.insert(fmt::format("{}: {} of {}", capture, child, expected_parent(parent)));
    }
    return links;
}

Links observed_links(const std::string &capture) {
    std::map<std::uint64_t, std::string> names;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> children; // and their parents
    replay_corpus_capture(capture, [&](const FlowRecord &record) {
        const Flow &flow = record.flow;
        names[flow.id] = conversation(transport_token(flow.key.transport), flow.ends.initiator, flow.ends.responder);
        if (flow.channel) children.emplace_back(flow.id, flow.channel->control_id);
    });
    Links links;
    for (const auto &[child, parent] : children)
        links.insert(fmt::format("{}: {} of {}", capture, names.at(child), names.at(parent)));
    return links;
}

// docs/correctness.md, "Data channels", says of each why.
const Links &links_that_tshark_lacks() {
    static const Links links{
        // Active FTP whose server does not use port 20.
        "zeek/ftp__ipv4.pcap: tcp 141.142.220.235:33582 199.233.217.249:61920 of tcp 141.142.220.235:50003 "
        "199.233.217.249:21",
        "zeek/ftp__ipv4.pcap: tcp 141.142.220.235:37835 199.233.217.249:61918 of tcp 141.142.220.235:50003 "
        "199.233.217.249:21",
        // DCC.
        "zeek/irc-dcc-first-command.pcap: tcp 10.0.0.1:5555 10.0.0.2:23456 of tcp 10.0.0.1:12345 10.0.0.2:6667",
        // The port mapper.
        "suricata-verify/nfs3-procedure.pcap: udp 139.25.22.2:1022 139.25.22.102:2049 of udp 139.25.22.2:3297 "
        "139.25.22.102:111",
        "suricata-verify/nfs3-procedure.pcap: udp 139.25.22.2:3296 139.25.22.102:1048 of udp 139.25.22.2:3295 "
        "139.25.22.102:111",
        "suricata-verify/nfs3-procedure.pcap: udp 139.25.22.2:3298 139.25.22.102:2049 of udp 139.25.22.2:3297 "
        "139.25.22.102:111",
        "suricata-verify/nfs3-procedure.pcap: udp 139.25.22.2:706 139.25.22.102:1048 of udp 139.25.22.2:3295 "
        "139.25.22.102:111",
        "suricata-verify/nfs3-procedure.pcap: udp 139.25.22.2:722 139.25.22.102:1048 of udp 139.25.22.2:3299 "
        "139.25.22.102:111",
        "zeek/nfs__nfs_write_bad_stable_how.pcap: tcp 192.168.122.1:44168 192.168.122.219:2049 of tcp "
        "192.168.122.1:42118 192.168.122.219:111",
        "zeek/nfs__nfs_write_bad_stable_how.pcap: tcp 192.168.122.1:679 192.168.122.219:2049 of tcp "
        "192.168.122.1:42122 192.168.122.219:111",
        "zeek/nfs__nfs_write_bad_stable_how.pcap: udp 192.168.122.1:43405 192.168.122.219:20048 of udp "
        "192.168.122.1:54393 192.168.122.219:111",
        "zeek/nfs__nfs_write_bad_stable_how.pcap: udp 192.168.122.1:50172 192.168.122.219:20048 of udp "
        "192.168.122.1:60308 192.168.122.219:111",
        "zeek/nfs__nfs_write_bad_stable_how.pcap: udp 192.168.122.1:741 192.168.122.219:20048 of udp "
        "192.168.122.1:54393 192.168.122.219:111",
        "zeek/nfs__nfs_write_bad_stable_how.pcap: udp 192.168.122.1:776 192.168.122.219:20048 of udp "
        "192.168.122.1:60308 192.168.122.219:111",
    };
    return links;
}

TEST(CorpusChannelsTest, EveryDataChannelHasTheControlConversationThatTsharkGivesIt) {
    if (!has_corpus()) GTEST_SKIP() << "the corpus of captures is not here: " << corpus_folder();
    Links missing;
    Links extra;
    std::size_t expected_in_all = 0;
    std::size_t linked = 0;
    for (const std::string &capture : corpus_captures()) {
        const Links expected = expected_links(capture);
        const Links observed = observed_links(capture);
        expected_in_all += expected.size();
        for (const Link &link : expected) {
            if (observed.contains(link)) {
                ++linked;
            } else {
                missing.insert(link);
            }
        }
        for (const Link &link : observed)
            if (!expected.contains(link)) extra.insert(link);
    }
    std::cout << linked << " data channels of " << expected_in_all << " expected are linked\n";
    EXPECT_TRUE(missing.empty()) << fmt::format("{}", fmt::join(missing, "\n"));
    EXPECT_EQ(links_that_tshark_lacks(), extra) << fmt::format("{}", fmt::join(extra, "\n"));
}

} // namespace
} // namespace doorplate

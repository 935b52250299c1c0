#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include "tests/support/savefile_harness.h"

namespace doorplate {
namespace {

const std::filesystem::path corpus = DOORPLATE_CORPUS_DIR;

using Row = std::map<std::string, std::string>;

// A table with a head line.
std::vector<Row> read_table(const std::filesystem::path &path) {
    std::ifstream file(path);
    const auto cells = [](const std::string &line) {
        std::vector<std::string> result;
        std::istringstream stream(line);
        for (std::string cell; std::getline(stream, cell, '\t');) result.push_back(cell);
        return result;
    };
    std::string line;
    std::getline(file, line);
    const std::vector<std::string> names = cells(line);
    std::vector<Row> rows;
    while (std::getline(file, line)) {
        const std::vector<std::string> values = cells(line);
        Row &row = rows.emplace_back();
        for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i) row[names[i]] = values[i];
    }
    return rows;
}

std::optional<std::uint64_t> number(const std::string &cell) {
    if (cell.empty() || cell == "-") return std::nullopt;
    return std::stoull(cell);
}

WholeRead read_corpus_file(const std::string &name) {
    return read_to_end(open_savefile({.path = (corpus / name).string(), .filter = {}}));
}

// The manifest has tshark's counts. Where we count otherwise, and why.
struct Difference {
    std::uint64_t packets = 0;
    std::string_view why;
};
constexpr std::string_view custom_blocks = "tshark counts custom blocks as frames";
constexpr std::string_view link_type = "tshark refuses the link type; tcpdump counts as we do";
constexpr std::string_view resumed = "tshark stops at the damage, we go on behind it";
constexpr std::string_view no_record = "made by a fuzzer: tshark takes for records what nothing speaks for";
const std::map<std::string, Difference> differences{
    {"gopacket/be__test901.pcapng", {2, resumed}},
    {"gopacket/le__test901.pcapng", {2, resumed}},
    {"libpcap/brcm-tag-stp.pcap", {4, link_type}},
    {"libpcap/shb-option-too-long.pcapng", {1, "tshark refuses a section header for its options"}},
    {"libtrace/provenance.erf", {0, "neither pcap nor pcapng, but the format of Endace cards"}},
    {"links/dsa-marvell.pcap", {99, link_type}},
    {"pcapng-test-generator/be__test018.pcapng", {4, custom_blocks}},
    {"pcapng-test-generator/be__test102.pcapng", {5, custom_blocks}},
    {"pcapng-test-generator/le__test017.pcapng", {0, custom_blocks}},
    {"pcapng-test-generator/le__test202.pcapng", {8, custom_blocks}},
    {"process/pcapdroid-uidmap.pcapng", {94, custom_blocks}},
    {"process/wireshark-cb-reuse.pcapng", {94, custom_blocks}},
    {"process/wireshark-cb.pcapng", {94, custom_blocks}},
    {"python-pcapng/test007.ntar", {1, "a block length without its padding, which tshark does not forgive here"}},
    {"suricata-verify/bug-1450-04__tls_DER-incomplete-header.pcap", {13, resumed}},
    {"suricata-verify/bug-6875-01__fuzz.pcap", {1, "tshark guesses another record format; tcpdump counts as we do"}},
    {"tcpdump/brcm-tag-prepend.pcap", {15, link_type}},
    {"tcpdump/dsa-high-vid.pcap", {4, link_type}},
    {"tcpdump/edsa-high-vid.pcap", {4, link_type}},
    {"tcpdump/juniper_es_oobr.pcap", {1, link_type}},
    {"tcpdump/juniper_monitor_invalid_cookie_length.pcap", {1, link_type}},
    {"tcpdump/kday6.pcap", {1, link_type}},
    {"tcpdump/pim_header_asan-2.pcap", {1, no_record}},
    {"tcpdump/vtp_asan-2.pcap", {1, link_type}},
    {"tcpdump/vtp_asan.pcap", {1, no_record}},
};

TEST(SavefileCorpus, EveryFileHasThePacketsOfTheManifest) {
    if (!std::filesystem::exists(corpus)) GTEST_SKIP() << "no corpus at " << corpus;
    std::size_t files = 0;
    std::uint64_t packets = 0;
    for (const Row &row : read_table(corpus / "MANIFEST.tsv")) {
        const std::string &name = row.at("file");
        if (name.starts_with("broken/")) continue;
        const WholeRead read = read_corpus_file(name);
        ++files;
        packets += read.packets.size();
        const auto difference = differences.find(name);
        const std::optional<std::uint64_t> expected =
            difference == differences.end() ? number(row.at("packets")) : difference->second.packets;
        EXPECT_EQ(expected, read.packets.size()) << name << ": " << read.error;
        EXPECT_EQ(read.packets.size(), read.stats.packets) << name;
    }
    EXPECT_LT(0U, files);
    std::cout << files << " files with " << packets << " packets\n";
}

TEST(SavefileCorpus, EveryBrokenFileGivesWhatIsInFrontOfTheDamage) {
    if (!std::filesystem::exists(corpus)) GTEST_SKIP() << "no corpus at " << corpus;
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    std::size_t files = 0;
    std::size_t resumed_files = 0;
    for (const Row &row : read_table(corpus / "broken" / "_truth.tsv")) {
        const std::string name = "broken/" + row.at("file");
        if (!std::filesystem::exists(corpus / name)) continue;
        ++files;
        const WholeRead read = read_corpus_file(name);
        SCOPED_TRACE(name + " (" + row.at("what") + "): " + read.error);
        if (row.at("must_fail") == "yes") {
            EXPECT_NE("", read.error);
        }
        EXPECT_LE(number(row.at("frames_before")).value_or(0), read.packets.size());
        // The table ends where the length of a block is lost; behind it are 18 packets more.
        const auto lenient = row.at("file").starts_with("ng-block-length-") ? 40 : number(row.at("frames_lenient"));
        EXPECT_GE(lenient.value_or(most), read.packets.size());
        resumed_files += read.stats.damaged_places > 0 && read.packets.size() > 22 ? 1 : 0;
    }
    EXPECT_LT(0U, files);
    EXPECT_LT(10U, resumed_files);
    std::cout << "packets behind the damage were found in " << resumed_files << " of " << files << " files\n";
}

struct LibpcapRead {
    std::string error;
    std::vector<KeptPacket> packets;
};

// libpcap takes the 32 bits of a pcap file's seconds and microseconds for signed numbers, and clamps nothing.
constexpr std::int64_t time_beyond_libpcap = -1;
std::optional<std::int64_t> libpcap_time(const timeval &time) {
    constexpr std::int64_t seconds_until_2262 = 9'223'372'036;
    if (time.tv_sec < 0 || time.tv_usec < 0 || time.tv_sec >= seconds_until_2262) return std::nullopt;
    return time.tv_sec * 1'000'000'000 + time.tv_usec;
}

LibpcapRead read_with_libpcap(const std::string &name) {
    LibpcapRead read;
    std::array<char, PCAP_ERRBUF_SIZE> error{};
    const std::unique_ptr<pcap_t, decltype(&pcap_close)> handle(
        pcap_open_offline_with_tstamp_precision((corpus / name).c_str(), PCAP_TSTAMP_PRECISION_NANO, error.data()),
        pcap_close);
    if (!handle) {
        read.error = error.data();
        return read;
    }
    pcap_pkthdr *header = nullptr;
    const u_char *bytes = nullptr;
    int status = 0;
    while ((status = pcap_next_ex(handle.get(), &header, &bytes)) == 1) {
        KeptPacket &packet = read.packets.emplace_back();
        packet.bytes.assign(bytes, bytes + header->caplen);
        packet.original_length = header->len;
        packet.ns = libpcap_time(header->ts).value_or(time_beyond_libpcap);
    }
    if (status != PCAP_ERROR_BREAK) read.error = pcap_geterr(handle.get());
    return read;
}

// Here libpcap takes bytes for records (most say that nothing at all was captured) that we call damage.
bool libpcap_reads_on(const std::string &name) {
    const auto difference = differences.find(name);
    return name == "broken/pcap-two-joined.pcap" || name == "broken/pcap-garbage-between.pcap" ||
           (difference != differences.end() && difference->second.why == no_record);
}

TEST(SavefileCorpus, EveryFileGivesThePacketsThatLibpcapGives) {
    if (!std::filesystem::exists(corpus)) GTEST_SKIP() << "no corpus at " << corpus;
    std::size_t files = 0;
    std::uint64_t packets = 0;
    for (const Row &row : read_table(corpus / "MANIFEST.tsv")) {
        const std::string &name = row.at("file");
        if (libpcap_reads_on(name)) continue;
        const LibpcapRead theirs = read_with_libpcap(name);
        const WholeRead ours = read_corpus_file(name);
        files += theirs.packets.empty() ? 0 : 1;
        packets += theirs.packets.size();
        // Where libpcap gives up, we may go on.
        EXPECT_LE(theirs.packets.size(), ours.packets.size()) << name << ": " << ours.error;
        if (theirs.packets.size() > ours.packets.size()) continue;
        if (theirs.error.empty()) {
            EXPECT_EQ(theirs.packets.size(), ours.packets.size()) << name;
        }
        for (std::size_t i = 0; i < theirs.packets.size(); ++i) {
            // libpcap cuts what is longer than the snapshot length, we keep what is there.
            const std::uint32_t snapshot_length = ours.interfaces.at(ours.packets[i].interface).snapshot_length;
            const bool over = snapshot_length != 0 && ours.packets[i].bytes.size() > snapshot_length;
            EXPECT_EQ(theirs.packets[i].bytes,
                      over ? ours.packets[i].bytes.substr(0, snapshot_length) : ours.packets[i].bytes)
                << name << " packet " << i;
            EXPECT_EQ(theirs.packets[i].original_length, ours.packets[i].original_length) << name << " packet " << i;
            // libpcap gives a simple packet the time 0, and loses bits of a clock of 2^-63 seconds.
            if (theirs.packets[i].ns != time_beyond_libpcap && theirs.packets[i].ns != 0 &&
                name != "broken/ng-tsresol-bf.pcapng") {
                EXPECT_EQ(theirs.packets[i].ns, ours.packets[i].ns) << name << " packet " << i;
            }
        }
    }
    EXPECT_LT(0U, files);
    std::cout << "libpcap gives packets from " << files << " files, " << packets << " of them\n";
}

} // namespace
} // namespace doorplate

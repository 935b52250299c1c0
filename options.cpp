#include "options.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyze/port_registry.h"

namespace doorplate {
namespace {

const std::map<std::string, Colour> colours{
    {"auto", Colour::automatic}, {"always", Colour::always}, {"never", Colour::never}};
const std::map<std::string, AttributionMethod> methods{{"auto", AttributionMethod::automatic},
                                                       {"ebpf", AttributionMethod::ebpf},
                                                       {"netlink", AttributionMethod::netlink},
                                                       {"procfs", AttributionMethod::procfs},
                                                       {"none", AttributionMethod::none}};
const std::map<std::string, CaptureDirection> directions{
    {"in", CaptureDirection::in}, {"out", CaptureDirection::out}, {"inout", CaptureDirection::inout}};

// What is done about checksums.
enum class ChecksumUse { ignore, flag, drop };
const std::map<std::string, ChecksumUse> checksum_uses{
    {"ignore", ChecksumUse::ignore}, {"flag", ChecksumUse::flag}, {"drop", ChecksumUse::drop}};

// Seconds. Nobody waits longer than a year.
constexpr double shortest_timeout = 0.001;
constexpr double longest_timeout = 366 * 86400;

// What the command line said, before it is checked: one of these serves every subcommand.
struct Words {
    std::vector<std::string> positional;
    std::string filter_file;
    int buffer_kib = 0;
    bool no_promiscuous = false;
    bool no_dpi = false;
    std::uint64_t count = 0;
    bool all = false;
    bool merge = false;
    ChecksumUse checksums = ChecksumUse::flag;
    std::string question;
    LiveOptions capture;
    SocketOptions sockets;
    AnalysisOptions analysis;
    unsigned jobs = 1;
    ReportOptions reports;
};

// An option that takes one of the words of `choices`.
template <typename T>
CLI::Option *add_choice(CLI::App &app, const std::string &flag, T &target, const std::map<std::string, T> &choices,
                        const std::string &what) {
    std::vector<std::string> words;
    words.reserve(choices.size());
    for (const auto &[word, value] : choices) words.push_back(word);
    const std::string description = fmt::format("{}: {}", what, fmt::join(words, ", "));
    const auto take = [&target, choices](const std::string &word) { target = choices.at(word); };
    return app.add_option_function<std::string>(flag, take, description)->check([words](const std::string &word) {
        return std::ranges::find(words, word) != words.end()
                   ? std::string{}
                   : fmt::format("'{}' is none of {}", word, fmt::join(words, ", "));
    });
}

void add_filter_options(CLI::App &app, Words &words) {
    app.add_option("-F", words.filter_file, "Read the filter from FILE")->type_name("FILE")->group("Source");
    app.add_option("-c", words.count, "Stop after N packets")
        ->type_name("N")
        ->check(CLI::PositiveNumber)
        ->group("Source");
}

void add_capture_options(CLI::App &app, Words &words) {
    const char *group = "Source";
    app.add_option("-i,--interface", words.capture.interfaces, "Interface to listen on, or `any`; repeatable")
        ->type_name("IF")
        ->allow_extra_args(false)
        ->group(group);
    app.add_option("-s,--snapshot-length", words.capture.snapshot_length, "Keep N bytes of each packet; 0 is the most")
        ->type_name("N")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str()
        ->group(group);
    app.add_flag("-p,--no-promiscuous-mode", words.no_promiscuous, "Do not put the interface into promiscuous mode")
        ->group(group);
    app.add_option("-B,--buffer-size", words.buffer_kib, "The kernel's buffer, in KiB (default 65536)")
        ->type_name("KIB")
        ->check(CLI::Range(1, 2'000'000))
        ->group(group);
    add_choice(app, "-Q,--direction", words.capture.direction, directions, "Which packets")
        ->type_name("DIR")
        ->group(group);
}

// `watches`: over some time, which is when the kernel has something to tell, and when it may be left out.
void add_socket_options(CLI::App &app, Words &words, bool watches) {
    auto offered = methods;
    if (!watches) offered.erase("none");
    if (!watches) offered.erase("ebpf");
    const std::string what = watches ? "How owners are found, told by the kernel (ebpf) or looked up (netlink, "
                                       "procfs); auto takes the best that works"
                                     : "How owners are found";
    add_choice(app, "--attribution", words.sockets.method, offered, what)->type_name("METHOD")->group("Sockets");
}

void add_timeout(CLI::App &app, const std::string &flag, Duration &target, double least, const std::string &what) {
    const auto seconds = std::chrono::duration_cast<std::chrono::duration<double>>(target).count();
    const auto take = [&target](double given) {
        target = std::chrono::round<Duration>(std::chrono::duration<double>(given));
    };
    app.add_option_function<double>(flag, take, what)
        ->type_name("SECONDS")
        ->check(CLI::Range(least, longest_timeout).description(""))
        ->default_str(fmt::format("{}", seconds))
        ->group("Analysis");
}

// The parts of --key, each given or not.
void add_key(CLI::App &app, KeyOptions &key) {
    const std::map<std::string, bool KeyOptions::*> parts{{"vlan", &KeyOptions::vlan},
                                                          {"mpls", &KeyOptions::mpls},
                                                          {"tunnel", &KeyOptions::tunnel},
                                                          {"interface", &KeyOptions::interface}};
    const auto take = [&key, parts](const std::vector<std::string> &words) {
        for (const std::string &word : words) key.*parts.at(word) = true;
    };
    app.add_option_function<std::vector<std::string>>(
           "--key", take, "Also tell flows apart by: vlan, mpls, tunnel, interface (comma between; repeatable)")
        ->type_name("PARTS")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check([parts](const std::string &word) {
            return parts.contains(word) ? std::string{}
                                        : fmt::format("'{}' is none of vlan, mpls, tunnel, interface", word);
        })
        ->group("Analysis");
}

void add_analysis_options(CLI::App &app, Words &words) {
    FlowTableOptions &flows = words.analysis.flows;
    add_key(app, flows.key);
    add_timeout(app, "--tcp-timeout", flows.tcp_inactive, shortest_timeout,
                "End a TCP flow without packets for this long");
    add_timeout(app, "--udp-timeout", flows.udp_inactive, shortest_timeout, "The same for UDP");
    add_timeout(app, "--other-timeout", flows.other_inactive, shortest_timeout, "The same for all others");
    add_timeout(app, "--active-timeout", flows.active, 0, "Cut longer flows into pieces; 0 is never");
    add_choice(app, "--checksums", words.checksums, checksum_uses,
               "What is done about packets with wrong checksums (default flag)")
        ->type_name("USE")
        ->group("Analysis");
    app.add_option("--max-flows", words.analysis.flows.max_flows,
                   "Most flows followed at a time; who would end first goes first")
        ->type_name("N")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->group("Analysis");
    app.add_flag("--no-dpi", words.no_dpi, "Do not look into payloads: no protocols, no names")->group("Analysis");
}

void add_path(CLI::App &app, const std::string &flag, std::vector<std::string> &paths, const std::string &what) {
    app.add_option(flag, paths, what + " to FILE, or `-`; repeatable")
        ->type_name("FILE")
        ->allow_extra_args(false)
        ->group("Reports");
}

void add_style_options(CLI::App &app, Words &words) {
    const char *group = "Reports";
    add_choice(app, "--color", words.reports.colour, colours, "Colours (NO_COLOR is honoured)")
        ->type_name("WHEN")
        ->group(group);
    app.add_option("--width", words.reports.width, "Columns of the text (default: the terminal's)")
        ->type_name("N")
        ->check(CLI::Range(60, 1000))
        ->group(group);
    app.add_flag("-n", words.reports.numeric, "Numbers only: no service names")->group(group);
}

void add_flow_report_options(CLI::App &app, Words &words) {
    const char *group = "Reports";
    add_path(app, "--text", words.reports.text, "The report for people");
    add_path(app, "--json", words.reports.json, "The whole report as JSON");
    add_path(app, "--ndjson", words.reports.ndjson, "One JSON object a line, flows as they end,");
    add_path(app, "--csv", words.reports.csv, "One row a flow");
    add_path(app, "--html", words.reports.html, "A self-contained page");
    app.add_flag("-v,--verbose", words.reports.explain, "Explain every flow's ports in words")->group(group);
    app.add_flag("-q,--quiet", words.reports.quiet, "Only the summary, and what is missing or damaged")->group(group);
    auto *all = app.add_flag("--all", words.all, "Every flow in the text, not only the top ones")->group(group);
    app.add_option("--top", words.reports.top, "Flows in the text, largest first")
        ->type_name("N")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->excludes(all)
        ->group(group);
    add_style_options(app, words);
}

void add_table_report_options(CLI::App &app, Words &words) {
    add_path(app, "--text", words.reports.text, "The answer for people");
    add_path(app, "--json", words.reports.json, "The answer as JSON");
    add_style_options(app, words);
}

// Everything behind the files is the filter. A word is a file if it is the first one, or "-", or names an existing
// file; the first that is not begins the filter.
std::size_t count_files(const std::vector<std::string> &words) {
    std::size_t files = words.empty() ? 0 : 1;
    std::error_code ignored;
    while (files < words.size() && (words[files] == "-" || std::filesystem::exists(words[files], ignored))) ++files;
    return files;
}

std::string join(const std::vector<std::string> &words, std::size_t from) {
    return fmt::format("{}", fmt::join(words.begin() + static_cast<std::ptrdiff_t>(from), words.end(), " "));
}

// Throws what CLI11 throws, so that all complaints look alike.
std::string filter_of(const Words &words, std::size_t from) {
    std::string trailing = join(words.positional, from);
    if (words.filter_file.empty()) return trailing;
    if (!trailing.empty()) {
        throw CLI::ValidationError(
            "filter", fmt::format("both -F {} and the filter '{}' were given", words.filter_file, trailing));
    }
    std::ifstream file(words.filter_file);
    if (!file) throw CLI::ValidationError("-F", "cannot read " + words.filter_file);
    return {std::istreambuf_iterator<char>(file), {}};
}

Command command_of(const CLI::App &app, Words &words) {
    if (words.all) words.reports.top = 0;
    words.analysis.detect_protocols = !words.no_dpi;
    words.analysis.link_data_channels = !words.no_dpi;
    words.analysis.dissect.verify_checksums = words.checksums != ChecksumUse::ignore;
    words.analysis.drop_bad_checksums = words.checksums == ChecksumUse::drop;
    const auto count = words.count == 0 ? std::nullopt : std::optional(words.count);
    if (app.got_subcommand("live")) {
        if (words.buffer_kib != 0) words.capture.buffer_bytes = words.buffer_kib * 1024;
        words.capture.promiscuous = !words.no_promiscuous;
        words.capture.filter = filter_of(words, 0);
        return LiveCommand{words.capture, words.sockets, words.analysis, words.reports, count};
    }
    if (app.got_subcommand("replay")) {
        const std::size_t files = count_files(words.positional);
        const auto end_of_files = words.positional.begin() + static_cast<std::ptrdiff_t>(files);
        return ReplayCommand{{words.positional.begin(), end_of_files},
                             words.merge,
                             filter_of(words, files),
                             words.analysis,
                             words.reports,
                             count,
                             words.jobs};
    }
    if (app.got_subcommand("ports")) return PortsCommand{words.sockets, words.reports};
    if (app.got_subcommand("who")) return WhoCommand{words.question, words.sockets, words.reports};
    if (app.got_subcommand("explain")) return ExplainCommand{words.question, words.sockets, words.reports};
    return InterfacesCommand{words.reports};
}

} // namespace

std::variant<Command, ParseEnd> parse_options(int argc, const char *const *argv) {
    CLI::App app{"Who is behind this port, and why this number? doorplate reads the plate on every door."};
    app.name("doorplate");
    app.require_subcommand(1);
    app.set_version_flag("--version",
                         fmt::format("doorplate {}\nport registry: {}", DOORPLATE_VERSION, port_registry_source()));
    app.footer("Standard output carries only what was asked for; everything else goes to standard error.\n"
               "Exit codes: 0 fine, 1 something failed, 2 the command line or the filter is wrong.");
    Words words;

    CLI::App &live = *app.add_subcommand("live", "Sniff, and tell who talks to whom through which ports");
    live.add_option("filter", words.positional, "A pcap filter, as in `tcp port 443`")->type_name("");
    add_capture_options(live, words);
    add_filter_options(live, words);
    add_socket_options(live, words, true);
    add_analysis_options(live, words);
    add_flow_report_options(live, words);

    CLI::App &replay = *app.add_subcommand("replay", "Read captures (`-` is standard input)");
    replay.add_option("file", words.positional, "Captures, and behind them a pcap filter")->type_name("")->required();
    replay.add_flag("--merge", words.merge, "All captures at once, by time, not one after another")->group("Source");
    add_filter_options(replay, words);
    add_analysis_options(replay, words);
    replay.add_option("--jobs", words.jobs, "Threads: with more than one, reading runs beside counting")
        ->type_name("N")
        ->check(CLI::Range(1, 64))
        ->capture_default_str()
        ->group("Analysis");
    add_flow_report_options(replay, words);

    CLI::App &ports = *app.add_subcommand("ports", "Every port held now: program, role, since when, exposure");
    add_socket_options(ports, words, false);
    add_table_report_options(ports, words);

    CLI::App &who = *app.add_subcommand("who", "Who is behind this door, and why can I not bind it");
    who.add_option("door", words.question, "8080, tcp/8080, 127.0.0.1:8080 or [::1]:8080")->type_name("")->required();
    add_socket_options(who, words, false);
    add_table_report_options(who, words);

    CLI::App &explain = *app.add_subcommand("explain", "Why a port is what it is");
    explain
        .add_option("what", words.question, "443, 443/tcp, or a flow of this host: 192.0.2.10:51034-198.51.100.7:443")
        ->type_name("")
        ->required();
    add_socket_options(explain, words, false);
    add_table_report_options(explain, words);

    CLI::App &interfaces = *app.add_subcommand("interfaces", "Where can I listen, and with which rights");
    add_table_report_options(interfaces, words);

    try {
        app.parse(argc, argv);
        return command_of(app, words);
    } catch (const CLI::Success &success) { // --help, --version
        std::ostringstream out;
        std::ostringstream unused;
        app.exit(success, out, unused);
        return ParseEnd{out.str(), 0};
    } catch (const CLI::ParseError &error) {
        const auto chosen = app.get_subcommands();
        const std::string help = chosen.empty() ? "doorplate --help" : "doorplate " + chosen[0]->get_name() + " --help";
        return ParseEnd{fmt::format("doorplate: {}\nTry `{}`.\n", error.what(), help), 2};
    }
}

} // namespace doorplate

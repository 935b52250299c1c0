// Joins the three stages: capture states facts, analyze draws conclusions, report chooses words. Only here is anything
// printed outside of reports, and only here is the exit code chosen.

#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyze/dissect_ahead.h"
#include "analyze/held_ports.h"
#include "analyze/observer.h"
#include "capture/chained_source.h"
#include "capture/host_facts.h"
#include "capture/interfaces.h"
#include "capture/merged_source.h"
#include "capture/privileges.h"
#include "options.h"
#include "report/report_set.h"
#include "report/table_reports.h"
#include "report/terminal/live_view.h"

namespace doorplate {
namespace {

constexpr Duration tick = std::chrono::milliseconds(100);
constexpr Duration redraw_interval = std::chrono::seconds(1);
constexpr Duration host_interval = std::chrono::seconds(2);

volatile std::sig_atomic_t stop_asked = 0;

// The first SIGINT, SIGTERM or SIGHUP ends the run in order; the second one ends the program at once.
void stop_on_signals() {
    struct sigaction action{};
    action.sa_handler = [](int) { stop_asked = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND); // and no SA_RESTART: waiting calls return
    sigemptyset(&action.sa_mask);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN); // a reader that goes away is seen where we write
}

void say(std::string_view message) { fmt::print(stderr, "doorplate: {}\n", message); }

Timestamp now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

std::string plural(std::uint64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// tcpdump's closing lines.
void say_counters(const CaptureStats &stats, std::uint64_t packets) {
    fmt::print(stderr, "{} captured\n", plural(packets, "packet"));
    if (stats.received_by_filter)
        fmt::print(stderr, "{} received by filter\n", plural(*stats.received_by_filter, "packet"));
    if (stats.dropped_by_kernel)
        fmt::print(stderr, "{} dropped by kernel\n", plural(*stats.dropped_by_kernel, "packet"));
    if (stats.dropped_by_interface.value_or(0) > 0) {
        fmt::print(stderr, "{} dropped by interface\n", plural(*stats.dropped_by_interface, "packet"));
    }
}

// At most `left` of the batch's packets.
std::span<const Packet> limited(std::span<const Packet> packets, std::optional<std::uint64_t> limit,
                                std::uint64_t done) {
    if (!limit || packets.size() <= *limit - done) return packets;
    return packets.first(static_cast<std::size_t>(*limit - done));
}

// What was asked for, or the interface that was chosen.
std::string names_of(const std::vector<CaptureInterface> &interfaces, const LiveOptions &options) {
    if (options.interfaces.empty()) return interfaces.empty() ? "the default interface" : interfaces.front().name;
    return fmt::format("{}", fmt::join(options.interfaces, ", "));
}

// Reports that show a few flows need not have all of them kept.
AnalysisOptions kept_for(AnalysisOptions analysis, const ReportOptions &reports) {
    if (const auto shown = flows_shown(reports)) {
        analysis.keep = AnalysisOptions::Keep::largest;
        analysis.kept_flows = *shown;
    }
    return analysis;
}

// Where ended flows go: nowhere, if no stream wants them.
Observer::OnFlow to_streams(ReportSet &reports, const HostFacts *host) {
    if (!reports.has_streams()) return {};
    return [&reports, host](const FlowRecord &flow) { reports.flow(flow, host); };
}

std::string base_name(const std::string &path) { return path.substr(path.rfind('/') + 1); }

// A live run's moving parts, from the first packet to the reports.
class LiveRun {
  public:
    LiveRun(const LiveCommand &command, ReportSet &reports, std::unique_ptr<PacketSource> source,
            std::unique_ptr<SocketProvider> sockets, std::vector<Degradation> degradations)
        : command_(command), reports_(reports), source_(std::move(source)), sockets_(std::move(sockets)),
          degradations_(std::move(degradations)), host_(read_host_facts(command.sockets.proc)),
          observer_(kept_for(command.analysis, command.reports), to_streams(reports, &host_)) {
        observer_.ingest(host_);
    }

    // Until a signal, the count, the end of the source, or the last reader's.
    void watch(LiveView *view) {
        Timestamp drawn = now();
        while (more_ && stop_asked == 0 && !reports_.nobody_listens() && !enough()) {
            step(tick);
            const Timestamp time = now();
            if (!newest_) observer_.advance(time - tick); // packets on their way to us are older than the clock
            if (time - host_read_ >= host_interval) read_host(time);
            if (view != nullptr && time - drawn >= redraw_interval) {
                view->draw(described(observer_.observe()));
                drawn = time;
            }
        }
        // What was captured before the run was ended is still on its way to us.
        const Timestamp ended = now();
        do {
            if (more_ && !enough()) step(live_delay);
        } while (more_ && !enough() && newest_ && *newest_ <= ended);
    }

    Result<void> finish() {
        if (sockets_) sockets_->refresh(); // owners of the last flows
        take_new_sockets();
        const Observation observation = described(observer_.finish());
        say_counters(observation.source.stats, packets_);
        if (const auto written = reports_.finish(observation); !written) return written;
        return outcome_;
    }

  private:
    bool enough() const { return command_.count && packets_ >= *command_.count; }

    // One batch on its way through the stages.
    void step(Duration wait) {
        const auto batch = source_->read(wait);
        take_new_sockets();
        newest_.reset();
        if (!batch) {
            outcome_ = std::unexpected(batch.error());
            more_ = false;
            return;
        }
        const auto taken = limited(batch->packets, command_.count, packets_);
        observer_.ingest(taken, source_->interfaces());
        packets_ += taken.size();
        reports_.flush();
        if (!taken.empty()) newest_ = taken.back().time;
        for (const LookUp &ask : observer_.take_look_ups()) {
            if (sockets_) sockets_->look_up(ask.transport, ask.local, ask.remote);
        }
        more_ = !batch->at_end;
    }

    void take_new_sockets() {
        if (!sockets_) return;
        for (const SocketFacts &facts : sockets_->drain()) observer_.ingest(facts);
    }
    // Addresses and the kernel's port rules may change while we watch.
    void read_host(Timestamp time) {
        host_ = read_host_facts(command_.sockets.proc);
        observer_.ingest(host_);
        host_read_ = time;
    }

    Observation described(Observation observation) {
        observation.source.live = true;
        observation.source.attribution = sockets_ ? sockets_->method() : AttributionMethod::none;
        observation.source.filter = command_.capture.filter;
        observation.source.interfaces = source_->interfaces();
        observation.source.stats = source_->stats();
        observation.source.stats.packets = packets_;
        observation.degradations = degradations_;
        if (sockets_) {
            const auto more = sockets_->degradations();
            observation.degradations.insert(observation.degradations.end(), more.begin(), more.end());
        }
        for (const std::string &name : observation.source.stats.lost_interfaces) {
            observation.degradations.push_back(
                {"interface", fmt::format("{} disappeared during the capture; what it had brought is here", name)});
        }
        return observation;
    }

    const LiveCommand &command_;
    ReportSet &reports_;
    std::unique_ptr<PacketSource> source_;
    std::unique_ptr<SocketProvider> sockets_; // absent with --attribution=none
    std::vector<Degradation> degradations_;
    HostFacts host_;
    Timestamp host_read_ = now();
    Observer observer_;
    std::uint64_t packets_ = 0;
    std::optional<Timestamp> newest_; // the last packet's of the last batch
    bool more_ = true;
    Result<void> outcome_;
};

Result<void> run(const LiveCommand &command) {
    const Terminal terminal = standard_output_terminal();
    const bool has_view = prints_text(command.reports) && terminal.present;
    auto reports = ReportSet::open(command.reports, terminal, !has_view);
    if (!reports) return std::unexpected(reports.error());

    auto source = open_live(command.capture);
    if (!source) return std::unexpected(source.error());
    // Beyond the next few lines no device is opened and nothing is loaded into the kernel. What remains is the right to
    // look at other users' processes, and to put reports into folders that are theirs.
    std::vector<Degradation> degradations;
    SocketPreparation prepared;
    if (command.sockets.method != AttributionMethod::none) {
        auto preparation = prepare_socket_provider(command.sockets);
        if (!preparation) return std::unexpected(preparation.error());
        prepared = std::move(*preparation);
    }
    if (!drop_rights_except({Right::sys_ptrace, Right::dac_read_search, Right::dac_override})) {
        degradations.push_back({"privileges", "rights that are no longer needed could not be given up"});
    }

    std::unique_ptr<SocketProvider> sockets;
    if (command.sockets.method != AttributionMethod::none) {
        auto opened = open_socket_provider(command.sockets, std::move(prepared));
        if (!opened) return std::unexpected(opened.error());
        sockets = std::move(*opened);
    }
    say(fmt::format("listening on {}; Ctrl-C ends", names_of((*source)->interfaces(), command.capture)));
    LiveRun live(command, *reports, std::move(*source), std::move(sockets), std::move(degradations));
    if (has_view) {
        const auto screen = open_sink("-", SinkKind::stream);
        if (!screen) return std::unexpected(screen.error());
        LiveView view(text_style(command.reports, terminal), terminal, **screen);
        live.watch(&view);
    } else {
        live.watch(nullptr);
    }
    return live.finish();
}

// Brings a source's packets to the observer; with several jobs from threads of its own.
class ReplayReader {
  public:
    ReplayReader(PacketSource &source, const ReplayCommand &command) : source_(source), count_(command.count) {
        if (command.jobs > 1) ahead_.emplace(source, command.analysis.dissect, command.jobs - 1, command.count);
    }

    [[nodiscard]] bool at_end() const { return at_end_ || (count_ && packets_ >= *count_); }
    [[nodiscard]] std::uint64_t packets() const { return packets_; }
    void stop() { ahead_.reset(); }

    // The next batch.
    Result<void> feed(Observer &observer) {
        if (ahead_) {
            ReadAhead &next = ahead_->next();
            if (next.interfaces) interfaces_ = std::move(*next.interfaces);
            observer.ingest(next.batch, interfaces_);
            packets_ += next.packets.size();
            at_end_ = next.at_end;
            if (next.error) return std::unexpected(*next.error);
            return {};
        }
        const auto batch = source_.read(tick);
        if (!batch) return std::unexpected(batch.error());
        const auto taken = limited(batch->packets, count_, packets_);
        observer.ingest(taken, source_.interfaces(), batch->upcoming);
        packets_ += taken.size();
        at_end_ = batch->at_end;
        return {};
    }

  private:
    PacketSource &source_;
    std::optional<std::uint64_t> count_;
    std::optional<DissectAhead> ahead_;
    std::vector<CaptureInterface> interfaces_;
    std::uint64_t packets_ = 0;
    bool at_end_ = false;
};

Result<void> run(const ReplayCommand &command) {
    auto reports = ReportSet::open(command.reports, standard_output_terminal(), false);
    if (!reports) return std::unexpected(reports.error());
    std::vector<std::unique_ptr<PacketSource>> files;
    std::string names;
    for (const std::string &path : command.files) {
        auto file = open_savefile({path, command.filter});
        if (!file) return std::unexpected(file.error());
        files.push_back(std::move(*file));
        names += (names.empty() ? "" : " ") + (path == "-" ? std::string{"standard input"} : base_name(path));
    }
    const auto source = command.merge ? merge(std::move(files)) : chain(std::move(files));

    // A file comes with no host and no sockets: those of today say nothing about packets of then.
    Observer observer(kept_for(command.analysis, command.reports), to_streams(*reports, nullptr));
    ReplayReader reader(*source, command);
    Result<void> outcome;
    while (!reader.at_end() && !reports->nobody_listens()) {
        if (stop_asked != 0) {
            outcome = failure(fmt::format("stopped after {}; the reports show what was read until then",
                                          plural(reader.packets(), "packet")));
            break;
        }
        outcome = reader.feed(observer);
        reports->flush(); // a pipe may have nothing more for a long time
        if (!outcome) break;
    }
    const std::uint64_t packets = reader.packets();
    reader.stop();

    Observation observation = observer.finish();
    observation.source.file = names;
    observation.source.filter = command.filter;
    observation.source.interfaces = source->interfaces();
    observation.source.stats = source->stats();
    observation.source.stats.packets = packets;
    if (!outcome) observation.source.damage = outcome.error().message;
    if (const auto written = reports->finish(observation); !written) return written;
    return outcome;
}

// For the commands that answer once: text and JSON, text to standard output if nothing was asked for.
Result<void> answer(const ReportOptions &options, const std::function<void(const TextStyle &, ByteSink &)> &text,
                    const std::function<void(ByteSink &)> &json) {
    const Terminal terminal = standard_output_terminal();
    Result<void> outcome;
    const auto note = [&](const Result<void> &written) {
        if (!written && outcome) outcome = written;
    };
    auto paths = options.text;
    if (prints_text(options)) paths.emplace_back("-");
    for (const std::string &path : paths) {
        const TextStyle style = text_style(options, path == "-" ? terminal : Terminal{});
        note(write_once(path, [&](ByteSink &sink) { text(style, sink); }));
    }
    for (const std::string &path : options.json) note(write_once(path, json));
    return outcome;
}

Result<void> run(const PortsCommand &command) {
    auto snapshot = take_socket_snapshot(command.sockets);
    if (!snapshot) return std::unexpected(snapshot.error());
    const PortsAnswer found{held_ports(*snapshot), snapshot->host, snapshot->degradations};
    return answer(
        command.reports, [&](const TextStyle &style, ByteSink &sink) { write_ports_text(found, style, sink); },
        [&](ByteSink &sink) { write_ports_json(found, sink); });
}

Result<void> run(const WhoCommand &command) {
    const auto query = parse_door_query(command.door);
    if (!query) return std::unexpected(query.error());
    const auto snapshot = take_socket_snapshot(command.sockets);
    if (!snapshot) return std::unexpected(snapshot.error());
    const DoorAnswer found = who_is_at(*query, *snapshot);
    return answer(
        command.reports,
        [&](const TextStyle &style, ByteSink &sink) {
            write_door_text(found, snapshot->host, snapshot->degradations, style, sink);
        },
        [&](ByteSink &sink) { write_door_json(found, snapshot->host, snapshot->degradations, sink); });
}

Result<void> explain_flow_of_host(const FlowQuery &query, const ExplainCommand &command) {
    const auto snapshot = take_socket_snapshot(command.sockets);
    if (!snapshot) return std::unexpected(snapshot.error());
    const FlowRecord flow = judge_flow(query, *snapshot);
    return answer(
        command.reports,
        [&](const TextStyle &style, ByteSink &sink) {
            write_flow_explanation_text(flow, snapshot->host, snapshot->degradations, style, sink);
        },
        [&](ByteSink &sink) { write_flow_explanation_json(flow, snapshot->host, snapshot->degradations, sink); });
}

Result<void> run(const ExplainCommand &command) {
    if (const auto flow = parse_flow_query(command.what)) return explain_flow_of_host(*flow, command);
    const auto question = parse_port_query(command.what);
    if (!question) return std::unexpected(question.error());
    const HostFacts host = read_host_facts(command.sockets.proc);
    return answer(
        command.reports,
        [&](const TextStyle &style, ByteSink &sink) { write_port_explanation_text(*question, host, style, sink); },
        [&](ByteSink &sink) { write_port_explanation_json(*question, host, sink); });
}

Result<void> run(const InterfacesCommand &command) {
    const auto interfaces = list_interfaces();
    if (!interfaces) return std::unexpected(interfaces.error());
    const bool may_capture = has_right(Right::net_raw);
    return answer(
        command.reports,
        [&](const TextStyle &style, ByteSink &sink) { write_interfaces_text(*interfaces, may_capture, style, sink); },
        [&](ByteSink &sink) { write_interfaces_json(*interfaces, may_capture, sink); });
}

int exit_code(const Result<void> &outcome) {
    if (outcome) return 0;
    say(outcome.error().message);
    return outcome.error().kind == ErrorKind::usage ? 2 : 1;
}

} // namespace
} // namespace doorplate

int main(int argc, char **argv) {
    using namespace doorplate;
    try {
        const auto parsed = parse_options(argc, argv);
        if (const auto *end = std::get_if<ParseEnd>(&parsed)) {
            fmt::print(end->exit_code == 0 ? stdout : stderr, "{}", end->message);
            return end->exit_code;
        }
        stop_on_signals();
        return std::visit([](const auto &command) { return exit_code(run(command)); }, std::get<Command>(parsed));
    } catch (const std::exception &trouble) { // no memory, in the first place; nothing of ours throws
        std::fputs("doorplate: gave up: ", stderr);
        std::fputs(trouble.what(), stderr);
        std::fputs("\n", stderr);
        return 1;
    }
}

#include "report/report_set.h"

#include <algorithm>
#include <utility>

namespace doorplate {
namespace {

constexpr int width_without_terminal = 120;
constexpr int narrowest = 60;

} // namespace

bool prints_text(const ReportOptions &options) {
    const auto on_standard_output = [](const std::vector<std::string> &paths) {
        return std::ranges::find(paths, "-") != paths.end();
    };
    return options.text.empty() && !on_standard_output(options.json) && !on_standard_output(options.ndjson) &&
           !on_standard_output(options.csv) && !on_standard_output(options.html);
}

std::optional<std::size_t> flows_shown(const ReportOptions &options) {
    const bool all = !options.json.empty() || !options.csv.empty() || !options.html.empty() || options.top == 0;
    return all ? std::nullopt : std::optional(options.top);
}

TextStyle text_style(const ReportOptions &options, const Terminal &terminal) {
    const int offered = terminal.columns > 0 ? std::max(terminal.columns, narrowest) : width_without_terminal;
    TextStyle style;
    style.width = options.width > 0 ? options.width : offered;
    style.colour = options.colour == Colour::always || (options.colour == Colour::automatic && terminal.wants_colour);
    style.explain = options.explain;
    style.quiet = options.quiet;
    style.numeric = options.numeric;
    style.top = options.top;
    return style;
}

Result<ReportSet> ReportSet::open(const ReportOptions &options, const Terminal &terminal, bool lines) {
    ReportSet set;
    set.style_ = text_style(options, terminal);
    std::vector<std::string> text = options.text;
    if (prints_text(options)) {
        if (lines) {
            auto sink = open_sink("-", SinkKind::stream);
            if (!sink) return std::unexpected(sink.error());
            set.lines_ = std::move(*sink);
        } else {
            text.emplace_back("-");
        }
    }
    // Colours and the terminal's width are for the terminal, not for a file that happens to be written from one.
    const TextStyle file_style = text_style(options, Terminal{});
    for (const std::string &path : text) {
        const TextStyle style = path == "-" ? set.style_ : file_style;
        const auto added = set.add_whole(
            {path}, [style](const Observation &observation, ByteSink &sink) { write_text(observation, style, sink); });
        if (!added) return std::unexpected(added.error());
    }
    for (const auto &[paths, write] : {std::pair{&options.json, &write_json}, std::pair{&options.csv, &write_csv},
                                       std::pair{&options.html, &write_html}}) {
        if (const auto added = set.add_whole(*paths, *write); !added) return std::unexpected(added.error());
    }
    for (const std::string &path : options.ndjson) {
        auto sink = open_sink(path, SinkKind::stream);
        if (!sink) return std::unexpected(sink.error());
        set.ndjson_.push_back(std::move(*sink));
    }
    return set;
}

Result<void> ReportSet::add_whole(const std::vector<std::string> &paths, const Write &write) {
    for (const std::string &path : paths) {
        auto sink = open_sink(path, SinkKind::whole);
        if (!sink) return std::unexpected(sink.error());
        whole_.push_back({std::move(*sink), write});
    }
    return {};
}

void ReportSet::flow(const FlowRecord &flow, const HostFacts *host) {
    for (const auto &sink : ndjson_) write_ndjson_flow(flow, host, *sink);
    if (lines_) write_text_line(flow, style_, *lines_);
}

void ReportSet::flush() {
    for (const auto &sink : ndjson_) sink->flush();
    if (lines_) lines_->flush();
}

bool ReportSet::nobody_listens() const {
    const auto gone = [](const std::unique_ptr<ByteSink> &sink) { return sink->broken(); };
    const bool streams = lines_ || !ndjson_.empty();
    return streams && whole_.empty() && std::ranges::all_of(ndjson_, gone) && (!lines_ || lines_->broken());
}

Result<void> ReportSet::finish(const Observation &observation) {
    Result<void> outcome;
    const auto close = [&](ByteSink &sink) {
        if (const auto closed = sink.close(); !closed && outcome) outcome = closed;
    };
    for (const Whole &report : whole_) {
        report.write(observation, *report.sink);
        close(*report.sink);
    }
    for (const auto &sink : ndjson_) {
        write_ndjson_end(observation, *sink);
        close(*sink);
    }
    if (lines_) close(*lines_);
    return outcome;
}

Result<void> write_once(const std::string &path, const std::function<void(ByteSink &)> &write) {
    auto sink = open_sink(path, SinkKind::whole);
    if (!sink) return std::unexpected(sink.error());
    write(**sink);
    return (*sink)->close();
}

} // namespace doorplate

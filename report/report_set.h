#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "report/report_writer.h"
#include "report/terminal/terminal.h"

namespace doorplate {

enum class Colour { automatic, always, never };

// Where reports go; "-" is standard output. Text goes there as well, unless --text says where, or another report is
// there.
struct ReportOptions {
    std::vector<std::string> text;
    std::vector<std::string> json;
    std::vector<std::string> ndjson;
    std::vector<std::string> csv;
    std::vector<std::string> html;
    Colour colour = Colour::automatic;
    // 0 means the terminal's, or 120 where there is none.
    int width = 0;
    bool explain = false;
    bool quiet = false;
    bool numeric = false;
    std::size_t top = 40; // 0: all
};

[[nodiscard]] bool prints_text(const ReportOptions &options);
// How many flows the reports show, the largest; nothing if one of them shows all.
[[nodiscard]] std::optional<std::size_t> flows_shown(const ReportOptions &options);
[[nodiscard]] TextStyle text_style(const ReportOptions &options, const Terminal &terminal);

// Where a run's observation goes: every output that was asked for, opened before the work begins.
class ReportSet {
  public:
    // `lines`: text on standard output comes as a line for each flow that ends, not as a report (a live run into a
    // pipe).
    [[nodiscard]] static Result<ReportSet> open(const ReportOptions &options, const Terminal &terminal, bool lines);

    // Is there anything that gets each flow when it ends?
    [[nodiscard]] bool has_streams() const { return lines_ != nullptr || !ndjson_.empty(); }
    // A flow that ended, for the streams.
    void flow(const FlowRecord &flow, const HostFacts *host);

    // Shows the streams' readers all flows that ended so far; else they see them some dozens at a time.
    void flush();

    // Everybody who was reading has gone; going on would tell nobody anything.
    [[nodiscard]] bool nobody_listens() const;

    // Writes and closes everything, whatever fails; the first failure is returned.
    [[nodiscard]] Result<void> finish(const Observation &observation);

  private:
    using Write = std::function<void(const Observation &, ByteSink &)>;
    struct Whole {
        std::unique_ptr<ByteSink> sink;
        Write write;
    };
    Result<void> add_whole(const std::vector<std::string> &paths, const Write &write);

    TextStyle style_;
    std::vector<Whole> whole_;
    std::vector<std::unique_ptr<ByteSink>> ndjson_;
    std::unique_ptr<ByteSink> lines_;
};

// One answer, rendered and written: for commands that ask once. `path` as in open_sink.
[[nodiscard]] Result<void> write_once(const std::string &path, const std::function<void(ByteSink &)> &write);

} // namespace doorplate

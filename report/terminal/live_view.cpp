#include "report/terminal/live_view.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace doorplate {
namespace {

// ECMA-48 and xterm's alternate screen.
constexpr std::string_view enter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view leave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view home = "\x1b[H";
constexpr std::string_view clear_to_end_of_line = "\x1b[K";
constexpr std::string_view clear_below = "\x1b[J";

constexpr int rows_if_unknown = 24;
// Around the table: summary, headings, notes and the line with the keys.
constexpr int rows_around_table = 8;

} // namespace

LiveView::LiveView(TextStyle style, const Terminal &terminal, ByteSink &sink)
    : style_(style), rows_(terminal.rows > 0 ? terminal.rows : rows_if_unknown), sink_(sink) {
    style_.top = static_cast<std::size_t>(std::max(rows_ - rows_around_table, 1));
    style_.explain = false;
    sink_.write(enter);
    sink_.flush();
}

LiveView::~LiveView() {
    sink_.write(leave);
    sink_.flush();
}

void LiveView::draw(const Observation &observation) {
    std::string text;
    const auto page = string_sink(text);
    write_text(observation, style_, *page);

    std::string frame{home};
    std::string_view rest = text;
    for (int row = 0; row + 1 < rows_ && !rest.empty(); ++row) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        frame.append(rest.substr(0, end)).append(clear_to_end_of_line).append("\r\n");
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    frame.append(clear_below).append("Ctrl-C ends the capture and prints the report");
    sink_.write(frame);
    sink_.flush();
}

} // namespace doorplate

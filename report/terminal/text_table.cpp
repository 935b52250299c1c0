#include "report/terminal/text_table.h"

#include <algorithm>
#include <utility>

#include "report/utf8.h"

namespace doorplate {
namespace {

constexpr int gap = 2;

std::string spaces(int count) { return std::string(static_cast<std::size_t>(std::max(count, 0)), ' '); }

// "[2001:db8:...:5678]:51034"
std::string shortened_endpoint(std::string_view text, int width) {
    if (display_width(text) <= width) return std::string(text);
    const std::size_t bracket = text.rfind(']');
    const std::size_t colon = bracket == std::string_view::npos ? text.rfind(':') : bracket;
    // An address without a port.
    if (colon == std::string_view::npos) return shortened_in_the_middle(text, width);
    const std::string_view port = text.substr(colon);
    const int left = width - display_width(port);
    if (left < 4) return shortened_in_the_middle(text, width);
    return shortened_in_the_middle(text.substr(0, colon), left) + std::string(port);
}

std::string fitted(const TextColumn &column, const TextCell &cell, int width) {
    if (display_width(cell.text) <= width) return cell.text;
    for (const std::string &text : cell.shorter)
        if (display_width(text) <= width) return text;
    if (!cell.shorter.empty()) return shortened(cell.shorter.back(), width);
    return column.shorten == Shorten::endpoint ? shortened_endpoint(cell.text, width) : shortened(cell.text, width);
}

int sum_of(const std::vector<int> &widths) {
    int sum = 0;
    int shown = 0;
    for (const int width : widths) {
        if (width == 0) continue;
        sum += width;
        ++shown;
    }
    return sum + gap * std::max(shown - 1, 0);
}

} // namespace

std::string inked(std::string_view text, Ink ink, bool colour) {
    if (!colour || ink == Ink::plain || text.empty()) return std::string(text);
    std::string_view code;
    switch (ink) {
    case Ink::plain: break;
    case Ink::strong: code = "1"; break;
    case Ink::faint: code = "2"; break;
    case Ink::service: code = "32"; break;
    case Ink::ephemeral: code = "36"; break;
    case Ink::warning: code = "33"; break;
    }
    return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

void TextTable::add(std::vector<TextCell> row) {
    row.resize(columns_.size());
    rows_.push_back(std::move(row));
}

std::vector<int> TextTable::natural_widths() const {
    std::vector<int> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        int width = 0;
        for (const auto &row : rows_) width = std::max(width, display_width(row[i].text));
        // Nothing under a title: the column has nothing to say.
        if (width != 0) width = std::max(width, display_width(columns_[i].title));
        widths.push_back(width);
    }
    return widths;
}

int TextTable::natural_width() const { return sum_of(natural_widths()); }

int TextTable::least_width() const {
    std::vector<int> widths = natural_widths();
    for (std::size_t i = 0; i < columns_.size(); ++i)
        if (columns_[i].shorten != Shorten::never) widths[i] = std::min(widths[i], columns_[i].least);
    return sum_of(widths);
}

std::string TextTable::render(int width, bool colour) const {
    std::vector<int> widths = natural_widths();
    while (sum_of(widths) > width) {
        int *widest = nullptr;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            const bool shrinks = columns_[i].shorten != Shorten::never && widths[i] > columns_[i].least;
            if (shrinks && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
        }
        if (widest == nullptr) break;
        --*widest;
    }
    std::string text;
    const auto render_row = [&](const std::vector<TextCell> &row) {
        std::string line;
        int owed = 0; // padding that is written only when something follows
        bool first = true;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (widths[i] == 0) continue;
            if (!first) owed += gap;
            first = false;
            const std::string cell = fitted(columns_[i], row[i], widths[i]);
            const int padding = widths[i] - display_width(cell);
            const bool right = columns_[i].align == Align::right;
            if (!cell.empty()) {
                line += spaces(owed + (right ? padding : 0)) + inked(cell, row[i].ink, colour);
                owed = right ? 0 : padding;
            } else {
                owed += padding;
            }
        }
        text += line + "\n";
    };
    std::vector<TextCell> titles;
    titles.reserve(columns_.size());
    for (const TextColumn &column : columns_) titles.push_back({column.title, Ink::strong});
    if (std::ranges::any_of(columns_, [](const TextColumn &column) { return !column.title.empty(); }))
        render_row(titles);
    for (const auto &row : rows_) render_row(row);
    return text;
}

std::string wrapped(std::string_view text, int width, int indent) {
    const int room = std::max(width - indent, 10);
    std::string lines;
    std::string line;
    const auto end_line = [&] {
        lines += spaces(indent) + line + "\n";
        line.clear();
    };
    while (!text.empty()) {
        const std::size_t space = std::min(text.find(' '), text.size());
        std::string_view word = text.substr(0, space);
        text.remove_prefix(std::min(space + 1, text.size()));
        if (word.empty()) continue;
        const int needed = display_width(word) + (line.empty() ? 0 : 1);
        if (display_width(line) + needed > room && !line.empty()) end_line();
        while (display_width(word) > room) {
            std::size_t fits = 0;
            for (int columns = 0; fits < word.size();) {
                const CodePoint next = first_code_point(word.substr(fits));
                columns += display_width(next.code);
                if (columns > room) break;
                fits += next.length;
            }
            line = word.substr(0, fits);
            word.remove_prefix(fits);
            end_line();
        }
        if (!line.empty() && !word.empty()) line += ' ';
        line += word;
    }
    if (!line.empty()) end_line();
    return lines;
}

} // namespace doorplate

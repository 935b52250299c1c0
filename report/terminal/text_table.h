#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace doorplate {

// What a colour would say in addition to the words; never instead of them.
enum class Ink { plain, strong, faint, service, ephemeral, warning };
[[nodiscard]] std::string inked(std::string_view text, Ink ink, bool colour);

// `text` is printable already.
struct TextCell {
    std::string text{};
    Ink ink = Ink::plain;
    // What to say where `text` does not fit, longest first.
    std::vector<std::string> shorter{};
};

enum class Align { left, right };
// What gives way when a column is too wide: the end, or the middle of an endpoint's address (its port never).
enum class Shorten { never, end, endpoint };

struct TextColumn {
    std::string title;
    Align align = Align::left;
    Shorten shorten = Shorten::never;
    // A column that may be shortened keeps at least this much.
    int least = 8;
};

// Rows in columns, two spaces apart, measured in what a terminal shows. A column whose cells and title are all empty is
// left out. The last column's padding is too.
class TextTable {
  public:
    explicit TextTable(std::vector<TextColumn> columns) : columns_(std::move(columns)) {}

    // As many cells as there are columns; fewer mean empty ones.
    void add(std::vector<TextCell> row);

    [[nodiscard]] int natural_width() const;
    // The narrowest it can be.
    [[nodiscard]] int least_width() const;
    // Columns that may be shortened give way, the widest first, until all fits into `width`.
    [[nodiscard]] std::string render(int width, bool colour) const;

  private:
    [[nodiscard]] std::vector<int> natural_widths() const;

    std::vector<TextColumn> columns_;
    std::vector<std::vector<TextCell>> rows_;
};

// Words of `text` in lines of at most `width` columns, each indented by `indent` spaces; ends with a line feed. A word
// that is longer than a line is broken.
[[nodiscard]] std::string wrapped(std::string_view text, int width, int indent = 0);

} // namespace doorplate

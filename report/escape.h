#pragma once

#include <string>
#include <string_view>

namespace doorplate {

// Names, command lines and paths are any bytes that a process or a peer chose. Nothing of them reaches a reader without
// one of these.

// For terminals: what has no glyph is written out (\n, \x1b, \xff for a byte that is not UTF-8, \u{202e}), a backslash
// is doubled. More than a few combining marks on one character are written out too. Safe in the middle of a line.
[[nodiscard]] std::string printable(std::string_view bytes);

// For HTML text and quoted attributes: printable, and & < > " ' as references.
[[nodiscard]] std::string html_escaped(std::string_view bytes);
// The same for text that is printable already: our own sentences, with escaped names in them.
[[nodiscard]] std::string html_escaped_printable(std::string_view text);

// One field of RFC 4180, quoted where needed: printable, and guarded with a leading ' where a spreadsheet would take it
// for a formula.
[[nodiscard]] std::string csv_field(std::string_view bytes);

} // namespace doorplate

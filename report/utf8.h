#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace doorplate {

// One code point at the front of `bytes`, which is not empty. A byte that begins no valid sequence (RFC 3629: no
// overlong forms, no surrogates, nothing past U+10FFFF) is taken alone and is not valid; `code` is then that byte.
struct CodePoint {
    char32_t code = 0;
    std::size_t length = 1;
    bool valid = false;
};
[[nodiscard]] CodePoint first_code_point(std::string_view bytes);

// The same text with U+FFFD for every byte that is not UTF-8.
[[nodiscard]] std::string valid_utf8(std::string_view bytes);

// Controls, line separators, and the formatting characters that reorder or hide text (bidi overrides, zero-width
// joiners, soft hyphens, tags): everything a reader would not see as a glyph.
[[nodiscard]] bool is_invisible(char32_t code);

// Columns that a terminal needs: 0 for combining marks, 2 for wide characters (UAX #11), else 1.
[[nodiscard]] int display_width(char32_t code);
[[nodiscard]] int display_width(std::string_view text);

// At most `width` columns: the end, or the middle, gives way to "...".
[[nodiscard]] std::string shortened(std::string_view text, int width);
[[nodiscard]] std::string shortened_in_the_middle(std::string_view text, int width);

} // namespace doorplate

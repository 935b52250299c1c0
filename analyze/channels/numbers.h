#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace doorplate {

// Decimal digits and nothing else; nothing if they are too large for T.
template <std::unsigned_integral T> [[nodiscard]] std::optional<T> whole_number(std::string_view text) {
    T value = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stopped != text.data() + text.size()) return std::nullopt;
    return value;
}

// The number that `text` begins with, which is taken off.
template <std::unsigned_integral T> [[nodiscard]] std::optional<T> leading_number(std::string_view &text) {
    T value = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stopped - text.data()));
    return value;
}

// Up to the next `separator`, which is taken off with it; all of it if there is none.
inline std::string_view take_word(std::string_view &text, char separator = ' ') {
    const std::size_t end = text.find(separator);
    const std::string_view word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    return word;
}

// ASCII, as all these protocols' keywords are.
[[nodiscard]] inline bool begins_with_word(std::string_view text, std::string_view upper_case) {
    if (text.size() < upper_case.size()) return false;
    for (std::size_t i = 0; i < upper_case.size(); ++i) {
        const char c = text[i];
        if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) != upper_case[i]) return false;
    }
    return true;
}

} // namespace doorplate

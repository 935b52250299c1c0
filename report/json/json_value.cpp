#include "report/json/json_value.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "report/utf8.h"

namespace doorplate {
namespace {

// RFC 8259 section 7.
void append_escaped(std::string &text, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    switch (c) {
    case '"': text += "\\\""; return;
    case '\\': text += "\\\\"; return;
    case '\b': text += "\\b"; return;
    case '\f': text += "\\f"; return;
    case '\n': text += "\\n"; return;
    case '\r': text += "\\r"; return;
    case '\t': text += "\\t"; return;
    default: break;
    }
    if (static_cast<unsigned char>(c) < 0x20) {
        text += "\\u00";
        text += digits[static_cast<unsigned char>(c) >> 4];
        text += digits[static_cast<unsigned char>(c) & 0xf];
    } else {
        text += c;
    }
}

std::string escaped(std::string_view bytes) {
    std::string text;
    while (!bytes.empty()) {
        const CodePoint next = first_code_point(bytes);
        if (!next.valid) {
            text += "\xef\xbf\xbd";
        } else if (next.length == 1) {
            append_escaped(text, bytes.front());
        } else {
            text += bytes.substr(0, next.length);
        }
        bytes.remove_prefix(next.length);
    }
    return text;
}

// Nothing in it needs escaping: printable ASCII without quotes and backslashes.
bool is_plain(std::string_view text) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t tops = 0x8080808080808080;
    const auto has_zero = [](std::uint64_t word) { return (word - ones) & ~word & tops; };
    const auto suspicious = [&](std::uint64_t word) {
        const std::uint64_t below_space = (word - ones * 0x20) & ~word;
        return ((word | below_space) & tops) | has_zero(word ^ (ones * '"')) | has_zero(word ^ (ones * '\\'));
    };
    constexpr std::size_t size = sizeof(std::uint64_t);
    const char *next = text.data();
    std::size_t left = text.size();
    std::uint64_t found = 0;
    for (; left >= size; left -= size, next += size) {
        std::uint64_t word = 0;
        std::memcpy(&word, next, size);
        found |= suspicious(word);
    }
    std::uint64_t rest = ones * ' ';
    if (left != 0) std::memcpy(&rest, next, left);
    return (found | suspicious(rest)) == 0;
}

} // namespace

JsonValue &JsonValue::value(std::string_view text) { return is_plain(text) ? quoted(text) : quoted(escaped(text)); }

JsonValue &JsonValue::key(std::string_view name) {
    value(name);
    text_ += ':';
    comma_ = false;
    return *this;
}

JsonValue &JsonValue::quoted(std::string_view safe) {
    append(safe.size() + 2, [&](char *out) {
        *out++ = '"';
        out += safe.copy(out, safe.size());
        *out++ = '"';
        return out;
    });
    return *this;
}

JsonValue &JsonValue::value(double number) {
    if (!std::isfinite(number)) return null();
    // The longest double has 309 digits in front of the point, and up to 1074 behind it.
    std::array<char, 1400> digits{};
    const auto written = std::to_chars(digits.begin(), digits.end(), number, std::chars_format::fixed);
    std::string_view text(digits.data(), static_cast<std::size_t>(written.ptr - digits.data()));
    constexpr std::size_t decimals = 4;
    const std::size_t point = text.find('.');
    if (point != std::string_view::npos) {
        text = text.substr(0, point + 1 + decimals);
        text = text.substr(0, std::max(text.find_last_not_of('0') + 1, point + 2));
    }
    append(text.size() + 2, [&](char *out) {
        out += text.copy(out, text.size());
        if (point == std::string_view::npos) {
            *out++ = '.';
            *out++ = '0';
        }
        return out;
    });
    return *this;
}

} // namespace doorplate

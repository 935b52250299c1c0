#include "report/escape.h"

#include <fmt/format.h>

#include "report/utf8.h"

namespace doorplate {
namespace {

// Enough for every living script; a thousand on one letter paint over the lines above and below.
constexpr int most_combining_marks = 4;

std::string written_out(const CodePoint &point) {
    if (!point.valid || point.code < 0x80) {
        if (point.code == '\n') return "\\n";
        if (point.code == '\t') return "\\t";
        if (point.code == '\r') return "\\r";
        return fmt::format("\\x{:02x}", static_cast<unsigned>(point.code));
    }
    return fmt::format("\\u{{{:x}}}", static_cast<unsigned>(point.code));
}

} // namespace

std::string printable(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    int marks = 0;
    while (!bytes.empty()) {
        const CodePoint next = first_code_point(bytes);
        marks = display_width(next.code) == 0 ? marks + 1 : 0;
        if (next.code == '\\') {
            text += "\\\\";
        } else if (!next.valid || is_invisible(next.code) || marks > most_combining_marks) {
            text += written_out(next);
        } else {
            text += bytes.substr(0, next.length);
        }
        bytes.remove_prefix(next.length);
    }
    return text;
}

std::string html_escaped(std::string_view bytes) { return html_escaped_printable(printable(bytes)); }

std::string html_escaped_printable(std::string_view printable_text) {
    std::string text;
    for (const char c : printable_text) {
        switch (c) {
        case '&': text += "&amp;"; break;
        case '<': text += "&lt;"; break;
        case '>': text += "&gt;"; break;
        case '"': text += "&quot;"; break;
        case '\'': text += "&#39;"; break;
        default: text += c;
        }
    }
    return text;
}

std::string csv_field(std::string_view bytes) {
    // The guard looks at the raw bytes: a tab or a carriage return is written out by printable(), and harmless then,
    // but stays a sign of somebody's intention.
    const bool formula = !bytes.empty() && std::string_view("=+-@\t\r").find(bytes.front()) != std::string_view::npos;
    std::string text = (formula ? "'" : "") + printable(bytes);
    if (text.find_first_of(",\"") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + "\"";
}

} // namespace doorplate

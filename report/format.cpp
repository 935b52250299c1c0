#include "report/format.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "report/escape.h"
#include "report/utf8.h"

namespace doorplate {
namespace {

constexpr int longest_name = 64;

// Rounded to a tenth below 100, to a whole above.
std::string three_digits(double value) {
    return value < 99.95 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
}

} // namespace

std::string grouped(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
        text += digits[i];
    }
    return text;
}

std::string counted(std::uint64_t number, std::string_view singular) {
    return counted(number, singular, std::string(singular) + "s");
}

std::string counted(std::uint64_t number, std::string_view singular, std::string_view plural) {
    return grouped(number) + " " + std::string(number == 1 ? singular : plural);
}

std::string byte_count(std::uint64_t bytes) {
    if (bytes < 1000) return fmt::format("{} B", bytes);
    constexpr std::array<std::string_view, 6> units{"kB", "MB", "GB", "TB", "PB", "EB"};
    double value = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return three_digits(value) + " " + std::string(units[unit]);
}

std::string time_span(Duration duration) {
    using namespace std::chrono;
    const auto ns = duration.count();
    if (ns < 1'000'000) return fmt::format("{} us", ns / 1000);
    if (ns < 999'500'000) return three_digits(static_cast<double>(ns) / 1e6) + " ms";
    if (ns < 59'950'000'000) return fmt::format("{:.1f} s", static_cast<double>(ns) / 1e9);
    // Without round(), which goes beyond what can be counted.
    const std::int64_t seconds = ns / 1'000'000'000 + (ns % 1'000'000'000 >= 500'000'000 ? 1 : 0);
    if (seconds < 3600) return fmt::format("{} m {} s", seconds / 60, seconds % 60);
    if (seconds < 86400) return fmt::format("{} h {} m", seconds / 3600, seconds % 3600 / 60);
    return fmt::format("{} d {} h", seconds / 86400, seconds % 86400 / 3600);
}

std::string utc_seconds(Timestamp time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<seconds>(time - day)};
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

std::string utc_full(Timestamp time) {
    std::string text = utc_seconds(time);
    text[10] = 'T';
    const auto fraction = time - std::chrono::floor<std::chrono::seconds>(time);
    return fmt::format("{}.{:09}Z", text, fraction.count());
}

std::string range_text(const PortRange &range) { return fmt::format("{}-{}", range.low, range.high); }

std::string listed(const std::vector<std::string> &parts, std::string_view last) {
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i != 0) text += i + 1 == parts.size() ? fmt::format(" {} ", last) : ", ";
        text += parts[i];
    }
    return text;
}

std::string program_name(const Process &process) {
    if (process.name.empty()) return "(no name)";
    return shortened(printable(process.name), longest_name);
}

std::string program_short(const Process &process) {
    return fmt::format("{} ({})", program_name(process), process.key.pid);
}

std::string user_name(const Process &process) {
    if (process.user && !process.user->empty()) return shortened(printable(*process.user), longest_name);
    return process.uid ? fmt::format("uid {}", *process.uid) : "";
}

std::string program_long(const Process &process) {
    const std::string user = user_name(process);
    if (user.empty()) return fmt::format("{} (pid {})", program_name(process), process.key.pid);
    const bool named = process.user && !process.user->empty();
    return fmt::format("{} (pid {}, {}{})", program_name(process), process.key.pid, named ? "user " : "", user);
}

} // namespace doorplate

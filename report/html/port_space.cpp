#include "report/html/port_space.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "report/explain_port.h"
#include "report/format.h"

namespace doorplate {
namespace {

constexpr double width = 1000;
constexpr double left = 10;
constexpr double right = width - 10;
constexpr double strip_top = 110; // IANA's classes
constexpr double strip_bottom = 140;
constexpr double longest_line = 70;
constexpr double height = 250;

// A piece of the axis: numbers from `first` up to the next piece take `share` of the width.
struct Piece {
    std::uint32_t first;
    double share;
};
constexpr std::array pieces{Piece{0, 0.26}, Piece{1024, 0.26}, Piece{32768, 0.26}, Piece{49152, 0.22}, Piece{65536, 0}};

double place_of(std::uint32_t port) {
    double begin = left;
    for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
        const double extent = pieces[i].share * (right - left);
        const double span = pieces[i + 1].first - pieces[i].first;
        if (port < pieces[i + 1].first) return begin + extent * (port - pieces[i].first) / span;
        begin += extent;
    }
    return right;
}

std::string_view style_of(PortRole role) {
    switch (role) {
    case PortRole::service:
    case PortRole::dynamic_service:
    case PortRole::multicast_service: return "service";
    case PortRole::ephemeral: return "ephemeral";
    case PortRole::fixed_source:
    case PortRole::privileged_source:
    case PortRole::negotiated:
    case PortRole::none: return "fixed";
    }
    return "fixed";
}

std::string text(double x, double y, std::string_view anchor, std::string_view words, std::string_view style = "") {
    return fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor,
                       style.empty() ? "" : fmt::format(" class=\"{}\"", style), words);
}

std::string class_strip() {
    struct Class {
        std::uint32_t first, end;
        std::string_view name, words;
    };
    constexpr std::array classes{Class{0, 1024, "system", "system 0-1023"},
                                 Class{1024, 49152, "user", "user 1024-49151"},
                                 Class{49152, 65536, "dynamic", "dynamic 49152-65535"}};
    std::string svg;
    for (const Class &one : classes) {
        const double x = place_of(one.first);
        const double end = place_of(one.end);
        svg += fmt::format("<rect class=\"class-{}\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\"/>\n",
                           one.name, x, strip_top, end - x, strip_bottom - strip_top);
        svg += text((x + end) / 2, strip_top + 20, "middle", one.words);
    }
    return svg;
}

std::string kernel_band(const HostFacts *host) {
    const bool known = host != nullptr && host->ephemeral_ports;
    const PortRange range = known ? *host->ephemeral_ports : linux_default_range;
    const double x = place_of(range.low);
    const double extent = place_of(std::uint32_t{range.high} + 1) - x;
    const std::string words =
        known ? fmt::format("this host's kernel hands out {}", range_text(range))
              : fmt::format("Linux's default range {} (this host's is not known)", range_text(range));
    const std::string svg =
        fmt::format("<rect class=\"kernel-tint\" x=\"{0:.1f}\" y=\"30\" width=\"{1:.1f}\" height=\"190\"/>\n"
                    "<rect class=\"kernel\" x=\"{0:.1f}\" y=\"30\" width=\"{1:.1f}\" height=\"190\"/>\n",
                    x, extent);
    return svg + text(std::clamp(x + extent / 2, 200.0, width - 200), 22, "middle", words);
}

// One line for each place on the axis, however many flows there are.
using Lines = std::map<std::pair<int, std::string_view>, std::uint64_t>;

std::string lines_svg(const Lines &lines, double base, double sign) {
    std::uint64_t most = 1;
    for (const auto &[where, flows] : lines) most = std::max(most, flows);
    std::string svg;
    for (const auto &[where, flows] : lines) {
        const double share = std::log2(1.0 + static_cast<double>(flows)) / std::log2(1.0 + static_cast<double>(most));
        const double x = where.first / 2.0;
        svg += fmt::format("<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.0f}\" y2=\"{:.1f}\"/>\n",
                           where.second, x, x, base, base + sign * std::max(10.0, share * longest_line));
    }
    return svg;
}

} // namespace

std::string port_space_svg(const Observation &observation) {
    Lines above;
    Lines below;
    for (const FlowRecord &flow : observation.flows) {
        if (!has_ports(flow.flow.key.transport)) continue;
        const auto key = [](const FlowEnd &end) {
            return std::pair{static_cast<int>(std::lround(place_of(end.endpoint.port) * 2)), style_of(end.port.role)};
        };
        ++above[key(flow.initiator)];
        ++below[key(flow.responder)];
    }
    std::string svg = fmt::format(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"ports-title ports-desc\">\n"
        "<title id=\"ports-title\">The port numbers of these flows</title>\n"
        "<desc id=\"ports-desc\">Initiators' ports above the strip of IANA's classes, responders' below; the "
        "tables below have every number.</desc>\n",
        width, height);
    svg += kernel_band(observation.host ? &*observation.host : nullptr);
    svg += class_strip();
    svg += lines_svg(above, strip_top, -1);
    svg += lines_svg(below, strip_bottom, 1);
    for (const Piece &piece : pieces) {
        const bool last = piece.first == 65536;
        svg += text(place_of(piece.first), height - 8,
                    piece.first == 0 ? "start"
                    : last           ? "end"
                                     : "middle",
                    std::to_string(last ? 65535 : piece.first), "small");
    }
    svg += text(left, 26, "start", "initiators' ports", "small");
    svg += text(left, strip_bottom + 86, "start", "responders' ports", "small");
    return svg + "</svg>\n";
}

} // namespace doorplate

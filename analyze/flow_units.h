#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "analyze/flow_unit.h"
#include "analyze/growing_block.h"
#include "capture/prefetch.h"

namespace doorplate {

// Where flows are: cache lines that never move. A flow has its unit, its base behind it, and an IPv6 flow a third line
// with its addresses, as in PackedKey. Its number is that of its first line.
class FlowUnits {
  public:
    // A place is used again only for a flow of the same family.
    static constexpr std::size_t max_lines_per_flow = 5;
    // Flows that may be there at a time; their numbers must be less than no_flow.
    explicit FlowUnits(std::size_t max_flows) : lines_(max_flows * max_lines_per_flow * sizeof(Line)) {}

    // The unit and the base hold what the flow before left there.
    [[nodiscard]] FlowNumber take(bool ipv6) {
        std::vector<FlowNumber> &free = ipv6 ? free_ipv6_ : free_;
        if (free.empty()) return fresh(lines_of(ipv6));
        const FlowNumber number = free.back();
        free.pop_back();
        return number;
    }
    void free(FlowNumber number, bool ipv6) { (ipv6 ? free_ipv6_ : free_).push_back(number); }

    [[nodiscard]] FlowUnit &unit(FlowNumber number) { return *line<FlowUnit>(number); }
    [[nodiscard]] const FlowUnit &unit(FlowNumber number) const { return *line<FlowUnit>(number); }
    [[nodiscard]] FlowBase &base(FlowNumber number) { return *line<FlowBase>(number, 1); }
    [[nodiscard]] const FlowBase &base(FlowNumber number) const { return *line<FlowBase>(number, 1); }

    // What a packet of this flow will touch.
    void fetch(FlowNumber number, bool tcp, bool ipv6) const {
        const auto *const lines = line<Line>(number);
        prefetch(lines);
        if (tcp) prefetch(lines + 1);
        if (ipv6) prefetch(lines + 2);
    }

    // Every place in order, in use or not. `step(number)` returns whether the place is one of an IPv6 flow.
    template <typename Step> void walk(Step step) const {
        for (FlowNumber number = 0; number < used_;) number += lines_of(step(number));
    }

    using Addresses = std::array<std::uint64_t, 4>;
    void set_ipv6(FlowNumber number, const Addresses &addresses) {
        std::memcpy(line<Line>(number, 2), addresses.data(), sizeof addresses);
    }
    [[nodiscard]] Addresses ipv6(FlowNumber number) const {
        Addresses addresses;
        std::memcpy(addresses.data(), line<Line>(number, 2), sizeof addresses);
        return addresses;
    }

    void clear() {
        lines_.clear();
        used_ = 0;
        free_.clear();
        free_ipv6_.clear();
    }

  private:
    using Line = std::array<std::uint8_t, 64>;
    static_assert(sizeof(FlowUnit) == sizeof(Line) && sizeof(FlowBase) == sizeof(Line));

    static constexpr FlowNumber lines_of(bool ipv6) { return ipv6 ? 3 : 2; }

    template <typename T> [[nodiscard]] T *line(FlowNumber number, std::size_t behind = 0) const {
        return reinterpret_cast<T *>(lines_.as<Line>() + number + behind);
    }

    [[nodiscard]] FlowNumber fresh(FlowNumber lines) {
        const FlowNumber number = used_;
        used_ += lines;
        lines_.grow_to(used_ * sizeof(Line));
        return number;
    }

    GrowingBlock lines_;
    FlowNumber used_ = 0;
    std::vector<FlowNumber> free_;
    std::vector<FlowNumber> free_ipv6_;
};

} // namespace doorplate

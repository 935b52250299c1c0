#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "analyze/flow_unit.h"
#include "analyze/large_block.h"

namespace doorplate {

// Where flows are: units and bases by flow number, in chunks that never move. An IPv6 flow has two units in a row, of
// which the second holds its addresses, as in PackedKey.
class FlowUnits {
  public:
    // The unit and the base hold what the flow before left there.
    [[nodiscard]] FlowNumber take(bool ipv6) {
        std::vector<FlowNumber> &free = ipv6 ? free_pairs_ : free_;
        if (!free.empty()) {
            const FlowNumber number = free.back();
            free.pop_back();
            return number;
        }
        // A pair lies in one chunk.
        if (ipv6 && next_ % chunk_size == chunk_size - 1) free_.push_back(fresh());
        const FlowNumber number = fresh();
        if (ipv6) static_cast<void>(fresh());
        return number;
    }
    void free(FlowNumber number, bool ipv6) { (ipv6 ? free_pairs_ : free_).push_back(number); }

    [[nodiscard]] FlowUnit &unit(FlowNumber number) { return units_[number / chunk_size][number % chunk_size]; }
    [[nodiscard]] const FlowUnit &unit(FlowNumber number) const {
        return units_[number / chunk_size][number % chunk_size];
    }
    [[nodiscard]] FlowBase &base(FlowNumber number) { return bases_[number / chunk_size][number % chunk_size]; }
    [[nodiscard]] const FlowBase &base(FlowNumber number) const {
        return bases_[number / chunk_size][number % chunk_size];
    }

    // Every place in order, in use or not. `step(number)` returns how many units the place has.
    template <typename Step> void walk(Step step) const {
        for (FlowNumber number = 0; number < next_;) number += step(number);
    }

    using Addresses = std::array<std::uint64_t, 4>;
    void set_ipv6(FlowNumber number, const Addresses &addresses) {
        std::memcpy(static_cast<void *>(&unit(number + 1)), addresses.data(), sizeof addresses);
    }
    [[nodiscard]] Addresses ipv6(FlowNumber number) const {
        Addresses addresses;
        std::memcpy(addresses.data(), &unit(number + 1), sizeof addresses);
        return addresses;
    }

  private:
    // Units of a chunk fill a huge page.
    static constexpr std::size_t chunk_size = LargeBlock::huge_page / sizeof(FlowUnit);

    [[nodiscard]] FlowNumber fresh() {
        if (next_ % chunk_size == 0) {
            // Small captures need a small part of the first chunk.
            memory_.emplace_back(chunk_size * sizeof(FlowUnit),
                                 next_ == 0 ? LargeBlock::Pages::small : LargeBlock::Pages::huge);
            units_.push_back(memory_.back().as<FlowUnit>());
            memory_.emplace_back(chunk_size * sizeof(FlowBase), LargeBlock::Pages::small);
            bases_.push_back(memory_.back().as<FlowBase>());
        }
        return next_++;
    }

    std::vector<FlowUnit *> units_; // chunks, in memory_
    std::vector<FlowBase *> bases_;
    std::vector<LargeBlock> memory_;
    std::vector<FlowNumber> free_;
    std::vector<FlowNumber> free_pairs_;
    FlowNumber next_ = 0;
};

} // namespace doorplate

#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "analyze/flow_unit.h"
#include "analyze/large_block.h"
#include "capture/prefetch.h"

namespace doorplate {

// From hash to flow number: slots of eight bytes (hash, number + 1), linear probing, at most two thirds full. To grow
// or to erase it reads slots only, never flows.
class FlowIndex {
  public:
    FlowIndex() : FlowIndex(first_size) {}

    void prefetch_slot(std::uint32_t hash) const { prefetch(&slots_[hash & mask_]); }

    // The first flow with this hash, or no_flow: whoever wants to have it near does not care whether it is the one.
    [[nodiscard]] FlowNumber likely(std::uint32_t hash) const {
        for (std::size_t at = hash & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
            if (hash_of(slots_[at]) == hash) return number_of(slots_[at]);
        }
        return no_flow;
    }

    // The flow with this hash that `is_it` accepts, or no_flow.
    template <typename IsIt> [[nodiscard]] FlowNumber find(std::uint32_t hash, IsIt is_it) const {
        for (std::size_t at = hash & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
            if (hash_of(slots_[at]) == hash && is_it(number_of(slots_[at]))) return number_of(slots_[at]);
        }
        return no_flow;
    }

    void insert(std::uint32_t hash, FlowNumber number) {
        if ((size_ + 1) * 3 > (mask_ + 1) * 2) grow();
        put(slot(hash, number));
        ++size_;
    }

    void erase(std::uint32_t hash, FlowNumber number) {
        std::size_t hole = hash & mask_;
        while (slots_[hole] != slot(hash, number)) hole = (hole + 1) & mask_;
        // What stands behind moves up, unless it would then be in front of where a search for it begins.
        for (std::size_t at = (hole + 1) & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
            const std::size_t home = hash_of(slots_[at]) & mask_;
            if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
            slots_[hole] = slots_[at];
            hole = at;
        }
        slots_[hole] = 0;
        --size_;
    }

    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    static constexpr std::size_t first_size = 1024;

    static std::uint64_t slot(std::uint32_t hash, FlowNumber number) {
        return std::uint64_t{hash} << 32 | (std::uint64_t{number} + 1);
    }
    static std::uint32_t hash_of(std::uint64_t slot) { return static_cast<std::uint32_t>(slot >> 32); }
    static FlowNumber number_of(std::uint64_t slot) { return static_cast<FlowNumber>(slot) - 1; }

    explicit FlowIndex(std::size_t slots)
        : memory_(slots * sizeof(std::uint64_t), slots * sizeof(std::uint64_t) < LargeBlock::huge_page
                                                     ? LargeBlock::Pages::small
                                                     : LargeBlock::Pages::huge),
          slots_(memory_.as<std::uint64_t>()), mask_(slots - 1) {}

    void put(std::uint64_t slot) {
        std::size_t at = hash_of(slot) & mask_;
        while (slots_[at] != 0) at = (at + 1) & mask_;
        slots_[at] = slot;
    }

    void grow() {
        FlowIndex larger(2 * (mask_ + 1));
        for (std::size_t at = 0; at <= mask_; ++at) {
            if (slots_[at] != 0) larger.put(slots_[at]);
        }
        larger.size_ = size_;
        *this = std::move(larger);
    }

    LargeBlock memory_;
    std::uint64_t *slots_; // in memory_
    std::size_t mask_;
    std::size_t size_ = 0;
};

} // namespace doorplate

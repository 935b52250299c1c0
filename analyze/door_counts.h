#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analyze/packed_key.h"
#include "capture/prefetch.h"

namespace doorplate {

// How many flows each door (a transport and an endpoint) was the fixed one of. Doors are told apart by 64 bits of a
// seeded hash: that two of a million share them is less likely than one in ten million. New doors beyond `most_doors`
// are not counted, so that a scan cannot make it grow without bound.
class DoorCounts {
  public:
    static constexpr std::size_t most_doors = 1'000'000;

    void add(Transport transport, const Endpoint &endpoint) {
        const std::uint64_t fingerprint = door_fingerprint(transport, endpoint);
        prefetch(&slots_[fingerprint & (slots_.size() - 1)]);
        if (waiting_count_ == waiting_.size()) settle();
        waiting_[waiting_count_++] = fingerprint;
    }

    [[nodiscard]] std::uint64_t count(Transport transport, const Endpoint &endpoint) const {
        const std::uint64_t fingerprint = door_fingerprint(transport, endpoint);
        const auto *const end = waiting_.begin() + waiting_count_;
        return slots_[place_of(fingerprint)].count +
               static_cast<std::uint64_t>(std::count(waiting_.begin(), end, fingerprint));
    }

  private:
    struct Slot {
        std::uint64_t fingerprint = 0;
        std::uint64_t count = 0; // 0: free
    };

    [[nodiscard]] std::size_t place_of(std::uint64_t fingerprint) const {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = fingerprint & mask;
        while (slots_[at].count != 0 && slots_[at].fingerprint != fingerprint) at = (at + 1) & mask;
        return at;
    }

    void settle() {
        for (const std::uint64_t fingerprint : std::span(waiting_).first(waiting_count_)) {
            Slot &slot = slots_[place_of(fingerprint)];
            if (slot.count == 0) {
                if (size_ >= most_doors) continue;
                slot.fingerprint = fingerprint;
                ++size_;
            }
            ++slot.count;
            if (size_ * 3 > slots_.size() * 2) grow();
        }
        waiting_count_ = 0;
    }

    void grow() {
        std::vector<Slot> old(2 * slots_.size());
        old.swap(slots_);
        for (const Slot &slot : old) {
            if (slot.count != 0) slots_[place_of(slot.fingerprint)] = slot;
        }
    }

    std::vector<Slot> slots_ = std::vector<Slot>(1024);
    std::size_t size_ = 0;
    // Added, but not counted before their slots are near.
    std::array<std::uint64_t, 32> waiting_{};
    std::size_t waiting_count_ = 0;
};

} // namespace doorplate

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "analyze/flow_unit.h"
#include "capture/timestamp.h"

namespace doorplate {

// Who is due next? Flows wait in buckets of about a second; the bucket that has come is a heap, so that the order of
// deadlines is exact. A packet that puts its flow's deadline off does not touch the wheel: the flow is found early, its
// owner says so, and it waits on. A flow waits in one bucket only, the one whose name its owner keeps for it; what is
// found elsewhere is an old place of the flow, or of one that had its number before, and means nothing.
class TimeoutWheel {
  public:
    struct Due {
        std::int64_t deadline_ns = 0;
        std::uint64_t id = 0; // decides between equal deadlines
        FlowNumber number = no_flow;
    };

    // What the owner must tell of a flow that was found in `bucket`.
    struct Waiting {
        bool is_here = false; // alive, and this is its bucket
        std::int64_t deadline_ns = 0;
        std::uint64_t id = 0;
    };

    // `keep(number, bucket)` notes the bucket. Deadlines before the current bucket are fine.
    template <typename Keep> void wait(FlowNumber number, std::int64_t deadline_ns, std::uint64_t id, Keep keep) {
        const std::int64_t bucket = bucket_of(deadline_ns);
        if (bucket <= current_) {
            push({deadline_ns, id, number});
            keep(number, name_of(current_));
            return;
        }
        // Farther away than the wheel reaches: it is asked again on the way.
        const std::int64_t place = bucket - current_ < span ? bucket : current_ + span - 1;
        ring_[static_cast<std::size_t>(place) % span].push_back(number);
        ++in_ring_;
        keep(number, name_of(place));
    }

    // next() would find nothing.
    [[nodiscard]] bool is_quiet_until(std::int64_t now_ns) const {
        return due_.empty() ? current_ >= bucket_of(now_ns) : due_.front().deadline_ns > now_ns;
    }

    // The flow whose deadline comes first, if it is not after `now_ns`: no_flow if there is none. It waits no more.
    // `ask(number, bucket)` returns a Waiting. With now_ns at its largest value, the first of all.
    template <typename Ask, typename Keep> [[nodiscard]] FlowNumber next(std::int64_t now_ns, Ask ask, Keep keep) {
        while (true) {
            if (!due_.empty()) {
                const Due first = due_.front();
                if (first.deadline_ns > now_ns) return no_flow;
                pop();
                const Waiting waiting = ask(first.number, name_of(current_));
                if (!waiting.is_here || waiting.id != first.id) continue;
                if (waiting.deadline_ns <= first.deadline_ns) return first.number;
                wait(first.number, waiting.deadline_ns, waiting.id, keep);
                continue;
            }
            if (in_ring_ == 0) {
                current_ = std::max(current_, bucket_of(now_ns));
                return no_flow;
            }
            if (current_ >= bucket_of(now_ns)) return no_flow;
            ++current_;
            std::vector<FlowNumber> found;
            found.swap(ring_[static_cast<std::size_t>(current_) % span]);
            in_ring_ -= found.size();
            for (const FlowNumber number : found) {
                const Waiting waiting = ask(number, name_of(current_));
                if (waiting.is_here) wait(number, waiting.deadline_ns, waiting.id, keep);
            }
        }
    }

  private:
    static constexpr std::int64_t span = 512;
    static std::int64_t bucket_of(std::int64_t ns) { return ns >> 30; }
    static std::uint16_t name_of(std::int64_t bucket) { return static_cast<std::uint16_t>(bucket); }

    void push(const Due &due);
    void pop();

    std::array<std::vector<FlowNumber>, span> ring_;
    std::size_t in_ring_ = 0;
    std::vector<Due> due_; // a heap, the first deadline in front
    std::int64_t current_ = 0;
};

} // namespace doorplate

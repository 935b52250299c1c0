#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "analyze/observer.h"

namespace doorplate {

// The ended flows that reports will show: the first ones, or the largest.
class KeptFlows {
  public:
    KeptFlows(std::size_t most, AnalysisOptions::Keep keep) : most_(most), keep_(keep) {}

    [[nodiscard]] bool wants(std::uint64_t frame_bytes, std::uint64_t id) const {
        if (keep_ == AnalysisOptions::Keep::first) return flows_.size() < most_;
        return Rank{~frame_bytes, id} < last_;
    }

    void keep(FlowRecord &&flow) {
        flows_.push_back(std::move(flow));
        if (keep_ == AnalysisOptions::Keep::largest && flows_.size() >= 2 * most_ + slack) leave_the_smallest();
    }
    void leave_out() {
        if (keep_ == AnalysisOptions::Keep::first) ++left_out_;
    }

    // In no particular order.
    [[nodiscard]] std::vector<FlowRecord> flows() const {
        KeptFlows copy = *this;
        return copy.take();
    }
    [[nodiscard]] std::vector<FlowRecord> take() {
        if (keep_ == AnalysisOptions::Keep::largest && flows_.size() > most_) leave_the_smallest();
        return std::exchange(flows_, {});
    }
    // That there was no room for; being small is no loss.
    [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

  private:
    static constexpr std::size_t slack = 64;

    // Larger flows come first; the order of first packets decides between equals.
    using Rank = std::pair<std::uint64_t, std::uint64_t>;
    static Rank rank(const FlowRecord &flow) {
        return {~(flow.flow.traffic.initiator.frame_bytes + flow.flow.traffic.responder.frame_bytes), flow.flow.id};
    }

    void leave_the_smallest() {
        const auto end = flows_.begin() + static_cast<std::ptrdiff_t>(most_);
        std::ranges::nth_element(flows_, end, {}, rank);
        last_ = rank(*end);
        flows_.erase(end, flows_.end());
    }

    std::size_t most_;
    AnalysisOptions::Keep keep_;
    std::vector<FlowRecord> flows_;
    // Who comes behind it cannot be among the largest any more.
    Rank last_{~std::uint64_t{0}, ~std::uint64_t{0}};
    std::uint64_t left_out_ = 0;
};

} // namespace doorplate

#include "analyze/sequence_ranges.h"

#include <algorithm>

namespace doorplate {

std::int64_t SequenceRanges::held() const {
    std::int64_t sum = 0;
    for (const Range &island : islands_) sum += island.end - island.begin;
    return sum;
}

bool SequenceRanges::add(std::int64_t begin, std::int64_t end) {
    begin = std::max(begin, edge_);
    if (begin >= end) return false;
    if (begin == edge_) {
        edge_ = end;
        absorb();
        return true;
    }
    // All islands that touch the new bytes become one.
    const auto first = std::ranges::find_if(islands_, [begin](const Range &island) { return island.end >= begin; });
    const auto last = std::find_if(first, islands_.end(), [end](const Range &island) { return island.begin > end; });
    if (first == last) {
        islands_.insert(first, {begin, end});
        if (islands_.size() > max_ranges) {
            edge_ = islands_.front().begin;
            absorb();
        }
        return true;
    }
    if (first->begin <= begin && end <= first->end) return false;
    first->begin = std::min(first->begin, begin);
    first->end = std::max(std::prev(last)->end, end);
    islands_.erase(std::next(first), last);
    return true;
}

SequenceRanges::Holes SequenceRanges::give_up_to(std::int64_t to) {
    Holes holes;
    while (edge_ < to) {
        const std::int64_t until = islands_.empty() ? to : std::min(to, islands_.front().begin);
        ++holes.count;
        holes.bytes += static_cast<std::uint64_t>(until - edge_);
        edge_ = until;
        absorb();
    }
    return holes;
}

void SequenceRanges::absorb() {
    auto next = islands_.begin();
    while (next != islands_.end() && next->begin <= edge_) {
        edge_ = std::max(edge_, next->end);
        ++next;
    }
    islands_.erase(islands_.begin(), next);
}

} // namespace doorplate

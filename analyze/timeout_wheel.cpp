#include "analyze/timeout_wheel.h"

#include <algorithm>
#include <tuple>

namespace doorplate {
namespace {

bool comes_later(const TimeoutWheel::Due &a, const TimeoutWheel::Due &b) {
    return std::tie(a.deadline_ns, a.id) > std::tie(b.deadline_ns, b.id);
}

} // namespace

void TimeoutWheel::push(const Due &due) {
    due_.push_back(due);
    std::ranges::push_heap(due_, comes_later);
}

void TimeoutWheel::pop() {
    std::ranges::pop_heap(due_, comes_later);
    due_.pop_back();
}

} // namespace doorplate

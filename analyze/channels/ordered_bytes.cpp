#include "analyze/channels/ordered_bytes.h"

#include <algorithm>
#include <utility>

namespace doorplate {
namespace {

// RFC 9293 section 3.4: numbers are compared around the circle.
std::int32_t distance(std::uint32_t from, std::uint32_t to) { return static_cast<std::int32_t>(to - from); }

} // namespace

bool OrderedBytes::is_early(std::uint32_t sequence) const { return distance(*next_, sequence) > 0; }

void OrderedBytes::add(const Segment &segment, const Take &take, const Lost &lost) {
    if (segment.length == 0) return;
    if (!next_) next_ = segment.sequence;
    if (!is_early(segment.sequence)) {
        deliver(segment, take, lost);
        drain(take, lost);
        return;
    }
    hold(segment);
    while (held_bytes_ > most_held_bytes || held_.size() > most_held_segments) {
        give_up_hole();
        lost();
        drain(take, lost);
    }
}

// One that begins where the next byte is expected, or before it.
void OrderedBytes::deliver(const Segment &segment, const Take &take, const Lost &lost) {
    const auto known = static_cast<std::uint32_t>(distance(segment.sequence, *next_));
    if (known >= segment.length) return;
    if (known < segment.captured.size()) take(segment.captured.subspan(known));
    if (segment.captured.size() < segment.length) lost();
    next_ = segment.sequence + segment.length;
}

void OrderedBytes::hold(const Segment &segment) {
    const auto is_same = [&](const Held &held) { return held.sequence == segment.sequence; };
    if (std::ranges::any_of(held_, is_same)) return;
    held_.push_back({segment.sequence, segment.length, {segment.captured.begin(), segment.captured.end()}});
    held_bytes_ += segment.captured.size();
}

void OrderedBytes::drain(const Take &take, const Lost &lost) {
    while (true) {
        const auto ready = std::ranges::find_if(held_, [this](const Held &held) { return !is_early(held.sequence); });
        if (ready == held_.end()) return;
        const Held held = std::move(*ready);
        held_.erase(ready);
        held_bytes_ -= held.bytes.size();
        deliver({held.sequence, held.length, held.bytes}, take, lost);
    }
}

void OrderedBytes::give_up_hole() {
    const auto nearest =
        std::ranges::min_element(held_, {}, [this](const Held &held) { return distance(*next_, held.sequence); });
    next_ = nearest->sequence;
}

} // namespace doorplate

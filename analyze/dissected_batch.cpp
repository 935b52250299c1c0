#include "analyze/dissected_batch.h"

#include <cstddef>
#include <utility>

#include "analyze/dissect/everyday.h"

namespace doorplate {

void DissectedBatch::dissect(std::span<const Packet> packets, DissectOptions options) {
    if (dissections_.size() < packets.size() * max_levels) dissections_.resize(packets.size() * max_levels);
    if (arrivals_.size() < packets.size() * max_levels) arrivals_.resize(packets.size() * max_levels);
    more_frames_.clear();
    MoreFrames more;
    Dissection *next = dissections_.data();
    Arrival *arrival = arrivals_.data();
    for (const Packet &packet : packets) {
        if (dissect_everyday(packet, options, *next)) [[likely]] {
            announce_everyday(packet, *next++, *arrival++);
            continue;
        }
        const std::size_t count =
            dissect_by_layers(packet, std::span<Dissection, max_levels>(next, max_levels), more, options);
        for (std::size_t level = 0; level < count; ++level)
            announce(packet, *next++, static_cast<std::uint8_t>(level), level + 1 == count, *arrival++);
        if (!more.bytes.empty()) [[unlikely]]
            arrival[-1].more_frames = &more_frames_.emplace_back(std::exchange(more, {}));
    }
    count_ = static_cast<std::size_t>(arrival - arrivals_.data());
}

} // namespace doorplate

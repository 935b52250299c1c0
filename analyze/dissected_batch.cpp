#include "analyze/dissected_batch.h"

#include <cstddef>
#include <utility>

namespace doorplate {

void DissectedBatch::dissect(std::span<const Packet> packets, DissectOptions options) {
    if (dissections_.size() < packets.size() * max_levels) dissections_.resize(packets.size() * max_levels);
    if (arrivals_.size() < packets.size() * max_levels) arrivals_.resize(packets.size() * max_levels);
    count_ = 0;
    more_frames_.clear();
    MoreFrames more;
    Dissection *next = dissections_.data();
    for (const Packet &packet : packets) {
        const std::size_t count =
            doorplate::dissect(packet, std::span<Dissection, max_levels>(next, max_levels), more, options);
        for (std::size_t level = 0; level < count; ++level, ++next) {
            announce(packet, *next, static_cast<std::uint8_t>(level), level + 1 == count, arrivals_[count_++]);
        }
        if (!more.bytes.empty()) [[unlikely]] {
            arrivals_[count_ - 1].more_frames = &more_frames_.emplace_back(std::exchange(more, {}));
        }
    }
}

} // namespace doorplate

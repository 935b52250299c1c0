#include "analyze/dissected_batch.h"

#include <algorithm>

namespace doorplate {

void DissectedBatch::dissect_all(DissectOptions options) {
    if (dissected_.size() < packets_.size()) dissected_.resize(packets_.size());
    for (std::size_t i = 0; i < packets_.size(); ++i) {
        dissect(packets_[i], dissected_[i], options);
        std::uint8_t level = 0;
        for (const Dissection &dissection : dissected_[i].all()) {
            keys_.push_back(dissection.flow_ready ? packed_key(dissection, level) : PackedKey{});
            ++level;
        }
    }
}

} // namespace doorplate

#pragma once

#include <cstddef>
#include <list>
#include <span>
#include <vector>

#include "analyze/arrival.h"
#include "analyze/dissection.h"
#include "capture/packet.h"

namespace doorplate {

// Packets on their way to the flow table, with all that can be said of each alone. Used again and again.
class DissectedBatch {
  public:
    // Forgets what was there. Views of `packets`.
    void dissect(std::span<const Packet> packets, DissectOptions options);

    // Each packet in order, and behind each what is inside it.
    [[nodiscard]] std::span<Arrival> arrivals() { return std::span(arrivals_).first(count_); }

  private:
    // As many as there may be; the rest is left from before.
    std::vector<Dissection> dissections_;
    std::vector<Arrival> arrivals_;
    std::size_t count_ = 0;
    std::list<MoreFrames> more_frames_;
};

} // namespace doorplate

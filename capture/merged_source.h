#pragma once

#include <memory>
#include <vector>

#include "capture/packet_source.h"

namespace doorplate {

// Several sources read side by side, in the order of time: captures of the same while in different places. Of packets
// of the same time, the earlier source's comes first. A source's own order is kept: where its time goes backwards, its
// packets still wait for those in front of them. Interfaces are numbered through; counters add up. `sources` is not
// empty.
[[nodiscard]] std::unique_ptr<PacketSource> merge(std::vector<std::unique_ptr<PacketSource>> sources);

} // namespace doorplate

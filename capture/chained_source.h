#pragma once

#include <memory>
#include <vector>

#include "capture/packet_source.h"

namespace doorplate {

// Several sources read one after another as if they were one: pieces of one capture. Interfaces that are described
// alike in the same place are the same, others are numbered through; counters add up. `sources` is not empty.
[[nodiscard]] std::unique_ptr<PacketSource> chain(std::vector<std::unique_ptr<PacketSource>> sources);

} // namespace doorplate

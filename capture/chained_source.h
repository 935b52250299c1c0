#pragma once

#include <memory>
#include <vector>

#include "capture/packet_source.h"

namespace doorplate {

// Several sources read one after another as if they were one. Interfaces are numbered through; counters add up.
// `sources` is not empty.
[[nodiscard]] std::unique_ptr<PacketSource> chain(std::vector<std::unique_ptr<PacketSource>> sources);

} // namespace doorplate

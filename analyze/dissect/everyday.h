#pragma once

#include "analyze/dissect/layer.h"

namespace doorplate {

// Nine packets of ten are TCP or UDP over IP over Ethernet and have nothing remarkable: no tags, no IP options, no
// fragments, no tunnels, nothing cut, nothing wrong. This reads such a packet in one go, which takes a third of what
// the layers need. False, and nothing is written, if anything about the packet is not everyday; else the layers would
// have written the same.
[[nodiscard]] bool dissect_everyday(LayerBytes frame, DissectOptions options, Dissection &out);

// What dissect() does with all others.
[[nodiscard]] std::size_t dissect_by_layers(const Packet &packet, std::span<Dissection, max_levels> levels,
                                            MoreFrames &more, DissectOptions options);

} // namespace doorplate

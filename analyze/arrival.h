#pragma once

#include <cstdint>

#include "analyze/dissection.h"
#include "analyze/flow_unit.h"
#include "analyze/packed_key.h"
#include "capture/packet.h"

namespace doorplate {

// A packet, or a packet inside it, on its way into the flow table. Views of what it was made of.
struct Arrival {
    const Packet *packet = nullptr;
    const Dissection *dissection = nullptr;
    // Means nothing unless dissection->flow_ready.
    PackedKey key;
    // The flow table's guess whose it is, made before it is asked.
    FlowNumber likely = no_flow;
    // What follows in the same aggregate; only an innermost one has it.
    const MoreFrames *more_frames = nullptr;
    // 0 is the packet as it was captured.
    std::uint8_t level = 0;
    // Nothing more is inside.
    bool innermost = true;
};

} // namespace doorplate

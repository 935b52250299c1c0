#pragma once

#include <cstdint>

#include "analyze/dissection.h"
#include "analyze/flow_unit.h"
#include "analyze/packed_key.h"
#include "analyze/packed_tcp.h"
#include "capture/packet.h"

namespace doorplate {

// Packets that need no second look: whole and right, alone in their frame, from the first interface.
enum class Everyday : std::uint8_t {
    no,
    datagram, // UDP
    segment,  // TCP: Arrival::segment tells all of it
};

// A packet, or a packet inside it, on its way into the flow table, with all that can be said before it is there. Views
// of what it was made of.
struct Arrival {
    const Packet *packet = nullptr;
    const Dissection *dissection = nullptr;
    // Means nothing unless dissection->flow_ready.
    PackedKey key;
    // The flow table's guess whose it is, made before it is asked.
    FlowNumber likely = no_flow;
    // 0 is the packet as it was captured.
    std::uint8_t level = 0;
    // Nothing more is inside.
    bool innermost = true;
    Everyday everyday = Everyday::no;
    PlainSegment segment;
    // What its flow counts of it.
    FlowUnit::Counters traffic;
    // What follows in the same aggregate; only an innermost one has it.
    const MoreFrames *more_frames = nullptr;
};

// `out` may have been used before.
void announce(const Packet &packet, const Dissection &dissection, std::uint8_t level, bool innermost, Arrival &out);

} // namespace doorplate

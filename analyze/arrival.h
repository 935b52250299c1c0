#pragma once

#include <cstdint>
#include <new>

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

namespace announcing {

// A segment of which Arrival::segment tells all, if the packet is sound.
[[nodiscard]] inline bool is_plain(const Dissection &dissection) {
    const TcpFields &tcp = *dissection.tcp;
    return tcp.ack && !tcp.syn && !tcp.fin && !tcp.rst && !tcp.urg && tcp.window != 0 &&
           dissection.payload.size() >= dissection.payload_bytes;
}
[[nodiscard]] inline bool is_sound(const Packet &packet, const Dissection &dissection) {
    return dissection.ip_checksum != Checksum::bad && dissection.transport_checksum != Checksum::bad &&
           packet.interface == 0;
}
[[nodiscard]] inline Everyday everyday(const Dissection &dissection) {
    if (dissection.tcp) return is_plain(dissection) ? Everyday::segment : Everyday::no;
    return dissection.transport == Transport::udp ? Everyday::datagram : Everyday::no;
}

// All but the key.
[[gnu::always_inline]] inline void write(const Packet &packet, const Dissection &dissection, Arrival &out) {
    out.packet = &packet;
    out.dissection = &dissection;
    out.likely = no_flow;
    out.traffic = {1, packet.original_length, dissection.ip_bytes, dissection.payload_bytes};
    out.more_frames = nullptr;
    if (dissection.tcp) {
        out.segment = {.sequence = dissection.tcp->sequence,
                       .next = dissection.tcp->sequence + dissection.payload_bytes,
                       .acknowledgment = dissection.tcp->acknowledgment};
    }
}

} // namespace announcing

// The same for a packet that dissect_everyday() took.
[[gnu::always_inline]] inline void announce_everyday(const Packet &packet, const Dissection &dissection, Arrival &out) {
    // In place: a key that is made elsewhere and copied makes the copy wait for all of its parts.
    if (dissection.source.family() == Family::ipv4) {
        ::new (&out.key) PackedKey(ipv4_packed_key(dissection, 0));
    } else {
        ::new (&out.key) PackedKey(other_packed_key(dissection, 0));
    }
    announcing::write(packet, dissection, out);
    out.level = 0;
    out.innermost = true;
    out.everyday = announcing::is_sound(packet, dissection) ? announcing::everyday(dissection) : Everyday::no;
}

} // namespace doorplate

#include "analyze/arrival.h"

namespace doorplate {
namespace {

bool is_whole(const Packet &packet, const Dissection &dissection) {
    return dissection.flow_ready && !dissection.malformation && !dissection.truncated && !dissection.fragment &&
           dissection.ip_checksum != Checksum::bad && dissection.transport_checksum != Checksum::bad &&
           packet.interface == 0;
}

bool is_plain(const TcpFields &tcp) {
    return tcp.ack && !tcp.syn && !tcp.fin && !tcp.rst && !tcp.urg && tcp.window != 0;
}

} // namespace

void announce(const Packet &packet, const Dissection &dissection, std::uint8_t level, bool innermost, Arrival &out) {
    out.packet = &packet;
    out.dissection = &dissection;
    // A key that is made elsewhere and copied makes the copy wait for all of its parts.
    if (dissection.flow_ready) ::new (&out.key) PackedKey(packed_key(dissection, level));
    out.likely = no_flow;
    out.level = level;
    out.innermost = innermost;
    out.everyday = Everyday::no;
    out.traffic = {1, packet.original_length, dissection.ip_bytes, dissection.payload_bytes};
    out.more_frames = nullptr;
    if (level > 0 || !innermost || !is_whole(packet, dissection)) return;
    if (dissection.transport == Transport::udp) out.everyday = Everyday::datagram;
    if (!dissection.tcp || !is_plain(*dissection.tcp) || dissection.payload.size() < dissection.payload_bytes) return;
    out.everyday = Everyday::segment;
    out.segment = {.sequence = dissection.tcp->sequence,
                   .next = dissection.tcp->sequence + dissection.payload_bytes,
                   .acknowledgment = dissection.tcp->acknowledgment};
}

} // namespace doorplate

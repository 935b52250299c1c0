#pragma once

#include <string_view>

#include "analyze/dissection.h"

namespace doorplate {

// What is wrong with dissect()'s answer, whatever the packet's bytes are; empty if nothing is.
[[nodiscard]] inline std::string_view fault_of(const Packet &packet) {
    const Dissection dissection = dissect(packet);
    const auto lies_in = [](Bytes inner, Bytes outer) {
        return inner.empty() ||
               (outer.data() <= inner.data() && inner.data() + inner.size() <= outer.data() + outer.size());
    };
    if (!lies_in(dissection.payload, packet.bytes)) return "payload is not in the packet";
    if (dissection.payload.size() > dissection.payload_bytes) return "more payload captured than carried";
    if (dissection.vlan_count > max_vlan_tags) return "too many tags";
    if (dissection.flow_ready && dissection.kind != PacketKind::ip) return "a flow without IP";
    const bool says_why = dissection.truncated || dissection.malformation;
    if (dissection.kind == PacketKind::undissected && !says_why) return "undissected for no reason";
    const bool is_whole = packet.bytes.size() >= packet.original_length;
    if (dissection.truncated && is_whole) return "truncated, but nothing is missing";
    const bool has_transport_fields = dissection.tcp || dissection.sctp || dissection.icmp;
    if (has_transport_fields && !dissection.flow_ready) return "a transport header without a flow";
    return {};
}

} // namespace doorplate

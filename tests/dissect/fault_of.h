#pragma once

#include <string_view>

#include "analyze/dissection.h"

namespace doorplate {

// What is wrong with one level of dissect()'s answer, whatever the packet's bytes are; empty if nothing is.
[[nodiscard]] inline std::string_view fault_of(const Dissection &dissection, const Packet &packet) {
    const auto lies_in = [](Bytes inner, Bytes outer) {
        return inner.empty() ||
               (outer.data() <= inner.data() && inner.data() + inner.size() <= outer.data() + outer.size());
    };
    if (!lies_in(dissection.payload, packet.bytes)) return "payload is not in the packet";
    if (dissection.payload.size() > dissection.payload_bytes) return "more payload captured than carried";
    if (dissection.vlan_count > max_vlan_tags) return "too many tags";
    if (dissection.mpls_count > max_mpls_labels) return "too many labels";
    if (dissection.flow_ready && dissection.kind != PacketKind::ip) return "a flow without IP";
    const bool says_why = dissection.truncated || dissection.malformation;
    if (dissection.kind == PacketKind::undissected && !says_why) return "undissected for no reason";
    const bool has_transport_fields = dissection.tcp || dissection.sctp || dissection.icmp;
    if (has_transport_fields && !dissection.flow_ready) return "a transport header without a flow";
    return {};
}

// What is wrong with dissect()'s answer for any of the packets in `packet`.
[[nodiscard]] inline std::string_view fault_of(const Packet &packet) {
    DissectedPacket dissected;
    dissect(packet, dissected);
    if (dissected.count == 0 || dissected.count > max_levels) return "no level, or more than there are";
    const bool is_whole = packet.bytes.size() >= packet.original_length;
    bool in_pieces = false;
    for (const Dissection &level : dissected.all()) {
        if (const std::string_view fault = fault_of(level, packet); !fault.empty()) return fault;
        if ((level.tunnel == TunnelKind::none) != (&level == dissected.levels.data()))
            return "a tunnel at the wrong level";
        if (level.truncated && is_whole && !in_pieces) return "truncated, but nothing is missing";
        in_pieces = in_pieces || level.fragment;
    }
    return {};
}

} // namespace doorplate

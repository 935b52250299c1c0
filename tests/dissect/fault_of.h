#pragma once

#include <string_view>
#include <tuple>

#include "analyze/dissect/everyday.h"
#include "analyze/dissection.h"

namespace doorplate {

// What is wrong with one level of dissect()'s answer, whatever the packet's bytes are; empty if nothing is.
[[nodiscard]] inline std::string_view fault_of(const Dissection &dissection, const Packet &packet) {
    const auto lies_in = [](Bytes inner, Bytes outer) {
        return inner.empty() ||
               (outer.data() <= inner.data() && inner.data() + inner.size() <= outer.data() + outer.size());
    };
    if (!lies_in(dissection.payload, packet.bytes)) return "payload is not in the packet";
    // SCTP's chunks have headers, which are not what it carried.
    if (!dissection.sctp && dissection.payload.size() > dissection.payload_bytes)
        return "more payload captured than carried";
    if (dissection.vlan_count > max_vlan_tags) return "too many tags";
    if (dissection.mpls_count > max_mpls_labels) return "too many labels";
    if (dissection.flow_ready && dissection.kind != PacketKind::ip) return "a flow without IP";
    const bool says_why = dissection.truncated || dissection.malformation;
    if (dissection.kind == PacketKind::undissected && !says_why) return "undissected for no reason";
    const bool has_transport_fields = dissection.tcp || dissection.sctp || dissection.icmp;
    if (has_transport_fields && !dissection.flow_ready) return "a transport header without a flow";
    return {};
}

[[nodiscard]] inline bool is_the_same(const Dissection &a, const Dissection &b) {
    const auto all = [](const Dissection &d) {
        return std::tuple(d.kind, d.tunnel, d.transport, d.ip_checksum, d.transport_checksum, d.flow_ready, d.truncated,
                          d.malformation, d.ether_type, d.vlan_count, d.mpls_count, d.vlans, d.mpls, d.tunnel_id,
                          d.source, d.destination, d.source_port, d.destination_port, d.ip_bytes, d.payload_bytes,
                          d.payload.data(), d.payload.size(), d.tcp, d.icmp, d.sctp, d.fragment.has_value());
    };
    return all(a) == all(b);
}

// An everyday packet is dissected in one go; the layers have to come to the same.
[[nodiscard]] inline bool layers_agree(const Packet &packet, DissectOptions options) {
    Dissection everyday;
    if (!dissect_everyday(packet, options, everyday)) return true;
    DissectedPacket by_layers;
    by_layers.count = dissect_by_layers(packet, by_layers.levels, by_layers.more_frames, options);
    return by_layers.count == 1 && by_layers.more_frames.bytes.empty() &&
           is_the_same(everyday, by_layers.levels.front());
}

// What is wrong with dissect()'s answer for any of the packets in `packet`.
[[nodiscard]] inline std::string_view fault_of(const Packet &packet) {
    for (const bool verify : {false, true}) {
        if (!layers_agree(packet, {.verify_checksums = verify})) return "not what the layers say";
    }
    DissectedPacket dissected;
    dissect(packet, dissected);
    if (dissected.count == 0 || dissected.count > max_levels) return "no level, or more than there are";
    const bool is_whole = packet.bytes.size() >= packet.original_length;
    bool in_pieces = false;
    for (const Dissection &level : dissected.all()) {
        if (const std::string_view fault = fault_of(level, packet); !fault.empty()) return fault;
        if ((level.tunnel == TunnelKind::none) != (&level == dissected.levels.data()))
            return "a tunnel at the wrong level";
        in_pieces = in_pieces || level.fragment;
        if (level.truncated && is_whole && !in_pieces) return "truncated, but nothing is missing";
    }
    return {};
}

} // namespace doorplate

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "analyze/flow.h"
#include "analyze/sctp_tracker.h"

namespace doorplate {

// What few flows have. Made when first needed.
struct FlowDetail {
    // What did not fit into FlowUnit's counters.
    PerSide<TrafficCounters> traffic;
    std::uint64_t further_fragments = 0;
    // UDP's; those of TCP are in its tracker.
    PerSide<std::uint64_t> bad_checksums;
    std::vector<std::uint16_t> vlans;
    std::vector<std::uint32_t> mpls;
    // All of them, in the order seen; empty if there is only FlowBase's.
    std::vector<std::uint32_t> interfaces;
    TunnelKind tunnel = TunnelKind::none;
    std::optional<std::uint64_t> tunnel_id;
    std::optional<std::uint64_t> parent_id;
    // As in Flow.
    std::shared_ptr<const DataChannel> channel;
    // As in IcmpSummary.
    std::optional<QuotedPacket> quoted;
    std::optional<std::uint64_t> about_id;
    std::unique_ptr<SctpTracker> sctp;
    // What the caller's --key told apart.
    std::uint32_t context = 0;
    // The newest packet's time, if it is too far behind the clock for FlowUnit::late_by_ns.
    std::optional<std::int64_t> end_ns;
    // The clock at the first packet, if that was older.
    std::optional<std::int64_t> began_ns;

    // What goes on when a flow is cut into pieces.
    [[nodiscard]] FlowDetail of_continuation() const {
        FlowDetail next;
        next.vlans = vlans;
        next.mpls = mpls;
        next.tunnel = tunnel;
        next.tunnel_id = tunnel_id;
        next.parent_id = parent_id;
        next.channel = channel;
        next.quoted = quoted;
        next.about_id = about_id;
        next.context = context;
        return next;
    }
};

} // namespace doorplate

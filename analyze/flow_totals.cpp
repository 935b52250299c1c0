#include "analyze/flow_totals.h"

#include <algorithm>

#include "analyze/observation.h"

namespace doorplate {

void FlowTotals::add(const FlowRecord &flow) {
    ++flows;
    frame_bytes += flow.flow.traffic.initiator.frame_bytes + flow.flow.traffic.responder.frame_bytes;
    ++by_transport[static_cast<std::uint8_t>(flow.flow.key.transport)];
    bool known = false;
    for (const FlowEnd *end : {&flow.initiator, &flow.responder}) {
        const Attribution &attribution = end->attribution;
        if (attribution.unknown != UnknownReason::no_socket_facts) no_socket_facts = false;
        if (end->local.value_or(attribution.known())) {
            ++local_ends;
            if (attribution.known()) ++known_ends;
            known = known || attribution.known();
        }
        if (!attribution.unknown || attribution.unknown == UnknownReason::not_local || end->multicast) continue;
        UnknownEnds &group = unknown[*attribution.unknown];
        ++group.ends;
        for (const Right right : attribution.missing_rights) {
            if (std::ranges::find(group.missing_rights, right) == group.missing_rights.end()) {
                group.missing_rights.push_back(right);
            }
        }
    }
    if (known) ++flows_with_known_owner;
}

void FlowTotals::add_bare(Transport transport, const PerSide<Endpoint> &ends, std::uint64_t bytes) {
    ++flows;
    frame_bytes += bytes;
    ++by_transport[static_cast<std::uint8_t>(transport)];
    for (const IpAddress *address : {&ends.initiator.address, &ends.responder.address}) {
        if (address->is_loopback()) ++local_ends;
        if (!address->is_multicast() && !address->is_limited_broadcast()) {
            ++unknown[UnknownReason::no_socket_facts].ends;
        }
    }
}

} // namespace doorplate

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "analyze/attribution.h"
#include "analyze/flow.h"

namespace doorplate {

struct FlowRecord;

// Sums over all flows, those included that an Observation does not keep.
struct FlowTotals {
    // Ends of flows that have no program, for one reason.
    struct UnknownEnds {
        std::uint64_t ends = 0;
        std::vector<Right> missing_rights;
    };

    std::uint64_t flows = 0;
    std::uint64_t frame_bytes = 0;
    // By IP protocol number.
    std::array<std::uint64_t, 256> by_transport{};
    // Ends of flows that are this host's, and those of them whose program is known.
    std::uint64_t local_ends = 0;
    std::uint64_t known_ends = 0;
    std::uint64_t flows_with_known_owner = 0;
    // No end of any flow has socket facts: a bare capture file.
    bool no_socket_facts = true;
    // Other hosts' ends and groups' are not among them.
    std::map<UnknownReason, UnknownEnds> unknown;

    void add(const FlowRecord &flow);
    // A flow of a bare capture file: its record would say nothing else that counts here.
    void add_bare(Transport transport, const PerSide<Endpoint> &ends, std::uint64_t frame_bytes);
};

} // namespace doorplate

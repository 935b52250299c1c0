#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "capture/address.h"
#include "capture/timestamp.h"
#include "capture/transport.h"

namespace doorplate {

// One end of a generated flow, and what it has sent so far.
struct GeneratedEnd {
    Endpoint endpoint; // of ICMP: the initiator's port is the identifier of its echo requests
    std::uint32_t next_sequence = 0;
    std::uint16_t next_identification = 0;
    std::uint64_t packets = 0;
    std::uint64_t frame_bytes = 0;
};

// A flow that is being generated: the truth about it, as soon as it is over. No other flow has its five-tuple.
struct GeneratedFlow {
    Transport transport = Transport::tcp;
    std::uint8_t vlan_tags = 0;       // 1: 802.1Q; 2: 802.1ad in front of it
    std::uint16_t vlan = 0;           // the outer one; the inner one is the next number
    std::array<GeneratedEnd, 2> ends; // the first is who sent the first packet
    Timestamp first;
    Timestamp last;
};

// Indices of GeneratedFlow::ends.
inline constexpr std::size_t client = 0;
inline constexpr std::size_t server = 1;

} // namespace doorplate

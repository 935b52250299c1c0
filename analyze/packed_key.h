#pragma once

#include <array>
#include <cstdint>

#include "analyze/dissection.h"
#include "analyze/flow_key.h"

namespace doorplate {

// A FlowKey as the flow table holds it: words that are compared and hashed at once, of which IPv4 needs two.
struct PackedKey {
    // IPv4: both addresses, the high end's in the upper half. IPv6: a digest of `ipv6`, which decides.
    std::uint64_t addresses = 0;
    // From the lowest bit: low port 16, high port 16, transport 8, kind 8. The upper 16 are 0. ICMP has its exchange
    // where others have their ports: code 8, type 8, identifier 16.
    std::uint64_t rest = 0;
    // The low end's address, then the high end's. All zero for IPv4.
    std::array<std::uint64_t, 4> ipv6{};
    // What the caller's --key adds; compared only if it asked for it.
    std::uint32_t context = 0;
    std::uint32_t hash = 0;
    // Where the packet's source is.
    bool source_is_low = true;

    static constexpr std::uint64_t rest_mask = 0x0000'ffff'ffff'ffffU;
    [[nodiscard]] bool is_ipv6() const { return (rest >> 40 & 1) != 0; }
};

// Of a packet that names a flow.
[[nodiscard]] PackedKey packed_key(const Dissection &dissection, std::uint8_t level);
[[nodiscard]] PackedKey packed_key(const FlowKey &key);
// The same as in a PackedKey with these words.
[[nodiscard]] std::uint32_t packed_key_hash(std::uint64_t addresses, std::uint64_t rest, std::uint32_t context);
// A hash of one endpoint, seeded as the above.
[[nodiscard]] std::uint64_t door_fingerprint(Transport transport, const Endpoint &endpoint);
// `context` cannot be told from the words.
[[nodiscard]] FlowKey unpacked_key(std::uint64_t addresses, std::uint64_t rest,
                                   const std::array<std::uint64_t, 4> &ipv6);

} // namespace doorplate

#pragma once

#include <array>
#include <bit>
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
    // In `rest`; in `kind`, of which the lowest bit says IPv6.
    static constexpr unsigned kind_shift = 40, level_shift = 1;
    [[nodiscard]] bool is_ipv6() const { return (rest >> 40 & 1) != 0; }
    [[nodiscard]] Transport transport() const { return static_cast<Transport>(static_cast<std::uint8_t>(rest >> 32)); }
};

[[nodiscard]] PackedKey packed_key(const FlowKey &key);

// What hashes are seeded with.
extern const std::uint64_t hash_seed;

[[nodiscard]] inline std::uint64_t multiply_mix(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// The same as in a PackedKey with these words.
[[nodiscard]] inline std::uint32_t packed_key_hash(std::uint64_t addresses, std::uint64_t rest, std::uint32_t context) {
    const std::uint64_t inner = multiply_mix(addresses ^ hash_seed, 0x9e3779b97f4a7c15U);
    const std::uint64_t outer = multiply_mix(inner ^ rest ^ (std::uint64_t{context} << 48), hash_seed);
    return static_cast<std::uint32_t>(outer ^ (outer >> 32));
}

// IPv6 and ICMP.
[[nodiscard]] PackedKey other_packed_key(const Dissection &dissection, std::uint8_t level);

// IPv4, but for ICMP.
[[nodiscard, gnu::always_inline]] inline PackedKey ipv4_packed_key(const Dissection &dissection, std::uint8_t level) {
    PackedKey key;
    // An IPv4 address's bytes are the first of its words, as they stand in memory.
    const auto number = [](const IpAddress &address) -> std::uint64_t {
        const std::uint64_t word = address.words()[0];
        return std::endian::native == std::endian::big ? word >> 32 : std::byteswap(static_cast<std::uint32_t>(word));
    };
    const std::uint64_t source = number(dissection.source);
    const std::uint64_t destination = number(dissection.destination);
    const std::uint64_t from = source << 16 | dissection.source_port;
    const std::uint64_t to = destination << 16 | dissection.destination_port;
    key.source_is_low = from <= to;
    // Without a branch that no processor could foresee, and that compilers make of a choice.
    const std::uint64_t turn = (from ^ to) & (std::uint64_t{key.source_is_low} - 1);
    const std::uint64_t low = from ^ turn;
    const std::uint64_t high = to ^ turn;
    key.addresses = low >> 16 | high >> 16 << 32;
    key.rest = (low & 0xffff) | (high & 0xffff) << 16 | static_cast<std::uint64_t>(dissection.transport) << 32 |
               std::uint64_t{level} << (PackedKey::kind_shift + PackedKey::level_shift);
    key.hash = packed_key_hash(key.addresses, key.rest, key.context);
    return key;
}

// Of a packet that names a flow.
[[nodiscard]] inline PackedKey packed_key(const Dissection &dissection, std::uint8_t level) {
    const bool is_usual = dissection.source.family() == Family::ipv4 && !dissection.icmp;
    return is_usual ? ipv4_packed_key(dissection, level) : other_packed_key(dissection, level);
}

// A hash of one endpoint, seeded as the above.
[[nodiscard]] std::uint64_t door_fingerprint(Transport transport, const Endpoint &endpoint);
// `context` cannot be told from the words.
[[nodiscard]] FlowKey unpacked_key(std::uint64_t addresses, std::uint64_t rest,
                                   const std::array<std::uint64_t, 4> &ipv6);

} // namespace doorplate

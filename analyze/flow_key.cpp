#include "analyze/flow_key.h"

#include <bit>
#include <chrono>
#include <cstring>

namespace doorplate {
namespace {

// A multiply-mix over 64-bit words. Seeded from the clock and the address space at start, so that nobody can choose
// colliding flows beforehand; no output depends on the order of the table.
const std::uint64_t seed = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
                           std::bit_cast<std::uintptr_t>(&seed);

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{hash ^ word} * 0x9e3779b97f4a7c15U;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t mix(std::uint64_t hash, const Endpoint &end) {
    std::uint64_t words[2] = {};
    const auto bytes = end.address.bytes();
    std::memcpy(words, bytes.data(), bytes.size());
    hash = mix(hash, words[0]);
    if (end.address.family() == Family::ipv6) hash = mix(hash, words[1]);
    return mix(hash, (std::uint64_t{end.port} << 8) | static_cast<std::uint64_t>(end.address.family()));
}

} // namespace

std::size_t FlowKeyHash::operator()(const FlowKey &key) const noexcept {
    const std::uint64_t start = seed | 1U; // never a word that a multiplication would keep at 0
    const IcmpExchange &icmp = key.icmp;
    const std::uint64_t kind = static_cast<std::uint64_t>(key.transport) | (std::uint64_t{icmp.type} << 8) |
                               (std::uint64_t{icmp.code} << 16) | (std::uint64_t{icmp.identifier} << 24) |
                               (std::uint64_t{icmp.by_low} << 40);
    return mix(mix(mix(start, kind), key.low), key.high);
}

} // namespace doorplate

#include "analyze/packed_key.h"

#include <bit>
#include <chrono>
#include <cstring>
#include <utility>

#include "analyze/icmp_exchange.h"

namespace doorplate {
namespace {

constexpr std::uint64_t kind_ipv6 = 1;
constexpr std::uint64_t level_mask = 3;
constexpr std::uint64_t kind_asked_by_low = 8;

std::uint32_t ipv4_word(const IpAddress &address) {
    std::uint32_t word = 0;
    std::memcpy(&word, address.bytes().data(), sizeof word);
    return std::endian::native == std::endian::little ? std::byteswap(word) : word;
}

std::uint64_t ipv6_word(const IpAddress &address, std::size_t half) {
    std::uint64_t word = 0;
    std::memcpy(&word, address.bytes().data() + 8 * half, sizeof word);
    return std::endian::native == std::endian::little ? std::byteswap(word) : word;
}

std::array<std::uint8_t, 4> ipv4_bytes(std::uint32_t word) {
    return {static_cast<std::uint8_t>(word >> 24), static_cast<std::uint8_t>(word >> 16),
            static_cast<std::uint8_t>(word >> 8), static_cast<std::uint8_t>(word)};
}

IpAddress ipv6_address(std::uint64_t first, std::uint64_t second) {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[i] = static_cast<std::uint8_t>(first >> (56 - 8 * i));
        bytes[8 + i] = static_cast<std::uint8_t>(second >> (56 - 8 * i));
    }
    return IpAddress::v6(bytes);
}

std::uint64_t icmp_ports(const IcmpExchange &icmp) {
    return icmp.code | (std::uint64_t{icmp.type} << 8) | (std::uint64_t{icmp.identifier} << 16);
}

void set_ipv6(PackedKey &key, const IpAddress &low, const IpAddress &high) {
    key.ipv6 = {ipv6_word(low, 0), ipv6_word(low, 1), ipv6_word(high, 0), ipv6_word(high, 1)};
    key.addresses = multiply_mix(key.ipv6[0] ^ hash_seed, key.ipv6[1] ^ 0x9e3779b97f4a7c15U) ^
                    multiply_mix(key.ipv6[2] ^ std::rotl(hash_seed, 29), key.ipv6[3] ^ 0xd6e8feb86659fd93U);
}

} // namespace

// From the clock and the address space at start, so that nobody can choose colliding flows beforehand; no output
// depends on the order of the table. Odd, so that no word can take it away.
const std::uint64_t hash_seed =
    (static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
     std::bit_cast<std::uintptr_t>(&hash_seed)) |
    1U;

PackedKey other_packed_key(const Dissection &dissection, std::uint8_t level) {
    PackedKey key;
    const Endpoint source{dissection.source, dissection.source_port};
    const Endpoint destination{dissection.destination, dissection.destination_port};
    key.source_is_low = source <= destination;
    const auto &[low, high] = key.source_is_low ? std::pair(source, destination) : std::pair(destination, source);
    std::uint64_t kind = std::uint64_t{level} << PackedKey::level_shift;
    if (source.address.family() == Family::ipv4) {
        key.addresses = ipv4_word(low.address) | std::uint64_t{ipv4_word(high.address)} << 32;
    } else {
        set_ipv6(key, low.address, high.address);
        kind |= kind_ipv6;
    }
    std::uint64_t ports = low.port | std::uint64_t{high.port} << 16;
    if (dissection.icmp) {
        const IcmpExchange exchange = icmp_exchange(dissection, key.source_is_low);
        ports = icmp_ports(exchange);
        if (exchange.by_low) kind |= kind_asked_by_low;
    }
    key.rest = ports | static_cast<std::uint64_t>(dissection.transport) << 32 | kind << PackedKey::kind_shift;
    key.hash = packed_key_hash(key.addresses, key.rest, key.context);
    return key;
}

PackedKey packed_key(const FlowKey &from) {
    PackedKey key;
    key.context = from.context;
    std::uint64_t kind = std::uint64_t{from.level} << PackedKey::level_shift;
    if (from.low.address.family() == Family::ipv4) {
        key.addresses = ipv4_word(from.low.address) | std::uint64_t{ipv4_word(from.high.address)} << 32;
    } else {
        set_ipv6(key, from.low.address, from.high.address);
        kind |= kind_ipv6;
    }
    const bool has_exchange = from.transport == Transport::icmp || from.transport == Transport::icmpv6;
    const std::uint64_t ports =
        has_exchange ? icmp_ports(from.icmp) : from.low.port | std::uint64_t{from.high.port} << 16;
    if (from.icmp.by_low) kind |= kind_asked_by_low;
    key.rest = ports | static_cast<std::uint64_t>(from.transport) << 32 | kind << PackedKey::kind_shift;
    key.hash = packed_key_hash(key.addresses, key.rest, key.context);
    return key;
}

std::uint64_t door_fingerprint(Transport transport, const Endpoint &endpoint) {
    const IpAddress &address = endpoint.address;
    const bool v6 = address.family() == Family::ipv6;
    const std::uint64_t words =
        v6 ? multiply_mix(ipv6_word(address, 0) ^ hash_seed, ipv6_word(address, 1) ^ std::rotl(hash_seed, 29))
           : ipv4_word(address);
    const std::uint64_t rest =
        endpoint.port | std::uint64_t{std::to_underlying(transport)} << 16 | std::uint64_t{v6} << 24;
    return multiply_mix(multiply_mix(words ^ hash_seed, 0x9e3779b97f4a7c15U) ^ rest, hash_seed);
}

FlowKey unpacked_key(std::uint64_t addresses, std::uint64_t rest, const std::array<std::uint64_t, 4> &ipv6) {
    FlowKey key;
    key.transport = static_cast<Transport>(static_cast<std::uint8_t>(rest >> 32));
    const std::uint64_t kind = rest >> PackedKey::kind_shift & 0xff;
    key.level = static_cast<std::uint8_t>(kind >> PackedKey::level_shift & level_mask);
    if ((kind & kind_ipv6) != 0) {
        key.low.address = ipv6_address(ipv6[0], ipv6[1]);
        key.high.address = ipv6_address(ipv6[2], ipv6[3]);
    } else {
        key.low.address = IpAddress::v4(ipv4_bytes(static_cast<std::uint32_t>(addresses)));
        key.high.address = IpAddress::v4(ipv4_bytes(static_cast<std::uint32_t>(addresses >> 32)));
    }
    const auto ports = static_cast<std::uint32_t>(rest);
    if (key.transport == Transport::icmp || key.transport == Transport::icmpv6) {
        key.icmp = {.type = static_cast<std::uint8_t>(ports >> 8),
                    .code = static_cast<std::uint8_t>(ports),
                    .identifier = static_cast<std::uint16_t>(ports >> 16),
                    .by_low = (kind & kind_asked_by_low) != 0};
    } else {
        key.low.port = static_cast<std::uint16_t>(ports);
        key.high.port = static_cast<std::uint16_t>(ports >> 16);
    }
    return key;
}

} // namespace doorplate

#include "analyze/dissect/checksum.h"

#include <array>
#include <bit>
#include <cstring>

#include <zlib.h>

#include "analyze/dissect/ones_complement.h"

namespace doorplate {

namespace {

// A number as its bytes stand in the packet.
std::uint64_t in_memory(std::uint16_t number) {
    return std::endian::native == std::endian::big ? number : std::byteswap(number);
}

std::uint64_t sum_of(const IpAddress &address) {
    const auto [first, second] = address.words();
    if (address.family() == Family::ipv4) return first;
    return (first >> 32) + (first & UINT32_MAX) + (second >> 32) + (second & UINT32_MAX);
}

// Without the length, which some senders leave out of what they leave to the network card.
std::uint64_t pseudo_header_sum(const Dissection &out) {
    return sum_of(out.source) + sum_of(out.destination) + in_memory(static_cast<std::uint16_t>(out.transport));
}

std::uint16_t field(const Summed &summed) {
    std::uint16_t value = 0;
    std::memcpy(&value, summed.bytes.captured().data() + summed.checksum_at, sizeof value);
    return value;
}

bool is_there(const Summed &summed, const Dissection &out) {
    return !out.fragment && summed.bytes.captured().size() >= summed.covered &&
           summed.covered >= summed.checksum_at + sizeof(std::uint16_t);
}

std::uint64_t sum_of(const Summed &summed) {
    return ones_complement_sum(summed.bytes.captured().data(), summed.covered);
}

// Castagnoli's polynomial, least significant bit first.
constexpr std::array<std::uint32_t, 256> crc32c_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
        table[byte] = crc;
    }
    return table;
}();

constexpr std::array<std::uint8_t, sizeof(std::uint32_t)> zeros{};

// Both over an SCTP packet, whose checksum counts as zeros.
std::uint32_t crc32c_of(Bytes before, Bytes behind) {
    std::uint32_t crc = UINT32_MAX;
    for (const Bytes part : {before, Bytes(zeros), behind})
        for (const std::uint8_t byte : part) crc = crc32c_table[(crc ^ byte) & 0xff] ^ crc >> 8;
    return ~crc;
}
std::uint32_t adler32_of(Bytes before, Bytes behind) {
    uLong sum = 1;
    for (const Bytes part : {before, Bytes(zeros), behind}) sum = adler32_z(sum, part.data(), part.size());
    return static_cast<std::uint32_t>(sum);
}

} // namespace

Checksum failed_ipv4_header_checksum(Bytes header) {
    constexpr std::size_t checksum_at = 10;
    // A sending host may leave this sum to its network card, too: the field is empty then.
    const bool is_empty = header[checksum_at] == 0 && header[checksum_at + 1] == 0;
    return is_empty ? Checksum::unverified : Checksum::bad;
}

Checksum transport_checksum(const Summed &summed, const Dissection &out) {
    if (!is_there(summed, out)) return Checksum::unverified;
    // The length is of 32 bits where it is larger than 16.
    const std::uint32_t length = summed.bytes.length();
    const std::uint64_t without_length = pseudo_header_sum(out);
    const std::uint64_t pseudo_header = without_length + in_memory(static_cast<std::uint16_t>(length)) +
                                        in_memory(static_cast<std::uint16_t>(length >> 16));
    if (is_good(pseudo_header + sum_of(summed))) [[likely]]
        return Checksum::good;
    const std::uint16_t sent = field(summed);
    const bool left_to_the_card = sent == folded(pseudo_header) || sent == folded(without_length);
    return left_to_the_card ? Checksum::unverified : Checksum::bad;
}

Checksum icmp_checksum(const Summed &summed, const Dissection &out) {
    if (!is_there(summed, out)) return Checksum::unverified;
    return is_good(sum_of(summed)) ? Checksum::good : Checksum::bad;
}

Checksum sctp_checksum(LayerBytes bytes, const Dissection &out) {
    constexpr std::size_t checksum_at = 8;
    const Bytes packet = bytes.captured();
    if (out.fragment || packet.size() < bytes.length() || packet.size() < checksum_at + zeros.size())
        return Checksum::unverified;
    const std::uint32_t sent = bytes.be32(checksum_at);
    if (sent == 0) return Checksum::unverified;
    const Bytes before = packet.first(checksum_at);
    const Bytes behind = packet.subspan(checksum_at + zeros.size());
    // The CRC travels with its least significant byte first, Adler-32 like any number.
    const bool right = std::byteswap(crc32c_of(before, behind)) == sent || adler32_of(before, behind) == sent;
    return right ? Checksum::good : Checksum::bad;
}

} // namespace doorplate

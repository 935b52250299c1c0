#include "analyze/dissect/checksum.h"

#include <array>
#include <bit>
#include <cstring>

#include <zlib.h>

#include "analyze/dissect/ones_complement.h"

namespace doorplate {

namespace {

bool is_there(const Summed &summed) {
    return summed.bytes.captured().size() >= summed.covered &&
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

Checksum failed_transport_checksum(std::uint16_t sent, std::uint64_t pseudo_header, std::uint32_t length) {
    const bool left_to_the_card = sent == folded(pseudo_header + in_memory(length)) || sent == folded(pseudo_header);
    return left_to_the_card ? Checksum::unverified : Checksum::bad;
}

Checksum transport_checksum(const Summed &summed, std::uint64_t pseudo_header) {
    if (!is_there(summed)) return Checksum::unverified;
    const std::uint32_t length = summed.bytes.length();
    if (is_good(pseudo_header + in_memory(length) + sum_of(summed))) return Checksum::good;
    return failed_transport_checksum(in_memory(summed.bytes.be16(summed.checksum_at)), pseudo_header, length);
}

Checksum icmp_checksum(const Summed &summed) {
    if (!is_there(summed)) return Checksum::unverified;
    return is_good(sum_of(summed)) ? Checksum::good : Checksum::bad;
}

Checksum sctp_checksum(LayerBytes bytes) {
    constexpr std::size_t checksum_at = 8;
    const Bytes packet = bytes.captured();
    if (packet.size() < bytes.length() || packet.size() < checksum_at + zeros.size()) return Checksum::unverified;
    const std::uint32_t sent = bytes.be32(checksum_at);
    if (sent == 0) return Checksum::unverified;
    const Bytes before = packet.first(checksum_at);
    const Bytes behind = packet.subspan(checksum_at + zeros.size());
    // The CRC travels with its least significant byte first, Adler-32 like any number.
    const bool right = std::byteswap(crc32c_of(before, behind)) == sent || adler32_of(before, behind) == sent;
    return right ? Checksum::good : Checksum::bad;
}

} // namespace doorplate

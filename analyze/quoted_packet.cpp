#include "analyze/quoted_packet.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "capture/byte_reader.h"

namespace doorplate {
namespace {

bool is_error(const Dissection &dissection) {
    if (!dissection.icmp) return false;
    const std::uint8_t type = dissection.icmp->type;
    if (dissection.transport == Transport::icmpv6) return type >= 1 && type <= 4;
    constexpr std::array<std::uint8_t, 5> errors{3, 4, 5, 11, 12};
    return std::ranges::find(errors, type) != errors.end();
}

std::optional<QuotedPacket> with_ports(std::uint8_t protocol, const IpAddress &source, const IpAddress &destination,
                                       ByteReader &behind) {
    const auto transport = static_cast<Transport>(protocol);
    if (!has_ports(transport)) return std::nullopt;
    const auto source_port = behind.be16();
    const auto destination_port = behind.be16();
    if (!source_port || !destination_port) return std::nullopt;
    return QuotedPacket{transport, {source, *source_port}, {destination, *destination_port}};
}

std::optional<QuotedPacket> quoted_ipv4(Bytes bytes) {
    constexpr std::size_t shortest_header = 20;
    if (bytes.size() < shortest_header || bytes[0] >> 4 != 4) return std::nullopt;
    const std::size_t header_length = std::size_t{4} * (bytes[0] & 15U);
    // Ports are only in the first fragment.
    const bool is_later_fragment = (bytes[6] & 0x1f) != 0 || bytes[7] != 0;
    if (header_length < shortest_header || header_length > bytes.size() || is_later_fragment) return std::nullopt;
    ByteReader behind(bytes.subspan(header_length));
    return with_ports(bytes[9], IpAddress::from_bytes(bytes.subspan(12, 4)),
                      IpAddress::from_bytes(bytes.subspan(16, 4)), behind);
}

// Extension headers are not looked behind: what errors are about seldom has any.
std::optional<QuotedPacket> quoted_ipv6(Bytes bytes) {
    constexpr std::size_t header_length = 40;
    if (bytes.size() < header_length || bytes[0] >> 4 != 6) return std::nullopt;
    ByteReader behind(bytes.subspan(header_length));
    return with_ports(bytes[6], IpAddress::from_bytes(bytes.subspan(8, 16)),
                      IpAddress::from_bytes(bytes.subspan(24, 16)), behind);
}

} // namespace

std::optional<QuotedPacket> quoted_packet(const Dissection &dissection) {
    if (!is_error(dissection)) return std::nullopt;
    return dissection.transport == Transport::icmpv6 ? quoted_ipv6(dissection.payload)
                                                     : quoted_ipv4(dissection.payload);
}

} // namespace doorplate

#pragma once

#include "analyze/dissect/layer.h"
#include "analyze/dissect/ones_complement.h"

namespace doorplate {

// Checksums, all but SCTP's those of RFC 1071. To be asked only if Output::verifies_checksums().

// Why is it not right?
[[nodiscard]] Checksum failed_ipv4_header_checksum(Bytes header);
// `sum` is over `header`, an IPv4 header with its options.
[[nodiscard]] inline Checksum ipv4_header_checksum(std::uint64_t sum, Bytes header) {
    if (is_good(sum)) [[likely]]
        return Checksum::good;
    return failed_ipv4_header_checksum(header);
}

// What a transport's header says its checksum is over.
struct Summed {
    // From the transport's header on.
    LayerBytes bytes;
    // As many of them; if not all were captured, nothing is verified.
    std::uint32_t covered = 0;
    std::size_t checksum_at = 0;
};

// A number as its bytes stand in the packet.
template <typename T> [[nodiscard]] constexpr T in_memory(T number) {
    return std::endian::native == std::endian::big ? number : std::byteswap(number);
}

// The sum over what IP tells TCP, UDP, UDP-Lite, DCCP and ICMPv6 to sum with what they have (RFC 9293 section 3.1,
// RFC 8200 section 8.1). Without the length, which some senders leave out of what they leave to the network card.
[[nodiscard, gnu::always_inline]] inline std::uint64_t
pseudo_header_sum(const IpAddress &source, const IpAddress &destination, Transport transport) {
    const auto [source_first, source_second] = source.words();
    const auto [destination_first, destination_second] = destination.words();
    const std::uint64_t other = in_memory(static_cast<std::uint16_t>(transport));
    if (source.family() == Family::ipv4) return source_first + destination_first + other;
    const auto halves = [](std::uint64_t word) { return (word >> 32) + (word & UINT32_MAX); };
    return halves(source_first) + halves(source_second) + halves(destination_first) + halves(destination_second) +
           other;
}
[[nodiscard]] inline std::uint64_t pseudo_header_sum(const Dissection &out) {
    return pseudo_header_sum(out.source, out.destination, out.transport);
}

// Why is it not right? `sent` is the checksum as it stands in memory.
[[nodiscard]] Checksum failed_transport_checksum(std::uint16_t sent, std::uint64_t pseudo_header, std::uint32_t length);

// Of those five, in packets that are no fragments.
[[nodiscard]] Checksum transport_checksum(const Summed &summed, std::uint64_t pseudo_header);
// `segment` has a header.
[[nodiscard, gnu::always_inline]] inline Checksum tcp_checksum(LayerBytes segment, std::uint64_t pseudo_header) {
    const Bytes bytes = segment.captured();
    if (bytes.size() < segment.length()) return Checksum::unverified;
    const std::uint64_t sum = pseudo_header + in_memory(segment.length()) + ones_complement_sum_of_20(bytes.data()) +
                              ones_complement_sum_of_last(bytes.data() + 20, bytes.size() - 20);
    if (is_good(sum)) [[likely]]
        return Checksum::good;
    return failed_transport_checksum(in_memory(segment.be16(16)), pseudo_header, segment.length());
}
[[nodiscard, gnu::always_inline]] inline Checksum udp_checksum(LayerBytes datagram, std::uint64_t pseudo_header) {
    const Bytes bytes = datagram.captured();
    const std::uint16_t sent = datagram.be16(6);
    // RFC 768: zero is none. RFC 6935 lets tunnels have none over IPv6, too.
    if (bytes.size() < datagram.length() || sent == 0) return Checksum::unverified;
    const std::uint64_t sum = pseudo_header + in_memory(datagram.length()) + ones_complement_sum_of_8(bytes.data()) +
                              ones_complement_sum_of_last(bytes.data() + 8, bytes.size() - 8);
    if (is_good(sum)) [[likely]]
        return Checksum::good;
    return failed_transport_checksum(in_memory(sent), pseudo_header, datagram.length());
}
// Of ICMP, which does not.
[[nodiscard]] Checksum icmp_checksum(const Summed &summed);

// Of SCTP: CRC32c over `bytes`, all of the packet, with the field itself taken as 0 (RFC 9260 section 6.8, appendix A).
// The Adler-32 that SCTP began with (RFC 2960, until RFC 3309) is good as well. A field of 0 is unverified: the sum was
// left to the network card, or both ends do without (RFC 9653).
[[nodiscard]] Checksum sctp_checksum(LayerBytes bytes);

} // namespace doorplate

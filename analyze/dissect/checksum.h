#pragma once

#include "analyze/dissect/layer.h"
#include "analyze/dissect/ones_complement.h"

namespace doorplate {

// Checksums, all but SCTP's those of RFC 1071. To be asked only if Output::verifies_checksums().

// Why is it not right?
[[nodiscard]] Checksum failed_ipv4_header_checksum(Bytes header);
// `header` is an IPv4 header with its options.
[[nodiscard, gnu::always_inline]] inline Checksum ipv4_header_checksum(Bytes header) {
    if (is_good(ones_complement_sum(header.data(), header.size()))) [[likely]]
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

// Of TCP, UDP, UDP-Lite, DCCP and ICMPv6, which sum the addresses too (RFC 9293 section 3.1, RFC 8200 section 8.1).
[[nodiscard]] Checksum transport_checksum(const Summed &summed, const Dissection &out);
[[nodiscard]] inline Checksum tcp_checksum(LayerBytes segment, const Dissection &out) {
    return transport_checksum({.bytes = segment, .covered = segment.length(), .checksum_at = 16}, out);
}
[[nodiscard]] inline Checksum udp_checksum(LayerBytes datagram, const Dissection &out) {
    constexpr std::size_t checksum_at = 6;
    // RFC 768: zero is none. RFC 6935 lets tunnels have none over IPv6, too.
    if (datagram.be16(checksum_at) == 0) return Checksum::unverified;
    return transport_checksum({.bytes = datagram, .covered = datagram.length(), .checksum_at = checksum_at}, out);
}
// Of ICMP, which does not.
[[nodiscard]] Checksum icmp_checksum(const Summed &summed, const Dissection &out);

// Of SCTP: CRC32c over `bytes`, all of the packet, with the field itself taken as 0 (RFC 9260 section 6.8, appendix A).
// The Adler-32 that SCTP began with (RFC 2960, until RFC 3309) is good as well. A field of 0 is unverified: the sum was
// left to the network card, or both ends do without (RFC 9653).
[[nodiscard]] Checksum sctp_checksum(LayerBytes bytes, const Dissection &out);

} // namespace doorplate

#pragma once

#include "analyze/dissect/checksum.h"
#include "analyze/dissect/layer.h"
#include "analyze/dissect/tcp_fields.h"
#include "analyze/dissect/udp_tunnels.h"

namespace doorplate {

namespace everyday {

inline constexpr std::uint32_t ethernet_length = 14;
inline constexpr std::uint32_t ipv4_header_length = 20;
inline constexpr std::uint32_t udp_header_length = 8;

enum EtherType : std::uint16_t { ipv4 = 0x0800, ipv6 = 0x86dd, vlan = 0x8100, outer_vlan = 0x88a8 };

// What is in front of the transport's header.
struct Network {
    std::uint16_t ether_type = 0;
    IpAddress source;
    IpAddress destination;
    Checksum checksum = Checksum::unverified;
    // Of all of the packet.
    std::uint32_t length = 0;
};

// The least that a transport needs is in the packet, and all of the packet in the frame.
[[nodiscard]] inline bool is_possible(std::uint32_t packet_length, std::uint32_t header_length, LayerBytes frame) {
    return packet_length >= header_length + udp_header_length && packet_length <= frame.length();
}

[[gnu::always_inline]] inline void write(const Network &network, Transport transport, LayerBytes upper,
                                         std::uint32_t header_length, Checksum checksum, Dissection &out) {
    const std::uint32_t ports = upper.be32(0);
    ::new (&out) Dissection;
    out.kind = PacketKind::ip;
    out.transport = transport;
    out.ip_checksum = network.checksum;
    out.transport_checksum = checksum;
    out.flow_ready = true;
    out.ether_type = network.ether_type;
    out.source = network.source;
    out.destination = network.destination;
    out.source_port = static_cast<std::uint16_t>(ports >> 16);
    out.destination_port = static_cast<std::uint16_t>(ports);
    out.ip_bytes = network.length;
    set_payload(upper.past(header_length), out);
}

// Are they valid? All of them are there.
[[nodiscard]] bool read_options(Bytes options, TcpFields &tcp);

[[nodiscard, gnu::always_inline]] inline bool read_tcp(LayerBytes segment, const Network &network,
                                                       DissectOptions options, Dissection &out) {
    if (segment.captured().size() < tcp_fixed_length) return false;
    const std::uint32_t header_length = tcp_header_length(segment);
    if (header_length < tcp_fixed_length || header_length > segment.captured().size()) return false;
    auto checksum = Checksum::unverified;
    if (options.verify_checksums) [[likely]]
        checksum = tcp_checksum(segment, pseudo_header_sum(network.source, network.destination, Transport::tcp));
    write(network, Transport::tcp, segment, header_length, checksum, out);
    read_tcp_fields(segment, out.tcp);
    if (header_length == tcp_fixed_length) return true;
    return read_options(segment.captured().first(header_length).subspan(tcp_fixed_length), *out.tcp);
}

[[nodiscard, gnu::always_inline]] inline bool read_udp(LayerBytes datagram, const Network &network,
                                                       DissectOptions options, Dissection &out) {
    if (datagram.captured().size() < udp_header_length || datagram.be16(4) != datagram.length()) return false;
    if (is_tunnel_port(datagram.be16(0)) || is_tunnel_port(datagram.be16(2))) return false;
    auto checksum = Checksum::unverified;
    if (options.verify_checksums) [[likely]]
        checksum = udp_checksum(datagram, pseudo_header_sum(network.source, network.destination, Transport::udp));
    write(network, Transport::udp, datagram, udp_header_length, checksum, out);
    return true;
}

[[nodiscard, gnu::always_inline]] inline bool read_transport(std::uint8_t protocol, LayerBytes upper,
                                                             const Network &network, DissectOptions options,
                                                             Dissection &out) {
    if (protocol == static_cast<std::uint8_t>(Transport::tcp)) return read_tcp(upper, network, options, out);
    if (protocol == static_cast<std::uint8_t>(Transport::udp)) return read_udp(upper, network, options, out);
    return false;
}

// The header is there.
[[nodiscard, gnu::always_inline]] inline bool read_ipv4(LayerBytes bytes, DissectOptions options, Dissection &out) {
    constexpr std::uint8_t version_4_no_options = 0x45;
    constexpr std::uint16_t fragment_bits = 0x3fff;
    if (bytes.u8(0) != version_4_no_options) return false;
    const std::uint32_t length = bytes.be16(2);
    if ((bytes.be16(6) & fragment_bits) != 0 || !is_possible(length, ipv4_header_length, bytes)) return false;
    Network network{.ether_type = EtherType::ipv4,
                    .source = bytes.ipv4_address(12),
                    .destination = bytes.ipv4_address(16),
                    .length = length};
    if (options.verify_checksums) [[likely]] {
        const Bytes header = bytes.captured().first(ipv4_header_length);
        network.checksum = ipv4_header_checksum(ones_complement_sum_of_20(header.data()), header);
    }
    return read_transport(bytes.u8(9), bytes.up_to(length).past(ipv4_header_length), network, options, out);
}

// The same for IPv6, and for both behind VLAN tags. As much as an Ethernet and an IPv4 header need is there.
[[nodiscard]] bool read_other(const Packet &packet, DissectOptions options, Dissection &out);

} // namespace everyday

// Nine packets of ten are TCP or UDP over IP over Ethernet and have nothing remarkable: no IP options, no fragments, no
// tunnels, nothing cut, nothing wrong. This reads such a packet in one go, which takes a third of what the layers need.
// False, and nothing is to be read from `out`, if anything about the packet is not everyday; else the layers would have
// written the same. Inline, for its callers are few and want to go on with what it has in registers.
[[nodiscard, gnu::always_inline]] inline bool dissect_everyday(const Packet &packet, DissectOptions options,
                                                               Dissection &out) {
    using namespace everyday;
    const LayerBytes frame(packet);
    if (packet.link_type != LinkType::ethernet || frame.captured().size() < ethernet_length + ipv4_header_length)
        return false;
    if (frame.be16(12) == EtherType::ipv4) [[likely]]
        return read_ipv4(frame.past(ethernet_length), options, out);
    return read_other(packet, options, out);
}

// What dissect() does with all others.
[[nodiscard]] std::size_t dissect_by_layers(const Packet &packet, std::span<Dissection, max_levels> levels,
                                            MoreFrames &more, DissectOptions options);

} // namespace doorplate

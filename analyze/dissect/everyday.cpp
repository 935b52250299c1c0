#include "analyze/dissect/everyday.h"

#include "analyze/dissect/checksum.h"
#include "analyze/dissect/options.h"
#include "analyze/dissect/tcp_fields.h"
#include "analyze/dissect/udp_tunnels.h"

namespace doorplate {

namespace {

constexpr std::uint32_t ethernet_length = 14;
constexpr std::uint32_t ipv4_header_length = 20;
constexpr std::uint32_t ipv6_header_length = 40;
constexpr std::uint32_t udp_header_length = 8;

// An IP packet with one header.
struct IpPacket {
    Family family = Family::ipv4;
    std::uint16_t ether_type = 0;
    std::uint8_t protocol = 0;
    std::uint32_t header_length = 0;
    std::uint32_t length = 0;
};

[[gnu::always_inline]] inline bool read_ip(LayerBytes frame, IpPacket &out) {
    constexpr std::uint8_t version_4_no_options = 0x45;
    constexpr std::uint16_t fragment_bits = 0x3fff;
    out.ether_type = frame.be16(12);
    const LayerBytes ip = frame.past(ethernet_length);
    switch (out.ether_type) {
    case 0x0800:
        out.family = Family::ipv4;
        out.header_length = ipv4_header_length;
        if (ip.captured().size() < out.header_length) return false;
        out.length = ip.be16(2);
        out.protocol = ip.u8(9);
        if (ip.u8(0) != version_4_no_options || (ip.be16(6) & fragment_bits) != 0) return false;
        break;
    case 0x86dd:
        out.family = Family::ipv6;
        out.header_length = ipv6_header_length;
        if (ip.captured().size() < out.header_length || ip.u8(0) >> 4 != 6) return false;
        out.length = out.header_length + ip.be16(4);
        out.protocol = ip.u8(6);
        break;
    default: return false;
    }
    return out.length >= out.header_length + udp_header_length && out.length <= ip.length();
}

// What precedes the transport; `upper` has the ports.
[[gnu::always_inline]] inline void write_ip(LayerBytes ip, const IpPacket &read, LayerBytes upper,
                                            DissectOptions options, Dissection &out) {
    ::new (&out) Dissection;
    out.kind = PacketKind::ip;
    out.transport = Transport{read.protocol};
    out.flow_ready = true;
    out.ether_type = read.ether_type;
    if (read.family == Family::ipv4) {
        out.source = ip.ipv4_address(12);
        out.destination = ip.ipv4_address(16);
        if (options.verify_checksums) out.ip_checksum = ipv4_header_checksum(ip.captured().first(ipv4_header_length));
    } else {
        out.source = ip.ipv6_address(8);
        out.destination = ip.ipv6_address(24);
    }
    out.source_port = upper.be16(0);
    out.destination_port = upper.be16(2);
    out.ip_bytes = read.length;
}

// A segment whose options need no reading: there are none, or they are valid and the segment opens nothing.
bool has_everyday_options(LayerBytes segment, std::uint32_t header_length) {
    constexpr std::uint32_t two_fillers_and_timestamps = 0x0101080a; // RFC 7323 appendix A
    constexpr std::uint8_t syn = 2;
    if (header_length == tcp_fixed_length) return true;
    if ((segment.u8(13) & syn) != 0) return false;
    if (header_length == tcp_fixed_length + 12 && segment.be32(tcp_fixed_length) == two_fillers_and_timestamps)
        return true;
    return options_are_valid(segment.captured().first(header_length).subspan(tcp_fixed_length), true);
}

} // namespace

bool dissect_everyday(LayerBytes frame, DissectOptions options, Dissection &out) {
    IpPacket read;
    if (frame.captured().size() < ethernet_length || !read_ip(frame, read)) return false;
    const LayerBytes ip = frame.past(ethernet_length).first(read.length);
    const LayerBytes upper = ip.past(read.header_length);

    if (read.protocol == static_cast<std::uint8_t>(Transport::tcp)) {
        if (upper.captured().size() < tcp_fixed_length) return false;
        const std::uint32_t header_length = tcp_header_length(upper);
        if (header_length < tcp_fixed_length || header_length > upper.captured().size()) return false;
        if (!has_everyday_options(upper, header_length)) return false;
        write_ip(ip, read, upper, options, out);
        out.tcp.emplace(tcp_fields(upper));
        set_payload(upper.past(header_length), out);
        if (options.verify_checksums) out.transport_checksum = tcp_checksum(upper, out);
        return true;
    }
    if (read.protocol == static_cast<std::uint8_t>(Transport::udp)) {
        if (upper.captured().size() < udp_header_length || upper.be16(4) != upper.length()) return false;
        if (is_tunnel_port(upper.be16(0)) || is_tunnel_port(upper.be16(2))) return false;
        write_ip(ip, read, upper, options, out);
        set_payload(upper.past(udp_header_length), out);
        if (options.verify_checksums) out.transport_checksum = udp_checksum(upper, out);
        return true;
    }
    return false;
}

} // namespace doorplate

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

// Below it the field is a length (IEEE 802.3 clause 3.2.6).
constexpr std::uint16_t first_ether_type = 0x0600;

// One IP packet in another, without anything between them. `around` is the outer one's family.
void dissect_inner_ip(Family family, const LayerBytes &bytes, Output &output) {
    const Family around = output.level().source.family();
    const TunnelKind tunnel = family == around         ? TunnelKind::ip_in_ip
                              : family == Family::ipv6 ? TunnelKind::six_in_four
                                                       : TunnelKind::four_in_six;
    if (!output.enter(tunnel, std::nullopt)) return;
    return family == Family::ipv4 ? dissect_ipv4(bytes, output) : dissect_ipv6(bytes, output);
}

} // namespace

void dissect_link(LinkType type, const LayerBytes &bytes, Output &output) {
    switch (type) {
    case LinkType::ethernet: return dissect_ethernet(bytes, output);
    case LinkType::linux_cooked: return dissect_linux_cooked(bytes, output);
    case LinkType::linux_cooked_v2: return dissect_linux_cooked_v2(bytes, output);
    case LinkType::null_loopback: return dissect_null_loopback(bytes, output);
    case LinkType::openbsd_loopback: return dissect_openbsd_loopback(bytes, output);
    case LinkType::raw_ip:
    case LinkType::raw_bsd12:
    case LinkType::raw_bsd14: return dissect_raw_ip(bytes, output);
    case LinkType::ipv4: return dissect_ipv4(bytes, output);
    case LinkType::ipv6: return dissect_ipv6(bytes, output);
    }
    output.level().kind = PacketKind::unknown_link;
}

void dissect_ether_type(std::uint16_t ether_type, const LayerBytes &bytes, Output &output) {
    output.level().ether_type = ether_type;
    switch (ether_type) {
    case 0x0800: return dissect_ipv4(bytes, output);
    case 0x86dd: return dissect_ipv6(bytes, output);
    case 0x0806: return dissect_arp(bytes, output);
    case 0x8100: // IEEE 802.1Q
    case 0x88a8: // IEEE 802.1ad
    case 0x9100: // QinQ from before 802.1ad
        return dissect_vlan(bytes, output);
    case 0x6558: return dissect_ethernet(bytes, output); // RFC 7637 section 3.2
    default: output.level().kind = PacketKind::other_ether_type;
    }
}

void dissect_type_or_length(std::uint16_t type_or_length, const LayerBytes &bytes, Output &output) {
    if (type_or_length >= first_ether_type) return dissect_ether_type(type_or_length, bytes, output);
    dissect_llc(bytes.first(type_or_length), output);
}

void dissect_ip_protocol(std::uint8_t protocol, const LayerBytes &bytes, Output &output) {
    constexpr std::uint8_t ipv4_in_ip = 4;
    constexpr std::uint8_t ipv6_in_ip = 41;

    Dissection &out = output.level();
    out.transport = Transport{protocol};
    if (out.fragment && out.fragment->offset > 0) return set_payload(bytes, out);
    switch (out.transport) {
    case Transport::tcp: return dissect_tcp(bytes, output);
    case Transport::udp: return dissect_udp(bytes, output);
    case Transport::icmp: return dissect_icmp(bytes, output);
    case Transport::icmpv6: return dissect_icmpv6(bytes, output);
    case Transport::sctp: return dissect_sctp(bytes, output);
    case Transport::dccp: return dissect_dccp(bytes, output);
    case Transport::udplite: return dissect_udplite(bytes, output);
    default: break;
    }
    set_payload(bytes, out);
    out.flow_ready = true;
    const LayerBytes inside = out.fragment ? bytes.going_on_to(0xffff) : bytes;
    if (protocol == ipv4_in_ip) return dissect_inner_ip(Family::ipv4, inside, output);
    if (protocol == ipv6_in_ip) return dissect_inner_ip(Family::ipv6, inside, output);
    if (out.transport == Transport::gre) return dissect_gre(inside, output);
}

} // namespace doorplate

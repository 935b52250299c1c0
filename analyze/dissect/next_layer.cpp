#include "analyze/dissect/layers.h"
#include "analyze/dissect/udp_tunnels.h"

namespace doorplate {

namespace {

// Below it the field is a length (IEEE 802.3 clause 3.2.6).
constexpr std::uint16_t first_ether_type = 0x0600;

// IP protocols that carry packets.
constexpr std::uint8_t ipv4_in_ip = 4;
constexpr std::uint8_t ipv6_in_ip = 41;
constexpr std::uint8_t ethernet_in_ip = 97;
constexpr std::uint8_t l2tp = 115;
constexpr std::uint8_t mpls_in_ip = 137;
constexpr auto gre = static_cast<std::uint8_t>(Transport::gre);

// One IP packet in another, without anything between them. `around` is the outer one's family.
void dissect_inner_ip(Family family, LayerBytes bytes, Output &output) {
    const Family around = output.level().source.family();
    const TunnelKind tunnel = family == around         ? TunnelKind::ip_in_ip
                              : family == Family::ipv6 ? TunnelKind::six_in_four
                                                       : TunnelKind::four_in_six;
    if (!output.enter(tunnel, std::nullopt)) return;
    return family == Family::ipv4 ? dissect_ipv4(bytes, output) : dissect_ipv6(bytes, output);
}

} // namespace

void dissect_link(LinkType type, LayerBytes bytes, Output &output) {
    if (type == LinkType::ethernet) [[likely]]
        return dissect_ethernet(bytes, output);
    switch (type) {
    case LinkType::ethernet: break;
    case LinkType::linux_cooked: return dissect_linux_cooked(bytes, output);
    case LinkType::linux_cooked_v2: return dissect_linux_cooked_v2(bytes, output);
    case LinkType::null_loopback: return dissect_null_loopback(bytes, output);
    case LinkType::openbsd_loopback: return dissect_openbsd_loopback(bytes, output);
    case LinkType::raw_ip:
    case LinkType::raw_bsd12:
    case LinkType::raw_bsd14: return dissect_raw_ip(bytes, output);
    case LinkType::ipv4: return dissect_ipv4(bytes, output);
    case LinkType::ipv6: return dissect_ipv6(bytes, output);
    case LinkType::ppp:
    case LinkType::ppp_hdlc: return dissect_ppp(bytes, output);
    case LinkType::ppp_pppd:
    case LinkType::ppp_with_direction: return dissect_ppp_with_direction(bytes, output);
    case LinkType::ppp_ethernet: return dissect_pppoe(bytes, output);
    case LinkType::cisco_hdlc: return dissect_cisco_hdlc(bytes, output);
    case LinkType::cisco_hdlc_with_direction: return dissect_cisco_hdlc(bytes.behind(1), output);
    case LinkType::frame_relay: return dissect_frame_relay(bytes, output);
    case LinkType::frame_relay_with_direction: return dissect_frame_relay(bytes.behind(1), output);
    case LinkType::ieee802_11: return dissect_wlan(bytes, WlanForm::standard, output);
    case LinkType::ieee802_11_prism: return dissect_prism(bytes, output);
    case LinkType::ieee802_11_radiotap: return dissect_radiotap(bytes, output);
    case LinkType::ieee802_11_avs: return dissect_avs(bytes, output);
    case LinkType::ppi: return dissect_ppi(bytes, output);
    case LinkType::pktap:
    case LinkType::pktap_user2: return dissect_pktap(bytes, output);
    case LinkType::nflog: return dissect_nflog(bytes, output);
    case LinkType::pflog: return dissect_pflog(bytes, output);
    case LinkType::juniper_ethernet: return dissect_juniper_ethernet(bytes, output);
    case LinkType::token_ring: return dissect_token_ring(bytes, output);
    case LinkType::fddi: return dissect_fddi(bytes, output);
    case LinkType::arcnet_linux: return dissect_arcnet(bytes, output);
    case LinkType::ip_over_infiniband: return dissect_ip_over_infiniband(bytes, output);
    case LinkType::ip_over_fibre_channel: return dissect_ip_over_fibre_channel(bytes, output);
    case LinkType::atm_rfc1483:
    case LinkType::atm_clip: return dissect_atm(bytes, output);
    case LinkType::sun_atm: return dissect_sun_atm(bytes, output);
    case LinkType::slip: return dissect_slip(bytes, output);
    case LinkType::ipnet: return dissect_ipnet(bytes, output);
    case LinkType::dsa_broadcom: return dissect_broadcom_tag(bytes, output);
    case LinkType::dsa_broadcom_prepended: return dissect_prepended_broadcom_tag(bytes, output);
    case LinkType::dsa_marvell: return dissect_dsa(bytes, output);
    case LinkType::edsa_marvell: return dissect_edsa(bytes, output);
    }
    output.level().kind = PacketKind::unknown_link;
}

void dissect_inner_link(std::uint32_t type, LayerBytes bytes, Output &output) {
    const auto inner = static_cast<LinkType>(std::min<std::uint32_t>(type, UINT16_MAX));
    if (inner == LinkType::ppi || inner == LinkType::pktap || inner == LinkType::pktap_user2)
        output.level().kind = PacketKind::unknown_link;
    else
        dissect_link(inner, bytes, output);
}

void dissect_ether_type(std::uint16_t ether_type, LayerBytes bytes, Output &output) {
    output.level().ether_type = ether_type;
    if (ether_type == 0x0800) [[likely]]
        return dissect_ipv4(bytes, output);
    if (ether_type == 0x86dd) return dissect_ipv6(bytes, output);
    if (!output.may_go_on()) return note(Malformation::too_many_link_headers, output.level());
    switch (ether_type) {
    case 0x0806: return dissect_arp(bytes, output);
    case 0x8100: // IEEE 802.1Q
    case 0x88a8: // IEEE 802.1ad
    case 0x9100: // QinQ from before 802.1ad
    case 0x9200: // the same, in other vendors' words
    case 0x9300: return dissect_vlan(bytes, output);
    case 0x8847: // RFC 5332 section 3
    case 0x8848: return dissect_mpls(bytes, output);
    case 0x8864: return dissect_pppoe(bytes, output);
    case 0x880b: return dissect_ppp(bytes, output);
    case 0x22f3: return dissect_trill(bytes, output);
    case 0x6558: return dissect_ethernet(bytes, output); // RFC 7637 section 3.2
    case 0x88e5: return dissect_macsec(bytes, output);
    case 0x88e7: return dissect_802_1ah(bytes, output);
    case 0x8903: return dissect_ethernet(bytes.behind(2), output); // Cisco FabricPath: a tag, then the whole frame
    case 0x8909: return dissect_cisco_metadata(bytes, output);
    case 0x8926: return dissect_vn_tag(bytes, output);
    case 0x892f: return dissect_hsr(bytes, output);
    case 0x893f: return dissect_802_1br(bytes, output);
    case 0x894f: return dissect_nsh(bytes, output);
    default: output.level().kind = PacketKind::other_ether_type;
    }
}

void dissect_type_or_length(std::uint16_t type_or_length, LayerBytes bytes, Output &output) {
    if (type_or_length >= first_ether_type) return dissect_ether_type(type_or_length, bytes, output);
    dissect_llc(bytes.first(type_or_length), output);
}

void dissect_ip_protocol(std::uint8_t protocol, LayerBytes bytes, Output &output) {
    Dissection &out = output.level();
    out.transport = Transport{protocol};
    if (out.fragment && out.fragment->offset > 0) return set_payload(bytes, out);
    if (out.transport == Transport::tcp) [[likely]]
        return dissect_tcp(bytes, output);
    switch (out.transport) {
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
    switch (protocol) {
    case ipv4_in_ip: return dissect_inner_ip(Family::ipv4, inside, output);
    case ipv6_in_ip: return dissect_inner_ip(Family::ipv6, inside, output);
    case ethernet_in_ip:
        // RFC 3378 section 3: two bytes, of which four bits are a version.
        if (output.enter(TunnelKind::etherip, std::nullopt)) dissect_ethernet(inside.behind(2), output);
        return;
    case l2tp: return dissect_l2tp_session(inside, output);
    case mpls_in_ip:
        if (output.enter(TunnelKind::mpls_in_ip, std::nullopt)) dissect_mpls(inside, output);
        return;
    case gre: return dissect_gre(inside, output);
    default: return;
    }
}

bool may_carry_packets(const Dissection &dissection) {
    switch (static_cast<std::uint8_t>(dissection.transport)) {
    case ipv4_in_ip:
    case ipv6_in_ip:
    case ethernet_in_ip:
    case l2tp:
    case mpls_in_ip:
    case gre: return true;
    case static_cast<std::uint8_t>(Transport::udp):
        return is_tunnel_port(dissection.source_port) || is_tunnel_port(dissection.destination_port);
    default: return false;
    }
}

} // namespace doorplate

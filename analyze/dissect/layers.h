#pragma once

#include <cstdint>

#include "analyze/dissect/layer.h"

namespace doorplate {

// The layers, each in the file of its name. A layer checks and reads its header, writes what it learned into
// `output.level()` and passes the rest on through one of the functions at the end.
void dissect_ethernet(LayerBytes bytes, Output &output);
void dissect_vlan(LayerBytes bytes, Output &output);
void dissect_llc(LayerBytes bytes, Output &output);
// Behind LLC's header, and wherever else a SNAP header stands. Its five bytes are there.
void dissect_snap(LayerBytes bytes, Output &output);
void dissect_mpls(LayerBytes bytes, Output &output);
void dissect_ppp(LayerBytes bytes, Output &output);
void dissect_ppp_with_direction(LayerBytes bytes, Output &output);
void dissect_pppoe(LayerBytes bytes, Output &output);
void dissect_cisco_hdlc(LayerBytes bytes, Output &output);
void dissect_frame_relay(LayerBytes bytes, Output &output);
void dissect_nlpid(std::uint8_t nlpid, LayerBytes bytes, Output &output);
// How drivers and access points pass on frames of the radio.
enum class WlanForm : std::uint8_t {
    standard,
    padded,          // the header is filled up to 4 bytes
    swapped_control, // the two bytes of the frame control stand the other way round, and those of the sequence
};
void dissect_wlan(LayerBytes bytes, WlanForm form, Output &output);
void dissect_wlan_aggregate(LayerBytes bytes, Output &output);
void dissect_radiotap(LayerBytes bytes, Output &output);
void dissect_ppi(LayerBytes bytes, Output &output);
void dissect_avs(LayerBytes bytes, Output &output);
void dissect_prism(LayerBytes bytes, Output &output);
void dissect_pktap(LayerBytes bytes, Output &output);
void dissect_nflog(LayerBytes bytes, Output &output);
void dissect_pflog(LayerBytes bytes, Output &output);
void dissect_juniper_ethernet(LayerBytes bytes, Output &output);
void dissect_token_ring(LayerBytes bytes, Output &output);
void dissect_fddi(LayerBytes bytes, Output &output);
void dissect_arcnet(LayerBytes bytes, Output &output);
void dissect_ip_over_infiniband(LayerBytes bytes, Output &output);
void dissect_ip_over_fibre_channel(LayerBytes bytes, Output &output);
void dissect_atm(LayerBytes bytes, Output &output);
void dissect_sun_atm(LayerBytes bytes, Output &output);
void dissect_slip(LayerBytes bytes, Output &output);
void dissect_ipnet(LayerBytes bytes, Output &output);
void dissect_dsa(LayerBytes bytes, Output &output);
void dissect_edsa(LayerBytes bytes, Output &output);
void dissect_broadcom_tag(LayerBytes bytes, Output &output);
void dissect_prepended_broadcom_tag(LayerBytes bytes, Output &output);
void dissect_802_1br(LayerBytes bytes, Output &output);
void dissect_802_1ah(LayerBytes bytes, Output &output);
void dissect_vn_tag(LayerBytes bytes, Output &output);
void dissect_hsr(LayerBytes bytes, Output &output);
void dissect_cisco_metadata(LayerBytes bytes, Output &output);
void dissect_macsec(LayerBytes bytes, Output &output);
void dissect_trill(LayerBytes bytes, Output &output);
void dissect_linux_cooked(LayerBytes bytes, Output &output);
void dissect_linux_cooked_v2(LayerBytes bytes, Output &output);
void dissect_null_loopback(LayerBytes bytes, Output &output);
void dissect_openbsd_loopback(LayerBytes bytes, Output &output);
void dissect_raw_ip(LayerBytes bytes, Output &output);
void dissect_arp(LayerBytes bytes, Output &output);
void dissect_ipv4(LayerBytes bytes, Output &output);
void dissect_ipv6(LayerBytes bytes, Output &output);
void dissect_icmp(LayerBytes bytes, Output &output);
void dissect_icmpv6(LayerBytes bytes, Output &output);
void dissect_tcp(LayerBytes bytes, Output &output);
void dissect_udp(LayerBytes bytes, Output &output);
void dissect_udplite(LayerBytes bytes, Output &output);
void dissect_dccp(LayerBytes bytes, Output &output);
void dissect_sctp(LayerBytes bytes, Output &output);

// Tunnels: what they carry becomes a new level.
void dissect_gre(LayerBytes bytes, Output &output);
// Type I is without a header of its own, type II has one.
void dissect_erspan(LayerBytes bytes, bool has_header, Output &output);
void dissect_erspan_3(LayerBytes bytes, Output &output);
// From the session on, which stands at different places over IP and UDP.
void dissect_l2tp_session(LayerBytes bytes, Output &output);

void dissect_nsh(LayerBytes bytes, Output &output);
void dissect_nsh_protocol(std::uint8_t protocol, LayerBytes bytes, Output &output);

// Who is next? next_layer.cpp knows.
void dissect_link(LinkType type, LayerBytes bytes, Output &output);
// A link type that a header in the packet names; those that are such headers themselves are not followed again.
void dissect_inner_link(std::uint32_t type, LayerBytes bytes, Output &output);
void dissect_ether_type(std::uint16_t ether_type, LayerBytes bytes, Output &output);
// The field of Ethernet and VLAN headers that is an EtherType or, below 0x600, the length of an LLC frame.
void dissect_type_or_length(std::uint16_t type_or_length, LayerBytes bytes, Output &output);
// `protocol` is what follows all headers of the IP layer; a fragment that is not the first ends here.
void dissect_ip_protocol(std::uint8_t protocol, LayerBytes bytes, Output &output);

} // namespace doorplate

#include <fmt/format.h>

#include "analyze/dissection.h"

namespace doorplate {

namespace {

// IEEE's register of EtherTypes, as far as they are met with.
std::string ether_type_name(std::uint16_t ether_type) {
    switch (ether_type) {
    case 0x0842: return "wake_on_lan";
    case 0x22f0: return "avtp";
    case 0x6003: return "decnet";
    case 0x8035: return "rarp";
    case 0x809b: return "appletalk";
    case 0x80f3: return "aarp";
    case 0x8137: return "ipx";
    case 0x8808: return "ethernet_flow_control";
    case 0x8809: return "slow_protocols";
    case 0x8863: return "pppoe_discovery";
    case 0x886d: return "intel_ans";
    case 0x888e: return "eapol";
    case 0x8892: return "profinet";
    case 0x88a2: return "ata_over_ethernet";
    case 0x88a4: return "ethercat";
    case 0x88b8: return "goose";
    case 0x88ba: return "iec61850_sampled_values";
    case 0x88ca: return "tipc";
    case 0x88cc: return "lldp";
    case 0x88e1: return "homeplug";
    case 0x88e5: return "macsec";
    case 0x88f5: return "mvrp";
    case 0x88f7: return "ptp";
    case 0x88fb: return "prp";
    case 0x8902: return "connectivity_fault_management";
    case 0x8906: return "fibre_channel_over_ethernet";
    case 0x8914: return "fcoe_initialization";
    case 0x8915: return "roce";
    case 0x8947: return "geonetworking";
    case 0x9000: return "ethernet_loopback";
    default: return fmt::format("ether_type_0x{:04x}", ether_type);
    }
}

// IANA's register of PPP protocol numbers.
std::string ppp_protocol_name(std::uint16_t protocol) {
    switch (protocol) {
    case 0x002d: return "ppp_compressed_tcp";
    case 0x002f: return "ppp_uncompressed_tcp";
    case 0x003d: return "ppp_multilink";
    case 0x00fd: return "ppp_compressed";
    case 0x8021: return "ppp_ipcp";
    case 0x8057: return "ppp_ipv6cp";
    case 0x80fd: return "ppp_ccp";
    case 0xc021: return "ppp_lcp";
    case 0xc023: return "ppp_pap";
    case 0xc025: return "ppp_lqr";
    case 0xc223: return "ppp_chap";
    default: return fmt::format("ppp_0x{:04x}", protocol);
    }
}

} // namespace

std::string packet_kind_name(LinkType link_type, const Dissection &dissection) {
    switch (dissection.kind) {
    case PacketKind::arp: return "arp";
    case PacketKind::llc: return "llc";
    case PacketKind::other_ether_type: return ether_type_name(dissection.ether_type);
    case PacketKind::ppp: return ppp_protocol_name(dissection.ether_type);
    case PacketKind::mpls: return "mpls";
    case PacketKind::wlan_management: return "wlan_management";
    case PacketKind::wlan_control: return "wlan_control";
    case PacketKind::wlan_no_data: return "wlan_no_data";
    case PacketKind::wlan_encrypted: return "wlan_encrypted";
    case PacketKind::wlan_fragment: return "wlan_fragment";
    case PacketKind::unknown_link: return "link_type_" + link_type_name(link_type);
    case PacketKind::ip: return "ip_without_flow";
    case PacketKind::undissected: break;
    }
    return "undissected";
}

} // namespace doorplate

#pragma once

#include <cstdint>
#include <string>

namespace doorplate {

// What a captured packet's first header is: a value of the LINKTYPE registry (not a DLT, which differs by platform).
// The named values are those doorplate dissects; any other is valid, counted and named.
enum class LinkType : std::uint16_t {
    null_loopback = 0,
    ethernet = 1,
    token_ring = 6,
    slip = 8,
    ppp = 9,
    fddi = 10,
    raw_bsd12 = 12, // DLT_RAW as some systems write it into files; the same bytes as raw_ip
    raw_bsd14 = 14,
    ppp_hdlc = 50,
    ppp_ethernet = 51,
    atm_rfc1483 = 100,
    raw_ip = 101,
    cisco_hdlc = 104,
    ieee802_11 = 105,
    atm_clip = 106,
    frame_relay = 107,
    openbsd_loopback = 108,
    linux_cooked = 113,
    pflog = 117,
    ieee802_11_prism = 119,
    ip_over_fibre_channel = 122,
    sun_atm = 123,
    ieee802_11_radiotap = 127,
    arcnet_linux = 129,
    pktap_user2 = 149, // Darwin's PKTAP before it had a number of its own
    ieee802_11_avs = 163,
    ppp_pppd = 166,
    juniper_ethernet = 178,
    ppi = 192,
    ppp_with_direction = 204,
    cisco_hdlc_with_direction = 205,
    frame_relay_with_direction = 206,
    ipnet = 226,
    ipv4 = 228,
    ipv6 = 229,
    nflog = 239,
    ip_over_infiniband = 242,
    pktap = 258,
    linux_cooked_v2 = 276,
    dsa_broadcom = 281,
    dsa_broadcom_prepended = 282,
    dsa_marvell = 284,
    edsa_marvell = 285,
};

// libpcap's name ("EN10MB", "LINUX_SLL2"), else "LINKTYPE_147".
[[nodiscard]] std::string link_type_name(LinkType type);

// libpcap's functions speak of DLTs, numbers of this platform, which differ from the registry's for a few old types.
[[nodiscard]] int dlt_of(LinkType type);
[[nodiscard]] LinkType link_type_of(int dlt);

} // namespace doorplate

#pragma once

#include <cstdint>

#include "analyze/dissect/layer.h"

namespace doorplate {

// The layers, each in the file of its name. A layer checks and reads its header, writes what it learned into `out` and
// passes the rest on through one of the three tables below.
using LayerDissector = void (*)(const LayerBytes &bytes, Dissection &out);

void dissect_ethernet(const LayerBytes &bytes, Dissection &out);
void dissect_vlan(const LayerBytes &bytes, Dissection &out);
void dissect_llc(const LayerBytes &bytes, Dissection &out);
void dissect_linux_cooked(const LayerBytes &bytes, Dissection &out);
void dissect_linux_cooked_v2(const LayerBytes &bytes, Dissection &out);
void dissect_null_loopback(const LayerBytes &bytes, Dissection &out);
void dissect_openbsd_loopback(const LayerBytes &bytes, Dissection &out);
void dissect_raw_ip(const LayerBytes &bytes, Dissection &out);
void dissect_arp(const LayerBytes &bytes, Dissection &out);
void dissect_ipv4(const LayerBytes &bytes, Dissection &out);
void dissect_ipv6(const LayerBytes &bytes, Dissection &out);
void dissect_icmp(const LayerBytes &bytes, Dissection &out);
void dissect_icmpv6(const LayerBytes &bytes, Dissection &out);
void dissect_tcp(const LayerBytes &bytes, Dissection &out);
void dissect_udp(const LayerBytes &bytes, Dissection &out);
void dissect_udplite(const LayerBytes &bytes, Dissection &out);
void dissect_dccp(const LayerBytes &bytes, Dissection &out);
void dissect_sctp(const LayerBytes &bytes, Dissection &out);

// Who is next? next_layer.cpp has the tables.
void dissect_link(LinkType type, const LayerBytes &bytes, Dissection &out);
void dissect_ether_type(std::uint16_t ether_type, const LayerBytes &bytes, Dissection &out);
// The field of Ethernet and VLAN headers that is an EtherType or, below 0x600, the length of an LLC frame.
void dissect_type_or_length(std::uint16_t type_or_length, const LayerBytes &bytes, Dissection &out);
// `protocol` is what follows all headers of the IP layer; a fragment that is not the first ends here.
void dissect_ip_protocol(std::uint8_t protocol, const LayerBytes &bytes, Dissection &out);

} // namespace doorplate

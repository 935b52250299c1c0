#pragma once

#include <cstdint>

#include "analyze/dissect/layer.h"

namespace doorplate {

// The layers, each in the file of its name. A layer checks and reads its header, writes what it learned into
// `output.level()` and passes the rest on through one of the functions at the end.
void dissect_ethernet(const LayerBytes &bytes, Output &output);
void dissect_vlan(const LayerBytes &bytes, Output &output);
void dissect_llc(const LayerBytes &bytes, Output &output);
void dissect_linux_cooked(const LayerBytes &bytes, Output &output);
void dissect_linux_cooked_v2(const LayerBytes &bytes, Output &output);
void dissect_null_loopback(const LayerBytes &bytes, Output &output);
void dissect_openbsd_loopback(const LayerBytes &bytes, Output &output);
void dissect_raw_ip(const LayerBytes &bytes, Output &output);
void dissect_arp(const LayerBytes &bytes, Output &output);
void dissect_ipv4(const LayerBytes &bytes, Output &output);
void dissect_ipv6(const LayerBytes &bytes, Output &output);
void dissect_icmp(const LayerBytes &bytes, Output &output);
void dissect_icmpv6(const LayerBytes &bytes, Output &output);
void dissect_tcp(const LayerBytes &bytes, Output &output);
void dissect_udp(const LayerBytes &bytes, Output &output);
void dissect_udplite(const LayerBytes &bytes, Output &output);
void dissect_dccp(const LayerBytes &bytes, Output &output);
void dissect_sctp(const LayerBytes &bytes, Output &output);
void dissect_gre(const LayerBytes &bytes, Output &output);

// Who is next? next_layer.cpp knows.
void dissect_link(LinkType type, const LayerBytes &bytes, Output &output);
void dissect_ether_type(std::uint16_t ether_type, const LayerBytes &bytes, Output &output);
// The field of Ethernet and VLAN headers that is an EtherType or, below 0x600, the length of an LLC frame.
void dissect_type_or_length(std::uint16_t type_or_length, const LayerBytes &bytes, Output &output);
// `protocol` is what follows all headers of the IP layer; a fragment that is not the first ends here.
void dissect_ip_protocol(std::uint8_t protocol, const LayerBytes &bytes, Output &output);

} // namespace doorplate

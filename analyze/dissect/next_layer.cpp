#include <algorithm>
#include <array>

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

template <typename Number> struct Entry {
    Number number;
    LayerDissector dissect;
};

constexpr std::array link_types{
    Entry{LinkType::ethernet, dissect_ethernet},
    Entry{LinkType::linux_cooked, dissect_linux_cooked},
    Entry{LinkType::linux_cooked_v2, dissect_linux_cooked_v2},
    Entry{LinkType::null_loopback, dissect_null_loopback},
    Entry{LinkType::openbsd_loopback, dissect_openbsd_loopback},
    Entry{LinkType::raw_ip, dissect_raw_ip},
    Entry{LinkType::raw_bsd12, dissect_raw_ip},
    Entry{LinkType::raw_bsd14, dissect_raw_ip},
    Entry{LinkType::ipv4, dissect_ipv4},
    Entry{LinkType::ipv6, dissect_ipv6},
};

constexpr std::array<Entry<std::uint16_t>, 6> ether_types{{
    {0x0800, dissect_ipv4},
    {0x86dd, dissect_ipv6},
    {0x0806, dissect_arp},
    {0x8100, dissect_vlan}, // IEEE 802.1Q
    {0x88a8, dissect_vlan}, // IEEE 802.1ad
    {0x9100, dissect_vlan}, // QinQ from before 802.1ad
}};

constexpr std::array<Entry<Transport>, 7> ip_protocols{{
    {Transport::tcp, dissect_tcp},
    {Transport::udp, dissect_udp},
    {Transport::icmp, dissect_icmp},
    {Transport::icmpv6, dissect_icmpv6},
    {Transport::sctp, dissect_sctp},
    {Transport::dccp, dissect_dccp},
    {Transport::udplite, dissect_udplite},
}};

// Below it the field is a length (IEEE 802.3 clause 3.2.6).
constexpr std::uint16_t first_ether_type = 0x0600;

template <typename Table, typename Number> LayerDissector find(const Table &table, Number number) {
    const auto entry = std::ranges::find(table, number, &Table::value_type::number);
    return entry == table.end() ? nullptr : entry->dissect;
}

} // namespace

void dissect_link(LinkType type, const LayerBytes &bytes, Dissection &out) {
    if (const LayerDissector dissect_next = find(link_types, type))
        dissect_next(bytes, out);
    else
        out.kind = PacketKind::unknown_link;
}

void dissect_ether_type(std::uint16_t ether_type, const LayerBytes &bytes, Dissection &out) {
    out.ether_type = ether_type;
    if (const LayerDissector dissect_next = find(ether_types, ether_type))
        dissect_next(bytes, out);
    else
        out.kind = PacketKind::other_ether_type;
}

void dissect_type_or_length(std::uint16_t type_or_length, const LayerBytes &bytes, Dissection &out) {
    if (type_or_length < first_ether_type)
        dissect_llc(bytes.first(type_or_length), out);
    else
        dissect_ether_type(type_or_length, bytes, out);
}

void dissect_ip_protocol(std::uint8_t protocol, const LayerBytes &bytes, Dissection &out) {
    out.transport = Transport{protocol};
    if (out.fragment && out.fragment->offset > 0) return set_payload(bytes, out);
    if (const LayerDissector dissect_next = find(ip_protocols, out.transport)) return dissect_next(bytes, out);
    set_payload(bytes, out);
    out.flow_ready = true;
}

} // namespace doorplate

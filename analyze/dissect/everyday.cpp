#include "analyze/dissect/everyday.h"

#include "analyze/dissect/options.h"

namespace doorplate::everyday {

namespace {

constexpr std::uint32_t vlan_length = 4;
constexpr std::uint32_t ipv6_header_length = 40;

bool read_ipv6(LayerBytes bytes, DissectOptions options, Dissection &out) {
    if (bytes.captured().size() < ipv6_header_length || bytes.u8(0) >> 4 != 6) return false;
    const std::uint32_t length = ipv6_header_length + bytes.be16(4);
    if (!is_possible(length, ipv6_header_length, bytes)) return false;
    const Network network{.ether_type = EtherType::ipv6,
                          .source = bytes.ipv6_address(8),
                          .destination = bytes.ipv6_address(24),
                          .length = length};
    return read_transport(bytes.u8(6), bytes.up_to(length).past(ipv6_header_length), network, options, out);
}

bool read_ip(std::uint16_t ether_type, LayerBytes bytes, DissectOptions options, Dissection &out) {
    switch (ether_type) {
    case EtherType::ipv4: return bytes.captured().size() >= ipv4_header_length && read_ipv4(bytes, options, out);
    case EtherType::ipv6: return read_ipv6(bytes, options, out);
    default: return false;
    }
}

bool is_tag(std::uint16_t ether_type) { return ether_type == EtherType::vlan || ether_type == EtherType::outer_vlan; }

} // namespace

bool read_options(Bytes options, TcpFields &tcp) {
    constexpr std::array<std::uint8_t, 4> two_fillers_and_timestamps{1, 1, 8, 10}; // RFC 7323 appendix A
    if (options.size() == 12 && std::ranges::equal(options.first(4), two_fillers_and_timestamps)) return true;
    if (!options_are_valid(options, true)) return false;
    if (tcp.syn) read_opening_options(options, tcp);
    return true;
}

bool read_other(const Packet &packet, DissectOptions options, Dissection &out) {
    const LayerBytes frame(packet);
    std::uint16_t ether_type = frame.be16(12);
    LayerBytes bytes = frame.past(ethernet_length);
    if (!is_tag(ether_type)) return read_ip(ether_type, bytes, options, out);
    std::array<std::uint16_t, max_vlan_tags> vlans{};
    std::uint8_t count = 0;
    for (; is_tag(ether_type); bytes = bytes.past(vlan_length)) {
        if (count == max_vlan_tags || bytes.captured().size() < vlan_length) return false;
        vlans[count++] = bytes.be16(0) & 0x0fff;
        ether_type = bytes.be16(2);
    }
    if (!read_ip(ether_type, bytes, options, out)) return false;
    out.vlans = vlans;
    out.vlan_count = count;
    return true;
}

} // namespace doorplate::everyday

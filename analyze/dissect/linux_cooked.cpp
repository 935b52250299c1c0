// Linux cooked capture, what "any" gives: LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 of the link type registry.

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

// `protocol` is an EtherType, or one of the kernel's own numbers below 0x600 (linux/if_ether.h).
void dissect_protocol(std::uint16_t protocol, const LayerBytes &bytes, Dissection &out) {
    constexpr std::uint16_t eth_p_802_2 = 4;
    if (protocol == eth_p_802_2)
        dissect_llc(bytes, out);
    else
        dissect_ether_type(protocol, bytes, out);
}

// With these devices (linux/if_arp.h) `protocol` is no EtherType.
bool protocol_is_ether_type(std::uint16_t device_type) {
    constexpr std::uint16_t arphrd_frad = 770;
    constexpr std::uint16_t arphrd_ieee80211 = 801;
    constexpr std::uint16_t arphrd_ieee80211_radiotap = 803;
    constexpr std::uint16_t arphrd_netlink = 824;
    return device_type != arphrd_frad && device_type != arphrd_netlink &&
           !(arphrd_ieee80211 <= device_type && device_type <= arphrd_ieee80211_radiotap);
}

} // namespace

//     0        2        4        6                          14         16
//    +--------+--------+--------+--------------------------+----------+----
//    | packet | device | address|         address          | protocol | ...
//    | type   | type   | length |                          |          |
//    +--------+--------+--------+--------------------------+----------+----

void dissect_linux_cooked(const LayerBytes &bytes, Dissection &out) {
    constexpr std::size_t header_length = 16;
    if (!require(bytes, header_length, Malformation::link_header_too_short, out)) return;

    ByteReader device(bytes.captured().subspan(2));
    ByteReader protocol(bytes.captured().subspan(14));
    if (!protocol_is_ether_type(*device.be16())) {
        out.kind = PacketKind::unknown_link;
        return;
    }
    dissect_protocol(*protocol.be16(), bytes.behind(header_length), out);
}

//     0          2          4             8        10     11      12           20
//    +----------+----------+-------------+--------+------+-------+------------+----
//    | protocol | reserved |  interface  | device | pkt  | addr. |  address   | ...
//    |          |          |    index    | type   | type | length|            |
//    +----------+----------+-------------+--------+------+-------+------------+----

void dissect_linux_cooked_v2(const LayerBytes &bytes, Dissection &out) {
    constexpr std::size_t header_length = 20;
    if (!require(bytes, header_length, Malformation::link_header_too_short, out)) return;

    ByteReader protocol(bytes.captured());
    ByteReader device(bytes.captured().subspan(8));
    if (!protocol_is_ether_type(*device.be16())) {
        out.kind = PacketKind::unknown_link;
        return;
    }
    dissect_protocol(*protocol.be16(), bytes.behind(header_length), out);
}

} // namespace doorplate

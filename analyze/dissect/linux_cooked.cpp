// Linux cooked capture, what "any" gives: LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 of the link type registry.

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

// `protocol` is an EtherType, or one of the kernel's own numbers below 0x600 (linux/if_ether.h).
void dissect_protocol(std::uint16_t protocol, LayerBytes bytes, Output &output) {
    constexpr std::uint16_t eth_p_802_2 = 4;
    if (protocol == eth_p_802_2)
        dissect_llc(bytes, output);
    else
        dissect_ether_type(protocol, bytes, output);
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

void dissect_device(std::uint16_t device_type, std::uint16_t protocol, LayerBytes bytes, Output &output) {
    if (protocol_is_ether_type(device_type))
        dissect_protocol(protocol, bytes, output);
    else
        output.level().kind = PacketKind::unknown_link;
}

} // namespace

//     0        2        4        6                          14         16
//    +--------+--------+--------+--------------------------+----------+----
//    | packet | device | address|         address          | protocol | ...
//    | type   | type   | length |                          |          |
//    +--------+--------+--------+--------------------------+----------+----

void dissect_linux_cooked(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 16;
    if (!require(bytes, header_length, Malformation::link_header_too_short, output.level())) return;

    dissect_device(bytes.be16(2), bytes.be16(14), bytes.behind(header_length), output);
}

//     0          2          4             8        10     11      12           20
//    +----------+----------+-------------+--------+------+-------+------------+----
//    | protocol | reserved |  interface  | device | pkt  | addr. |  address   | ...
//    |          |          |    index    | type   | type | length|            |
//    +----------+----------+-------------+--------+------+-------+------------+----

void dissect_linux_cooked_v2(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 20;
    if (!require(bytes, header_length, Malformation::link_header_too_short, output.level())) return;

    dissect_device(bytes.be16(8), bytes.be16(0), bytes.behind(header_length), output);
}

} // namespace doorplate

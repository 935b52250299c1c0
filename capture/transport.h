#pragma once

#include <cstdint>
#include <string>

namespace doorplate {

// An IP protocol number (IANA "Assigned Internet Protocol Numbers"). The named values are those the code speaks of;
// any other number is a valid value too.
enum class Transport : std::uint8_t {
    icmp = 1,
    igmp = 2,
    tcp = 6,
    udp = 17,
    dccp = 33,
    gre = 47,
    esp = 50,
    ah = 51,
    icmpv6 = 58,
    sctp = 132,
    udplite = 136,
};

// "tcp", "udp", "icmpv6" ...; "ip-proto-99" for a number that has no name here.
[[nodiscard]] std::string transport_token(Transport transport);

[[nodiscard]] constexpr bool has_ports(Transport transport) {
    return transport == Transport::tcp || transport == Transport::udp || transport == Transport::sctp ||
           transport == Transport::dccp || transport == Transport::udplite;
}

} // namespace doorplate

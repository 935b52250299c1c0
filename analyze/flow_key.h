#pragma once

#include <compare>
#include <cstdint>

#include "capture/address.h"
#include "capture/transport.h"

namespace doorplate {

// Which exchange an ICMP packet belongs to: ICMP has no ports, yet two pings are two flows. A request and its replies
// are one exchange, named by the request's type and, for echo, the identifier (code 0 then). Any other message is
// one-way and named by its type and code.
struct IcmpExchange {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    std::uint16_t identifier = 0;
    // Who asked, or sent the one-way message: two hosts that ping each other have two exchanges.
    bool by_low = false;

    friend constexpr auto operator<=>(const IcmpExchange &, const IcmpExchange &) = default;
};

// What makes packets one flow. The ends are ordered, so that both directions have one key: low <= high. Addresses carry
// their family, so IPv4 and IPv4-mapped IPv6 on the wire are different flows.
struct FlowKey {
    Transport transport = Transport::tcp;
    Endpoint low;
    Endpoint high;
    // All zero for other transports than ICMP.
    IcmpExchange icmp{};
    // How many tunnels the packets travel in: what is inside a tunnel is another flow than the same outside.
    std::uint8_t level = 0;
    // Tells apart what the caller wants apart (--key); 0 for most.
    std::uint32_t context = 0;

    [[nodiscard]] static FlowKey between(Transport transport, const Endpoint &a, const Endpoint &b) {
        return a <= b ? FlowKey{transport, a, b} : FlowKey{transport, b, a};
    }
    friend constexpr auto operator<=>(const FlowKey &, const FlowKey &) = default;
};

} // namespace doorplate

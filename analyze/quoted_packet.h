#pragma once

#include <optional>

#include "analyze/dissection.h"
#include "analyze/flow_key.h"

namespace doorplate {

// Whose packet an ICMP error is about: its transport, and its ends as it travelled.
struct QuotedPacket {
    Transport transport = Transport::udp;
    Endpoint source;
    Endpoint destination;

    friend bool operator==(const QuotedPacket &, const QuotedPacket &) = default;
};

// Of an ICMP error that quotes enough of a packet with ports (RFC 792: the IP header and eight bytes; RFC 4443 section
// 2.4: as much as fits). Nothing of other ICMP, or if the quotation is cut or makes no sense.
[[nodiscard]] std::optional<QuotedPacket> quoted_packet(const Dissection &dissection);

} // namespace doorplate

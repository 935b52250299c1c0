#pragma once

#include <cstdint>
#include <optional>

#include "analyze/dissection.h"
#include "analyze/flow_key.h"

namespace doorplate {

// A request type and the type that answers it (RFC 792, 950, 1256; RFC 4443, 4861, 2710, 4620, 6275): the pairs that
// Zeek and Community ID know.
struct IcmpPair {
    std::uint8_t request = 0;
    std::uint8_t reply = 0;
};

// The pair that `type` is a part of; nothing for one-way messages. `transport` is icmp or icmpv6.
[[nodiscard]] std::optional<IcmpPair> icmp_pair(Transport transport, std::uint8_t type);

// Who began an exchange, told from any of its packets.
struct IcmpRole {
    // The packet's source began: it asks, or it tells something that nobody asked for.
    bool from_initiator = true;
    // It is a part of a request and reply.
    bool has_request = false;
};

// A router or neighbor advertisement, or a listener report, to a multicast group may well be unsolicited: its sender
// began. Any other reply has had a request, seen or not.
[[nodiscard]] IcmpRole icmp_role(const Dissection &dissection);

// `source_is_low` says where the packet's source is in its flow's key.
[[nodiscard]] IcmpExchange icmp_exchange(const Dissection &dissection, bool source_is_low);

} // namespace doorplate

#include "analyze/icmp_exchange.h"

#include <algorithm>
#include <array>
#include <span>

namespace doorplate {
namespace {

constexpr std::array<IcmpPair, 5> icmpv4_pairs{{
    {8, 0},   // echo
    {10, 9},  // router solicitation, advertisement
    {13, 14}, // timestamp
    {15, 16}, // information
    {17, 18}, // address mask
}};

constexpr std::array<IcmpPair, 6> icmpv6_pairs{{
    {128, 129}, // echo
    {130, 131}, // multicast listener query, report
    {133, 134}, // router solicitation, advertisement
    {135, 136}, // neighbor solicitation, advertisement
    {139, 140}, // node information
    {144, 145}, // home agent address discovery
}};

} // namespace

std::optional<IcmpPair> icmp_pair(Transport transport, std::uint8_t type) {
    const std::span<const IcmpPair> pairs = transport == Transport::icmpv6 ? std::span<const IcmpPair>{icmpv6_pairs}
                                                                           : std::span<const IcmpPair>{icmpv4_pairs};
    const auto found = std::ranges::find_if(
        pairs, [type](const IcmpPair &pair) { return pair.request == type || pair.reply == type; });
    if (found == pairs.end()) return std::nullopt;
    return *found;
}

IcmpRole icmp_role(const Dissection &dissection) {
    const std::uint8_t type = dissection.icmp ? dissection.icmp->type : std::uint8_t{0};
    const auto pair = dissection.icmp ? icmp_pair(dissection.transport, type) : std::nullopt;
    if (!pair) return {.from_initiator = true, .has_request = false};
    if (type == pair->request) return {.from_initiator = true, .has_request = true};
    if (dissection.destination.is_multicast() || dissection.destination.is_limited_broadcast()) {
        return {.from_initiator = true, .has_request = false};
    }
    return {.from_initiator = false, .has_request = true};
}

IcmpExchange icmp_exchange(const Dissection &dissection, bool source_is_low) {
    if (!dissection.icmp) return {};
    const IcmpFields &icmp = *dissection.icmp;
    const auto pair = icmp_pair(dissection.transport, icmp.type);
    if (!pair) return {icmp.type, icmp.code, 0, source_is_low};
    const bool asks = icmp.type == pair->request;
    // An exchange with oneself has only one end, which is `low`.
    const bool with_itself = dissection.source == dissection.destination;
    return {pair->request, 0, icmp.identifier, with_itself || asks == source_is_low};
}

} // namespace doorplate

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "capture/address.h"
#include "capture/transport.h"

namespace doorplate {

// What makes packets one flow. The ends are ordered, so that both directions have one key: low <= high. Addresses carry
// their family, so IPv4 and IPv4-mapped IPv6 on the wire are different flows.
struct FlowKey {
    Transport transport = Transport::tcp;
    Endpoint low;
    Endpoint high;

    [[nodiscard]] static FlowKey between(Transport transport, const Endpoint &a, const Endpoint &b) {
        return a <= b ? FlowKey{transport, a, b} : FlowKey{transport, b, a};
    }
    friend constexpr auto operator<=>(const FlowKey &, const FlowKey &) = default;
};

struct FlowKeyHash {
    [[nodiscard]] std::size_t operator()(const FlowKey &key) const noexcept;
};

} // namespace doorplate

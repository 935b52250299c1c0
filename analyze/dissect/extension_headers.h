#pragma once

#include <cstdint>
#include <optional>

#include "analyze/dissect/layers.h"

namespace doorplate {

// Those of IPv6; IPv4 has only one, the authentication header.
[[nodiscard]] bool is_extension_header(std::uint8_t protocol, Family family);

// Walks over the extension headers and passes on what follows them.
void dissect_extension_headers(std::uint8_t protocol, Family family, LayerBytes bytes, Output &output);

// `protocol` is what the IP header announces behind it.
inline void dissect_upper_layer(std::uint8_t protocol, Family family, LayerBytes bytes, Output &output) {
    const bool is_everyday =
        protocol == static_cast<std::uint8_t>(Transport::tcp) || protocol == static_cast<std::uint8_t>(Transport::udp);
    if (is_everyday || !is_extension_header(protocol, family)) return dissect_ip_protocol(protocol, bytes, output);
    dissect_extension_headers(protocol, family, bytes, output);
}

// The length in the jumbo payload option (RFC 2675 section 2), if `next_header` is a hop-by-hop header that has it.
[[nodiscard]] std::optional<std::uint32_t> jumbo_payload_length(std::uint8_t next_header, LayerBytes bytes);

} // namespace doorplate

#pragma once

#include <cstdint>
#include <optional>

#include "analyze/dissect/layer.h"

namespace doorplate {

// Walks over the extension headers and passes on what follows them. IPv4 has only one, the authentication header.
// `protocol` is what the IP header announces behind it.
void dissect_upper_layer(std::uint8_t protocol, Family family, LayerBytes bytes, Output &output);

// The length in the jumbo payload option (RFC 2675 section 2), if `next_header` is a hop-by-hop header that has it.
[[nodiscard]] std::optional<std::uint32_t> jumbo_payload_length(std::uint8_t next_header, LayerBytes bytes);

} // namespace doorplate

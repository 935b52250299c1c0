#pragma once

#include "analyze/dissect/layer.h"

namespace doorplate {

inline constexpr std::uint32_t tcp_fixed_length = 20;

// Header and options, as the header says it; less than the fixed length is nonsense.
[[nodiscard]] inline std::uint32_t tcp_header_length(LayerBytes header) { return 4U * (header.u8(12) >> 4); }

// What the fixed part says, which is known to be there.
[[nodiscard]] inline TcpFields tcp_fields(LayerBytes header) {
    const std::uint8_t flags = header.u8(13);
    return {.sequence = header.be32(4),
            .acknowledgment = header.be32(8),
            .window = header.be16(14),
            .fin = (flags & 0x01) != 0,
            .syn = (flags & 0x02) != 0,
            .rst = (flags & 0x04) != 0,
            .psh = (flags & 0x08) != 0,
            .ack = (flags & 0x10) != 0,
            .urg = (flags & 0x20) != 0,
            .ece = (flags & 0x40) != 0,
            .cwr = (flags & 0x80) != 0};
}

} // namespace doorplate

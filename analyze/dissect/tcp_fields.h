#pragma once

#include "analyze/dissect/layer.h"

namespace doorplate {

inline constexpr std::uint32_t tcp_fixed_length = 20;

// Header and options, as the header says it; less than the fixed length is nonsense.
[[nodiscard]] inline std::uint32_t tcp_header_length(LayerBytes header) { return 4U * (header.u8(12) >> 4); }

[[nodiscard, gnu::always_inline]] inline TcpFlags tcp_flags(std::uint8_t flags) {
    // Where bit-fields begin with the lowest bit they are the byte, which compilers do not find out by themselves.
    if constexpr (std::endian::native == std::endian::little)
        return std::bit_cast<TcpFlags>(flags);
    else
        return {.fin = (flags & 0x01) != 0,
                .syn = (flags & 0x02) != 0,
                .rst = (flags & 0x04) != 0,
                .psh = (flags & 0x08) != 0,
                .ack = (flags & 0x10) != 0,
                .urg = (flags & 0x20) != 0,
                .ece = (flags & 0x40) != 0,
                .cwr = (flags & 0x80) != 0};
}

// What the fixed part says, which is known to be there. Nothing is known of options yet.
[[gnu::always_inline]] inline void read_tcp_fields(LayerBytes header, std::optional<TcpFields> &out) {
    // All is read before anything is written: the compiler does not know that `header` is elsewhere than `out`.
    const TcpFlags flags = tcp_flags(header.u8(13));
    const std::uint16_t window = header.be16(14);
    const std::uint32_t sequence = header.be32(4);
    const std::uint32_t acknowledgment = header.be32(8);
    TcpFields &tcp = out.emplace();
    static_cast<TcpFlags &>(tcp) = flags;
    tcp.window = window;
    tcp.sequence = sequence;
    tcp.acknowledgment = acknowledgment;
}

// What the options of a SYN say of the connection that it opens. `options` are valid.
void read_opening_options(Bytes options, TcpFields &tcp);

} // namespace doorplate

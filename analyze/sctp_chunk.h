#pragma once

#include <cstdint>

namespace doorplate {

// The chunks of SCTP that have a name here, in the order of their types.
enum class SctpChunk : std::uint8_t {
    // RFC 9260 section 3.2: the types 0 to 14.
    data,
    init,
    init_ack,
    sack,
    heartbeat,
    heartbeat_ack,
    abort,
    shutdown,
    shutdown_ack,
    error,
    cookie_echo,
    cookie_ack,
    ecne,
    cwr,
    shutdown_complete,
    auth,          // RFC 4895, 15
    i_data,        // RFC 8260, 64
    asconf_ack,    // RFC 5061, 128
    re_config,     // RFC 6525, 130
    pad,           // RFC 4820, 132
    forward_tsn,   // RFC 3758, 192
    asconf,        // RFC 5061, 193
    i_forward_tsn, // RFC 8260, 194
    other,
};

[[nodiscard]] constexpr SctpChunk sctp_chunk(std::uint8_t type) {
    if (type <= 15) return static_cast<SctpChunk>(type);
    switch (type) {
    case 64: return SctpChunk::i_data;
    case 128: return SctpChunk::asconf_ack;
    case 130: return SctpChunk::re_config;
    case 132: return SctpChunk::pad;
    case 192: return SctpChunk::forward_tsn;
    case 193: return SctpChunk::asconf;
    case 194: return SctpChunk::i_forward_tsn;
    default: return SctpChunk::other;
    }
}

} // namespace doorplate

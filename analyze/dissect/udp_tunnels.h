#pragma once

#include "analyze/dissect/layer.h"

namespace doorplate {

[[nodiscard, gnu::always_inline]] constexpr bool is_tunnel_port(std::uint16_t port) {
    // Most ports are no registered ones.
    if (port < 1701 || port > 8472) return false;
    switch (port) {
    case 1701: // L2TP
    case 2152: // GTP-U
    case 3544: // Teredo
    case 4341: // LISP
    case 4342: // LISP, control
    case 4789: // VXLAN
    case 4790: // VXLAN-GPE
    case 5072: // AYIYA
    case 5247: // CAPWAP
    case 6081: // Geneve
    case 6635: // MPLS
    case 8472: // VXLAN as Linux had it before the registration
        return true;
    default: return false;
    }
}

// `bytes` are what a datagram carried from or to `port`, which is_tunnel_port(). A port alone proves nothing: if there
// is no header of that tunnel with a packet behind it, nothing is written.
void dissect_udp_tunnel(std::uint16_t port, LayerBytes bytes, Output &output);

} // namespace doorplate

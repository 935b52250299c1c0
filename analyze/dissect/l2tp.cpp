// L2TP version 3, RFC 3931 section 4.1.

#include "analyze/dissect/ethernet.h"
#include "analyze/dissect/inside.h"
#include "analyze/dissect/layers.h"

namespace doorplate {

//     0                                       4
//    +---------------------------------------+------------------------------------
//    |           session, 0: control         | cookie (0, 4 or 8 bytes), sublayer (0 or 4)
//    +---------------------------------------+------------------------------------
//
// How long they are, and what the session carries, only the two ends know; most carry Ethernet.

void dissect_l2tp_session(LayerBytes bytes, Output &output) {
    constexpr std::size_t header_length = 4;
    constexpr std::size_t longest_cookie_and_sublayer = 12;
    if (bytes.captured().size() < header_length || bytes.be32(0) == 0) return;
    for (std::size_t more = 0; more <= longest_cookie_and_sublayer; more += 4) {
        const LayerBytes frame = bytes.behind(header_length + more);
        if (!looks_like_ethernet(frame)) continue;
        if (try_inside(TunnelKind::l2tp, bytes.be32(0), output, [&] { dissect_ethernet(frame, output); })) return;
    }
}

} // namespace doorplate

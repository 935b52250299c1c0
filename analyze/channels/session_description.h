#pragma once

#include <memory>

#include "analyze/channels/control_reader.h"

namespace doorplate {

// Session descriptions (SDP, RFC 8866) in SIP's messages (RFC 3261), over UDP or TCP: where each end wants to get its
// RTP and RTCP (RFC 3550, RFC 3605) or its fax (T.38). SIP itself need not be understood for it: SDP's lines are like
// no others.
[[nodiscard]] std::unique_ptr<ControlReader> make_session_description_reader();

} // namespace doorplate

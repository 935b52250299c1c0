#pragma once

#include <memory>

#include "analyze/channels/control_reader.h"

namespace doorplate {

// RTSP's Transport header (RFC 2326 section 12.39; RTSP 2.0: RFC 7826 section 18.54): the client's ports in its SETUP,
// the server's in its answer. Media that are interleaved with the control connection need no ports.
[[nodiscard]] std::unique_ptr<ControlReader> make_rtsp_reader();

} // namespace doorplate

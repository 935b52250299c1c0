#pragma once

#include <memory>

#include "analyze/channels/control_reader.h"

namespace doorplate {

// Requests to TFTP's port (RFC 1350). What they announce is the client's own port, to which the answer comes from a
// port that the server picks.
[[nodiscard]] std::unique_ptr<ControlReader> make_tftp_reader();

} // namespace doorplate

#pragma once

#include <string>

#include "analyze/observation.h"

namespace doorplate {

// All 65,536 port numbers on one axis, as inline SVG: IANA's classes as a strip, the kernel's ephemeral range as a
// frame over it, and the flows' ports as lines, initiators' above and responders' below, higher where more flows use
// them. The axis has a scale of its own in each piece, or the first thousand numbers, where most services are, would be
// a hair's breadth. Nothing that was captured is in it but numbers.
[[nodiscard]] std::string port_space_svg(const Observation &observation);

} // namespace doorplate

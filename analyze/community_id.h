#pragma once

#include <string>

#include "analyze/flow.h"

namespace doorplate {

// Community ID v1 with seed 0 ("1:..."), which joins our flows with Zeek's, Suricata's and Wireshark's.
[[nodiscard]] std::string community_id(const Flow &flow);

} // namespace doorplate

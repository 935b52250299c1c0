#pragma once

#include "analyze/dissect/layer.h"

namespace doorplate {

// For places where nothing tells whether an Ethernet frame follows: does its type name something that doorplate
// dissects, and does that begin as it must?
[[nodiscard]] bool looks_like_ethernet(LayerBytes bytes);

} // namespace doorplate

#pragma once

#include <cstdint>

#include "analyze/packed_tcp.h"
#include "analyze/tcp_tracker.h"

namespace doorplate {

// The steps that nearly every connection makes besides those that go on: SYN, SYN+ACK, the ACK behind it, FIN, and the
// ACK of a FIN. What is done for them is all that a TcpTracker would do; a test compares the two.
//
// False if the segment is no such step, or not where it belongs; then nothing is done. `packed` is new, or whatever
// TcpTracker::pack() told; `start_ns` is what it was told, and of a new one the time of the segment.
[[nodiscard]] bool add_step(PackedTcp &packed, std::int64_t start_ns, Side from, const TcpTracker::Segment &segment);

} // namespace doorplate

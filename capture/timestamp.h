#pragma once

#include <chrono>
#include <cstdint>

namespace doorplate {

// Nanoseconds since the Unix epoch, UTC. Sources only hand out values in [0, 2^63), so that the difference of any two
// is representable; times outside are clamped there and counted.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

[[nodiscard]] constexpr Timestamp timestamp_from_ns(std::int64_t ns) { return Timestamp{Duration{ns}}; }
[[nodiscard]] constexpr std::int64_t ns_since_epoch(Timestamp time) { return time.time_since_epoch().count(); }

} // namespace doorplate

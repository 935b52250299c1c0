#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/host_facts.h"
#include "capture/sockets/process.h"
#include "capture/timestamp.h"

namespace doorplate {

// Numbers and times for people, the same in every locale and time zone.

// "1,204"
[[nodiscard]] std::string grouped(std::uint64_t number);
// "1 packet", "1,204 packets"
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view singular);
// "1 process", "2 processes"
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view singular, std::string_view plural);
// "999 B", "6.4 kB", "1.2 GB": powers of 1000
[[nodiscard]] std::string byte_count(std::uint64_t bytes);
// "820 us", "12.3 ms", "1.0 s", "12 m 4 s", "3 h 5 m", "2 d 3 h"
[[nodiscard]] std::string time_span(Duration duration);
// "2023-11-14 22:13:20", in UTC; the reader is told so where it is used.
[[nodiscard]] std::string utc_seconds(Timestamp time);
// RFC 3339 with all nanoseconds: "2023-11-14T22:13:20.000000000Z"
[[nodiscard]] std::string utc_full(Timestamp time);
// "32768-60999"
[[nodiscard]] std::string range_text(const PortRange &range);
// "a", "a and b", "a, b and c"
[[nodiscard]] std::string listed(const std::vector<std::string> &parts, std::string_view last = "and");

// A program's name, printable and of bearable length; "(no name)" if it has none.
[[nodiscard]] std::string program_name(const Process &process);
// "curl (4213)"
[[nodiscard]] std::string program_short(const Process &process);
// "curl (pid 4213, user ana)"
[[nodiscard]] std::string program_long(const Process &process);
// "ana", "uid 1000"; empty if not even that is known.
[[nodiscard]] std::string user_name(const Process &process);

} // namespace doorplate

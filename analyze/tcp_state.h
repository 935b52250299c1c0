#pragma once

#include <string>
#include <string_view>

#include "analyze/flow.h"

namespace doorplate {

// Zeek's conn_state (scripts/base/protocols/conn/main.zeek) of `end_states`, the `stream_bytes` and `history`.
[[nodiscard]] std::string_view tcp_state(const TcpSummary &tcp);

// Upper case becomes lower case and the other way round; "^" at the head is set, or taken away if it was there.
void flip_history(std::string &history);

} // namespace doorplate

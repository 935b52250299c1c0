#pragma once

#include <string_view>
#include <vector>

namespace doorplate {

// A Linux capability that doorplate can use (capabilities(7)).
enum class Right { net_raw, net_admin, sys_ptrace, dac_read_search, dac_override, bpf, perfmon };

// "CAP_NET_RAW"
[[nodiscard]] std::string_view right_token(Right right);

// True if this process has `right` in its effective set now.
[[nodiscard]] bool has_right(Right right);

// Gives up every capability but `keep` in all sets, for this process and all it may execute; returns false if the
// kernel refuses. Does nothing harmful in a process that has none. Linux keeps capabilities for each thread: call it
// before the first one is started, and every later thread inherits what is left.
[[nodiscard]] bool drop_rights_except(const std::vector<Right> &keep);

} // namespace doorplate

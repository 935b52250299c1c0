#pragma once

#include <cstdint>

#include "analyze/observation.h"
#include "analyze/socket_history.h"

namespace doorplate {

// What to ask the socket history about one end of a flow.
[[nodiscard]] SocketQuestion socket_question(const Flow &flow, Side side, const HostFacts *host);

// Everything that can be concluded of a flow from what is known now: who began (turning the flow round where it has it
// wrong), what each port is, and who is behind it. `host` is absent in a replay. `fan_in` as in RoleContext.
[[nodiscard]] FlowRecord conclude(Flow flow, const HostFacts *host, const SocketHistory &sockets,
                                  const PerSide<std::uint64_t> &fan_in);

} // namespace doorplate

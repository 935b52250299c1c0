#pragma once

#include <vector>

#include "analyze/observation.h"
#include "analyze/socket_history.h"
#include "capture/host_facts.h"

namespace doorplate {

// How near this host is to running out of ephemeral ports: for each (source address, destination, transport) how many
// it uses now and how many rest in TIME_WAIT (a port in both states counts as used), against what there is. Only
// sockets that took a port from the range to reach somebody count: those with a listener behind the port share its
// number. The tightest destination first. Empty if the range is not known.
[[nodiscard]] std::vector<Pressure> ephemeral_pressure(const SocketHistory &sockets, const HostFacts &host);

} // namespace doorplate

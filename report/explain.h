#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "analyze/observation.h"

namespace doorplate {

// Why a flow's ports are what they are, in a few sentences that a newcomer understands and an expert cannot fault: who
// connected to whom, which port is the fixed one, which one was picked by whom, on what evidence, with what doubt.
// Plain text without control characters; program names are escaped for a terminal. `host` is absent in a replay.
[[nodiscard]] std::string explain_flow(const FlowRecord &flow, const HostFacts *host);

// Where its packets were seen and what they were wrapped in: interfaces, where there is more than one, VLAN tags, MPLS
// labels. Empty if there is nothing to say.
[[nodiscard]] std::string explain_path(const FlowRecord &flow, bool several_interfaces);

// Why the program behind one end is unknown, and what would help.
[[nodiscard]] std::string explain_unknown(const Attribution &attribution);

// What a number is: its class, its registered service, and what this host's kernel does with it.
[[nodiscard]] std::string explain_port(std::uint16_t port, std::optional<Transport> transport, const HostFacts *host);

} // namespace doorplate

#pragma once

#include <cstdint>
#include <optional>

#include "analyze/evidence.h"
#include "analyze/flow.h"
#include "analyze/port_registry.h"
#include "analyze/socket_history.h"
#include "capture/host_facts.h"

namespace doorplate {

// What a port did in a flow.
enum class PortRole : std::uint8_t {
    service,           // the fixed port that others come to
    ephemeral,         // handed out by the kernel for this flow
    fixed_source,      // chosen by the program although it initiates
    privileged_source, // chosen below 1024 by a privileged initiator
    negotiated,        // announced inside another flow
    dynamic_service,   // listened on, but the kernel picked the number
    multicast_service, // a fixed group port that many share
    none,              // no ports
};

struct PortVerdict {
    PortRole role = PortRole::none;
    // 0 to 1: how sure we are of `role`.
    double confidence = 0;
    // For and against, strongest first.
    EvidenceList evidence;
    EvidenceList against;
    // Absent for transports without ports.
    std::optional<PortClass> port_class;
    // Absent: the registry has no name for it.
    const RegisteredService *registered_service = nullptr;

    friend bool operator==(const PortVerdict &, const PortVerdict &) = default;
};

// Who began: decided from strongest to weakest evidence. `flip` says that the flow has it the wrong way round.
struct InitiatorVerdict {
    bool flip = false;
    // Strongest first; the first one decided.
    EvidenceList evidence;
    EvidenceList against;
    double confidence = 0;
};

// What else is known when a flow is judged. Everything may be missing.
struct RoleContext {
    // Absent in a replay without host facts.
    const HostFacts *host = nullptr;
    PerSide<bool> local;
    PerSide<bool> multicast; // the address is a multicast or broadcast one
    PerSide<SocketAnswer> sockets;
    // How many other flows of this capture had this endpoint at the side that did not begin (for `initiator` the
    // endpoint of flow.ends.initiator, and so on).
    PerSide<std::uint64_t> fan_in;
};

[[nodiscard]] InitiatorVerdict judge_initiator(const Flow &flow, const RoleContext &context);

// To be called with the flow, and the context, turned the way judge_initiator said.
[[nodiscard]] PerSide<PortVerdict> judge_ports(const Flow &flow, const RoleContext &context);

} // namespace doorplate

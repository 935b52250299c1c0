#pragma once

#include <string>

#include "analyze/observation.h"
#include "report/json/json_value.h"

namespace doorplate {

// The parts that records share, each as it stands in docs/schema/. All write one whole value.
inline constexpr int json_schema_version = 1;

// The record of a flow, its "type" included.
void write_flow_record(JsonValue &json, const FlowRecord &flow, const HostFacts *host);
void write_listener_record(JsonValue &json, const ListeningSocket &listener);
void write_process_record(JsonValue &json, const Process &process);
void write_host(JsonValue &json, const HostFacts &host);
void write_degradations(JsonValue &json, const std::vector<Degradation> &degradations);

// The members that say who is behind an endpoint: process, other_holders, unknown_reason, missing_rights, socket_uid,
// candidates. Inside an object.
void write_attribution_members(JsonValue &json, const Attribution &attribution);

// The members that say what a port is: class, role, confidence, evidence, against, registered_service. Inside an
// object.
void write_port_members(JsonValue &json, const PortVerdict &port);

// The last component of a cgroup path that is a systemd unit ("nginx.service", "session-3.scope"), if there is one.
[[nodiscard]] std::optional<std::string> unit_of_cgroup(std::string_view path);
// The 64 hexadecimal digits by which a container engine names its cgroups ("docker-<id>.scope", ".../docker/<id>").
[[nodiscard]] std::optional<std::string> container_of_cgroup(std::string_view path);

} // namespace doorplate

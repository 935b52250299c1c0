#pragma once

#include <vector>

#include "analyze/held_ports.h"
#include "capture/interfaces.h"
#include "report/report_writer.h"

namespace doorplate {

// What `ports` found.
struct PortsAnswer {
    std::vector<HeldPort> held;
    HostFacts host;
    std::vector<Degradation> degradations;
};

void write_ports_text(const PortsAnswer &answer, const TextStyle &style, ByteSink &sink);
void write_ports_json(const PortsAnswer &answer, ByteSink &sink);

void write_door_text(const DoorAnswer &answer, const HostFacts &host, const std::vector<Degradation> &degradations,
                     const TextStyle &style, ByteSink &sink);
void write_door_json(const DoorAnswer &answer, const HostFacts &host, const std::vector<Degradation> &degradations,
                     ByteSink &sink);

void write_port_explanation_text(const PortQuery &question, const HostFacts &host, const TextStyle &style,
                                 ByteSink &sink);
void write_port_explanation_json(const PortQuery &question, const HostFacts &host, ByteSink &sink);

// `flow` was judged from the socket table alone: it has no packets.
void write_flow_explanation_text(const FlowRecord &flow, const HostFacts &host,
                                 const std::vector<Degradation> &degradations, const TextStyle &style, ByteSink &sink);
void write_flow_explanation_json(const FlowRecord &flow, const HostFacts &host,
                                 const std::vector<Degradation> &degradations, ByteSink &sink);

// `may_capture`: this process has the right to listen on them.
void write_interfaces_text(const std::vector<Interface> &interfaces, bool may_capture, const TextStyle &style,
                           ByteSink &sink);
void write_interfaces_json(const std::vector<Interface> &interfaces, bool may_capture, ByteSink &sink);

} // namespace doorplate

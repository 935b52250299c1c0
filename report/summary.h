#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analyze/observation.h"

namespace doorplate {

// Both ends' frames.
[[nodiscard]] std::uint64_t frame_bytes_of(const FlowRecord &flow);
[[nodiscard]] std::uint64_t packets_of(const FlowRecord &flow);

// "#12", and "#12 in #3" for a flow inside another one's tunnel.
[[nodiscard]] std::string id_text(const FlowRecord &flow);

// Indices into observation.flows by frame bytes, most first; at most `top` of them, 0 means all that are kept.
[[nodiscard]] std::vector<std::size_t> largest_flows(const Observation &observation, std::size_t top);

// "eth0, lo" when live, else the file's name; printable.
[[nodiscard]] std::string source_name(const SourceFacts &source);

// Flows of each transport, by its token.
[[nodiscard]] std::map<std::string, std::uint64_t> flows_by_transport(const FlowTotals &totals);

// One or two sentences: how much was seen, when, in how many flows, and how many programs have names.
[[nodiscard]] std::string summary_sentences(const Observation &observation);

// What was lost, damaged or weaker than it could be, a sentence each; empty if nothing was.
[[nodiscard]] std::vector<std::string> shortcomings(const Observation &observation);

// Ends without a program, by reason: how many, why, and what would help. Other hosts' ends are not among them; of
// a bare capture file, where all would be, there are none.
struct UnknownGroup {
    UnknownReason reason = UnknownReason::no_socket_facts;
    std::uint64_t ends = 0;
    std::string explanation;
};
[[nodiscard]] std::vector<UnknownGroup> unknown_groups(const Observation &observation);

} // namespace doorplate

#pragma once

#include "analyze/observation.h"
#include "report/byte_sink.h"

namespace doorplate {

// How text looks on the terminal it goes to. Decided by main; writers know no terminal.
struct TextStyle {
    int width = 80;
    bool colour = false;
    // -v: a paragraph of explanation for every flow.
    bool explain = false;
    // -q
    bool quiet = false;
    // Rows of the flow table; the rest is counted. 0: all.
    std::size_t top = 40;
    // -n: numbers only, no service names.
    bool numeric = false;
};

// Whole reports: one Observation, rendered.
void write_text(const Observation &observation, const TextStyle &style, ByteSink &sink);
void write_json(const Observation &observation, ByteSink &sink);
void write_csv(const Observation &observation, ByteSink &sink);
void write_html(const Observation &observation, ByteSink &sink);

// NDJSON: flow records as they end, then the rest. Each line is one write.
void write_ndjson_flow(const FlowRecord &flow, const HostFacts *host, ByteSink &sink);
// listener and process records, and the summary as the last line.
void write_ndjson_end(const Observation &observation, ByteSink &sink);

// One line for a flow that ended, for live runs into a pipe.
void write_text_line(const FlowRecord &flow, const TextStyle &style, ByteSink &sink);

} // namespace doorplate

#include "report/report_writer.h"

#include <functional>
#include <type_traits>
#include <vector>

#include "report/json/json_parts.h"
#include "report/summary.h"
#include "report/tokens.h"

namespace doorplate {
namespace {

void write_source(JsonValue &json, const SourceFacts &source) {
    json.begin_object();
    json.member("kind", source.live ? "live" : "file");
    if (source.attribution) json.member("attribution", token(*source.attribution));
    json.member("file", source.live ? std::nullopt : std::optional(source.file)).member("filter", source.filter);
    json.key("interfaces").begin_array();
    for (const CaptureInterface &interface : source.interfaces) {
        json.begin_object().member("name", interface.name).member("link_type", link_type_name(interface.link_type));
        json.member("snapshot_length", interface.snapshot_length).end_object();
    }
    json.end_array();
    json.member("packets", source.stats.packets).member("filtered_out", source.stats.filtered_out);
    json.member("received_by_filter", source.stats.received_by_filter);
    json.member("dropped_by_kernel", source.stats.dropped_by_kernel);
    json.member("dropped_by_interface", source.stats.dropped_by_interface);
    json.member("times_out_of_range", source.stats.times_out_of_range);
    json.member("damage", source.damage).end_object();
}

void write_relations(JsonValue &json, const std::vector<Relation> &relations) {
    json.begin_array();
    for (const Relation &relation : relations) {
        json.begin_object().member("kind", token(relation.kind)).key("flow_ids").begin_array();
        for (const std::uint64_t id : relation.flow_ids) json.value(id);
        json.end_array().end_object();
    }
    json.end_array();
}

void write_pressure(JsonValue &json, const std::vector<Pressure> &pressure) {
    json.begin_array();
    for (const Pressure &row : pressure) {
        json.begin_object()
            .member("transport", transport_token(row.transport))
            .member("source", row.source.to_string());
        json.key("destination").begin_object().member("address", row.destination.address.to_string());
        json.member("port", row.destination.port).end_object();
        json.member("in_use", row.in_use)
            .member("time_wait", row.time_wait)
            .member("available", row.available)
            .end_object();
    }
    json.end_array();
}

void write_losses(JsonValue &json, const Losses &losses) {
    json.begin_object().key("packets_without_flow").begin_object();
    for (const auto &[name, count] : losses.packets_without_flow) json.member(name, count);
    json.end_object();
    json.member("truncated_packets", losses.truncated_packets).member("orphan_fragments", losses.orphan_fragments);
    json.member("overlapping_fragments", losses.overlapping_fragments)
        .member("timed_out_fragments", losses.timed_out_fragments);
    json.member("evicted_flows", losses.evicted_flows).member("flows_left_out", losses.flows_left_out);
    json.member("detections_cut_short", losses.detections_cut_short);
    json.member("forgotten_names", losses.forgotten_names);
    json.member("announcements_not_believed", losses.announcements_not_believed);
    json.member("forgotten_announcements", losses.forgotten_announcements).end_object();
}

void write_malformations(JsonValue &json, const std::array<std::uint64_t, malformation_count> &counts) {
    json.begin_object();
    for (std::size_t i = 0; i < malformation_count; ++i)
        if (counts[i] != 0) json.member(token(static_cast<Malformation>(i)), counts[i]);
    json.end_object();
}

void write_totals(JsonValue &json, const Observation &observation) {
    const auto ns = [](const std::optional<Timestamp> &time) {
        return time ? std::optional(ns_since_epoch(*time)) : std::nullopt;
    };
    const FlowTotals &totals = observation.totals;
    json.member("packets", observation.packets).member("frame_bytes", observation.frame_bytes);
    json.member("flows", totals.flows).key("flows_by_transport").begin_object();
    for (const auto &[transport, count] : flows_by_transport(totals)) json.member(transport, count);
    json.end_object();
    json.member("flows_with_known_owner", totals.flows_with_known_owner);
    json.member("local_ends", totals.local_ends).member("known_ends", totals.known_ends);
    json.member("first_packet_ns", ns(observation.source.first_packet));
    json.member("last_packet_ns", ns(observation.source.last_packet));
}

// The members of a whole report, each on lines of its own, and arrays with a line for every element: what differs
// between two reports is then what a line-wise tool shows.
class ReportText {
  public:
    explicit ReportText(ByteSink &sink) : sink_(sink) {}

    void member(std::string_view name, const std::function<void(JsonValue &)> &write) {
        begin(name);
        JsonValue json(text_);
        write(json);
        hand_over();
    }
    template <typename T>
    void array(std::string_view name, const std::vector<T> &range,
               const std::function<void(JsonValue &, const std::type_identity_t<T> &)> &write) {
        begin(name);
        text_ += '[';
        bool first = true;
        for (const auto &element : range) {
            text_ += first ? "\n" : ",\n";
            first = false;
            JsonValue json(text_);
            write(json, element);
            hand_over();
        }
        text_ += first ? "]" : "\n]";
    }
    void end() {
        text_ += "\n}\n";
        hand_over();
    }

  private:
    ByteSink &sink_;
    std::string text_;
    bool first_ = true;

    void begin(std::string_view name) {
        text_ += first_ ? "{\n\"" : ",\n\"";
        first_ = false;
        text_ += name;
        text_ += "\":";
    }
    void hand_over() {
        sink_.write(text_);
        text_.clear();
    }
};

// One record is one line, and reaches the sink whole.
template <typename Write> void write_line(ByteSink &sink, const Write &write) {
    constexpr std::size_t most_records = 4096;
    std::string line;
    line.reserve(most_records);
    JsonValue json(line);
    write(json);
    line += '\n';
    sink.write(line);
}

} // namespace

void write_json(const Observation &observation, ByteSink &sink) {
    const HostFacts *host = observation.host ? &*observation.host : nullptr;
    ReportText report(sink);
    report.member("schema_version", [](JsonValue &json) { json.value(json_schema_version); });
    report.member("host", [&](JsonValue &json) {
        if (host == nullptr) {
            json.null();
        } else {
            write_host(json, *host);
        }
    });
    report.member("source", [&](JsonValue &json) { write_source(json, observation.source); });
    report.array("flows", observation.flows,
                 [&](JsonValue &json, const FlowRecord &flow) { write_flow_record(json, flow, host); });
    report.array("processes", observation.processes,
                 [](JsonValue &json, const auto &process) { write_process_record(json, *process); });
    report.array("listeners", observation.listeners, write_listener_record);
    report.member("relations", [&](JsonValue &json) { write_relations(json, observation.relations); });
    report.member("pressure", [&](JsonValue &json) { write_pressure(json, observation.pressure); });
    report.member("losses", [&](JsonValue &json) { write_losses(json, observation.losses); });
    report.member("malformations", [&](JsonValue &json) { write_malformations(json, observation.malformations); });
    report.member("degradations", [&](JsonValue &json) { write_degradations(json, observation.degradations); });
    report.member("summary", [&](JsonValue &json) {
        json.begin_object();
        write_totals(json, observation);
        json.end_object();
    });
    report.end();
}

void write_ndjson_flow(const FlowRecord &flow, const HostFacts *host, ByteSink &sink) {
    write_line(sink, [&](JsonValue &json) { write_flow_record(json, flow, host); });
}

void write_ndjson_end(const Observation &observation, ByteSink &sink) {
    for (const ListeningSocket &listener : observation.listeners)
        write_line(sink, [&](JsonValue &json) { write_listener_record(json, listener); });
    for (const auto &process : observation.processes)
        write_line(sink, [&](JsonValue &json) { write_process_record(json, *process); });
    write_line(sink, [&](JsonValue &json) {
        json.begin_object().member("type", "summary").member("schema_version", json_schema_version);
        write_totals(json, observation);
        json.key("host");
        if (observation.host) {
            write_host(json, *observation.host);
        } else {
            json.null();
        }
        json.key("source");
        write_source(json, observation.source);
        json.key("relations");
        write_relations(json, observation.relations);
        json.key("pressure");
        write_pressure(json, observation.pressure);
        json.key("losses");
        write_losses(json, observation.losses);
        json.key("malformations");
        write_malformations(json, observation.malformations);
        json.key("degradations");
        write_degradations(json, observation.degradations);
        json.end_object();
    });
}

} // namespace doorplate

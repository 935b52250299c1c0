// RFC 4180: a header row, CRLF at line ends, one row for each flow. Names for columns are those of the flow record,
// with the end in front.

#include "report/report_writer.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "report/escape.h"
#include "report/explain.h"
#include "report/format.h"
#include "report/tokens.h"

namespace doorplate {
namespace {

class Row {
  public:
    void field(std::string_view bytes) { add(csv_field(bytes)); }
    void number(std::uint64_t value) { add(std::to_string(value)); }
    void number(const std::optional<std::int64_t> &value) { add(value ? std::to_string(*value) : ""); }
    void number(const std::optional<std::uint64_t> &value) { add(value ? std::to_string(*value) : ""); }
    void empty() { add(""); }
    [[nodiscard]] std::string line() const { return text_ + "\r\n"; }

  private:
    void add(std::string_view text) {
        if (!first_) text_ += ',';
        first_ = false;
        text_ += text;
    }

    std::string text_;
    bool first_ = true;
};

constexpr std::array end_columns{
    "address", "port",        "class",         "role", "role_confidence", "role_evidence", "registered_service",
    "name",    "name_source", "local",         "pid",  "program",         "exe",           "user",
    "holders", "match",       "unknown_reason"};

void write_process_fields(Row &row, const Attribution &who) {
    if (!who.known() || who.holders.empty()) {
        for (int i = 0; i < 6; ++i) row.empty();
        return;
    }
    const Process &process = *who.holders.front();
    row.number(std::optional<std::int64_t>(process.key.pid));
    row.field(process.name);
    row.field(process.exe.value_or(""));
    row.field(process.user.value_or(process.uid ? std::to_string(*process.uid) : ""));
    row.number(who.holders.size());
    row.field(token(*who.match));
}

void write_end_fields(Row &row, const FlowRecord &flow, const FlowEnd &end) {
    row.field(end.endpoint.address.to_string());
    if (has_ports(flow.flow.key.transport)) {
        row.number(std::uint64_t{end.endpoint.port});
    } else {
        row.empty();
    }
    row.field(end.port.port_class ? token(*end.port.port_class) : "");
    row.field(token(end.port.role));
    row.field(fmt::format("{:.2f}", end.port.confidence));
    std::string evidence;
    for (const Evidence piece : end.port.evidence)
        evidence += (evidence.empty() ? "" : " ") + std::string(token(piece));
    row.field(evidence);
    row.field(end.port.registered_service != nullptr ? end.port.registered_service->name : "");
    row.field(end.name ? end.name->text : "");
    row.field(end.name ? token(end.name->source) : "");
    row.field(!end.local ? "" : *end.local ? "true" : "false");
    write_process_fields(row, end.attribution);
    row.field(end.attribution.unknown ? token(*end.attribution.unknown) : "");
}

std::string header() {
    Row row;
    for (const char *name : {"id", "community_id", "transport", "start_utc", "start_ns", "end_ns"}) row.field(name);
    for (const char *side : {"initiator", "responder"})
        for (const char *name : end_columns) row.field(fmt::format("{}_{}", side, name));
    row.field("initiator_evidence");
    for (const char *name : {"packets", "frame_bytes", "ip_bytes", "payload_bytes"})
        for (const char *side : {"initiator", "responder"}) row.field(fmt::format("{}_{}", side, name));
    for (const char *name : {"tcp_state",
                             "tcp_history",
                             "handshake_rtt_ns",
                             "initiator_retransmissions",
                             "responder_retransmissions",
                             "icmp_type",
                             "icmp_code",
                             "icmp_id",
                             "detected_protocol",
                             "application",
                             "end_reason",
                             "relation",
                             "interfaces",
                             "vlan",
                             "explanation",
                             "level",
                             "parent_id",
                             "tunnel_kind",
                             "tunnel_id",
                             "mpls",
                             "announced_in",
                             "announcer"})
        row.field(name);
    return row.line();
}

void write_tcp_fields(Row &row, const std::optional<TcpSummary> &tcp) {
    if (!tcp) {
        for (int i = 0; i < 5; ++i) row.empty();
        return;
    }
    row.field(tcp->state);
    row.field(tcp->history);
    row.number(tcp->handshake_rtt ? std::optional<std::int64_t>(tcp->handshake_rtt->count()) : std::nullopt);
    row.number(tcp->facts.initiator.retransmissions);
    row.number(tcp->facts.responder.retransmissions);
}

void write_icmp_fields(Row &row, const std::optional<IcmpSummary> &icmp) {
    if (!icmp) {
        for (int i = 0; i < 3; ++i) row.empty();
        return;
    }
    row.number(std::uint64_t{icmp->type});
    row.number(std::uint64_t{icmp->code});
    row.number(std::uint64_t{icmp->identifier});
}

std::string row_of(const FlowRecord &flow, const HostFacts *host) {
    Row row;
    row.number(flow.flow.id);
    row.field(flow.community_id);
    row.field(transport_token(flow.flow.key.transport));
    row.field(utc_full(flow.flow.start));
    row.number(std::optional<std::int64_t>(ns_since_epoch(flow.flow.start)));
    row.number(std::optional<std::int64_t>(ns_since_epoch(flow.flow.end)));
    write_end_fields(row, flow, flow.initiator);
    write_end_fields(row, flow, flow.responder);
    const InitiatorVerdict &verdict = flow.initiator_verdict;
    row.field(token(verdict.evidence.empty() ? flow.flow.initiator_evidence : verdict.evidence.front()));
    for (const auto counter : {&TrafficCounters::packets, &TrafficCounters::frame_bytes, &TrafficCounters::ip_bytes,
                               &TrafficCounters::payload_bytes})
        for (const Side side : {Side::initiator, Side::responder}) row.number(flow.flow.traffic[side].*counter);
    write_tcp_fields(row, flow.flow.tcp);
    write_icmp_fields(row, flow.flow.icmp);
    row.field(flow.detection ? flow.detection->protocol : "");
    row.field(flow.detection ? flow.detection->application.value_or("") : "");
    row.field(token(flow.flow.end_reason));
    row.field(flow.relation ? token(*flow.relation) : "");
    row.field(fmt::format("{}", fmt::join(flow.interface_names, " ")));
    row.field(fmt::format("{}", fmt::join(flow.flow.vlans, " ")));
    row.field(explain_flow(flow, host));
    row.number(std::uint64_t{flow.flow.key.level});
    row.number(flow.flow.carrier_or_control_id());
    row.field(flow.flow.tunnel == TunnelKind::none ? "" : token(flow.flow.tunnel));
    row.number(flow.flow.tunnel_id);
    row.field(fmt::format("{}", fmt::join(flow.flow.mpls, " ")));
    const auto &channel = flow.flow.channel;
    row.field(channel ? token(channel->method) : "");
    row.field(channel ? channel->announcer.to_string() : "");
    return row.line();
}

} // namespace

void write_csv(const Observation &observation, ByteSink &sink) {
    const HostFacts *host = observation.host ? &*observation.host : nullptr;
    sink.write(header());
    for (const FlowRecord &flow : observation.flows) sink.write(row_of(flow, host));
}

} // namespace doorplate

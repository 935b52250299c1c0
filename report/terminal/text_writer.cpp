// The table has two shapes. Where one line holds everything, a flow is one line. Where it does not, a flow is two: the
// endpoints and sizes above, what they are and who is behind them below. In both, addresses and names give way before
// numbers do, and a port never does.

#include "report/report_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "analyze/detect/agreement.h"
#include "report/escape.h"
#include "report/explain.h"
#include "report/format.h"
#include "report/icmp_names.h"
#include "report/summary.h"
#include "report/terminal/role_ink.h"
#include "report/terminal/text_table.h"
#include "report/tokens.h"
#include "report/utf8.h"

namespace doorplate {
namespace {

// What the rows need of one end.
struct EndText {
    std::string endpoint;
    std::string role; // "https service", "ephemeral"
    Ink role_ink = Ink::plain;
    std::string program; // "curl (4213)", "another host"; empty in a file without socket facts
    Ink program_ink = Ink::plain;
};

std::string role_text(const PortVerdict &port, bool numeric) {
    if (port.role == PortRole::none) return "";
    const bool named = port.registered_service != nullptr && port.role != PortRole::ephemeral && !numeric;
    return named ? fmt::format("{} {}", port.registered_service->name, words(port.role))
                 : std::string(words(port.role));
}

std::string program_text(const FlowEnd &end) {
    const Attribution &who = end.attribution;
    if (who.known() && !who.holders.empty()) {
        const std::string more = who.holders.size() > 1 ? fmt::format(" +{}", who.holders.size() - 1) : "";
        return program_short(*who.holders.front()) + more;
    }
    if (who.unknown == UnknownReason::no_socket_facts) return "";
    if (end.multicast) return end.endpoint.address.is_multicast() ? "" : "broadcast";
    if (who.unknown == UnknownReason::ambiguous) return fmt::format("one of {}", who.holders.size());
    return who.unknown ? std::string(words(*who.unknown)) : "";
}

// " (bytes: ssh)" where the registered name does not say what is spoken.
std::string spoken_text(const FlowRecord &flow, const FlowEnd &end) {
    if (!flow.detection || &end != &flow.responder) return "";
    const RegisteredService *service = end.port.role == PortRole::ephemeral ? nullptr : end.port.registered_service;
    if (service != nullptr && agrees(service->name, flow.detection->protocol)) return "";
    return fmt::format(" (bytes: {})", flow.detection->protocol);
}

EndText end_text(const FlowRecord &flow, const FlowEnd &end, bool numeric) {
    EndText text;
    const Transport transport = flow.flow.key.transport;
    text.endpoint = has_ports(transport) ? end.endpoint.to_string() : end.endpoint.address.to_string();
    text.role = role_text(end.port, numeric) + spoken_text(flow, end);
    text.role_ink = ink_of(end.port.role);
    if (flow.flow.icmp && &end == &flow.initiator) text.role = icmp_words(transport, flow.flow.icmp->type);
    text.program = program_text(end);
    text.program_ink = end.attribution.known() ? Ink::strong : Ink::faint;
    return text;
}

// Zeek's conn_state for TCP; the association's state for SCTP; else whether both ends spoke.
std::string state_text(const FlowRecord &flow) {
    if (flow.flow.tcp) return flow.flow.tcp->state;
    if (flow.flow.sctp && flow.flow.sctp->state != SctpState::unseen) return std::string(words(flow.flow.sctp->state));
    const bool both = flow.flow.traffic.initiator.packets != 0 && flow.flow.traffic.responder.packets != 0;
    return both ? "2-way" : "1-way";
}

// The second line of a flow: "https service, nginx (10)". Where that is too long the registered name goes first, for
// the number above says the same; then the program's name is cut, and its pid kept.
TextCell role_and_program(const FlowEnd &end, const EndText &text) {
    const auto joined = [](const std::string &a, const std::string &b) {
        return a.empty() || b.empty() ? a + b : a + ", " + b;
    };
    TextCell cell{joined(text.role, text.program), text.role_ink, {}};
    if (end.port.role == PortRole::none) return cell;
    const std::string role{words(end.port.role)};
    cell.shorter.push_back(joined(role, text.program));
    if (!end.attribution.known() || end.attribution.holders.empty()) return cell;
    const Process &process = *end.attribution.holders.front();
    for (int width = std::min(display_width(program_name(process)) - 1, 24); width >= 6; --width)
        cell.shorter.push_back(
            fmt::format("{}, {} ({})", role, shortened(program_name(process), width), process.key.pid));
    return cell;
}

TextTable one_line_table(const Observation &observation, const std::vector<std::size_t> &shown, bool numeric) {
    TextTable table({{"FLOW"},
                     {"PROTO"},
                     {"INITIATOR"},
                     {"PORT"},
                     {"PROGRAM"},
                     {""},
                     {"RESPONDER"},
                     {"PORT"},
                     {"PROGRAM"},
                     {"STATE"},
                     {"PACKETS", Align::right},
                     {"BYTES", Align::right},
                     {"TIME", Align::right}});
    for (const std::size_t index : shown) {
        const FlowRecord &flow = observation.flows[index];
        EndText a = end_text(flow, flow.initiator, numeric);
        EndText b = end_text(flow, flow.responder, numeric);
        table.add({{id_text(flow), Ink::faint},
                   {transport_token(flow.flow.key.transport)},
                   {a.endpoint},
                   {a.role, a.role_ink},
                   {a.program, a.program_ink},
                   {"->", Ink::faint},
                   {b.endpoint},
                   {b.role, b.role_ink},
                   {b.program, b.program_ink},
                   {state_text(flow)},
                   {grouped(packets_of(flow))},
                   {byte_count(frame_bytes_of(flow))},
                   {time_span(flow.flow.end - flow.flow.start)}});
    }
    return table;
}

TextTable two_line_table(const Observation &observation, const std::vector<std::size_t> &shown, bool numeric) {
    constexpr int least_endpoint = 12;
    TextTable table({{"FLOW"},
                     {"INITIATOR", Align::left, Shorten::endpoint, least_endpoint},
                     {""},
                     {"RESPONDER", Align::left, Shorten::endpoint, least_endpoint},
                     {"BYTES", Align::right},
                     {"STATE", Align::right}});
    for (const std::size_t index : shown) {
        const FlowRecord &flow = observation.flows[index];
        EndText a = end_text(flow, flow.initiator, numeric);
        EndText b = end_text(flow, flow.responder, numeric);
        table.add({{transport_token(flow.flow.key.transport)},
                   {a.endpoint, Ink::strong},
                   {"->", Ink::faint},
                   {b.endpoint, Ink::strong},
                   {byte_count(frame_bytes_of(flow))},
                   {state_text(flow)}});
        table.add({{id_text(flow), Ink::faint},
                   role_and_program(flow.initiator, a),
                   {},
                   role_and_program(flow.responder, b),
                   {grouped(packets_of(flow)) + " pkts"},
                   {time_span(flow.flow.end - flow.flow.start)}});
    }
    return table;
}

class TextReport {
  public:
    TextReport(const Observation &observation, const TextStyle &style, ByteSink &sink)
        : observation_(observation), style_(style), sink_(sink) {}

    void write() {
        sink_.write(wrapped(summary_sentences(observation_), style_.width));
        if (!style_.quiet) {
            flows();
            listeners();
            pressure();
            unknown_programs();
        }
        list("What is missing or damaged", shortcomings(observation_));
        if (style_.explain && !style_.quiet) explanations();
    }

  private:
    const Observation &observation_;
    const TextStyle &style_;
    ByteSink &sink_;
    std::vector<std::size_t> shown_;

    void title(std::string_view text) { sink_.write("\n" + inked(text, Ink::strong, style_.colour) + "\n"); }

    void list(std::string_view heading, const std::vector<std::string> &sentences) {
        if (sentences.empty()) return;
        title(heading);
        for (const std::string &sentence : sentences) sink_.write(wrapped(sentence, style_.width, 2));
    }

    void flows() {
        if (observation_.flows.empty()) return;
        shown_ = largest_flows(observation_, style_.top);
        const TextTable wide = one_line_table(observation_, shown_, style_.numeric);
        const bool fits = wide.natural_width() <= style_.width;
        sink_.write("\n");
        sink_.write(fits ? wide.render(style_.width, style_.colour)
                         : two_line_table(observation_, shown_, style_.numeric).render(style_.width, style_.colour));
        if (shown_.size() == observation_.totals.flows) return;
        std::uint64_t bytes = observation_.totals.frame_bytes;
        for (const std::size_t index : shown_) bytes -= frame_bytes_of(observation_.flows[index]);
        sink_.write(wrapped(fmt::format("... and {} ({}); --all shows them.",
                                        counted(observation_.totals.flows - shown_.size(), "more flow", "more flows"),
                                        byte_count(bytes)),
                            style_.width));
    }

    void listeners() {
        if (observation_.listeners.empty()) return;
        title("Doors of this host: ports that wait for others");
        constexpr int least_endpoint = 12;
        TextTable table({{"PROTO"},
                         {"ADDRESS", Align::left, Shorten::endpoint, least_endpoint},
                         {"REGISTERED AS", Align::left, Shorten::end},
                         {"PROGRAM", Align::left, Shorten::end},
                         {"USER", Align::left, Shorten::end}});
        for (const ListeningSocket &listener : observation_.listeners) {
            const SocketRecord &socket = listener.socket;
            const Attribution &who = listener.attribution;
            const RegisteredService *service =
                style_.numeric ? nullptr : registered_service(socket.transport, socket.local.port);
            const bool known = who.known() && !who.holders.empty();
            const std::string more = who.holders.size() > 1 ? fmt::format(" +{}", who.holders.size() - 1) : "";
            const std::string program = known         ? program_short(*who.holders.front()) + more
                                        : who.unknown ? std::string(words(*who.unknown))
                                                      : "";
            table.add({{transport_token(socket.transport)},
                       {socket.local.to_string()},
                       {service == nullptr ? "" : std::string(service->name), Ink::service},
                       {program, known ? Ink::strong : Ink::faint},
                       {known ? user_name(*who.holders.front()) : fmt::format("uid {}", socket.uid)}});
        }
        sink_.write(table.render(style_.width, style_.colour));
    }

    void pressure() {
        // Below a tenth there is nothing to worry about.
        std::vector<std::string> tight;
        for (const Pressure &row : observation_.pressure) {
            if (row.available == 0 || (row.in_use + row.time_wait) * 10 < row.available) continue;
            tight.push_back(fmt::format("{} from {} to {}: {} of {} in use or in TIME_WAIT.",
                                        transport_token(row.transport), row.source.to_string(),
                                        row.destination.to_string(), grouped(row.in_use + row.time_wait),
                                        counted(row.available, "ephemeral port")));
        }
        list("Ephemeral ports that get scarce", tight);
    }

    void unknown_programs() {
        std::vector<std::string> sentences;
        for (const UnknownGroup &group : unknown_groups(observation_))
            sentences.push_back(
                fmt::format("{} ({}). {}", counted(group.ends, "end"), words(group.reason), group.explanation));
        list("Programs without a name", sentences);
    }

    void explanations() {
        if (shown_.empty()) return;
        title("Why");
        const HostFacts *host = observation_.host ? &*observation_.host : nullptr;
        const bool several = observation_.source.interfaces.size() > 1;
        for (const std::size_t index : shown_) {
            const FlowRecord &flow = observation_.flows[index];
            sink_.write("\n" + inked(id_text(flow), Ink::strong, style_.colour) + "\n");
            sink_.write(wrapped(explain_flow(flow, host), style_.width, 2));
            if (const std::string path = explain_path(flow, several); !path.empty())
                sink_.write(wrapped(path, style_.width, 2));
        }
    }
};

// "192.0.2.10:51034 ephemeral curl (4213)"
std::string one_end(const EndText &end, const TextStyle &style) {
    std::string text = end.endpoint;
    for (const auto &[part, ink] : {std::pair{&end.role, end.role_ink}, std::pair{&end.program, end.program_ink}})
        if (!part->empty()) text += " " + inked(*part, ink, style.colour);
    return text;
}

} // namespace

void write_text(const Observation &observation, const TextStyle &style, ByteSink &sink) {
    TextReport(observation, style, sink).write();
}

void write_text_line(const FlowRecord &flow, const TextStyle &style, ByteSink &sink) {
    sink.write(fmt::format("{} {} {} -> {}  {} {} {} {}\n", utc_seconds(flow.flow.start),
                           transport_token(flow.flow.key.transport),
                           one_end(end_text(flow, flow.initiator, style.numeric), style),
                           one_end(end_text(flow, flow.responder, style.numeric), style), state_text(flow),
                           counted(packets_of(flow), "packet"), byte_count(frame_bytes_of(flow)),
                           time_span(flow.flow.end - flow.flow.start)));
}

} // namespace doorplate

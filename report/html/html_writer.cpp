// A page that needs nothing but itself: no script, no image, no font, no request. Its style is allowed by hash and
// nothing else is, so that even a flaw in escaping could not run or load anything. Whatever was captured goes through
// html_escaped.

#include "report/report_writer.h"

#include <array>
#include <string>

#include <fmt/format.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>

#include "report/escape.h"
#include "report/explain.h"
#include "report/format.h"
#include "report/html/port_space.h"
#include "report/icmp_names.h"
#include "report/summary.h"
#include "report/tokens.h"
#include "report/utf8.h"

#include "page_style.h"

namespace doorplate {
namespace {

// A browser shows some thousand rows with ease; JSON and CSV have all of them.
constexpr std::size_t most_flows = 2000;
constexpr int longest_text = 400;

// Escaped, and of bearable length.
std::string safe(std::string_view bytes) { return html_escaped_printable(shortened(printable(bytes), longest_text)); }

std::string style_hash() {
    sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, page_style.size(), reinterpret_cast<const std::uint8_t *>(page_style.data()));
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
    sha256_digest(&context, digest.size(), digest.data());
    std::array<char, BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE)> text{};
    base64_encode_raw(text.data(), digest.size(), digest.data());
    return {text.data(), text.size()};
}

// A cell; on narrow screens its column's title stands before it.
std::string cell(std::string_view label, std::string_view html, bool number = false) {
    return fmt::format("<td data-label=\"{}\"{}>{}</td>", label, number ? " class=\"number\"" : "", html);
}

std::string head(const std::vector<std::pair<std::string_view, bool>> &columns) {
    std::string html = "<table>\n<thead><tr>";
    for (const auto &[title, number] : columns)
        html += fmt::format("<th scope=\"col\"{}>{}</th>", number ? " class=\"number\"" : "", title);
    return html + "</tr></thead>\n<tbody>\n";
}

std::string process_html(const Process &process) {
    std::string html = "<b>" + html_escaped_printable(program_name(process)) + "</b> " +
                       fmt::format("<span class=\"faint\">pid {}", process.key.pid);
    const std::string user = user_name(process);
    if (!user.empty()) html += ", " + html_escaped_printable(user);
    return html + "</span>";
}

std::string owner_html(const Attribution &who) {
    if (who.known() && !who.holders.empty()) {
        std::string html = process_html(*who.holders.front());
        if (who.holders.size() > 1)
            html += fmt::format(" <span class=\"faint\">and {} more</span>", who.holders.size() - 1);
        return html;
    }
    return who.unknown ? fmt::format("<span class=\"unknown\">{}</span>", words(*who.unknown)) : "";
}

std::string end_html(const FlowRecord &flow, const FlowEnd &end) {
    const Transport transport = flow.flow.key.transport;
    std::string html = fmt::format("<span class=\"mono\">{}</span> ",
                                   has_ports(transport) ? end.endpoint.to_string() : end.endpoint.address.to_string());
    if (flow.flow.icmp && &end == &flow.initiator)
        html += fmt::format("<span class=\"role role-none\">{}</span>", icmp_words(transport, flow.flow.icmp->type));
    if (end.port.role != PortRole::none) {
        const bool named = end.port.registered_service != nullptr && end.port.role != PortRole::ephemeral;
        html += fmt::format("<span class=\"role role-{}\">{}{}</span>", token(end.port.role),
                            named ? safe(end.port.registered_service->name) + " " : "", words(end.port.role));
    }
    if (&end == &flow.responder) {
        if (flow.detection) html += fmt::format(" <span class=\"faint\">{}</span>", safe(flow.detection->protocol));
        if (end.name) html += fmt::format(" <span class=\"faint\">{}</span>", safe(end.name->text));
    }
    if (end.attribution.unknown == UnknownReason::no_socket_facts) return html;
    if (end.multicast && !end.attribution.known()) return html;
    return html + "<span class=\"who\">" + owner_html(end.attribution) + "</span>";
}

class Page {
  public:
    Page(const Observation &observation, ByteSink &sink) : observation_(observation), sink_(sink) {}

    void write() {
        begin();
        summary();
        section_ports();
        section_flows();
        section_listeners();
        section_processes();
        section_unknown();
        section_about();
        put("</body>\n</html>\n");
    }

  private:
    const Observation &observation_;
    ByteSink &sink_;

    void put(std::string_view html) { sink_.write(html); }
    void title(std::string_view text) { put(fmt::format("<h2>{}</h2>\n", text)); }

    void begin() {
        put("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        put(fmt::format(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; "
            "base-uri 'none'; form-action 'none'\">\n",
            style_hash()));
        put("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        put("<meta name=\"referrer\" content=\"no-referrer\">\n");
        const std::string name = html_escaped_printable(source_name(observation_.source));
        put(fmt::format("<title>doorplate: {}</title>\n<style>", name));
        put(page_style);
        put(fmt::format("</style>\n</head>\n<body>\n<h1>{}</h1>\n", name));
    }

    void summary() {
        put(fmt::format("<p class=\"lead\">{}</p>\n", html_escaped_printable(summary_sentences(observation_))));
        const FlowTotals &totals = observation_.totals;
        put("<ul class=\"figures\">\n");
        const auto figure = [&](std::string_view number, std::string_view what) {
            put(fmt::format("<li><b>{}</b>{}</li>\n", number, what));
        };
        figure(grouped(totals.flows), totals.flows == 1 ? "flow" : "flows");
        figure(grouped(observation_.packets), observation_.packets == 1 ? "packet" : "packets");
        figure(byte_count(observation_.frame_bytes), "on the wire");
        if (observation_.host) {
            figure(grouped(observation_.processes.size()),
                   observation_.processes.size() == 1 ? "process" : "processes");
            figure(grouped(observation_.listeners.size()), observation_.listeners.size() == 1 ? "door" : "doors");
        }
        if (totals.local_ends != 0)
            figure(fmt::format("{} of {}", grouped(totals.known_ends), grouped(totals.local_ends)), "ends named");
        put("</ul>\n");
        const std::vector<std::string> lacking = shortcomings(observation_);
        if (lacking.empty()) return;
        put("<div class=\"warn\"><b>What is missing or damaged</b>\n<ul class=\"plain\">\n");
        for (const std::string &sentence : lacking) put(fmt::format("<li>{}</li>\n", html_escaped_printable(sentence)));
        put("</ul></div>\n");
    }

    void section_ports() {
        if (observation_.flows.empty()) return;
        title("The ports");
        put("<p class=\"faint\">What IANA says of a number (the strip: its class) and what the kernel does with it "
            "(the dashed "
            "frame: the range it hands out) are two things, and they overlap.</p>\n<div class=\"picture\">\n");
        put(port_space_svg(observation_));
        put("</div>\n");
    }

    void section_flows() {
        title("Flows");
        if (observation_.flows.empty()) {
            put("<p>None.</p>\n");
            return;
        }
        const std::vector<std::size_t> shown = largest_flows(observation_, most_flows);
        if (shown.size() < observation_.totals.flows)
            put(fmt::format("<p>The {} largest of {} flows; the JSON and CSV reports have all of them.</p>\n",
                            grouped(shown.size()), grouped(observation_.totals.flows)));
        put(head({{"Flow", false},
                  {"Initiator", false},
                  {"Responder", false},
                  {"State", false},
                  {"Packets", true},
                  {"Bytes", true},
                  {"Time", true}}));
        const HostFacts *host = observation_.host ? &*observation_.host : nullptr;
        for (const std::size_t index : shown) flow_rows(observation_.flows[index], host);
        put("</tbody></table>\n");
    }

    static std::string state_html(const Flow &flow) {
        if (flow.tcp) return safe(flow.tcp->state);
        return flow.sctp ? std::string(words(flow.sctp->state)) : "";
    }

    void flow_rows(const FlowRecord &flow, const HostFacts *host) {
        std::string html = fmt::format("<tr class=\"flow\" id=\"flow-{}\">", flow.flow.id);
        html += cell("Flow", fmt::format("{} <span class=\"faint\">{}</span>", transport_token(flow.flow.key.transport),
                                         id_text(flow)));
        html += cell("Initiator", end_html(flow, flow.initiator));
        html += cell("Responder", end_html(flow, flow.responder));
        html += cell("State", state_html(flow.flow));
        html += cell("Packets", grouped(packets_of(flow)), true);
        html += cell("Bytes", byte_count(frame_bytes_of(flow)), true);
        html += cell("Time", time_span(flow.flow.end - flow.flow.start), true);
        const std::string path = explain_path(flow, observation_.source.interfaces.size() > 1);
        html += fmt::format("</tr>\n<tr class=\"why\"><td colspan=\"7\"><details><summary>why</summary><p>{}{}{}</p>"
                            "</details></td></tr>\n",
                            html_escaped_printable(explain_flow(flow, host)), path.empty() ? "" : " ",
                            html_escaped_printable(path));
        put(html);
    }

    void section_listeners() {
        if (observation_.listeners.empty()) return;
        title("Doors of this host: ports that wait for others");
        put(head({{"Transport", false}, {"Address", false}, {"Registered as", false}, {"Held by", false}}));
        for (const ListeningSocket &listener : observation_.listeners) {
            const SocketRecord &socket = listener.socket;
            const RegisteredService *service = registered_service(socket.transport, socket.local.port);
            put("<tr>" + cell("Transport", transport_token(socket.transport)) +
                cell("Address", "<span class=\"mono\">" + socket.local.to_string() + "</span>") +
                cell("Registered as", service == nullptr ? "" : safe(service->name)) +
                cell("Held by", owner_html(listener.attribution)) + "</tr>\n");
        }
        put("</tbody></table>\n");
    }

    void section_processes() {
        if (observation_.processes.empty()) return;
        title("Processes");
        put(head({{"Process", false},
                  {"Since (UTC)", false},
                  {"Program file", false},
                  {"Command line", false},
                  {"Started by", false}}));
        for (const auto &process : observation_.processes) {
            std::string arguments;
            for (const std::string &argument : process->command_line) {
                if (arguments.size() > static_cast<std::size_t>(longest_text)) break;
                arguments += (arguments.empty() ? "" : " ") + argument.substr(0, longest_text);
            }
            put("<tr>" + cell("Process", process_html(*process)) +
                cell("Since (UTC)", process->start ? utc_seconds(*process->start) : "") +
                cell("Program file", "<span class=\"mono\">" + safe(process->exe.value_or("")) + "</span>") +
                cell("Command line", "<span class=\"mono\">" + safe(arguments) + "</span>") +
                cell("Started by", process->parent_name
                                       ? fmt::format("{} <span class=\"faint\">pid {}</span>",
                                                     safe(*process->parent_name), process->parent_pid)
                                       : fmt::format("<span class=\"faint\">pid {}</span>", process->parent_pid)) +
                "</tr>\n");
        }
        put("</tbody></table>\n");
    }

    void section_unknown() {
        const std::vector<UnknownGroup> groups = unknown_groups(observation_);
        if (groups.empty()) return;
        title("Programs without a name");
        put("<ul class=\"plain\">\n");
        for (const UnknownGroup &group : groups)
            put(fmt::format("<li>{} ({}). {}</li>\n", counted(group.ends, "end"), words(group.reason),
                            html_escaped_printable(group.explanation)));
        put("</ul>\n");
    }

    void section_about() {
        put("<footer>\n");
        if (observation_.host) {
            const HostFacts &host = *observation_.host;
            std::string text = fmt::format("Host {}, {}.", safe(host.hostname), safe(host.kernel));
            if (host.ephemeral_ports)
                text += fmt::format(" Its kernel hands out the ports {} (ip_local_port_range).",
                                    range_text(*host.ephemeral_ports));
            put(fmt::format("<p>{}</p>\n", text));
        }
        if (!observation_.source.filter.empty())
            put(fmt::format("<p>Filter: <code>{}</code></p>\n", safe(observation_.source.filter)));
        put(fmt::format(
            "<p>Names of ports: {}. A registered name says what a number was given for, not what runs there. All times "
            "are UTC. Written by doorplate; this page has no script and loads nothing.</p>\n</footer>\n",
            safe(port_registry_source())));
    }
};

} // namespace

void write_html(const Observation &observation, ByteSink &sink) { Page(observation, sink).write(); }

} // namespace doorplate

#include "report/table_reports.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/escape.h"
#include "report/explain.h"
#include "report/format.h"
#include "report/terminal/role_ink.h"
#include "report/terminal/text_table.h"
#include "report/tokens.h"

namespace doorplate {
namespace {

std::string place(const SocketRecord &socket, const Endpoint &end) {
    return fmt::format("{} {}", transport_token(socket.transport), end.to_string());
}

// "nginx (12) +2", or why nobody is named.
TextCell owner_cell(const Attribution &attribution) {
    if (!attribution.known()) return {std::string{token(*attribution.unknown)}, Ink::warning};
    const std::size_t others = attribution.holders.size() - 1;
    const std::string first = program_short(*attribution.holders.front());
    return {others == 0 ? first : fmt::format("{} +{}", first, others)};
}

std::string user_of(const Attribution &attribution) {
    if (attribution.known()) return user_name(*attribution.holders.front());
    return attribution.socket_uid ? fmt::format("uid {}", *attribution.socket_uid) : "";
}

std::string service_of(const HeldPort &held, bool numeric) {
    return held.port.registered_service != nullptr && !numeric ? std::string{held.port.registered_service->name} : "";
}

std::string since_of(const HeldPort &held) { return held.not_before ? utc_seconds(*held.not_before) : ""; }

void write_degradations(const std::vector<Degradation> &degradations, const TextStyle &style, ByteSink &sink) {
    if (style.quiet) return;
    for (const Degradation &one : degradations) {
        sink.write("\n");
        sink.write(wrapped(fmt::format("Note: {}", one.reason), style.width));
    }
}

void write_heading(std::string_view heading, const TextStyle &style, ByteSink &sink) {
    sink.write(inked(heading, Ink::strong, style.colour));
    sink.write("\n");
}

void write_doors(const PortsAnswer &answer, const TextStyle &style, ByteSink &sink) {
    TextTable table({{"DOOR", Align::left, Shorten::endpoint, 20},
                     {"ROLE"},
                     {"SERVICE", Align::left, Shorten::end, 8},
                     {"PROGRAM", Align::left, Shorten::end, 12},
                     {"USER", Align::left, Shorten::end, 4},
                     {"REACHED FROM", Align::left, Shorten::end, 9},
                     {"PROCESS SINCE (UTC)", Align::left, Shorten::end, 10}});
    for (const HeldPort &held : answer.held) {
        if (!held.is_door()) continue;
        table.add({{place(held.socket, held.socket.local)},
                   {std::string{token(held.port.role)}, ink_of(held.port.role)},
                   {service_of(held, style.numeric)},
                   owner_cell(held.attribution),
                   {user_of(held.attribution)},
                   {std::string{words(held.exposure)}},
                   {since_of(held), Ink::faint}});
    }
    sink.write(table.render(style.width, style.colour));
}

void write_connections(const PortsAnswer &answer, const TextStyle &style, ByteSink &sink) {
    TextTable table({{"PORT", Align::left, Shorten::endpoint, 20},
                     {"ROLE"},
                     {"PEER", Align::left, Shorten::endpoint, 14},
                     {"STATE"},
                     {"PROGRAM", Align::left, Shorten::end, 12},
                     {"USER", Align::left, Shorten::end, 4}});
    for (const HeldPort &held : answer.held) {
        if (held.is_door()) continue;
        table.add({{place(held.socket, held.socket.local)},
                   {std::string{token(held.port.role)}, ink_of(held.port.role)},
                   {held.socket.remote.to_string()},
                   {std::string{token(held.socket.state)}},
                   owner_cell(held.attribution),
                   {user_of(held.attribution)}});
    }
    sink.write(table.render(style.width, style.colour));
}

std::string holders_text(const Attribution &attribution) {
    std::vector<std::string> names;
    for (const auto &process : attribution.holders) names.push_back(program_long(*process));
    return listed(names);
}

// "tcp 0.0.0.0:80, reached from every address, is held by nginx (pid 12, user root)."
std::string held_sentence(const HeldPort &held) {
    const SocketRecord &socket = held.socket;
    std::string what;
    if (!held.is_door()) {
        what = fmt::format("{} is one end of a connection to {} ({})", place(socket, socket.local),
                           socket.remote.to_string(), token(socket.state));
    } else if (socket.state == SocketState::listen) {
        what =
            fmt::format("A socket listens on {}, reached from {}", place(socket, socket.local), words(held.exposure));
    } else {
        what =
            fmt::format("A socket is bound to {}, reached from {}", place(socket, socket.local), words(held.exposure));
    }
    if (!held.attribution.known()) {
        return fmt::format("{}. {}", what, explain_unknown(held.attribution));
    }
    std::string text = fmt::format("{}; {} {} it.", what, holders_text(held.attribution),
                                   held.attribution.holders.size() == 1 ? "holds" : "hold");
    const Process &first = *held.attribution.holders.front();
    if (first.exe) text += fmt::format(" Its program is {}.", printable(*first.exe));
    if (!first.command_line.empty()) {
        std::string line;
        for (const std::string &word : first.command_line) line += (line.empty() ? "" : " ") + printable(word);
        text += fmt::format(" It was started as: {}.", line);
    }
    if (held.not_before) {
        text += fmt::format(" The process began {} UTC; the kernel does not say when the socket did.",
                            utc_seconds(*held.not_before));
    }
    return text;
}

std::string obstacle_sentence(BindObstacle obstacle, const DoorAnswer::Bind &bind, const HostFacts &host) {
    const bool tcp = bind.transport == Transport::tcp;
    switch (obstacle) {
    case BindObstacle::held:
        return tcp ? "bind() fails with EADDRINUSE as long as the socket above is there: end its program, choose "
                     "another "
                     "port or address, or, where both programs are meant to share it, set SO_REUSEPORT in both."
                   : "bind() fails with EADDRINUSE as long as the socket above is there: end its program, choose "
                     "another "
                     "port or address, or, where programs are meant to share it, set SO_REUSEADDR or SO_REUSEPORT in "
                     "all.";
    case BindObstacle::connected:
        return "Connections use the port at this end: bind() fails with EADDRINUSE unless their sockets were made with "
               "SO_REUSEADDR (servers mostly do so) and yours sets it too.";
    case BindObstacle::time_wait:
        return "Closed connections linger there in TIME_WAIT: bind() fails with EADDRINUSE for up to 60 seconds more, "
               "unless your program sets SO_REUSEADDR as theirs did.";
    case BindObstacle::privileged:
        return fmt::format("It is below this host's ip_unprivileged_port_start, {}: bind() needs CAP_NET_BIND_SERVICE, "
                           "else it fails with EACCES.",
                           host.unprivileged_port_start.value_or(1024));
    }
    return "";
}

std::string bind_text(const DoorAnswer &answer, const DoorAnswer::Bind &bind, const HostFacts &host) {
    const DoorQuery door{bind.transport, answer.query.address, answer.query.port};
    if (bind.obstacles.empty()) {
        return fmt::format("Binding {}: nothing that doorplate can see stands in the way.", door.to_string());
    }
    std::string text = fmt::format("Binding {}:", door.to_string());
    for (const BindObstacle obstacle : bind.obstacles) text += " " + obstacle_sentence(obstacle, bind, host);
    return text;
}

// Connections of one door beyond this many are counted.
constexpr std::size_t most_connections_told = 10;

} // namespace

void write_ports_text(const PortsAnswer &answer, const TextStyle &style, ByteSink &sink) {
    const auto doors = std::ranges::count_if(answer.held, &HeldPort::is_door);
    const auto connections = static_cast<std::ptrdiff_t>(answer.held.size()) - doors;
    write_heading(fmt::format("{} that others can come to", counted(static_cast<std::uint64_t>(doors), "port")), style,
                  sink);
    if (doors > 0) write_doors(answer, style, sink);
    sink.write("\n");
    write_heading(fmt::format("{} in use at this end", counted(static_cast<std::uint64_t>(connections), "connection")),
                  style, sink);
    if (connections > 0) write_connections(answer, style, sink);
    if (!style.quiet && answer.host.ephemeral_ports) {
        sink.write("\n");
        sink.write(wrapped(fmt::format("This host's kernel hands out ephemeral ports from {} "
                                       "(net.ipv4.ip_local_port_range). Only this network namespace was looked at.",
                                       range_text(*answer.host.ephemeral_ports)),
                           style.width));
    }
    write_degradations(answer.degradations, style, sink);
}

void write_door_text(const DoorAnswer &answer, const HostFacts &host, const std::vector<Degradation> &degradations,
                     const TextStyle &style, ByteSink &sink) {
    if (answer.held.empty()) {
        write_heading(fmt::format("Nobody is behind {} in this network namespace.", answer.query.to_string()), style,
                      sink);
    }
    std::size_t told = 0;
    for (const HeldPort &held : answer.held) {
        if (!held.is_door() && told == most_connections_told) break;
        sink.write(wrapped(held_sentence(held), style.width));
        sink.write("\n");
        if (!held.is_door()) ++told;
    }
    const auto connections = static_cast<std::size_t>(
        std::ranges::count_if(answer.held, [](const HeldPort &held) { return !held.is_door(); }));
    if (connections > told) {
        sink.write(fmt::format("... and {} at this port.\n\n", counted(connections - told, "more connection")));
    }
    if (answer.held.empty()) sink.write("\n");
    for (const DoorAnswer::Bind &bind : answer.binds) {
        sink.write(wrapped(bind_text(answer, bind, host), style.width));
        sink.write("\n");
    }
    sink.write(wrapped(explain_port(answer.query.port, answer.query.transport, &host), style.width));
    write_degradations(degradations, style, sink);
}

void write_port_explanation_text(const PortQuery &query, const HostFacts &host, const TextStyle &style,
                                 ByteSink &sink) {
    sink.write(wrapped(explain_port(query.port, query.transport, &host), style.width));
}

void write_flow_explanation_text(const FlowRecord &flow, const HostFacts &host,
                                 const std::vector<Degradation> &degradations, const TextStyle &style, ByteSink &sink) {
    sink.write(wrapped(explain_flow(flow, &host), style.width));
    write_degradations(degradations, style, sink);
}

void write_interfaces_text(const std::vector<Interface> &interfaces, bool may_capture, const TextStyle &style,
                           ByteSink &sink) {
    TextTable table({{"INTERFACE"},
                     {"STATE"},
                     {"ADDRESSES", Align::left, Shorten::end, 18},
                     {"DESCRIPTION", Align::left, Shorten::end, 8}});
    for (const Interface &one : interfaces) {
        std::vector<std::string> addresses;
        for (const InterfaceAddress &address : one.addresses) {
            addresses.push_back(fmt::format("{}/{}", address.address.to_string(), address.prefix_length));
        }
        const std::string state = std::string{one.up ? "up" : "down"} + (one.up && !one.running ? ", no link" : "") +
                                  (one.loopback ? ", loopback" : "") + (one.wireless ? ", wireless" : "");
        table.add({{printable(one.name), Ink::strong},
                   {state, one.up ? Ink::plain : Ink::faint},
                   {fmt::format("{}", fmt::join(addresses, " "))},
                   {printable(one.description), Ink::faint}});
    }
    sink.write(table.render(style.width, style.colour));
    if (style.quiet) return;
    sink.write("\n");
    sink.write(wrapped(may_capture
                           ? "You may capture on these: CAP_NET_RAW is there."
                           : "Capturing needs CAP_NET_RAW, which is missing; run as root, or give the program the "
                             "right once: sudo setcap cap_net_raw,cap_sys_ptrace,cap_dac_read_search=ep "
                             "\"$(command -v doorplate)\" (see docs/privileges.md).",
                       style.width));
}

} // namespace doorplate

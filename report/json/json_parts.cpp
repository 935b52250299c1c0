#include "report/json/json_parts.h"

#include <algorithm>
#include <array>

#include "report/explain.h"
#include "report/tokens.h"

namespace doorplate {
namespace {

std::optional<std::int64_t> ns(const std::optional<Timestamp> &time) {
    return time ? std::optional(ns_since_epoch(*time)) : std::nullopt;
}

std::vector<std::string_view> components(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        if (slash != 0) parts.push_back(path.substr(0, slash));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return parts;
}

bool is_container_id(std::string_view text) {
    constexpr std::size_t digits = 64;
    const auto hexadecimal = [](char c) { return ('0' <= c && c <= '9') || ('a' <= c && c <= 'f'); };
    return text.size() == digits && std::ranges::all_of(text, hexadecimal);
}

void write_process_members(JsonValue &json, const Process &process) {
    json.member("pid", process.key.pid);
    json.member("name", process.name);
    json.member("exe", process.exe);
    json.key("command_line").begin_array();
    for (const std::string &argument : process.command_line) json.value(argument);
    json.end_array();
    json.member("uid", process.uid);
    json.member("gid", process.gid);
    json.member("user", process.user);
    json.member("start_ns", ns(process.start));
    json.member("start_ticks", process.key.start_ticks);
    json.key("parent").begin_object();
    json.member("pid", process.parent_pid).member("name", process.parent_name).end_object();
    json.member("container", process.cgroup ? container_of_cgroup(*process.cgroup) : std::nullopt);
    json.member("unit", process.cgroup ? unit_of_cgroup(*process.cgroup) : std::nullopt);
    json.member("cgroup", process.cgroup);
    json.member("netns", process.netns);
}

// `tid`: the socket table knows processes, not threads.
void write_holder(JsonValue &json, const Process &process) {
    json.begin_object();
    write_process_members(json, process);
    json.null_member("tid").end_object();
}

template <std::size_t N, typename Range>
void write_tokens(JsonValue &json, const char (&name)[N], const Range &values) {
    json.key(name).begin_array();
    for (const auto &value : values) json.value(token(value));
    json.end_array();
}

void write_name_members(JsonValue &json, const std::optional<EndpointName> &name) {
    if (!name) {
        json.null_member("name").null_member("name_source").null_member("other_names");
        return;
    }
    json.member("name", name->text).member("name_source", token(name->source)).member("other_names", name->others);
}

void write_end(JsonValue &json, const FlowRecord &flow, Side side) {
    const FlowEnd &end = side == Side::initiator ? flow.initiator : flow.responder;
    json.begin_object();
    json.member("address", end.endpoint.address.to_string());
    if (has_ports(flow.flow.key.transport)) {
        json.member("port", end.endpoint.port);
    } else {
        json.null_member("port");
    }
    write_port_members(json, end.port);
    write_name_members(json, end.name);
    json.member("local", end.local);
    json.member("multicast", end.multicast);
    write_attribution_members(json, end.attribution);
    json.end_object();
}

template <std::size_t N>
void write_per_side(JsonValue &json, const char (&name)[N], const PerSide<TrafficCounters> &traffic,
                    std::uint64_t TrafficCounters::*counter) {
    json.key(name).begin_object();
    json.member("initiator", traffic.initiator.*counter).member("responder", traffic.responder.*counter).end_object();
}

void write_fact(JsonValue &json, std::string_view name, const TcpSummary &tcp, std::uint64_t TcpEndFacts::*fact) {
    json.key(name).begin_object();
    json.member("initiator", tcp.facts.initiator.*fact).member("responder", tcp.facts.responder.*fact).end_object();
}

// What few connections have is left out where there is nothing to tell.
void write_rare_tcp(JsonValue &json, const TcpSummary &tcp) {
    struct Fact {
        std::string_view name;
        std::uint64_t TcpEndFacts::*value;
    };
    static constexpr std::array<Fact, 7> facts{{{"out_of_order", &TcpEndFacts::out_of_order},
                                                {"gaps", &TcpEndFacts::gaps},
                                                {"gap_bytes", &TcpEndFacts::gap_bytes},
                                                {"zero_windows", &TcpEndFacts::zero_windows},
                                                {"keep_alives", &TcpEndFacts::keep_alives},
                                                {"urgent", &TcpEndFacts::urgent},
                                                {"bad_checksums", &TcpEndFacts::bad_checksums}}};
    for (const Fact &fact : facts)
        if ((tcp.facts.initiator.*fact.value | tcp.facts.responder.*fact.value) != 0)
            write_fact(json, fact.name, tcp, fact.value);
    if (tcp.half_open) json.member("half_open", true);
    if (tcp.simultaneous_open) json.member("simultaneous_open", true);
    if (tcp.fast_open) json.member("fast_open", true);
    if (tcp.mptcp != Mptcp::none) json.member("mptcp", tcp.mptcp == Mptcp::join ? "join" : "capable");
}

void write_tcp(JsonValue &json, const std::optional<TcpSummary> &tcp) {
    json.key("tcp");
    if (!tcp) {
        json.null();
        return;
    }
    json.begin_object();
    json.member("state", tcp->state).member("history", tcp->history);
    json.member("handshake_rtt_ns", tcp->handshake_rtt ? std::optional(tcp->handshake_rtt->count()) : std::nullopt);
    write_fact(json, "retransmissions", *tcp, &TcpEndFacts::retransmissions);
    write_fact(json, "stream_bytes", *tcp, &TcpEndFacts::stream_bytes);
    write_rare_tcp(json, *tcp);
    json.end_object();
}

// The packet that an error is about.
void write_quoted(JsonValue &json, const IcmpSummary &icmp) {
    const QuotedPacket &quoted = *icmp.quoted;
    json.key("quoted").begin_object();
    json.member("transport", transport_token(quoted.transport));
    json.member("source", quoted.source.address.to_string()).member("source_port", quoted.source.port);
    json.member("destination", quoted.destination.address.to_string());
    json.member("destination_port", quoted.destination.port);
    json.member("flow_id", icmp.about_id).end_object();
}

void write_udp(JsonValue &json, const std::optional<UdpSummary> &udp) {
    json.key("udp");
    if (!udp) {
        json.null();
        return;
    }
    json.begin_object().member("state", udp->state).member("history", udp->history).end_object();
}

void write_icmp(JsonValue &json, const std::optional<IcmpSummary> &icmp) {
    json.key("icmp");
    if (!icmp) {
        json.null();
        return;
    }
    json.begin_object().member("type", icmp->type).member("code", icmp->code).member("id", icmp->identifier);
    if (icmp->quoted) write_quoted(json, *icmp);
    json.end_object();
}

void write_sctp_end(JsonValue &json, const SctpEndFacts &facts) {
    json.begin_object().member("tag", facts.tag).member("streams", facts.streams);
    json.key("chunks").begin_object();
    for (const auto &[chunk, count] : facts.chunks) json.member(token(chunk), count);
    json.end_object();
    json.key("other_addresses").begin_array();
    for (const IpAddress &address : facts.addresses) json.value(address.to_string());
    json.end_array();
    if (facts.ecn_capable) json.member("ecn_capable", true);
    if (facts.wrong_tags != 0) json.member("wrong_tags", facts.wrong_tags);
    if (facts.bad_checksums != 0) json.member("bad_checksums", facts.bad_checksums);
    json.end_object();
}

void write_sctp(JsonValue &json, const std::optional<SctpSummary> &sctp) {
    json.key("sctp");
    if (!sctp) {
        json.null();
        return;
    }
    json.begin_object().member("state", token(sctp->state)).member("multihomed", sctp->is_multihomed());
    json.member("other_path_id", sctp->other_path_id);
    json.key("payload_protocols").begin_array();
    for (const std::uint32_t protocol : sctp->payload_protocols) json.value(protocol);
    json.end_array();
    json.key("initiator");
    write_sctp_end(json, sctp->facts.initiator);
    json.key("responder");
    write_sctp_end(json, sctp->facts.responder);
    json.end_object();
}

void write_tunnel(JsonValue &json, const Flow &flow) {
    json.key("tunnel");
    if (flow.tunnel == TunnelKind::none) {
        json.null();
        return;
    }
    json.begin_object().member("kind", token(flow.tunnel)).member("id", flow.tunnel_id).end_object();
}

void write_data_channel(JsonValue &json, const Flow &flow) {
    json.key("data_channel");
    if (!flow.channel) {
        json.null();
        return;
    }
    json.begin_object().member("control_id", flow.channel->control_id);
    json.member("announced_in", token(flow.channel->method));
    json.member("announcer", flow.channel->announcer.to_string());
    json.member("announced_ns", ns_since_epoch(flow.channel->announced)).end_object();
}

// Tags or labels, outermost first; null without any.
template <std::size_t N, typename T>
void write_stack(JsonValue &json, const char (&name)[N], const std::vector<T> &numbers) {
    json.key(name);
    if (numbers.empty()) {
        json.null();
        return;
    }
    json.begin_array();
    for (const T number : numbers) json.value(number);
    json.end_array();
}

} // namespace

std::optional<std::string> unit_of_cgroup(std::string_view path) {
    constexpr std::array<std::string_view, 2> kinds{".service", ".scope"};
    std::optional<std::string> unit;
    for (const std::string_view part : components(path))
        if (std::ranges::any_of(
                kinds, [&](std::string_view kind) { return part.size() > kind.size() && part.ends_with(kind); }))
            unit = part;
    return unit;
}

std::optional<std::string> container_of_cgroup(std::string_view path) {
    constexpr std::array<std::string_view, 5> engines{"docker-", "libpod-", "crio-", "cri-containerd-", "containerd-"};
    constexpr std::string_view scope = ".scope";
    std::optional<std::string> container;
    std::string_view folder;
    for (std::string_view part : components(path)) {
        const std::string_view parent = folder;
        folder = part;
        bool named = parent == "docker" || parent.starts_with("kubepods") || parent.starts_with("pod");
        if (part.ends_with(scope)) part.remove_suffix(scope.size());
        for (const std::string_view engine : engines) {
            if (!part.starts_with(engine)) continue;
            part.remove_prefix(engine.size());
            named = true;
        }
        if (named && is_container_id(part)) container = part;
    }
    return container;
}

void write_port_members(JsonValue &json, const PortVerdict &port) {
    json.key("class");
    if (port.port_class) {
        json.value(token(*port.port_class));
    } else {
        json.null();
    }
    json.member("role", token(port.role));
    json.member("confidence", std::clamp(port.confidence, 0.0, 1.0));
    write_tokens(json, "evidence", port.evidence);
    write_tokens(json, "against", port.against);
    json.key("registered_service");
    if (port.registered_service != nullptr) {
        json.value(port.registered_service->name);
    } else {
        json.null();
    }
}

void write_attribution_members(JsonValue &json, const Attribution &attribution) {
    const bool known = attribution.known() && !attribution.holders.empty();
    json.key("process");
    if (known) {
        json.begin_object();
        write_process_members(json, *attribution.holders.front());
        if (const auto &thread = attribution.thread) {
            json.member("tid", thread->id).member("thread_name", thread->name);
        } else {
            json.null_member("tid").null_member("thread_name");
        }
        json.member("match", token(*attribution.match));
        json.member("holders", attribution.holders.size()).end_object();
    } else {
        json.null();
    }
    json.key("other_holders").begin_array();
    for (std::size_t i = 1; known && i < attribution.holders.size(); ++i) write_holder(json, *attribution.holders[i]);
    json.end_array();
    if (known && attribution.accepted_by) {
        json.key("accepted_by");
        write_holder(json, *attribution.accepted_by);
    }
    json.key("unknown_reason");
    if (attribution.unknown) {
        json.value(token(*attribution.unknown));
    } else {
        json.null();
    }
    json.key("missing_rights").begin_array();
    for (const Right right : attribution.missing_rights) json.value(right_token(right));
    json.end_array();
    json.member("socket_uid", attribution.socket_uid);
    json.key("candidates").begin_array();
    if (!known)
        for (const auto &candidate : attribution.holders) write_holder(json, *candidate);
    json.end_array();
}

void write_flow_record(JsonValue &json, const FlowRecord &flow, const HostFacts *host) {
    const InitiatorVerdict &verdict = flow.initiator_verdict;
    json.begin_object();
    json.member("type", "flow").member("id", flow.flow.id).member("community_id", flow.community_id);
    json.member("transport", transport_token(flow.flow.key.transport));
    json.member("start_ns", ns_since_epoch(flow.flow.start)).member("end_ns", ns_since_epoch(flow.flow.end));
    json.key("initiator");
    write_end(json, flow, Side::initiator);
    json.key("responder");
    write_end(json, flow, Side::responder);
    json.member("initiator_evidence",
                token(verdict.evidence.empty() ? flow.flow.initiator_evidence : verdict.evidence.front()));
    json.member("initiator_confidence", std::clamp(verdict.confidence, 0.0, 1.0));
    write_tokens(json, "initiator_against", verdict.against);
    write_per_side(json, "packets", flow.flow.traffic, &TrafficCounters::packets);
    write_per_side(json, "frame_bytes", flow.flow.traffic, &TrafficCounters::frame_bytes);
    write_per_side(json, "ip_bytes", flow.flow.traffic, &TrafficCounters::ip_bytes);
    write_per_side(json, "payload_bytes", flow.flow.traffic, &TrafficCounters::payload_bytes);
    json.member("further_fragments", flow.flow.further_fragments);
    write_tcp(json, flow.flow.tcp);
    write_udp(json, flow.flow.udp);
    write_icmp(json, flow.flow.icmp);
    write_sctp(json, flow.flow.sctp);
    json.member("detected_protocol", flow.detection ? std::optional(flow.detection->protocol) : std::nullopt);
    json.member("application", flow.detection ? flow.detection->application : std::nullopt);
    json.member("end_reason", token(flow.flow.end_reason));
    json.member("level", flow.flow.key.level).member("parent_id", flow.flow.carrier_or_control_id());
    write_tunnel(json, flow.flow);
    write_data_channel(json, flow.flow);
    json.key("relation");
    if (flow.relation) {
        json.begin_object().member("kind", token(*flow.relation)).end_object();
    } else {
        json.null();
    }
    json.key("interfaces").begin_array();
    for (const std::string &name : flow.interface_names) json.value(name);
    json.end_array();
    write_stack(json, "vlan", flow.flow.vlans);
    write_stack(json, "mpls", flow.flow.mpls);
    json.member("explanation", explain_flow(flow, host)).end_object();
}

void write_listener_record(JsonValue &json, const ListeningSocket &listener) {
    const SocketRecord &socket = listener.socket;
    const RegisteredService *service = registered_service(socket.transport, socket.local.port);
    json.begin_object();
    json.member("type", "listener").member("transport", transport_token(socket.transport));
    json.member("address", socket.local.address.to_string()).member("port", socket.local.port);
    json.member("class", token(port_class(socket.local.port)));
    json.key("registered_service");
    if (service != nullptr) {
        json.value(service->name);
    } else {
        json.null();
    }
    json.member("state", token(socket.state)).member("ipv6_only", socket.ipv6_only);
    json.member("interface_index", socket.interface_index == 0 ? std::nullopt : std::optional(socket.interface_index));
    json.member("inode", socket.inode).member("netns", socket.netns).member("uid", socket.uid);
    json.member("first_seen_ns", ns_since_epoch(listener.first_seen));
    write_attribution_members(json, listener.attribution);
    json.end_object();
}

void write_process_record(JsonValue &json, const Process &process) {
    json.begin_object().member("type", "process");
    write_process_members(json, process);
    json.end_object();
}

void write_host(JsonValue &json, const HostFacts &host) {
    const auto write_range = [&](const PortRange &range) {
        json.begin_object().member("low", range.low).member("high", range.high).end_object();
    };
    json.begin_object();
    json.member("hostname", host.hostname).member("kernel", host.kernel).member("netns", host.netns);
    json.key("ephemeral_ports");
    if (host.ephemeral_ports) {
        write_range(*host.ephemeral_ports);
    } else {
        json.null();
    }
    json.key("reserved_ports").begin_array();
    for (const PortRange &range : host.reserved_ports) write_range(range);
    json.end_array();
    json.member("unprivileged_port_start", host.unprivileged_port_start);
    json.key("addresses").begin_array();
    for (const InterfaceAddress &address : host.local_addresses) {
        json.begin_object().member("address", address.address.to_string());
        json.member("prefix_length", address.prefix_length).end_object();
    }
    json.end_array().end_object();
}

void write_degradations(JsonValue &json, const std::vector<Degradation> &degradations) {
    json.begin_array();
    for (const Degradation &degradation : degradations)
        json.begin_object().member("what", degradation.what).member("reason", degradation.reason).end_object();
    json.end_array();
}

} // namespace doorplate

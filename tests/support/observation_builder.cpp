#include "tests/support/observation_builder.h"

#include <cassert>
#include <charconv>

#include "analyze/port_registry.h"

namespace doorplate::test {
namespace {

// 2023-11-14 22:13:20 UTC
constexpr std::int64_t start_ns = 1'700'000'000'000'000'000;

void set_port(FlowEnd &end, PortRole role, double confidence, const EvidenceList &evidence,
              const EvidenceList &against) {
    end.port.role = role;
    end.port.confidence = confidence;
    end.port.evidence = evidence;
    end.port.against = against;
}

Observation with_flows(std::vector<FlowRecord> flows) {
    Observation observation;
    observation.flows = std::move(flows);
    for (const FlowRecord &flow : observation.flows) {
        observation.totals.add(flow);
        for (const Side side : {Side::initiator, Side::responder}) {
            observation.packets += flow.flow.traffic[side].packets;
            observation.frame_bytes += flow.flow.traffic[side].frame_bytes;
        }
        for (const FlowEnd *end : {&flow.initiator, &flow.responder})
            for (const auto &holder : end->attribution.holders) observation.processes.push_back(holder);
    }
    if (!observation.flows.empty()) {
        observation.source.first_packet = observation.flows.front().flow.start;
        observation.source.last_packet = observation.flows.front().flow.end;
    }
    observation.source.stats.packets = observation.packets;
    return observation;
}

} // namespace

Endpoint endpoint(std::string_view text) {
    const auto whole = IpAddress::parse(text);
    if (whole) return {*whole, 0};
    const std::size_t colon = text.rfind(':');
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    const auto address = IpAddress::parse(host);
    assert(address && port != 0);
    return {*address, port};
}

std::shared_ptr<Process> process(std::int32_t pid, std::string name, std::string user) {
    auto made = std::make_shared<Process>();
    made->key = {pid, 100};
    made->start = timestamp_from_ns(start_ns - 5'000'000'000);
    made->exe = "/usr/bin/" + name;
    made->command_line = {name};
    made->name = std::move(name);
    if (!user.empty()) {
        made->uid = 1000;
        made->gid = 1000;
        made->user = std::move(user);
    }
    made->parent_pid = 1;
    made->parent_name = "init";
    made->netns = 4026531840;
    return made;
}

Attribution held_by(std::vector<std::shared_ptr<const Process>> holders, MatchQuality match) {
    Attribution attribution;
    attribution.holders = std::move(holders);
    attribution.match = match;
    return attribution;
}

Attribution unknown(UnknownReason reason) {
    Attribution attribution;
    attribution.unknown = reason;
    return attribution;
}

HostFacts host_facts() {
    HostFacts host;
    host.hostname = "den";
    host.kernel = "Linux 6.1.0";
    host.netns = 4026531840;
    host.ephemeral_ports = PortRange{32768, 60999};
    host.unprivileged_port_start = 1024;
    host.local_addresses = {{*IpAddress::parse("192.0.2.10"), 24}};
    return host;
}

FlowBuilder::FlowBuilder() {
    record_.flow.id = 1;
    record_.community_id = "1:LQU9qZlK+B5F3KDmev6m5PMibrg=";
    record_.flow.start = timestamp_from_ns(start_ns);
    record_.flow.end = timestamp_from_ns(start_ns + 1'000'000'000);
    record_.flow.end_reason = FlowEndReason::end_detected;
    TcpSummary tcp;
    tcp.state = "SF";
    tcp.history = "ShADadFf";
    tcp.handshake_rtt = Duration{12'000'000};
    record_.flow.tcp = tcp;
    record_.interface_names = {"eth0"};
    from("192.0.2.10:51034").to("198.51.100.7:443").sent(10, 1240).got(8, 5120);
    began({Evidence::syn}, 1.0);
    initiator_port(PortRole::ephemeral, 0.85, {Evidence::syn, Evidence::iana_dynamic_range});
    responder_port(PortRole::service, 0.99, {Evidence::syn, Evidence::registered});
    initiator_is(unknown(UnknownReason::no_socket_facts), std::nullopt);
    responder_is(unknown(UnknownReason::no_socket_facts), std::nullopt);
}

FlowBuilder &FlowBuilder::id(std::uint64_t id) {
    record_.flow.id = id;
    return *this;
}
FlowBuilder &FlowBuilder::transport(Transport transport) {
    record_.flow.key.transport = transport;
    if (transport != Transport::tcp) record_.flow.tcp.reset();
    return *this;
}
FlowBuilder &FlowBuilder::from(std::string_view text) {
    record_.initiator.endpoint = endpoint(text);
    return *this;
}
FlowBuilder &FlowBuilder::to(std::string_view text) {
    record_.responder.endpoint = endpoint(text);
    return *this;
}
FlowBuilder &FlowBuilder::initiator_port(PortRole role, double confidence, const EvidenceList &evidence,
                                         const EvidenceList &against) {
    set_port(record_.initiator, role, confidence, evidence, against);
    return *this;
}
FlowBuilder &FlowBuilder::responder_port(PortRole role, double confidence, const EvidenceList &evidence,
                                         const EvidenceList &against) {
    set_port(record_.responder, role, confidence, evidence, against);
    return *this;
}
FlowBuilder &FlowBuilder::began(const EvidenceList &evidence, double confidence, const EvidenceList &against) {
    record_.initiator_verdict = {false, evidence, against, confidence};
    return *this;
}
FlowBuilder &FlowBuilder::initiator_is(const Attribution &attribution, std::optional<bool> local) {
    record_.initiator.attribution = attribution;
    record_.initiator.local = local;
    return *this;
}
FlowBuilder &FlowBuilder::responder_is(const Attribution &attribution, std::optional<bool> local) {
    record_.responder.attribution = attribution;
    record_.responder.local = local;
    return *this;
}
FlowBuilder &FlowBuilder::to_a_group() {
    record_.responder.multicast = true;
    return *this;
}
FlowBuilder &FlowBuilder::state(const std::string &conn_state) {
    record_.flow.tcp->state = conn_state;
    // A history that gives this state.
    if (conn_state == "S0") {
        record_.flow.tcp->history = "S";
        record_.flow.traffic.responder = {};
    } else if (conn_state == "REJ") {
        record_.flow.tcp->history = "Sr";
    } else if (conn_state == "OTH") {
        record_.flow.tcp->history = "Dd";
    }
    return *this;
}
FlowBuilder &FlowBuilder::icmp(std::uint8_t type, std::uint8_t code, std::uint16_t identifier) {
    transport(record_.initiator.endpoint.address.family() == Family::ipv4 ? Transport::icmp : Transport::icmpv6);
    record_.flow.icmp = IcmpSummary{type, code, identifier};
    initiator_port(PortRole::none, 1, {Evidence::no_ports});
    return responder_port(PortRole::none, 1, {Evidence::no_ports});
}
FlowBuilder &FlowBuilder::sctp(SctpState state) {
    transport(Transport::sctp);
    SctpSummary sctp;
    sctp.state = state;
    sctp.facts.initiator.tag = 7;
    sctp.facts.initiator.chunks = {{SctpChunk::data, 3}, {SctpChunk::init, 1}};
    sctp.facts.responder.chunks = {{SctpChunk::init_ack, 1}, {SctpChunk::sack, 2}};
    record_.flow.sctp = sctp;
    return *this;
}
FlowBuilder &FlowBuilder::sent(std::uint64_t packets, std::uint64_t frame_bytes) {
    record_.flow.traffic.initiator = {packets, frame_bytes, frame_bytes - packets * 14, frame_bytes - packets * 54};
    return *this;
}
FlowBuilder &FlowBuilder::got(std::uint64_t packets, std::uint64_t frame_bytes) {
    record_.flow.traffic.responder = {packets, frame_bytes, frame_bytes - packets * 14, frame_bytes - packets * 54};
    return *this;
}
FlowBuilder &FlowBuilder::on_loopback() {
    record_.relation = RelationKind::loopback_pair;
    record_.interface_names = {"lo"};
    return *this;
}
FlowBuilder &FlowBuilder::inside(TunnelKind tunnel, std::optional<std::uint64_t> number, std::uint64_t parent) {
    record_.flow.key.level = 1;
    record_.flow.tunnel = tunnel;
    record_.flow.tunnel_id = number;
    record_.flow.parent_id = parent;
    return *this;
}
FlowBuilder &FlowBuilder::announced_by(std::string_view announcer, AnnouncedIn method, std::uint64_t control) {
    record_.flow.channel = {.control_id = control,
                            .method = method,
                            .announcer = IpAddress::parse(announcer).value(),
                            .announced = record_.flow.start - std::chrono::milliseconds(1),
                            .negotiated = {false, true}};
    record_.relation = RelationKind::data_channel;
    return responder_port(PortRole::negotiated, 0.97, {Evidence::syn, Evidence::announced});
}

FlowBuilder &FlowBuilder::with_tags(const std::vector<std::uint16_t> &vlans, const std::vector<std::uint32_t> &mpls) {
    record_.flow.vlans = vlans;
    record_.flow.mpls = mpls;
    return *this;
}

FlowRecord FlowBuilder::build() const {
    FlowRecord record = record_;
    const Transport transport = record.flow.key.transport;
    record.flow.key = FlowKey::between(transport, record.initiator.endpoint, record.responder.endpoint);
    record.flow.key.level = record_.flow.key.level;
    record.flow.ends = {record.initiator.endpoint, record.responder.endpoint};
    if (!record.initiator_verdict.evidence.empty())
        record.flow.initiator_evidence = record.initiator_verdict.evidence.front();
    if (!has_ports(transport)) return record;
    for (FlowEnd *end : {&record.initiator, &record.responder}) {
        end->port.port_class = port_class(end->endpoint.port);
        end->port.registered_service = registered_service(transport, end->endpoint.port);
    }
    return record;
}

FlowBuilder curl_to_web_server() {
    return FlowBuilder()
        .initiator_is(held_by({process(4213, "curl", "ana")}))
        .responder_is(unknown(UnknownReason::not_local), false)
        .initiator_port(PortRole::ephemeral, 0.98, {Evidence::in_ephemeral_range})
        .responder_port(PortRole::service, 0.99, {Evidence::syn, Evidence::registered});
}

Observation observation_of(std::vector<FlowRecord> flows) {
    Observation observation = with_flows(std::move(flows));
    observation.host = host_facts();
    observation.source.live = true;
    observation.source.interfaces = {{"eth0", LinkType::ethernet, 262144}};
    return observation;
}

Observation replay_of(std::vector<FlowRecord> flows) {
    Observation observation = with_flows(std::move(flows));
    observation.source.file = "web.pcapng";
    observation.source.interfaces = {{"eth0", LinkType::ethernet, 262144}};
    return observation;
}

} // namespace doorplate::test

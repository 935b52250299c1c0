#include "report/table_reports.h"

#include <string>

#include <fmt/format.h>

#include "report/explain.h"
#include "report/json/json_parts.h"
#include "report/tokens.h"

namespace doorplate {
namespace {

// One object, with what every answer begins with, and a line end.
template <typename Members> void write_object(ByteSink &sink, const Members &members) {
    std::string text;
    JsonValue json(text);
    json.begin_object().member("schema_version", json_schema_version);
    members(json);
    json.end_object();
    text += '\n';
    sink.write(text);
}

void write_degradations_member(JsonValue &json, const std::vector<Degradation> &degradations) {
    json.key("degradations");
    write_degradations(json, degradations);
}

void write_held_port(JsonValue &json, const HeldPort &held) {
    const SocketRecord &socket = held.socket;
    json.begin_object();
    json.member("transport", transport_token(socket.transport));
    json.member("state", token(socket.state));
    json.member("address", socket.local.address.to_string()).member("port", socket.local.port);
    if (held.is_door()) {
        json.null_member("peer");
    } else {
        json.key("peer").begin_object();
        json.member("address", socket.remote.address.to_string()).member("port", socket.remote.port);
        json.end_object();
    }
    json.member("exposure", token(held.exposure));
    write_port_members(json, held.port);
    write_attribution_members(json, held.attribution);
    json.member("process_start_ns",
                held.not_before ? std::optional(ns_since_epoch(*held.not_before)) : std::optional<std::int64_t>{});
    json.end_object();
}

void write_held_ports(JsonValue &json, const std::vector<HeldPort> &ports) {
    json.key("ports").begin_array();
    for (const HeldPort &held : ports) write_held_port(json, held);
    json.end_array();
}

void write_host_member(JsonValue &json, const HostFacts &host) {
    json.key("host");
    write_host(json, host);
}

} // namespace

void write_ports_json(const PortsAnswer &answer, ByteSink &sink) {
    write_object(sink, [&](JsonValue &json) {
        write_host_member(json, answer.host);
        write_held_ports(json, answer.held);
        write_degradations_member(json, answer.degradations);
    });
}

void write_door_json(const DoorAnswer &answer, const HostFacts &host, const std::vector<Degradation> &degradations,
                     ByteSink &sink) {
    write_object(sink, [&](JsonValue &json) {
        json.member("door", answer.query.to_string());
        write_host_member(json, host);
        write_held_ports(json, answer.held);
        json.key("binds").begin_array();
        for (const DoorAnswer::Bind &bind : answer.binds) {
            json.begin_object().member("transport", transport_token(bind.transport));
            json.key("obstacles").begin_array();
            for (const BindObstacle obstacle : bind.obstacles) json.value(token(obstacle));
            json.end_array().end_object();
        }
        json.end_array();
        json.member("explanation", explain_port(answer.query.port, answer.query.transport, &host));
        write_degradations_member(json, degradations);
    });
}

void write_port_explanation_json(const PortQuery &query, const HostFacts &host, ByteSink &sink) {
    write_object(sink, [&](JsonValue &json) {
        json.member("port", query.port);
        json.member("transport", query.transport ? std::optional(transport_token(*query.transport)) : std::nullopt);
        json.member("class", token(port_class(query.port)));
        json.key("registered_services").begin_object();
        for (const Transport transport : {Transport::tcp, Transport::udp, Transport::sctp, Transport::dccp}) {
            if (query.transport && *query.transport != transport) continue;
            const RegisteredService *service = registered_service(transport, query.port);
            json.key(transport_token(transport));
            service != nullptr ? json.value(service->name) : json.null();
        }
        json.end_object();
        write_host_member(json, host);
        json.member("explanation", explain_port(query.port, query.transport, &host));
    });
}

void write_flow_explanation_json(const FlowRecord &flow, const HostFacts &host,
                                 const std::vector<Degradation> &degradations, ByteSink &sink) {
    write_object(sink, [&](JsonValue &json) {
        write_host_member(json, host);
        json.key("flow");
        write_flow_record(json, flow, &host);
        write_degradations_member(json, degradations);
    });
}

void write_interfaces_json(const std::vector<Interface> &interfaces, bool may_capture, ByteSink &sink) {
    write_object(sink, [&](JsonValue &json) {
        json.member("may_capture", may_capture);
        json.key("interfaces").begin_array();
        for (const Interface &one : interfaces) {
            json.begin_object().member("name", one.name).member("description", one.description);
            json.member("up", one.up).member("running", one.running);
            json.member("loopback", one.loopback).member("wireless", one.wireless);
            json.key("addresses").begin_array();
            for (const InterfaceAddress &address : one.addresses) {
                json.value(fmt::format("{}/{}", address.address.to_string(), address.prefix_length));
            }
            json.end_array().end_object();
        }
        json.end_array();
    });
}

} // namespace doorplate

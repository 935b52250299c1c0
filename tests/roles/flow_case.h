#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyze/port_role.h"
#include "tests/roles/endpoint_text.h"

namespace doorplate {

// A flow and what is known around it, told in sentences:
//
//     FlowCase flow = tcp_flow("192.0.2.1:40000", "198.51.100.7:443").with(Evidence::syn).here({Side::initiator});
//     EXPECT_EQ(PortRole::ephemeral, flow.ports().initiator.role);
//
// The first end is the one that the flow table takes for the initiator.
class FlowCase {
  public:
    FlowCase(Transport transport, std::string_view from, std::string_view to) {
        flow_.ends = {endpoint(from), endpoint(to)};
        flow_.key = FlowKey::between(transport, flow_.ends.initiator, flow_.ends.responder);
        host_.ephemeral_ports = PortRange{32768, 60999};
        host_.unprivileged_port_start = 1024;
    }

    // Why the flow table takes the first end for the initiator. The other end answered.
    FlowCase &with(Evidence evidence) {
        flow_.initiator_evidence = evidence;
        flow_.traffic = {{1, 60, 40, 0}, {1, 60, 40, 0}};
        return *this;
    }
    FlowCase &unanswered() {
        flow_.traffic.responder = {};
        return *this;
    }
    FlowCase &refused() {
        flow_.tcp.emplace().state = "REJ";
        return *this;
    }
    // These ends are on a host of which we have facts: Linux's defaults, unless said otherwise.
    FlowCase &here(std::initializer_list<Side> sides) {
        for (const Side side : sides) context_.local[side] = true;
        host_known_ = true;
        return *this;
    }
    FlowCase &range(std::uint16_t low, std::uint16_t high) {
        host_.ephemeral_ports = PortRange{low, high};
        return *this;
    }
    FlowCase &reserved(std::uint16_t low, std::uint16_t high) {
        host_.reserved_ports.push_back({low, high});
        return *this;
    }
    FlowCase &unprivileged_from(std::uint16_t start) {
        host_.unprivileged_port_start = start;
        return *this;
    }
    // The port of this end was agreed on in another flow.
    FlowCase &negotiated_at(Side side, AnnouncedIn method) {
        flow_.channel.emplace().method = method;
        flow_.channel->negotiated[side] = true;
        return *this;
    }
    FlowCase &listener_at(Side side) {
        context_.sockets[side].listener_seen = true;
        return *this;
    }
    FlowCase &connected_out(Side side) {
        context_.sockets[side].connected_out = true;
        return *this;
    }
    // The kernel told as it happened that the program asked for the number, or that it chose it itself.
    FlowCase &port_asked_for(Side side, bool asked_for) {
        context_.sockets[side].port_asked_for = asked_for;
        return *this;
    }
    FlowCase &group_at(Side side) {
        context_.multicast[side] = true;
        return *this;
    }
    FlowCase &others_come_to(Side side, std::uint64_t flows) {
        context_.fan_in[side] = flows;
        return *this;
    }

    [[nodiscard]] InitiatorVerdict began() const { return judge_initiator(flow_, context()); }
    // The end that began, as it was written.
    [[nodiscard]] std::string initiator() const {
        return (began().flip ? flow_.ends.responder : flow_.ends.initiator).to_string();
    }
    // As whoever judges flows does it: turned the way the verdict says.
    [[nodiscard]] PerSide<PortVerdict> ports() const {
        Flow flow = flow_;
        RoleContext turned = context();
        if (began().flip) {
            flow.flip();
            std::swap(turned.local.initiator, turned.local.responder);
            std::swap(turned.multicast.initiator, turned.multicast.responder);
            std::swap(turned.sockets.initiator, turned.sockets.responder);
            std::swap(turned.fan_in.initiator, turned.fan_in.responder);
        }
        return judge_ports(flow, turned);
    }

  private:
    [[nodiscard]] RoleContext context() const {
        RoleContext context = context_;
        context.host = host_known_ ? &host_ : nullptr;
        return context;
    }

    Flow flow_;
    RoleContext context_;
    HostFacts host_;
    bool host_known_ = false;
};

inline FlowCase tcp_flow(std::string_view from, std::string_view to) { return {Transport::tcp, from, to}; }
inline FlowCase udp_flow(std::string_view from, std::string_view to) { return {Transport::udp, from, to}; }

inline bool contains(const EvidenceList &all, Evidence one) { return all.contains(one); }

} // namespace doorplate

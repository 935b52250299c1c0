#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/observation.h"

namespace doorplate::test {

// A small language for observations: `Flow7().from("192.0.2.10:51034").to(...)`. What is not said has a plain default.
// Conclusions are set here, not drawn: these are the inputs of report.

// "192.0.2.10:51034", "[2001:db8::1]:443", "192.0.2.1" (port 0). A wrong text breaks a promise.
[[nodiscard]] Endpoint endpoint(std::string_view text);

[[nodiscard]] std::shared_ptr<Process> process(std::int32_t pid, std::string name, std::string user = "");

[[nodiscard]] Attribution held_by(std::vector<std::shared_ptr<const Process>> holders,
                                  MatchQuality match = MatchQuality::exact);
[[nodiscard]] Attribution unknown(UnknownReason reason);

// hostname "den", ip_local_port_range 32768-60999, unprivileged from 1024, address 192.0.2.10/24.
[[nodiscard]] HostFacts host_facts();

class FlowBuilder {
  public:
    // A finished TCP flow from 192.0.2.10:51034 to 198.51.100.7:443, whose SYN was seen, of a file without any facts.
    FlowBuilder();

    FlowBuilder &id(std::uint64_t id);
    FlowBuilder &transport(Transport transport);
    FlowBuilder &from(std::string_view endpoint);
    FlowBuilder &to(std::string_view endpoint);
    FlowBuilder &initiator_port(PortRole role, double confidence, const EvidenceList &evidence,
                                const EvidenceList &against = {});
    FlowBuilder &responder_port(PortRole role, double confidence, const EvidenceList &evidence,
                                const EvidenceList &against = {});
    FlowBuilder &began(const EvidenceList &evidence, double confidence, const EvidenceList &against = {});
    FlowBuilder &initiator_is(const Attribution &attribution, std::optional<bool> local = true);
    FlowBuilder &responder_is(const Attribution &attribution, std::optional<bool> local = true);
    FlowBuilder &to_a_group();
    FlowBuilder &state(const std::string &conn_state);
    FlowBuilder &icmp(std::uint8_t type, std::uint8_t code, std::uint16_t identifier);
    // An association in this state, with a handshake.
    FlowBuilder &sctp(SctpState state);
    // Packets and frame bytes of each end.
    FlowBuilder &sent(std::uint64_t packets, std::uint64_t frame_bytes);
    FlowBuilder &got(std::uint64_t packets, std::uint64_t frame_bytes);
    FlowBuilder &on_loopback();
    // Its packets travel inside those of flow `parent`.
    FlowBuilder &inside(TunnelKind tunnel, std::optional<std::uint64_t> number, std::uint64_t parent);
    // The port of the responder was announced a millisecond before, in flow `control`.
    FlowBuilder &announced_by(std::string_view announcer, AnnouncedIn method, std::uint64_t control);
    FlowBuilder &with_tags(const std::vector<std::uint16_t> &vlans, const std::vector<std::uint32_t> &mpls);

    // Registered services are looked up here, so that they need not be repeated.
    [[nodiscard]] FlowRecord build() const;
    operator FlowRecord() const { return build(); } // NOLINT(google-explicit-constructor): reads as a sentence

  private:
    FlowRecord record_;
};

// curl on this host fetched a page from a web server elsewhere; everything is known.
[[nodiscard]] FlowBuilder curl_to_web_server();

// A live observation of eth0 with these flows, their processes and the sums of their packets.
[[nodiscard]] Observation observation_of(std::vector<FlowRecord> flows);
// The same of a file "web.pcapng", without host and socket facts.
[[nodiscard]] Observation replay_of(std::vector<FlowRecord> flows);

} // namespace doorplate::test

#include "analyze/port_role.h"

#include <algorithm>

#include "analyze/confidence.h"
#include "analyze/port_conventions.h"

namespace doorplate {
namespace {

// How sure each kind of evidence makes us of a role, given that we know who began. docs/port-roles.md has this table
// for users.
namespace confidence {
// The number of the end that others come to.
constexpr double multicast_group = 0.97;
constexpr double announced = 0.97; // somebody else's flow may have come in between
constexpr double tcp_listener = 0.97;
constexpr double udp_bound = 0.85;
constexpr double handshake = 0.9; // it answered, so something was there to answer; perhaps only for this flow
constexpr double registered = 0.9;
constexpr double privileged = 0.9;
constexpr double outside_range = 0.85;
constexpr double many_peers = 0.85;
constexpr double port_class = 0.75;
constexpr double only_asked = 0.6;
// A listener with a number that the kernel hands out: bind(0), or a program that chose inside the range.
constexpr double dynamic_listener = 0.8;
constexpr double dynamic_handshake = 0.65;
// The number of the end that began.
constexpr double told_by_kernel = 0.99; // it knows, but the socket may have been handed on
constexpr double fixed_source_convention = 0.97;
constexpr double same_port = 0.9; // by chance once in some 28,000 flows
constexpr double privileged_here = 0.92;
constexpr double privileged_by_convention = 0.85;
constexpr double in_range = 0.97; // a program may still have chosen a number inside the range
constexpr double chosen_outside_range = 0.85;
constexpr double hinted_range = 0.85; // another host's range is not known, but most have one of these two
constexpr double anywhere = 0.65;     // NAT, older systems and tuned hosts hand out numbers from 1024 up
// Evidence against.
constexpr double contrary_range = 0.75;
constexpr double contrary_named_range = 0.55;
constexpr double contrary_listener = 0.75;
constexpr double contrary_registered = 0.6;
constexpr double contrary_many_peers = 0.7;
constexpr double contrary_parity = 0.55; // connect takes the other half when the first one is used up
// What parity adds.
constexpr double parity = 0.02;
} // namespace confidence

bool is_handshake(Evidence evidence) {
    return evidence == Evidence::syn || evidence == Evidence::syn_ack || evidence == Evidence::sctp_init;
}

class PortJudge {
  public:
    PortJudge(const Flow &flow, const RoleContext &context)
        : flow_(flow), context_(context), began_(judge_initiator(flow, context)) {}

    [[nodiscard]] PortVerdict judge(Side side) const {
        PortVerdict verdict;
        if (!has_ports(flow_.key.transport)) {
            verdict.confidence = 1;
            verdict.evidence = {Evidence::no_ports};
            return verdict;
        }
        verdict.port_class = port_class(port(side));
        verdict.registered_service = registered_service(flow_.key.transport, port(side));
        say_who_began(verdict);
        if (is_negotiated(side)) {
            verdict.role = PortRole::negotiated;
            support(verdict, Evidence::announced, confidence::announced);
            return verdict; // whoever began
        }
        if (asked_for_transfer(side)) {
            judge_ephemeral(side, verdict, range_evidence(port(side), host(side)));
            verdict.confidence = std::min(verdict.confidence, began_.confidence);
            return verdict;
        }
        if (side == Side::initiator)
            judge_initiators(verdict);
        else
            judge_responders(verdict);
        // A role is what an end that began, or answered, does with its port: it is not surer than who began.
        verdict.confidence = std::min(verdict.confidence, began_.confidence);
        return verdict;
    }

  private:
    [[nodiscard]] std::uint16_t port(Side side) const { return flow_.ends[side].port; }
    [[nodiscard]] const HostFacts *host(Side side) const { return context_.local[side] ? context_.host : nullptr; }
    [[nodiscard]] bool listener(Side side) const { return context_.sockets[side].listener_seen; }
    [[nodiscard]] bool datagrams() const {
        return flow_.key.transport == Transport::udp || flow_.key.transport == Transport::udplite;
    }

    // The port mapper also answers for services whose port never changes.
    [[nodiscard]] bool is_negotiated(Side side) const {
        constexpr std::uint16_t nfs = 2049, mountd = 20048;
        if (!flow_.channel || !flow_.channel->negotiated[side]) return false;
        const bool is_mapped =
            flow_.channel->method == AnnouncedIn::rpc_getport || flow_.channel->method == AnnouncedIn::rpc_getaddr;
        return !is_mapped || (port(side) != nfs && port(side) != mountd);
    }
    // TFTP: this end sent the request from the same port, so it is the client, although the transfer's first datagram
    // came to it.
    [[nodiscard]] bool asked_for_transfer(Side side) const {
        return flow_.channel && flow_.channel->method == AnnouncedIn::tftp_request && !flow_.channel->negotiated[side];
    }

    // Something took the connection that the other end began. A SYN alone proves no service, nor does one that was
    // refused.
    [[nodiscard]] bool answered() const {
        return is_handshake(began_.evidence.front()) && flow_.traffic.responder.packets > 0 &&
               !(flow_.tcp && flow_.tcp->state == "REJ");
    }

    // Of what decided who began, all that speaks of the flow and not of a number: numbers are judged below.
    void say_who_began(PortVerdict &verdict) const {
        const Evidence decisive = began_.evidence.front();
        if (is_handshake(decisive) || decisive == Evidence::connected || decisive == Evidence::first_seen)
            verdict.evidence.push_back(decisive);
    }

    // Whether TCP's number is odd or even as the kernel would have it. It tries connect with numbers as even as the
    // range's low end, and bind(0) with the others, until that half is used up (measured with an even low end only).
    void weigh_parity(PortVerdict &verdict, Side side, bool even) const {
        const HostFacts *known = host(side);
        if (flow_.key.transport != Transport::tcp || known == nullptr || !known->ephemeral_ports) return;
        if (known->ephemeral_ports->low % 2 != 0) return;
        if ((port(side) % 2 == 0) == even) {
            verdict.evidence.push_back(Evidence::parity);
            verdict.confidence += confidence::parity;
        } else {
            verdict.against.push_back(Evidence::parity);
            verdict.confidence = weakened(verdict.confidence, confidence::contrary_parity);
        }
    }

    static void support(PortVerdict &verdict, Evidence evidence, double confidence) {
        verdict.evidence.push_back(evidence);
        verdict.confidence = std::max(verdict.confidence, confidence);
    }
    static void contradict(PortVerdict &verdict, Evidence evidence, double contrary) {
        verdict.against.push_back(evidence);
        verdict.confidence = weakened(verdict.confidence, contrary);
    }

    void judge_initiators(PortVerdict &verdict) const {
        const std::uint16_t own = port(Side::initiator);
        const std::uint16_t peer = port(Side::responder);
        const bool to_itself = flow_.ends.initiator == flow_.ends.responder; // TCP's self-connect
        const auto ranges = range_evidence(own, host(Side::initiator));
        const bool maybe_ephemeral = looks_ephemeral(own, host(Side::initiator));

        const std::optional<bool> asked_for = context_.sockets.initiator.port_asked_for;
        if (asked_for == false) {
            judge_autobound(verdict, ranges);
            return;
        }
        if (asked_for == true) support(verdict, Evidence::explicit_bind, confidence::told_by_kernel);
        if (is_fixed_source(flow_.key.transport, own, peer)) {
            verdict.role = PortRole::fixed_source;
            support(verdict, Evidence::fixed_source_convention, confidence::fixed_source_convention);
            if (own == peer) support(verdict, Evidence::same_port_both_ends, confidence::same_port);
            return;
        }
        if (own == peer && !to_itself) {
            verdict.role = PortRole::fixed_source;
            support(verdict, Evidence::same_port_both_ends, confidence::same_port);
            if (maybe_ephemeral) contradict(verdict, ranges.front(), confidence::contrary_range);
            return;
        }
        if (is_privileged(own, host(Side::initiator))) {
            const bool known = host(Side::initiator) != nullptr && context_.host->unprivileged_port_start.has_value();
            verdict.role = PortRole::privileged_source;
            support(verdict, Evidence::below_unprivileged_start,
                    known ? confidence::privileged_here : confidence::privileged_by_convention);
            return;
        }
        if (!ranges.empty() && ranges.front() == Evidence::outside_ephemeral_range) {
            verdict.role = PortRole::fixed_source;
            support(verdict, Evidence::outside_ephemeral_range, confidence::chosen_outside_range);
            return;
        }
        if (asked_for == true) {
            verdict.role = PortRole::fixed_source;
            if (maybe_ephemeral && !ranges.empty()) verdict.against.push_back(ranges.front());
            return;
        }
        judge_ephemeral(Side::initiator, verdict, ranges);
    }

    // The range may have been another one when the kernel chose.
    static void judge_autobound(PortVerdict &verdict, const EvidenceList &ranges) {
        verdict.role = PortRole::ephemeral;
        support(verdict, Evidence::kernel_autobind, confidence::told_by_kernel);
        for (const Evidence range : ranges) {
            if (range == Evidence::outside_ephemeral_range)
                verdict.against.push_back(range);
            else
                verdict.evidence.push_back(range);
        }
    }

    void judge_ephemeral(Side side, PortVerdict &verdict, const EvidenceList &ranges) const {
        verdict.role = PortRole::ephemeral;
        if (ranges.empty()) {
            verdict.confidence = confidence::anywhere;
            if (verdict.registered_service != nullptr)
                contradict(verdict, Evidence::registered, confidence::contrary_registered);
        }
        for (const Evidence range : ranges) {
            support(verdict, range,
                    range == Evidence::in_ephemeral_range ? confidence::in_range : confidence::hinted_range);
        }
        weigh_parity(verdict, side, true);
        // The kernel does not hand out a number that a listener has. UDP's unconnected sockets are no listeners.
        if (listener(side) && !datagrams()) contradict(verdict, Evidence::listener, confidence::contrary_listener);
        // TFTP's client gets its answers from another port than the one it asked.
        if (context_.fan_in[side] > 0 && !asked_for_transfer(side))
            contradict(verdict, Evidence::many_peers, confidence::contrary_many_peers);
    }

    void judge_responders(PortVerdict &verdict) const {
        const auto ranges = range_evidence(port(Side::responder), host(Side::responder));
        const bool in_range = !ranges.empty() && ranges.front() == Evidence::in_ephemeral_range;

        if (flow_.ends.responder.address.is_multicast()) {
            verdict.role = PortRole::multicast_service;
            support(verdict, Evidence::multicast_group, confidence::multicast_group);
            if (verdict.registered_service != nullptr) support(verdict, Evidence::registered, confidence::registered);
            return;
        }
        if (in_range && verdict.registered_service == nullptr && (listener(Side::responder) || answered())) {
            verdict.role = PortRole::dynamic_service;
            if (listener(Side::responder)) support(verdict, Evidence::listener, confidence::dynamic_listener);
            support(verdict, Evidence::in_ephemeral_range, confidence::dynamic_handshake);
            weigh_parity(verdict, Side::responder, false);
            return;
        }
        judge_service(verdict, ranges);
        if (answered()) verdict.confidence = std::max(verdict.confidence, confidence::handshake);
        if (ranges.empty() || ranges.front() == Evidence::outside_ephemeral_range) return;
        // A number with a name is rarely one that a kernel picked, but where the range is known it can be.
        if (verdict.registered_service == nullptr)
            contradict(verdict, ranges.front(), confidence::contrary_range);
        else if (in_range)
            contradict(verdict, ranges.front(), confidence::contrary_named_range);
    }

    void judge_service(PortVerdict &verdict, const EvidenceList &ranges) const {
        verdict.role = PortRole::service;
        verdict.confidence = confidence::only_asked;
        if (listener(Side::responder))
            support(verdict, Evidence::listener, datagrams() ? confidence::udp_bound : confidence::tcp_listener);
        if (verdict.registered_service != nullptr) support(verdict, Evidence::registered, confidence::registered);
        const bool privileged = is_privileged(port(Side::responder), host(Side::responder));
        if (privileged) support(verdict, Evidence::below_unprivileged_start, confidence::privileged);
        const bool outside = !ranges.empty() && ranges.front() == Evidence::outside_ephemeral_range;
        // A kernel's range never reaches below the privileged ports.
        if (outside && !privileged) support(verdict, Evidence::outside_ephemeral_range, confidence::outside_range);
        if (context_.fan_in.responder > 0) support(verdict, Evidence::many_peers, confidence::many_peers);
        if (flow_.channel && flow_.channel->negotiated.responder)
            support(verdict, Evidence::announced, confidence::announced);
        const bool lower = port_class(port(Side::responder)) < port_class(port(Side::initiator));
        if (lower && verdict.registered_service == nullptr)
            support(verdict, Evidence::port_class, confidence::port_class);
    }

    const Flow &flow_;
    const RoleContext &context_;
    InitiatorVerdict began_;
};

} // namespace

PerSide<PortVerdict> judge_ports(const Flow &flow, const RoleContext &context) {
    const PortJudge judge(flow, context);
    return {judge.judge(Side::initiator), judge.judge(Side::responder)};
}

} // namespace doorplate

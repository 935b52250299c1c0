// Everything here is made of tokens that analyze concluded; no sentence knows more than they do. Two kinds of
// statements are kept apart throughout: what IANA says of a number (class, registered name), and what a host's kernel
// does with it (ip_local_port_range and its neighbours). How sure a verdict is shows in its verb: "is", "is most
// likely", "may be".

#include "report/explain.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "analyze/detect/agreement.h"
#include "report/escape.h"
#include "report/explain_port.h"
#include "report/format.h"
#include "report/icmp_names.h"
#include "report/tokens.h"
#include "report/utf8.h"

namespace doorplate {
namespace {

constexpr double sure = 0.9;
constexpr double likely = 0.6;

// Whole clauses: a comma stands before the last one as well, for there may be commas inside.
std::string clauses_text(const std::vector<std::string> &clauses) {
    std::string text;
    for (std::size_t i = 0; i < clauses.size(); ++i) {
        if (i != 0) text += i + 1 == clauses.size() ? ", and " : ", ";
        text += clauses[i];
    }
    return text;
}

// "is", "is most likely", "may be"
std::string is_verb(double confidence) {
    return confidence >= sure ? "is" : confidence >= likely ? "is most likely" : "may be";
}

// "was picked", "was most likely picked", "may have been picked"
std::string was_verb(double confidence, std::string_view participle) {
    const std::string_view verb = confidence >= sure     ? "was"
                                  : confidence >= likely ? "was most likely"
                                                         : "may have been";
    return fmt::format("{} {}", verb, participle);
}

// An address keeps its letters as they are.
std::string capitalized(std::string text) {
    const bool is_address = text.substr(0, text.find(' ')).contains(':');
    if (!text.empty() && !is_address) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text;
}

std::string uncapitalized(std::string text) {
    if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
}

// One flow, with what every sentence needs at hand.
class Explanation {
  public:
    Explanation(const FlowRecord &flow, const HostFacts *host) : flow_(flow), host_(host) {}

    std::string text() {
        say(opening());
        if (flow_.relation == RelationKind::loopback_pair || (is_local(Side::initiator) && is_local(Side::responder)))
            say("Both ends are on this host.");
        if (has_ports(transport())) {
            say_port(Side::responder);
            say_port(Side::initiator);
        } else {
            say(portless());
        }
        say(spoken());
        say(called());
        if (!reports_an_error()) say(who_began());
        say_owners();
        return text_;
    }

  private:
    const FlowRecord &flow_;
    const HostFacts *host_;
    std::string text_;

    void say(std::string_view sentence) {
        if (sentence.empty()) return;
        if (!text_.empty()) text_ += ' ';
        text_ += sentence;
    }

    Transport transport() const { return flow_.flow.key.transport; }
    const FlowEnd &end(Side side) const { return side == Side::initiator ? flow_.initiator : flow_.responder; }
    bool is_local(Side side) const { return end(side).local.value_or(false); }
    std::uint16_t port(Side side) const { return end(side).endpoint.port; }
    std::uint64_t packets(Side side) const { return flow_.flow.traffic[side].packets; }

    // "192.0.2.10:51034", or the address alone where there are no ports
    std::string place(Side side) const {
        const Endpoint &endpoint = end(side).endpoint;
        return has_ports(transport()) ? endpoint.to_string() : endpoint.address.to_string();
    }

    std::string_view exchange() const {
        if (transport() == Transport::tcp) return "connection";
        return transport() == Transport::sctp ? "association" : "exchange";
    }

    // --- who

    std::string program(Side side) const {
        const Attribution &who = end(side).attribution;
        if (who.known() && !who.holders.empty())
            return program_long(*who.holders.front()) +
                   (is_local(side) && !is_local(other(side)) ? " on this host" : "");
        switch (who.unknown.value_or(UnknownReason::no_socket_facts)) {
        case UnknownReason::no_socket_facts: return "an unnamed program";
        case UnknownReason::not_local:
        case UnknownReason::forwarded: return "a program on another host";
        case UnknownReason::exited: return "a program that is gone";
        case UnknownReason::no_permission:
            return who.socket_uid ? fmt::format("a program of user id {}", *who.socket_uid)
                                  : "a program that may not be read";
        case UnknownReason::other_namespace: return "a program in another network namespace";
        case UnknownReason::kernel_socket: return "the kernel itself";
        case UnknownReason::raw_socket: return "a program with a raw socket";
        case UnknownReason::ambiguous: return "one of several programs";
        }
        return "an unnamed program";
    }

    std::string held_by(Side side) const {
        return end(side).attribution.known() && !end(side).attribution.holders.empty() ? ", held by " + program(side)
                                                                                       : "";
    }

    std::string from_to() const {
        return fmt::format("from {} to {}{}", place(Side::initiator), place(Side::responder), held_by(Side::responder));
    }

    // --- what happened

    std::string opening() const {
        const std::string who = capitalized_unless_named();
        // Judged from the socket table alone.
        if (packets(Side::initiator) == 0 && packets(Side::responder) == 0)
            return fmt::format("{} has a {} {}.", who, transport() == Transport::tcp ? "connection" : "socket",
                               from_to());
        switch (transport()) {
        case Transport::tcp: return opening_tcp(who);
        case Transport::sctp: return fmt::format("{} opened an association {}.", who, from_to());
        case Transport::icmp:
        case Transport::icmpv6: return opening_icmp(who);
        default: return opening_datagrams(who);
        }
    }

    // A program's name keeps its own letters.
    std::string capitalized_unless_named() const {
        const std::string who = program(Side::initiator);
        return flow_.initiator.attribution.known() ? who : capitalized(who);
    }

    // By what of the handshake was seen, and then by Zeek's conn_state.
    std::string opening_tcp(const std::string &who) const {
        const std::string state = flow_.flow.tcp ? flow_.flow.tcp->state : "";
        const std::string history = flow_.flow.tcp ? flow_.flow.tcp->history : "";
        const std::string where = from_to();
        const bool syn = history.contains('S');
        const bool syn_ack = history.contains('h');
        if (!syn && !syn_ack)
            return fmt::format("{} had a connection {}, whose beginning was not captured.", who, where);
        if (packets(Side::initiator) == 0)
            return fmt::format("{} connected {}; only the answers were captured.", who, where);
        if (packets(Side::responder) == 0 && state != "S0" && state != "SH" && state != "RSTOS0")
            return fmt::format("{} connected {}; no answer was captured.", who, where);
        if (packets(Side::responder) != 0 && (state == "S0" || state == "SH"))
            return fmt::format("{} tried to connect {}; the handshake was not completed.", who, where);
        if (state == "S0") return fmt::format("{} tried to connect {}; no answer was captured.", who, where);
        if (state == "REJ") return fmt::format("{} tried to connect {} and was refused.", who, where);
        if (state == "RSTOS0")
            return fmt::format("{} tried to connect {} and gave up with a reset before an answer came.", who, where);
        if (state == "SH")
            return fmt::format("{} tried to connect {} and closed at once; no answer was captured.", who, where);
        return fmt::format("{} connected {}.", who, where);
    }

    // RFC 792 and RFC 4443: errors are sent by a host or a router because of another packet.
    bool reports_an_error() const {
        if (!flow_.flow.icmp) return false;
        const std::uint8_t type = flow_.flow.icmp->type;
        if (transport() == Transport::icmpv6) return type < 128;
        return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
    }

    std::string opening_icmp(const std::string &who) const {
        const bool answered = packets(Side::responder) != 0;
        const std::string where =
            fmt::format("from {} to {}{}", place(Side::initiator), group(Side::responder), held_by(Side::responder));
        const std::string_view protocol = transport() == Transport::icmp ? "ICMP" : "ICMPv6";
        if (!flow_.flow.icmp) return fmt::format("{} sent {} messages {}.", who, protocol, where);
        const std::string what = icmp_words(transport(), flow_.flow.icmp->type);
        if (reports_an_error())
            return fmt::format("The host {} reported with {} that packets of another flow met a problem ({}), to {}.",
                               place(Side::initiator), protocol, what, place(Side::responder));
        if (packets(Side::initiator) == 0)
            return fmt::format("{} was answered with {} {} messages by {}{}; its request is not in this flow.", who,
                               protocol, what, place(Side::responder), held_by(Side::responder));
        return fmt::format("{} sent {} {} messages {}{}.", who, protocol, what, where,
                           answered ? " and got answers" : "");
    }

    std::string opening_datagrams(const std::string &who) const {
        const bool ported = has_ports(transport());
        const std::string things = ported ? "datagrams" : fmt::format("{} packets", transport_token(transport()));
        const std::string thing = ported ? "a datagram" : fmt::format("one {} packet", transport_token(transport()));
        const std::string sent = packets(Side::initiator) == 1 ? thing : things;
        const std::string where =
            fmt::format("from {} to {}{}", place(Side::initiator), group(Side::responder), held_by(Side::responder));
        if (packets(Side::initiator) == 0)
            return fmt::format("{} at {} got {} from {}{}; its own were not captured.", who, place(Side::initiator),
                               things, place(Side::responder), held_by(Side::responder));
        if (flow_.responder.multicast) return fmt::format("{} sent {} {}.", who, sent, where);
        const std::string_view answer =
            packets(Side::responder) != 0 ? "and was answered" : "and no answer was captured";
        return fmt::format("{} sent {} {}, {}.", who, sent, where, answer);
    }

    std::string group(Side side) const {
        if (!end(side).multicast) return place(side);
        return (end(side).endpoint.address.is_multicast() ? "the group " : "everybody on the network (broadcast) at ") +
               place(side);
    }

    std::string portless() const {
        const bool icmp = transport() == Transport::icmp || transport() == Transport::icmpv6;
        if (!icmp) return fmt::format("The protocol {} has no ports.", transport_token(transport()));
        std::string text = transport() == Transport::icmp ? "ICMP has no ports" : "ICMPv6 has no ports";
        if (flow_.flow.icmp && flow_.flow.icmp->identifier != 0)
            text +=
                fmt::format("; this exchange is told from others by its identifier, {}", flow_.flow.icmp->identifier);
        return text + ".";
    }

    // --- what the bytes say

    // Only where the registered name does not say it.
    std::string spoken() const {
        if (!flow_.detection) return "";
        const std::string &protocol = flow_.detection->protocol;
        const PortVerdict &verdict = flow_.responder.port;
        if (verdict.role == PortRole::ephemeral || verdict.registered_service == nullptr)
            return fmt::format("The bytes are {}.", protocol);
        const std::string_view service = verdict.registered_service->name;
        if (agrees(service, protocol)) return "";
        return fmt::format("{} is registered as {}, but the bytes are {}.", port(Side::responder), service, protocol);
    }

    std::string called() const {
        const std::optional<EndpointName> &name = flow_.responder.name;
        if (!name) return "";
        constexpr int longest = 120;
        const std::string others = name->others == 0 ? ""
                                                     : fmt::format("; {} led there as well",
                                                                   counted(name->others, "other name", "other names"));
        return fmt::format("{} is the name {}{}.", shortened(printable(name->text), longest), words(name->source),
                           others);
    }

    // --- what each port is

    void say_port(Side side) {
        const PortVerdict &verdict = end(side).port;
        const std::string lead = port_lead(side);
        if (lead.empty()) return;
        const std::vector<std::string> why = reasons(side, verdict.evidence);
        say(why.empty() ? lead + "." : fmt::format("{}: {}.", lead, clauses_text(why)));
        const std::vector<std::string> doubts = reasons(side, verdict.against);
        if (!doubts.empty()) say(fmt::format("Against this: {}.", clauses_text(doubts)));
        say(port_remark(side));
    }

    std::string port_lead(Side side) const {
        const PortVerdict &verdict = end(side).port;
        const std::uint16_t number = port(side);
        switch (verdict.role) {
        case PortRole::service:
            return fmt::format("{} {} the fixed port, the one that others come to", number,
                               is_verb(verdict.confidence));
        case PortRole::ephemeral: return ephemeral_lead(side);
        case PortRole::fixed_source:
            return fmt::format("{} {} by the program, although it began", number,
                               was_verb(verdict.confidence, "chosen"));
        case PortRole::privileged_source:
            return fmt::format("{} {} by the program, although it began, because some servers trust low numbers",
                               number, was_verb(verdict.confidence, "chosen"));
        case PortRole::negotiated:
            return fmt::format("{} {} on inside another flow", number, was_verb(verdict.confidence, "agreed"));
        case PortRole::dynamic_service:
            return fmt::format("Others come to {}, yet the number {} by the kernel, for a program that bound to port 0",
                               number, was_verb(verdict.confidence, "picked"));
        case PortRole::multicast_service:
            return fmt::format("{} {} a group's fixed port, which many programs share", number,
                               is_verb(verdict.confidence));
        case PortRole::none: return "";
        }
        return "";
    }

    std::string ephemeral_lead(Side side) const {
        const double confidence = end(side).port.confidence;
        const std::uint16_t number = port(side);
        if (knows_range(side))
            return fmt::format("{} {} by the kernel for this {}", number, was_verb(confidence, "picked"), exchange());
        // Another host's range can only be supposed.
        const std::string verb = was_verb(std::min(confidence, sure - 0.01), "picked");
        return fmt::format("Which range the host {} hands out is not known here; {} {} by its kernel for this {}",
                           end(side).endpoint.address.to_string(), number, verb, exchange());
    }

    bool knows_range(Side side) const { return is_local(side) && host_ != nullptr && host_->ephemeral_ports; }

    // What the registry says, where the evidence has not said it, and where it must not be misread.
    std::string port_remark(Side side) const {
        const PortVerdict &verdict = end(side).port;
        const auto has = [&](Evidence evidence) {
            return std::ranges::find(verdict.evidence, evidence) != verdict.evidence.end() ||
                   std::ranges::find(verdict.against, evidence) != verdict.against.end();
        };
        const RegisteredService *service = verdict.registered_service;
        if (verdict.role == PortRole::ephemeral) {
            std::string text;
            if (verdict.port_class == PortClass::user)
                text =
                    fmt::format("IANA counts {} among the user ports (1024-49151), which says whose name it may carry, "
                                "not what a kernel hands out.",
                                port(side));
            if (service != nullptr && !has(Evidence::registered))
                text += fmt::format("{}Its registered name, {}, means nothing here.", text.empty() ? "" : " ",
                                    service->name);
            return text;
        }
        if (has(Evidence::registered)) return "";
        if (port(side) == port(other(side)) && side == Side::initiator) return "";
        if (service != nullptr) return fmt::format("The IANA registry lists {} as {}.", port(side), service->name);
        return fmt::format("The IANA registry has no name for {}.", port(side));
    }

    std::vector<std::string> reasons(Side side, const std::vector<Evidence> &evidence) const {
        std::vector<std::string> clauses;
        for (const Evidence piece : evidence) {
            std::string clause = reason(side, piece);
            if (!clause.empty() && std::ranges::find(clauses, clause) == clauses.end())
                clauses.push_back(std::move(clause));
        }
        return clauses;
    }

    // A clause about the port at `side`: "it ...".
    std::string reason(Side side, Evidence evidence) const {
        const bool began = side == Side::initiator;
        const PortVerdict &verdict = end(side).port;
        switch (evidence) {
        case Evidence::syn: return began ? "the SYN came from it" : "the SYN came to it";
        case Evidence::syn_ack: return began ? "its SYN was answered" : "a SYN was answered from it";
        case Evidence::sctp_init: return began ? "the INIT came from it" : "the INIT came to it";
        case Evidence::icmp_request: return began ? "the request came from it" : "the request came to it";
        case Evidence::connected: return began ? "its socket connected out" : "the other end's socket connected to it";
        case Evidence::listener:
            return transport() == Transport::tcp || transport() == Transport::sctp ? "a socket listens on it"
                                                                                   : "a socket is bound to it";
        case Evidence::registered:
            return verdict.registered_service != nullptr
                       ? fmt::format("the IANA registry lists it as {}", verdict.registered_service->name)
                       : "the IANA registry has a name for it";
        case Evidence::port_class:
            return fmt::format("its class ({}) is lower than that of {} ({})", token(port_class(port(side))),
                               port(other(side)), token(port_class(port(other(side)))));
        case Evidence::many_peers: return "several flows of this capture come to it";
        case Evidence::first_seen:
            return began ? "the first captured packet came from it" : "the first captured packet came to it";
        case Evidence::in_ephemeral_range:
            return knows_range(side) ? fmt::format("it lies in this host's ip_local_port_range, {}",
                                                   range_text(*host_->ephemeral_ports))
                                     : "it lies in its host's ip_local_port_range";
        case Evidence::outside_ephemeral_range: return outside_range(side);
        case Evidence::iana_dynamic_range: return "it lies in IANA's dynamic range, 49152-65535";
        case Evidence::common_ephemeral_range:
            return fmt::format("it lies in Linux's default range, {}", range_text(linux_default_range));
        case Evidence::below_unprivileged_start:
            return is_local(side) && host_ != nullptr && host_->unprivileged_port_start
                       ? fmt::format("it is below this host's ip_unprivileged_port_start, {}, so binding it takes "
                                     "CAP_NET_BIND_SERVICE",
                                     *host_->unprivileged_port_start)
                       : "it is below 1024, where binding takes a privilege by convention";
        case Evidence::parity:
            return port(side) % 2 == 0 ? "it is even, as current Linux kernels prefer for connect()"
                                       : "it is odd, as current Linux kernels prefer for binding to port 0";
        case Evidence::same_port_both_ends: return "both ends use the same number";
        case Evidence::fixed_source_convention: return "this protocol's initiator uses a fixed port as well";
        case Evidence::multicast_group:
            return end(side).multicast ? "its address is a group's" : "the other end is a group";
        case Evidence::no_ports: return "";
        }
        return "";
    }

    std::string outside_range(Side side) const {
        if (!knows_range(side)) return "it is not a number that its host hands out";
        const auto inside = [&](const PortRange &range) { return range.contains(port(side)); };
        if (std::ranges::any_of(host_->reserved_ports, inside)) return "this host's ip_local_reserved_ports has it";
        return fmt::format("it is outside this host's ip_local_port_range, {}", range_text(*host_->ephemeral_ports));
    }

    // --- who began

    std::string who_began() const {
        const InitiatorVerdict &verdict = flow_.initiator_verdict;
        const Evidence decisive = verdict.evidence.empty() ? flow_.flow.initiator_evidence : verdict.evidence.front();
        std::string text = began_sentence(decisive, verdict.confidence);
        std::vector<std::string> doubts;
        for (const Evidence piece : verdict.against)
            if (std::string clause = began_clause(piece, Side::responder); !clause.empty())
                doubts.push_back(std::move(clause));
        if (!doubts.empty()) text += fmt::format(" Against this: {}.", clauses_text(doubts));
        return text;
    }

    std::string began_sentence(Evidence decisive, double confidence) const {
        const std::string clause = began_clause(decisive, Side::initiator);
        if (clause.empty()) return "";
        const std::string who = place(Side::initiator);
        const bool seen = decisive == Evidence::syn || decisive == Evidence::syn_ack ||
                          decisive == Evidence::sctp_init || decisive == Evidence::icmp_request;
        if (seen && confidence >= sure) return capitalized(clause) + ", so who began is certain.";
        if (confidence >= sure) return fmt::format("{}, so {} began.", capitalized(clause), who);
        const std::string_view missing = transport() == Transport::tcp ? "No handshake was captured; " : "";
        if (confidence >= likely) {
            const std::string text = fmt::format("{}{}, so {} most likely began.", missing, clause, who);
            return capitalized(text);
        }
        return fmt::format("Who began is uncertain: {}only this speaks for {}, that {} (confidence {:.2f}).",
                           transport() == Transport::tcp ? "no handshake was captured, and " : "", who, clause,
                           confidence);
    }

    // A clause that speaks for `side` having begun.
    std::string began_clause(Evidence evidence, Side side) const {
        const std::string from = place(side);
        const std::string to = place(other(side));
        switch (evidence) {
        case Evidence::syn:
            return side == Side::initiator ? "the SYN was seen" : fmt::format("a SYN from {} was seen", from);
        case Evidence::syn_ack: return fmt::format("the SYN+ACK from {} was seen", to);
        case Evidence::sctp_init: return "the INIT was seen, or its answer";
        case Evidence::icmp_request:
            if (packets(side) == 0) return "an answer to a request of its was seen";
            return side == Side::initiator ? "the request was seen" : "a request from the other end was seen";
        case Evidence::connected: return fmt::format("the socket at {} connected out", from);
        case Evidence::listener:
            return fmt::format("a socket {} {}", transport() == Transport::tcp ? "listens on" : "is bound to", to);
        case Evidence::registered:
            return fmt::format("the IANA registry has a name for {} and none for {}", port(other(side)), port(side));
        case Evidence::port_class:
            return fmt::format("the class of {} ({}) is lower than that of {} ({})", port(other(side)),
                               token(port_class(port(other(side)))), port(side), token(port_class(port(side))));
        case Evidence::many_peers: return fmt::format("several flows of this capture come to {}", to);
        case Evidence::first_seen: return fmt::format("{} sent the first packet that was captured", from);
        case Evidence::multicast_group: return fmt::format("{} is a group, which only receives", to);
        case Evidence::in_ephemeral_range: return fmt::format("{} lies in this host's ip_local_port_range", port(side));
        case Evidence::outside_ephemeral_range:
            return fmt::format("{} is not a number that this host's kernel hands out", port(other(side)));
        case Evidence::iana_dynamic_range: return fmt::format("{} lies in IANA's dynamic range", port(side));
        case Evidence::common_ephemeral_range: return fmt::format("{} lies in Linux's default range", port(side));
        case Evidence::below_unprivileged_start: return fmt::format("binding {} takes a privilege", port(other(side)));
        case Evidence::same_port_both_ends: return "both ends use the same number";
        case Evidence::fixed_source_convention: return "this protocol uses a fixed port at both ends";
        case Evidence::parity:
        case Evidence::no_ports: return "";
        }
        return "";
    }

    // --- how the programs are known

    void say_owners() {
        const auto reason_of = [&](Side side) { return end(side).attribution.unknown; };
        if (reason_of(Side::initiator) == UnknownReason::no_socket_facts &&
            reason_of(Side::responder) == UnknownReason::no_socket_facts) {
            say(explain_unknown(flow_.initiator.attribution));
            return;
        }
        const Attribution &a = flow_.initiator.attribution;
        const Attribution &b = flow_.responder.attribution;
        if (a.match == MatchQuality::exact && b.match == a.match && !a.holders.empty() && !b.holders.empty()) {
            say(fmt::format("{} and {} are named because {}.", program_name(*a.holders.front()),
                            program_name(*b.holders.front()), words(*a.match)));
            say(further_holders(Side::initiator));
            say(further_holders(Side::responder));
            return;
        }
        say_owner(Side::initiator);
        say_owner(Side::responder);
    }

    void say_owner(Side side) {
        const Attribution &who = end(side).attribution;
        if (who.known()) {
            if (who.holders.empty()) return;
            say(fmt::format("{} is named because {}.", program_name(*who.holders.front()), words(*who.match)));
            say(further_holders(side));
        } else if (who.unknown == UnknownReason::not_local) {
            if (end(side).multicast) return;
            say(fmt::format("{} is not an address of this host, so its program cannot be seen from here.",
                            end(side).endpoint.address.to_string()));
        } else {
            say(fmt::format("The program at {} has no name: {}", place(side), uncapitalized(explain_unknown(who))));
        }
    }

    std::string further_holders(Side side) const {
        const auto &holders = end(side).attribution.holders;
        if (holders.size() < 2) return "";
        constexpr std::size_t most_named = 4;
        std::vector<std::string> names;
        for (std::size_t i = 1; i < std::min(holders.size(), most_named); ++i) names.push_back(with_pid(*holders[i]));
        if (holders.size() > most_named) names.push_back(fmt::format("{} more", holders.size() - most_named));
        return fmt::format("{} is held by {} and {} (after a fork, or by sockets that share the port): {}.",
                           place(side), with_pid(*holders.front()),
                           holders.size() == 2 ? "one more process"
                                               : counted(holders.size() - 1, "more process", "more processes"),
                           listed(names));
    }

    static std::string with_pid(const Process &process) {
        return fmt::format("{} (pid {})", program_name(process), process.key.pid);
    }
};

std::string rights_text(const std::vector<Right> &rights) {
    std::vector<std::string> names;
    names.reserve(rights.size());
    for (const Right right : rights) names.emplace_back(right_token(right));
    return listed(names);
}

// setcap replaces a file's whole set, so what capturing needs is named as well.
std::string setcap_line(const std::vector<Right> &rights) {
    std::string names = "cap_net_raw";
    for (const Right right : rights) {
        if (right == Right::net_raw) continue;
        names += ',';
        for (const char c : right_token(right)) names += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return fmt::format("sudo setcap {}=ep \"$(command -v doorplate)\"", names);
}

} // namespace

std::string explain_flow(const FlowRecord &flow, const HostFacts *host) { return Explanation(flow, host).text(); }

std::string explain_unknown(const Attribution &attribution) {
    if (!attribution.unknown) return "";
    switch (*attribution.unknown) {
    case UnknownReason::no_socket_facts:
        return "Which programs these were is not known: packets alone do not say it, and today's sockets say nothing "
               "of "
               "packets of then. Captured live by doorplate, they would have names.";
    case UnknownReason::not_local:
        return "The address is not this host's, so its program cannot be seen from here; run doorplate on that host.";
    case UnknownReason::forwarded:
        return "These packets passed through this host (routed or bridged) and no socket here belongs to them; run "
               "doorplate on the hosts at their ends, or in the container's network namespace.";
    case UnknownReason::exited:
        return "The socket or its process was gone before it could be read, and nothing is guessed in its place; "
               "programs "
               "that live only for a moment can be missed.";
    case UnknownReason::no_permission: {
        const std::string owner =
            attribution.socket_uid ? fmt::format(" (user id {} owns it)", *attribution.socket_uid) : "";
        if (attribution.missing_rights.empty())
            return fmt::format(
                "The socket is there{}, but the process that holds it may not be read although no right is missing: it "
                "belongs to another user namespace, or a security module forbids it.",
                owner);
        return fmt::format(
            "The socket is there{}, but the process that holds it cannot be read without {}; run doorplate as "
            "root, or once: {}",
            owner, rights_text(attribution.missing_rights), setcap_line(attribution.missing_rights));
    }
    case UnknownReason::other_namespace:
        return "The socket lives in another network namespace (a container's, perhaps) that could not be entered; run "
               "doorplate as root, or inside that namespace (nsenter --net).";
    case UnknownReason::kernel_socket:
        return "The kernel itself holds the socket and no process does: a closed connection that lingers (TIME_WAIT), "
               "or a "
               "service inside the kernel (NFS, WireGuard).";
    case UnknownReason::raw_socket:
        return "The packets were sent through a raw or packet socket, which the table of ports does not list; ping, "
               "DHCP clients "
               "and "
               "scanners work so.";
    case UnknownReason::ambiguous: {
        std::vector<std::string> names;
        names.reserve(attribution.holders.size());
        for (const auto &candidate : attribution.holders) names.push_back(program_long(*candidate));
        if (names.empty()) return "Several candidates disagree, so none is named.";
        return fmt::format("The candidates disagree, so none is named for certain: it was {}.", listed(names, "or"));
    }
    }
    return "";
}

} // namespace doorplate

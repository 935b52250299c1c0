// Everything here is made of tokens that analyze concluded; no sentence knows more than they do. Two kinds of
// statements are kept apart throughout: what IANA says of a number (class, registered name), and what a host's kernel
// does with it (ip_local_port_range and its neighbours). How sure a verdict is shows in its verb: "is", "is most
// likely", "may be".

#include "report/explain.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <concepts>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

// "is", "is most likely", "may be"
std::string_view is_verb(double confidence) {
    return confidence >= sure ? "is" : confidence >= likely ? "is most likely" : "may be";
}

// In front of a participle.
std::string_view was_verb(double confidence) {
    return confidence >= sure ? "was" : confidence >= likely ? "was most likely" : "may have been";
}

char upper(char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

constexpr std::string_view no_socket_facts_words =
    "Which programs these were is not known: packets alone do not say it, and today's sockets say nothing of "
    "packets of then. Captured live by doorplate, they would have names.";

// One flow, with what every sentence needs at hand. All is written to the end of one text: hundreds of thousands of
// flows a second have explanations.
class Explanation {
  public:
    Explanation(const FlowRecord &flow, const HostFacts *host, std::string &text)
        : flow_(flow), host_(host), text_(text), places_{place_of(Side::initiator), place_of(Side::responder)} {}

    void write() {
        say_opening();
        say_association();
        say_tunnel();
        say_channel();
        if (flow_.relation == RelationKind::loopback_pair || (is_local(Side::initiator) && is_local(Side::responder)))
            say("Both ends are on this host.");
        if (has_ports(transport())) {
            say_port(Side::responder);
            say_port(Side::initiator);
        } else {
            say_portless();
        }
        say_bytes();
        say_name();
        if (!reports_an_error()) say_who_began();
        say_owners();
    }

  private:
    const FlowRecord &flow_;
    const HostFacts *host_;
    std::string &text_;
    PerSide<std::string> places_;

    // --- writing

    void put_piece(std::string_view words) { text_ += words; }
    void put_piece(std::integral auto number) {
        std::array<char, 20> digits{};
        const auto written = std::to_chars(digits.begin(), digits.end(), number);
        text_.append(digits.data(), written.ptr);
    }
    template <typename... Pieces> void put(const Pieces &...pieces) { (put_piece(pieces), ...); }

    void begin_sentence() {
        if (!text_.empty()) text_ += ' ';
    }
    void say(std::string_view sentence) {
        if (sentence.empty()) return;
        begin_sentence();
        put(sentence);
    }
    // What stands at `start` begins a sentence. An address keeps its letters as they are.
    void capitalize(std::size_t start) {
        const std::string_view rest = std::string_view(text_).substr(start);
        const bool is_address = rest.substr(0, rest.find(' ')).contains(':');
        if (!rest.empty() && !is_address) text_[start] = upper(text_[start]);
    }
    // Whole clauses: a comma stands before the last one as well, for there may be commas inside.
    template <typename PutClause> void put_clauses(const EvidenceList &evidence, const PutClause &put_clause) {
        std::size_t done = 0;
        for (const Evidence piece : evidence) {
            if (done != 0) put(done + 1 == evidence.size() ? ", and " : ", ");
            put_clause(piece);
            ++done;
        }
    }

    // --- what is at hand

    Transport transport() const { return flow_.flow.key.transport; }
    const FlowEnd &end(Side side) const { return side == Side::initiator ? flow_.initiator : flow_.responder; }
    bool is_local(Side side) const { return end(side).local.value_or(false); }
    std::uint16_t port(Side side) const { return end(side).endpoint.port; }
    std::uint64_t packets(Side side) const { return flow_.flow.traffic[side].packets; }

    // "192.0.2.10:51034", or the address alone where there are no ports
    std::string_view place(Side side) const { return places_[side]; }
    std::string place_of(Side side) const {
        const Endpoint &endpoint = end(side).endpoint;
        return has_ports(transport()) ? endpoint.to_string() : endpoint.address.to_string();
    }

    std::string_view exchange() const {
        if (transport() == Transport::tcp) return "connection";
        return transport() == Transport::sctp ? "association" : "exchange";
    }

    // --- who

    void put_program(Side side) {
        const Attribution &who = end(side).attribution;
        if (who.known() && !who.holders.empty()) {
            put(program_long(*who.holders.front()), is_local(side) && !is_local(other(side)) ? " on this host" : "");
            return;
        }
        if (who.unknown == UnknownReason::no_permission && who.socket_uid) {
            put("a program of user id ", *who.socket_uid);
            return;
        }
        put(nameless(who.unknown.value_or(UnknownReason::no_socket_facts)));
    }

    static std::string_view nameless(UnknownReason reason) {
        switch (reason) {
        case UnknownReason::no_socket_facts: return "an unnamed program";
        case UnknownReason::not_local:
        case UnknownReason::forwarded: return "a program on another host";
        case UnknownReason::exited: return "a program that is gone";
        case UnknownReason::no_permission: return "a program that may not be read";
        case UnknownReason::other_namespace: return "a program in another network namespace";
        case UnknownReason::kernel_socket: return "the kernel itself";
        case UnknownReason::raw_socket: return "a program with a raw socket";
        case UnknownReason::ambiguous: return "one of several programs";
        }
        return "an unnamed program";
    }

    // The initiator's, at the head of a sentence. A program's name keeps its own letters.
    void put_who() {
        const std::size_t start = text_.size();
        put_program(Side::initiator);
        if (!flow_.initiator.attribution.known()) capitalize(start);
    }

    void put_held_by(Side side) {
        if (!end(side).attribution.known() || end(side).attribution.holders.empty()) return;
        put(", held by ");
        put_program(side);
    }

    void put_from_to() {
        put("from ", place(Side::initiator), " to ", place(Side::responder));
        put_held_by(Side::responder);
    }

    // --- what happened

    void say_opening() {
        // Judged from the socket table alone.
        const bool silent = packets(Side::initiator) == 0 && packets(Side::responder) == 0;
        begin_sentence();
        if (!silent && reports_an_error()) {
            put_reported_error();
            return;
        }
        put_who();
        if (silent) {
            put_around(transport() == Transport::tcp ? " has a connection " : " has a socket ", ".");
            return;
        }
        switch (transport()) {
        case Transport::tcp: put_opening_tcp(); break;
        case Transport::sctp: put_opening_sctp(); break;
        case Transport::icmp:
        case Transport::icmpv6: put_opening_icmp(); break;
        default: put_opening_datagrams(); break;
        }
    }

    void put_around(std::string_view front, std::string_view back) {
        put(front);
        put_from_to();
        put(back);
    }

    // By what of the handshake was seen, and then by Zeek's conn_state.
    void put_opening_tcp() {
        const std::string_view state = flow_.flow.tcp ? flow_.flow.tcp->state : std::string_view();
        const std::string_view history = flow_.flow.tcp ? flow_.flow.tcp->history : std::string_view();
        const bool asked = packets(Side::initiator) != 0;
        const bool answered = packets(Side::responder) != 0;
        const bool incomplete = state == "S0" || state == "SH";
        if (!history.contains('S') && !history.contains('h')) {
            put_around(" had a connection ", ", whose beginning was not captured.");
        } else if (!asked) {
            put_around(" connected ", "; only the answers were captured.");
        } else if (!answered && !incomplete && state != "RSTOS0") {
            put_around(" connected ", "; no answer was captured.");
        } else if (answered && incomplete) {
            put_around(" tried to connect ", "; the handshake was not completed.");
        } else if (state == "S0") {
            put_around(" tried to connect ", "; no answer was captured.");
        } else if (state == "REJ") {
            put_around(" tried to connect ", " and was refused.");
        } else if (state == "RSTOS0") {
            put_around(" tried to connect ", " and gave up with a reset before an answer came.");
        } else if (state == "SH") {
            put_around(" tried to connect ", " and closed at once; no answer was captured.");
        } else {
            put_around(" connected ", ".");
        }
    }

    std::uint64_t chunks(Side side, SctpChunk chunk) const {
        return flow_.flow.sctp ? flow_.flow.sctp->facts[side].count(chunk) : 0;
    }
    // It answered the INIT with an ABORT.
    bool is_refused_association() const {
        return chunks(Side::responder, SctpChunk::abort) != 0 && chunks(Side::responder, SctpChunk::init_ack) == 0 &&
               chunks(Side::initiator, SctpChunk::init) != 0;
    }

    void put_opening_sctp() {
        const SctpState state = flow_.flow.sctp ? flow_.flow.sctp->state : SctpState::unseen;
        const bool began = chunks(Side::initiator, SctpChunk::init) + chunks(Side::responder, SctpChunk::init_ack) +
                               chunks(Side::initiator, SctpChunk::cookie_echo) +
                               chunks(Side::responder, SctpChunk::cookie_ack) !=
                           0;
        if (!began) {
            put_around(" had an association ", ", whose beginning was not captured.");
        } else if (is_refused_association()) {
            put_around(" tried to open an association ", " and was refused.");
        } else if (state == SctpState::cookie_wait || state == SctpState::cookie_echoed) {
            put_around(" tried to open an association ", packets(Side::responder) != 0
                                                             ? "; the handshake was not completed."
                                                             : "; no answer was captured.");
        } else {
            put_around(" opened an association ", ".");
        }
    }

    // Its paths, and an end that was no agreement.
    void say_association() {
        if (!flow_.flow.sctp) return;
        const SctpSummary &sctp = *flow_.flow.sctp;
        for (const Side side : {Side::initiator, Side::responder}) {
            const std::vector<IpAddress> &addresses = sctp.facts[side].addresses;
            if (addresses.empty()) continue;
            begin_sentence();
            put("The end ", place(side), " announced that it can be reached at ");
            for (std::size_t i = 0; i < addresses.size(); ++i) put(i == 0 ? "" : ", ", addresses[i].to_string());
            put(" as well.");
        }
        if (sctp.other_path_id) {
            begin_sentence();
            put("It is another path of the association of flow #", *sctp.other_path_id, ".");
        }
        if (sctp.state == SctpState::aborted && !is_refused_association()) {
            const Side by = chunks(Side::initiator, SctpChunk::abort) != 0 ? Side::initiator : Side::responder;
            begin_sentence();
            put("The end ", place(by), " aborted it.");
        }
    }

    // RFC 792 and RFC 4443: errors are sent by a host or a router because of another packet.
    bool reports_an_error() const {
        if (!flow_.flow.icmp) return false;
        const std::uint8_t type = flow_.flow.icmp->type;
        if (transport() == Transport::icmpv6) return type < 128;
        return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
    }

    std::string_view icmp_name() const { return transport() == Transport::icmp ? "ICMP" : "ICMPv6"; }

    void put_reported_error() {
        put("The host ", place(Side::initiator), " reported with ", icmp_name(),
            " that packets of another flow met a problem (", icmp_words(transport(), flow_.flow.icmp->type), "), to ",
            place(Side::responder), ".");
    }

    void put_from_to_group() {
        put("from ", place(Side::initiator), " to ");
        put_group(Side::responder);
        put_held_by(Side::responder);
    }

    void put_opening_icmp() {
        if (!flow_.flow.icmp) {
            put(" sent ", icmp_name(), " messages ");
            put_from_to_group();
            put(".");
            return;
        }
        const std::string what = icmp_words(transport(), flow_.flow.icmp->type);
        if (packets(Side::initiator) == 0) {
            put(" was answered with ", icmp_name(), " ", what, " messages by ", place(Side::responder));
            put_held_by(Side::responder);
            put("; its request is not in this flow.");
            return;
        }
        put(" sent ", icmp_name(), " ", what, " messages ");
        put_from_to_group();
        put(packets(Side::responder) != 0 ? " and got answers." : ".");
    }

    void put_datagrams(bool one) {
        if (has_ports(transport())) {
            put(one ? "a datagram" : "datagrams");
        } else {
            put(one ? "one " : "", transport_token(transport()), one ? " packet" : " packets");
        }
    }

    void put_opening_datagrams() {
        if (packets(Side::initiator) == 0) {
            put(" at ", place(Side::initiator), " got ");
            put_datagrams(false);
            put(" from ", place(Side::responder));
            put_held_by(Side::responder);
            put("; its own were not captured.");
            return;
        }
        put(" sent ");
        put_datagrams(packets(Side::initiator) == 1);
        put(" ");
        put_from_to_group();
        if (!flow_.responder.multicast)
            put(packets(Side::responder) != 0 ? ", and was answered" : ", and no answer was captured");
        put(".");
    }

    void put_group(Side side) {
        if (end(side).multicast)
            put(end(side).endpoint.address.is_multicast() ? "the group " : "everybody on the network (broadcast) at ");
        put(place(side));
    }

    // What a tunnel's number is called.
    static std::string_view tunnel_number(TunnelKind kind) {
        switch (kind) {
        case TunnelKind::gre: return "key";
        case TunnelKind::vxlan:
        case TunnelKind::geneve: return "network";
        case TunnelKind::erspan:
        case TunnelKind::l2tp: return "session";
        case TunnelKind::gtp_u: return "endpoint";
        default: return "number";
        }
    }

    void say_tunnel() {
        const Flow &flow = flow_.flow;
        if (flow.tunnel == TunnelKind::none) return;
        const std::string_view name = words(flow.tunnel);
        begin_sentence();
        put("Its packets travel inside ", std::string_view("AEILM").contains(name.front()) ? "an " : "a ", name,
            " tunnel");
        if (flow.tunnel_id) put(" (", tunnel_number(flow.tunnel), " ", *flow.tunnel_id, ")");
        if (flow.parent_id) put(", in those of flow #", *flow.parent_id);
        put(".");
    }

    // Who announced it, where, when, and what came of it.
    void say_channel() {
        if (!flow_.flow.channel) return;
        const DataChannel &channel = *flow_.flow.channel;
        const Side announced = channel.negotiated.responder ? Side::responder : Side::initiator;
        begin_sentence();
        switch (channel.method) {
        case AnnouncedIn::ftp_port:
        case AnnouncedIn::ftp_eprt:
        case AnnouncedIn::ftp_lprt:
            put("The client, ", channel.announcer.to_string(), ", announced port ", port(announced));
            put_announcement(channel);
            put("; with this connection the server came to it.");
            return;
        case AnnouncedIn::ftp_pasv:
        case AnnouncedIn::ftp_epsv:
        case AnnouncedIn::ftp_lpsv:
            put("The server, ", channel.announcer.to_string(), ", announced port ", port(announced));
            put_announcement(channel);
            put("; with this connection the client came to it.");
            return;
        case AnnouncedIn::tftp_request:
            put("The client, ", channel.announcer.to_string(), ", asked for this transfer");
            put_announcement(channel);
            put("; the server answered from a port that it picked for it, ", port(announced), ".");
            return;
        case AnnouncedIn::rpc_getport:
        case AnnouncedIn::rpc_getaddr:
            put("The host ", channel.announcer.to_string(), " told the client");
            put_announcement(channel);
            put(", that the program it asked for answers at port ", port(announced), ".");
            return;
        case AnnouncedIn::sdp:
        case AnnouncedIn::rtsp_setup:
        case AnnouncedIn::skinny:
        case AnnouncedIn::irc_dcc: break;
        }
        put("The host ", channel.announcer.to_string(), " announced port ", port(announced));
        if (end(announced).endpoint.address != channel.announcer)
            put(" of ", end(announced).endpoint.address.to_string());
        put_announcement(channel);
        if (channel.negotiated.initiator && channel.negotiated.responder)
            put("; port ", port(other(announced)), " of the other end was announced there, too");
        put(".");
    }

    // " in flow #3 (FTP's PORT command), 1.2 ms earlier"
    void put_announcement(const DataChannel &channel) {
        put(" in flow #", channel.control_id, " (", words(channel.method), ")");
        if (channel.announced < flow_.flow.start)
            put(", ", time_span(flow_.flow.start - channel.announced), " earlier");
    }

    void say_portless() {
        begin_sentence();
        if (transport() != Transport::icmp && transport() != Transport::icmpv6) {
            put("The protocol ", transport_token(transport()), " has no ports.");
            return;
        }
        put(icmp_name(), " has no ports");
        if (flow_.flow.icmp && flow_.flow.icmp->identifier != 0)
            put("; this exchange is told from others by its identifier, ", flow_.flow.icmp->identifier);
        put(".");
    }

    // --- what the bytes say

    // Only where the registered name does not say it.
    void say_bytes() {
        if (!flow_.detection) return;
        const std::string &protocol = flow_.detection->protocol;
        const PortVerdict &verdict = flow_.responder.port;
        if (verdict.role == PortRole::ephemeral || verdict.registered_service == nullptr) {
            begin_sentence();
            put("The bytes are ", protocol, ".");
            return;
        }
        const std::string_view service = verdict.registered_service->name;
        if (agrees(service, protocol)) return;
        begin_sentence();
        put(port(Side::responder), " is registered as ", service, ", but the bytes are ", protocol, ".");
    }

    void say_name() {
        const std::optional<EndpointName> &name = flow_.responder.name;
        if (!name) return;
        constexpr int longest = 120;
        begin_sentence();
        put(shortened(printable(name->text), longest), " is the name ", words(name->source));
        if (name->others > 0) put("; ", counted(name->others, "other name", "other names"), " led there as well");
        put(".");
    }

    // --- what each port is

    void say_port(Side side) {
        const PortVerdict &verdict = end(side).port;
        if (verdict.role == PortRole::none) return;
        begin_sentence();
        put_port_lead(side);
        const auto put_piece_reason = [&](Evidence piece) { put_reason(side, piece); };
        if (const EvidenceList why = with_reasons(verdict.evidence); !why.empty()) {
            put(": ");
            put_clauses(why, put_piece_reason);
        }
        put(".");
        if (const EvidenceList doubts = with_reasons(verdict.against); !doubts.empty()) {
            say("Against this: ");
            put_clauses(doubts, put_piece_reason);
            put(".");
        }
        say_port_remark(side);
    }

    void put_port_lead(Side side) {
        const PortVerdict &verdict = end(side).port;
        const std::uint16_t number = port(side);
        switch (verdict.role) {
        case PortRole::service:
            put(number, " ", is_verb(verdict.confidence), " the fixed port, the one that others come to");
            return;
        case PortRole::ephemeral: put_ephemeral_lead(side); return;
        case PortRole::fixed_source:
            put(number, " ", was_verb(verdict.confidence), " chosen by the program, although it began");
            return;
        case PortRole::privileged_source:
            put(number, " ", was_verb(verdict.confidence),
                " chosen by the program, although it began, because some servers trust low numbers");
            return;
        case PortRole::negotiated:
            put(number, " ", was_verb(verdict.confidence), " agreed on inside another flow");
            return;
        case PortRole::dynamic_service:
            put("Others come to ", number, ", yet the number ", was_verb(verdict.confidence),
                " picked by the kernel, for a program that bound to port 0");
            return;
        case PortRole::multicast_service:
            put(number, " ", is_verb(verdict.confidence), " a group's fixed port, which many programs share");
            return;
        case PortRole::none: return;
        }
    }

    void put_ephemeral_lead(Side side) {
        const double confidence = end(side).port.confidence;
        if (knows_range(side)) {
            put(port(side), " ", was_verb(confidence), " picked by the kernel for this ", exchange());
            return;
        }
        // Another host's range can only be supposed.
        put("Which range the host ", end(side).endpoint.address.to_string(), " hands out is not known here; ",
            port(side), " ", was_verb(std::min(confidence, sure - 0.01)), " picked by its kernel for this ",
            exchange());
    }

    bool knows_range(Side side) const { return is_local(side) && host_ != nullptr && host_->ephemeral_ports; }

    // What the registry says, where the evidence has not said it, and where it must not be misread.
    void say_port_remark(Side side) {
        const PortVerdict &verdict = end(side).port;
        const bool told =
            verdict.evidence.contains(Evidence::registered) || verdict.against.contains(Evidence::registered);
        const RegisteredService *service = verdict.registered_service;
        if (verdict.role == PortRole::ephemeral) {
            if (verdict.port_class == PortClass::user) {
                begin_sentence();
                put("IANA counts ", port(side),
                    " among the user ports (1024-49151), which says whose name it may carry, not what a kernel hands "
                    "out.");
            }
            if (service != nullptr && !told) {
                begin_sentence();
                put("Its registered name, ", service->name, ", means nothing here.");
            }
            return;
        }
        if (told) return;
        if (port(side) == port(other(side)) && side == Side::initiator) return;
        begin_sentence();
        if (service != nullptr) {
            put("The IANA registry lists ", port(side), " as ", service->name, ".");
        } else {
            put("The IANA registry has no name for ", port(side), ".");
        }
    }

    // Each once, and only what put_reason() has words for.
    static EvidenceList with_reasons(const EvidenceList &evidence) {
        EvidenceList spoken;
        for (const Evidence piece : evidence)
            if (piece != Evidence::no_ports && !spoken.contains(piece)) spoken.push_back(piece);
        return spoken;
    }

    // A clause about the port at `side`: "it ...".
    void put_reason(Side side, Evidence evidence) {
        const bool began = side == Side::initiator;
        const PortVerdict &verdict = end(side).port;
        switch (evidence) {
        case Evidence::syn: put(began ? "the SYN came from it" : "the SYN came to it"); return;
        case Evidence::syn_ack: put(began ? "its SYN was answered" : "a SYN was answered from it"); return;
        case Evidence::sctp_init:
            put(began ? "it began the handshake" : "the handshake began at the other end");
            return;
        case Evidence::icmp_request: put(began ? "the request came from it" : "the request came to it"); return;
        case Evidence::connected:
            put(began ? "its socket connected out" : "the other end's socket connected to it");
            return;
        case Evidence::listener:
            put(transport() == Transport::tcp || transport() == Transport::sctp ? "a socket listens on it"
                                                                                : "a socket is bound to it");
            return;
        case Evidence::announced: put_announced_reason(); return;
        case Evidence::registered:
            if (verdict.registered_service != nullptr) {
                put("the IANA registry lists it as ", verdict.registered_service->name);
            } else {
                put("the IANA registry has a name for it");
            }
            return;
        case Evidence::port_class:
            put("its class (", token(port_class(port(side))), ") is lower than that of ", port(other(side)), " (",
                token(port_class(port(other(side)))), ")");
            return;
        case Evidence::many_peers: put("several flows of this capture come to it"); return;
        case Evidence::first_seen:
            put(began ? "the first captured packet came from it" : "the first captured packet came to it");
            return;
        case Evidence::kernel_autobind: put("this host's kernel said that it chose the number itself"); return;
        case Evidence::explicit_bind: put("the program asked for this very number, the kernel says"); return;
        case Evidence::in_ephemeral_range:
            if (knows_range(side)) {
                put("it lies in this host's ip_local_port_range, ");
                put_range(*host_->ephemeral_ports);
            } else {
                put("it lies in its host's ip_local_port_range");
            }
            return;
        case Evidence::outside_ephemeral_range: put_outside_range(side); return;
        case Evidence::iana_dynamic_range: put("it lies in IANA's dynamic range, 49152-65535"); return;
        case Evidence::common_ephemeral_range:
            put("it lies in Linux's default range, ");
            put_range(linux_default_range);
            return;
        case Evidence::below_unprivileged_start:
            if (is_local(side) && host_ != nullptr && host_->unprivileged_port_start) {
                put("it is below this host's ip_unprivileged_port_start, ", *host_->unprivileged_port_start,
                    ", so binding it takes CAP_NET_BIND_SERVICE");
            } else {
                put("it is below 1024, where binding takes a privilege by convention");
            }
            return;
        case Evidence::parity:
            put(port(side) % 2 == 0 ? "it is even, as current Linux kernels prefer for connect()"
                                    : "it is odd, as current Linux kernels prefer for binding to port 0");
            return;
        case Evidence::same_port_both_ends: put("both ends use the same number"); return;
        case Evidence::fixed_source_convention: put("this protocol's initiator uses a fixed port as well"); return;
        case Evidence::multicast_group:
            put(end(side).multicast ? "its address is a group's" : "the other end is a group");
            return;
        case Evidence::no_ports: return;
        }
    }

    void put_announced_reason() {
        if (!flow_.flow.channel) {
            put("it was announced in another flow");
        } else if (flow_.flow.channel->method == AnnouncedIn::tftp_request) {
            put("the request in flow #", flow_.flow.channel->control_id, " was answered from it");
        } else {
            put("it was announced in flow #", flow_.flow.channel->control_id);
        }
    }

    void put_range(const PortRange &range) { put(range.low, "-", range.high); }

    void put_outside_range(Side side) {
        const auto inside = [&](const PortRange &range) { return range.contains(port(side)); };
        if (!knows_range(side)) {
            put("it is not a number that its host hands out");
        } else if (std::ranges::any_of(host_->reserved_ports, inside)) {
            put("this host's ip_local_reserved_ports has it");
        } else {
            put("it is outside this host's ip_local_port_range, ");
            put_range(*host_->ephemeral_ports);
        }
    }

    // --- who began

    // Whether put_began_clause() has words for it.
    static bool has_began_clause(Evidence evidence) {
        return evidence != Evidence::parity && evidence != Evidence::no_ports;
    }

    void say_who_began() {
        const InitiatorVerdict &verdict = flow_.initiator_verdict;
        const Evidence decisive = verdict.evidence.empty() ? flow_.flow.initiator_evidence : verdict.evidence.front();
        if (has_began_clause(decisive)) say_began(decisive, verdict.confidence);
        EvidenceList doubts;
        for (const Evidence piece : verdict.against)
            if (has_began_clause(piece)) doubts.push_back(piece);
        if (doubts.empty()) return;
        say("Against this: ");
        put_clauses(doubts, [&](Evidence piece) { put_began_clause(piece, Side::responder); });
        put(".");
    }

    void say_began(Evidence decisive, double confidence) {
        const bool seen = decisive == Evidence::syn || decisive == Evidence::syn_ack ||
                          decisive == Evidence::sctp_init || decisive == Evidence::icmp_request;
        const bool tcp = transport() == Transport::tcp;
        begin_sentence();
        const std::size_t start = text_.size();
        if (confidence < likely) {
            put("Who began is uncertain: ", tcp ? "no handshake was captured, and " : "", "only this speaks for ",
                place(Side::initiator), ", that ");
            put_began_clause(decisive, Side::initiator);
            put(fmt::format(" (confidence {:.2f}).", confidence));
            return;
        }
        if (confidence < sure && tcp) put("No handshake was captured; ");
        put_began_clause(decisive, Side::initiator);
        if (confidence < sure) {
            put(", so ", place(Side::initiator), " most likely began.");
        } else if (seen) {
            put(", so who began is certain.");
        } else {
            put(", so ", place(Side::initiator), " began.");
        }
        capitalize(start);
    }

    // A clause that speaks for `side` having begun.
    void put_began_clause(Evidence evidence, Side side) {
        const std::string_view from = place(side);
        const std::string_view to = place(other(side));
        switch (evidence) {
        case Evidence::syn:
            if (side == Side::initiator) {
                put("the SYN was seen");
            } else {
                put("a SYN from ", from, " was seen");
            }
            return;
        case Evidence::syn_ack: put("the SYN+ACK from ", to, " was seen"); return;
        case Evidence::sctp_init: put("the handshake was seen"); return;
        case Evidence::icmp_request:
            if (packets(side) == 0) {
                put("an answer to a request of its was seen");
            } else {
                put(side == Side::initiator ? "the request was seen" : "a request from the other end was seen");
            }
            return;
        case Evidence::connected: put("the socket at ", from, " connected out"); return;
        case Evidence::listener:
            put("a socket ", transport() == Transport::tcp ? "listens on " : "is bound to ", to);
            return;
        case Evidence::announced:
            if (flow_.flow.channel && flow_.flow.channel->method == AnnouncedIn::tftp_request) {
                put(from, " answered a request that ", to, " had sent to another port");
            } else {
                put("port ", port(other(side)), " had been announced, and waited");
            }
            return;
        case Evidence::registered:
            put("the IANA registry has a name for ", port(other(side)), " and none for ", port(side));
            return;
        case Evidence::port_class:
            put("the class of ", port(other(side)), " (", token(port_class(port(other(side)))),
                ") is lower than that of ", port(side), " (", token(port_class(port(side))), ")");
            return;
        case Evidence::many_peers: put("several flows of this capture come to ", to); return;
        case Evidence::first_seen: put(from, " sent the first packet that was captured"); return;
        case Evidence::multicast_group: put(to, " is a group, which only receives"); return;
        case Evidence::in_ephemeral_range: put(port(side), " lies in this host's ip_local_port_range"); return;
        case Evidence::outside_ephemeral_range:
            put(port(other(side)), " is not a number that this host's kernel hands out");
            return;
        case Evidence::iana_dynamic_range: put(port(side), " lies in IANA's dynamic range"); return;
        case Evidence::common_ephemeral_range: put(port(side), " lies in Linux's default range"); return;
        case Evidence::below_unprivileged_start: put("binding ", port(other(side)), " takes a privilege"); return;
        case Evidence::same_port_both_ends: put("both ends use the same number"); return;
        case Evidence::fixed_source_convention: put("this protocol uses a fixed port at both ends"); return;
        case Evidence::kernel_autobind:
        case Evidence::explicit_bind:
        case Evidence::parity:
        case Evidence::no_ports: return;
        }
    }

    // --- how the programs are known

    void say_owners() {
        const Attribution &a = flow_.initiator.attribution;
        const Attribution &b = flow_.responder.attribution;
        if (a.unknown == UnknownReason::no_socket_facts && b.unknown == a.unknown) {
            say(no_socket_facts_words);
            return;
        }
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
            say(accepted_by(side));
            say(further_holders(side));
        } else if (who.unknown == UnknownReason::not_local) {
            if (end(side).multicast) return;
            begin_sentence();
            put(end(side).endpoint.address.to_string(),
                " is not an address of this host, so its program cannot be seen from here.");
        } else {
            begin_sentence();
            put("The program at ", place(side), " has no name: ");
            const std::size_t start = text_.size();
            put(explain_unknown(who));
            if (start < text_.size()) text_[start] = lower(text_[start]);
        }
    }

    std::string accepted_by(Side side) const {
        const Attribution &who = end(side).attribution;
        if (!who.accepted_by) return "";
        return fmt::format("The connection came in through a listener of {}; {} handles it.",
                           with_pid(*who.accepted_by), with_pid(*who.holders.front()));
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
        for (const char c : right_token(right)) names += lower(c);
    }
    return fmt::format("sudo setcap {}=ep \"$(command -v doorplate)\"", names);
}

} // namespace

std::string explain_flow(const FlowRecord &flow, const HostFacts *host) {
    constexpr std::size_t most_texts = 1024;
    std::string text;
    text.reserve(most_texts);
    Explanation(flow, host, text).write();
    return text;
}

std::string explain_path(const FlowRecord &flow, bool several_interfaces) {
    std::vector<std::string> parts;
    if (several_interfaces && !flow.interface_names.empty()) {
        std::vector<std::string> names;
        names.reserve(flow.interface_names.size());
        for (const std::string &name : flow.interface_names) names.push_back(printable(name));
        parts.push_back("seen on " + listed(names));
    }
    const auto stack = [&](const auto &numbers, std::string_view one, std::string_view several) {
        if (!numbers.empty())
            parts.push_back(fmt::format("{} {}", numbers.size() == 1 ? one : several, fmt::join(numbers, ", ")));
    };
    stack(flow.flow.vlans, "in VLAN", "in VLANs");
    stack(flow.flow.mpls, "under MPLS label", "under MPLS labels");
    if (parts.empty()) return "";
    std::string text = listed(parts) + ".";
    text[0] = upper(text[0]);
    return text;
}

std::string explain_unknown(const Attribution &attribution) {
    if (!attribution.unknown) return "";
    switch (*attribution.unknown) {
    case UnknownReason::no_socket_facts: return std::string(no_socket_facts_words);
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

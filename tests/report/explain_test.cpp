#include "report/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/observation_builder.h"

namespace doorplate {
namespace {

using test::curl_to_web_server;
using test::FlowBuilder;
using test::held_by;
using test::host_facts;
using test::process;
using test::unknown;
using ::testing::HasSubstr;
using ::testing::Not;

std::string live(const FlowRecord &flow) {
    const HostFacts host = host_facts();
    return explain_flow(flow, &host);
}
std::string replayed(const FlowRecord &flow) { return explain_flow(flow, nullptr); }

// --- whole explanations

TEST(ExplainFlow, SaysWhoConnectedWhichPortIsFixedAndWhoPickedTheOther) {
    EXPECT_EQ(
        "curl (pid 4213, user ana) on this host connected from 192.0.2.10:51034 to 198.51.100.7:443. 443 is the fixed "
        "port, the one that others come to: the SYN came to it, and the IANA registry lists it as https. 51034 was "
        "picked by the kernel for this connection: it lies in this host's ip_local_port_range, 32768-60999. The SYN "
        "was seen, so who began is certain. curl is named because the socket table has exactly this pair of "
        "endpoints. 198.51.100.7 is not an address of this host, so its program cannot be seen from here.",
        live(curl_to_web_server()));
}

TEST(ExplainFlow, SaysWhereTheBytesAreNotWhatThePortIsRegisteredFor) {
    FlowRecord flow = curl_to_web_server();
    flow.detection = Detection{.protocol = "tls", .application = {}, .server_name = {}};
    EXPECT_THAT(live(flow), Not(HasSubstr("bytes")));
    flow.detection->protocol = "ssh";
    EXPECT_THAT(live(flow), HasSubstr(" 443 is registered as https, but the bytes are ssh. "));
}

TEST(ExplainFlow, SaysWhatTheResponderWasCalledAndByWhom) {
    FlowRecord flow = curl_to_web_server();
    flow.responder.name = EndpointName{"www.example.org", NameSource::tls_sni};
    EXPECT_THAT(live(flow), HasSubstr(" www.example.org is the name asked for in its TLS handshake. "));
    flow.responder.name = EndpointName{"a\x1b[31m.example", NameSource::dns_answer, 2};
    EXPECT_THAT(live(flow), HasSubstr(" a\\x1b[31m.example is the name told by DNS before; 2 other names led there as "
                                      "well. "));
}

TEST(ExplainFlow, OfABareFileClaimsNothingAboutItsHost) {
    EXPECT_EQ(
        "An unnamed program connected from 192.0.2.10:51034 to 198.51.100.7:443. 443 is the fixed port, the one that "
        "others come to: the SYN came to it, and the IANA registry lists it as https. Which range the host 192.0.2.10 "
        "hands out is not known here; 51034 was most likely picked by its kernel for this connection: the SYN came "
        "from it, and it lies in IANA's dynamic range, 49152-65535. The SYN was seen, so who began is certain. Which "
        "programs these were is not known: packets alone do not say it, and today's sockets say nothing of packets "
        "of then. Captured live by doorplate, they would have names.",
        replayed(FlowBuilder()));
}

TEST(ExplainFlow, SaysWhoAnnouncedADataChannelWhereAndWhen) {
    const std::string passive = replayed(FlowBuilder()
                                             .from("192.0.2.10:51034")
                                             .to("198.51.100.7:30005")
                                             .announced_by("198.51.100.7", AnnouncedIn::ftp_pasv, 3));
    EXPECT_THAT(passive,
                HasSubstr(" The server, 198.51.100.7, announced port 30005 in flow #3 (FTP's reply 227 to "
                          "PASV), 1.0 ms earlier; with this connection the client came to it. 30005 was agreed "
                          "on inside another flow: the SYN came to it, and it was announced in flow #3. "));
    EXPECT_THAT(replayed(FlowBuilder()
                             .from("198.51.100.7:20")
                             .to("192.0.2.10:51035")
                             .announced_by("192.0.2.10", AnnouncedIn::ftp_port, 3)),
                HasSubstr(" The client, 192.0.2.10, announced port 51035 in flow #3 (FTP's PORT command), 1.0 ms "
                          "earlier; with this connection the server came to it. "));
}

TEST(ExplainFlow, SaysWhoseMediaSomebodyElseAnnounced) {
    EXPECT_THAT(replayed(FlowBuilder()
                             .transport(Transport::udp)
                             .to("203.0.113.9:6004")
                             .announced_by("198.51.100.7", AnnouncedIn::sdp, 3)),
                HasSubstr(" The host 198.51.100.7 announced port 6004 of 203.0.113.9 in flow #3 (SIP's session "
                          "description), 1.0 ms earlier. "));
}

TEST(ExplainFlow, NamesBothProgramsOnLoopback) {
    const std::string text =
        live(FlowBuilder()
                 .from("127.0.0.1:40002")
                 .to("127.0.0.1:8080")
                 .on_loopback()
                 .initiator_is(held_by({process(99, "wget", "ana")}))
                 .responder_is(held_by({process(10, "nginx", "www-data")}))
                 .initiator_port(PortRole::ephemeral, 0.98, {Evidence::in_ephemeral_range, Evidence::parity})
                 .responder_port(PortRole::service, 0.99, {Evidence::listener}));
    EXPECT_EQ(
        "wget (pid 99, user ana) connected from 127.0.0.1:40002 to 127.0.0.1:8080, held by nginx (pid 10, user "
        "www-data). Both ends are on this host. 8080 is the fixed port, the one that others come to: a socket listens "
        "on it. The IANA registry lists 8080 as http-alt. 40002 was picked by the kernel for this connection: it lies "
        "in this host's ip_local_port_range, 32768-60999, and it is even, as current Linux kernels prefer for "
        "connect(). IANA counts 40002 among the user ports (1024-49151), which says whose name it may carry, not what "
        "a kernel hands out. The SYN was seen, so who began is certain. wget and nginx are named because the socket "
        "table has exactly this pair of endpoints.",
        text);
}

// --- what its packets travelled in

TEST(ExplainFlow, SaysWhichTunnelCarriesIt) {
    EXPECT_THAT(replayed(FlowBuilder().id(4).inside(TunnelKind::vxlan, 42, 3)),
                HasSubstr(". Its packets travel inside a VXLAN tunnel (network 42), in those of flow #3. 443 is"));
    EXPECT_THAT(replayed(FlowBuilder().inside(TunnelKind::ip_in_ip, std::nullopt, 3)),
                HasSubstr(" inside an IP-in-IP tunnel, in those of flow #3."));
    EXPECT_THAT(replayed(FlowBuilder().inside(TunnelKind::gre, 0, 9)), HasSubstr(" a GRE tunnel (key 0), "));
    EXPECT_THAT(replayed(FlowBuilder()), Not(HasSubstr("tunnel")));
}

TEST(ExplainPath, SaysWhereAFlowWasSeenAndUnderWhichTags) {
    EXPECT_EQ("Seen on eth0, in VLANs 10, 20 and under MPLS label 16.",
              explain_path(FlowBuilder().with_tags({10, 20}, {16}), true));
    EXPECT_EQ("Seen on eth0.", explain_path(FlowBuilder(), true));
    EXPECT_EQ("In VLAN 7.", explain_path(FlowBuilder().with_tags({7}, {}), false));
    EXPECT_EQ("", explain_path(FlowBuilder(), false));
}

// --- what happened

TEST(ExplainFlow, SaysThatNobodyAnsweredAnAttempt) {
    EXPECT_THAT(live(curl_to_web_server().state("S0")),
                HasSubstr("tried to connect from 192.0.2.10:51034 to 198.51.100.7:443; no answer was captured."));
}

TEST(ExplainFlow, SaysThatAnAttemptWasRefused) {
    EXPECT_THAT(live(curl_to_web_server().state("REJ")), HasSubstr("198.51.100.7:443 and was refused."));
}

TEST(ExplainFlow, SaysThatTheBeginningOfAConnectionIsMissing) {
    EXPECT_THAT(live(curl_to_web_server().state("OTH")), HasSubstr("whose beginning was not captured."));
}

FlowBuilder dns_query() {
    return FlowBuilder()
        .transport(Transport::udp)
        .from("192.0.2.10:45000")
        .to("192.0.2.1:53")
        .sent(1, 80)
        .got(1, 200)
        .initiator_is(held_by({process(7, "dig", "ana")}))
        .responder_is(unknown(UnknownReason::not_local), false)
        .began({Evidence::registered}, 0.92)
        .initiator_port(PortRole::ephemeral, 0.95, {Evidence::in_ephemeral_range})
        .responder_port(PortRole::service, 0.95, {Evidence::registered, Evidence::port_class});
}

TEST(ExplainFlow, TellsARequestFromItsReplyWithoutAHandshake) {
    const std::string text = live(dns_query());
    EXPECT_THAT(text,
                HasSubstr("dig (pid 7, user ana) on this host sent a datagram from 192.0.2.10:45000 to 192.0.2.1:53, "
                          "and was answered."));
    EXPECT_THAT(text, HasSubstr("The IANA registry has a name for 53 and none for 45000, so 192.0.2.10:45000 began."));
    EXPECT_THAT(text, Not(HasSubstr("handshake")));
}

TEST(ExplainFlow, SaysThatADatagramHadNoAnswer) {
    EXPECT_THAT(live(dns_query().sent(3, 240).got(0, 0)), HasSubstr("to 192.0.2.1:53, and no answer was captured."));
}

TEST(ExplainFlow, SpeaksOfAGroupAndItsSharedPort) {
    const std::string text =
        live(FlowBuilder()
                 .transport(Transport::udp)
                 .from("192.0.2.10:5353")
                 .to("224.0.0.251:5353")
                 .to_a_group()
                 .sent(3, 600)
                 .got(0, 0)
                 .began({Evidence::multicast_group}, 1)
                 .initiator_is(held_by({process(5, "avahi-daemon", "avahi")}, MatchQuality::wildcard))
                 .responder_is(unknown(UnknownReason::not_local), false)
                 .initiator_port(PortRole::fixed_source, 0.95, {Evidence::same_port_both_ends})
                 .responder_port(PortRole::multicast_service, 0.97, {Evidence::multicast_group}));
    EXPECT_THAT(text, HasSubstr("sent datagrams from 192.0.2.10:5353 to the group 224.0.0.251:5353."));
    EXPECT_THAT(text, HasSubstr("5353 is a group's fixed port, which many programs share: its address is a group's."));
    EXPECT_THAT(text, HasSubstr("5353 was chosen by the program, although it began: both ends use the same number."));
    EXPECT_THAT(text, Not(HasSubstr("is not an address of this host")));
}

TEST(ExplainFlow, DoesNotClaimARequestThatOnlyItsAnswerSpeaksFor) {
    const std::string text = replayed(FlowBuilder()
                                          .from("192.0.2.10")
                                          .to("192.0.2.1")
                                          .icmp(0, 0, 17)
                                          .sent(0, 0)
                                          .got(1, 86)
                                          .began({Evidence::icmp_request}, 1));
    EXPECT_THAT(text, HasSubstr("was answered with ICMP echo reply messages by 192.0.2.1; its request is not in this "
                                "flow."));
    EXPECT_THAT(text, HasSubstr("An answer to a request of its was seen, so who began is certain."));
}

TEST(ExplainFlow, HasNoPortsToExplainForAPing) {
    const std::string text = live(FlowBuilder()
                                      .from("192.0.2.10")
                                      .to("192.0.2.1")
                                      .icmp(8, 0, 17)
                                      .sent(3, 294)
                                      .got(3, 294)
                                      .began({Evidence::icmp_request}, 1)
                                      .initiator_is(unknown(UnknownReason::raw_socket))
                                      .responder_is(unknown(UnknownReason::not_local), false));
    EXPECT_EQ(
        "A program with a raw socket sent ICMP echo request messages from 192.0.2.10 to 192.0.2.1 and got answers. "
        "ICMP "
        "has no ports; this exchange is told from others by its identifier, 17. The request was seen, so who began is "
        "certain. The program at 192.0.2.10 has no name: the packets were sent through a raw or packet socket, which "
        "the table of ports does not list; ping, DHCP clients and scanners work so. 192.0.2.1 is not an address of "
        "this host, so its program cannot be seen from here.",
        text);
}

TEST(ExplainFlow, WithoutPacketsSpeaksOfTheSocketOnly) {
    EXPECT_THAT(live(curl_to_web_server().sent(0, 0).got(0, 0)),
                HasSubstr("on this host has a connection from 192.0.2.10:51034 to 198.51.100.7:443."));
}

// --- associations

TEST(ExplainFlow, TellsHowAnAssociationBegan) {
    EXPECT_THAT(replayed(FlowBuilder().sctp(SctpState::established)), HasSubstr("opened an association from"));
    EXPECT_THAT(replayed(FlowBuilder().sctp(SctpState::cookie_wait)), HasSubstr("; the handshake was not completed."));
    EXPECT_THAT(replayed(FlowBuilder().sctp(SctpState::cookie_wait).got(0, 0)), HasSubstr("; no answer was captured."));
    FlowRecord flow = FlowBuilder().sctp(SctpState::established);
    flow.flow.sctp->facts = {};
    EXPECT_THAT(replayed(flow), HasSubstr("had an association from 192.0.2.10:51034 to 198.51.100.7:443, whose "
                                          "beginning was not captured."));
}

TEST(ExplainFlow, TellsARefusedAssociationFromAnAbortedOne) {
    FlowRecord flow = FlowBuilder().sctp(SctpState::aborted);
    flow.flow.sctp->facts.responder.chunks.push_back({SctpChunk::abort, 1});
    EXPECT_THAT(replayed(flow), HasSubstr("The end 198.51.100.7:443 aborted it."));
    flow.flow.sctp->facts.responder.chunks = {{SctpChunk::abort, 1}};
    EXPECT_THAT(replayed(flow), HasSubstr("tried to open an association from 192.0.2.10:51034 to 198.51.100.7:443 and "
                                          "was refused."));
    EXPECT_THAT(replayed(flow), Not(HasSubstr("aborted")));
}

TEST(ExplainFlow, NamesTheOtherPathsOfAnAssociation) {
    FlowRecord flow = FlowBuilder().sctp(SctpState::established);
    EXPECT_THAT(replayed(flow), Not(HasSubstr("as well")));
    flow.flow.sctp->facts.initiator.addresses = {*IpAddress::parse("203.0.113.1"), *IpAddress::parse("203.0.113.2")};
    flow.flow.sctp->other_path_id = 3;
    EXPECT_THAT(replayed(flow), HasSubstr("The end 192.0.2.10:51034 announced that it can be reached at 203.0.113.1, "
                                          "203.0.113.2 as well. It is another path of the association of flow #3."));
}

// --- ports

TEST(ExplainFlow, NamesTheRangeThatThisHostReallyHas) {
    HostFacts host = host_facts();
    host.ephemeral_ports = PortRange{20000, 55000};
    EXPECT_THAT(explain_flow(curl_to_web_server(), &host), HasSubstr("this host's ip_local_port_range, 20000-55000."));
}

TEST(ExplainFlow, DoesNotApplyThisHostsRangeToAnotherHost) {
    const std::string text = live(FlowBuilder()
                                      .from("198.51.100.7:51034")
                                      .to("192.0.2.10:443")
                                      .initiator_is(unknown(UnknownReason::not_local), false)
                                      .responder_is(held_by({process(10, "nginx", "www-data")}))
                                      .initiator_port(PortRole::ephemeral, 0.9, {Evidence::common_ephemeral_range}));
    EXPECT_THAT(
        text,
        HasSubstr("Which range the host 198.51.100.7 hands out is not known here; 51034 was most likely picked by "
                  "its kernel for this connection: it lies in Linux's default range, 32768-60999."));
    EXPECT_THAT(text, Not(HasSubstr("ip_local_port_range")));
}

TEST(ExplainFlow, KeepsIanasClassApartFromWhatTheKernelDoes) {
    EXPECT_THAT(live(dns_query()),
                HasSubstr("45000 was picked by the kernel for this exchange: it lies in this host's "
                          "ip_local_port_range, 32768-60999. IANA counts 45000 among the user ports "
                          "(1024-49151), which says whose name it may carry, not what a kernel hands out."));
}

TEST(ExplainFlow, SaysThatTheRegisteredNameOfAnEphemeralPortMeansNothing) {
    EXPECT_THAT(live(curl_to_web_server().from("192.0.2.10:8080")),
                HasSubstr("Its registered name, http-alt, means nothing here."));
}

TEST(ExplainFlow, SaysWhoChoseAFixedSource) {
    EXPECT_THAT(
        live(dns_query()
                 .from("192.0.2.10:123")
                 .to("192.0.2.1:123")
                 .initiator_port(PortRole::fixed_source, 0.95,
                                 {Evidence::same_port_both_ends, Evidence::outside_ephemeral_range})),
        HasSubstr("123 was chosen by the program, although it began: both ends use the same number, and it is outside "
                  "this host's ip_local_port_range, 32768-60999."));
}

TEST(ExplainFlow, SaysWhatAPrivilegedSourceIsFor) {
    EXPECT_THAT(
        live(curl_to_web_server()
                 .from("192.0.2.10:987")
                 .initiator_port(PortRole::privileged_source, 0.9, {Evidence::below_unprivileged_start})),
        HasSubstr(
            "987 was chosen by the program, although it began, because some servers trust low numbers: it is below "
            "this host's ip_unprivileged_port_start, 1024, so binding it takes CAP_NET_BIND_SERVICE."));
}

TEST(ExplainFlow, SaysThatTheKernelPickedTheNumberOfAService) {
    EXPECT_THAT(
        live(curl_to_web_server()
                 .to("192.0.2.10:40001")
                 .responder_is(held_by({process(3, "rpc.statd")}))
                 .responder_port(PortRole::dynamic_service, 0.8,
                                 {Evidence::listener, Evidence::in_ephemeral_range, Evidence::parity})),
        HasSubstr(
            "Others come to 40001, yet the number was most likely picked by the kernel, for a program that bound to "
            "port 0: a socket listens on it, it lies in this host's ip_local_port_range, 32768-60999, and it is odd, "
            "as current Linux kernels prefer for binding to port 0."));
}

TEST(ExplainFlow, SaysThatAReservedNumberIsNotHandedOut) {
    HostFacts host = host_facts();
    host.reserved_ports = {{50000, 50010}};
    EXPECT_THAT(explain_flow(curl_to_web_server()
                                 .from("192.0.2.10:50005")
                                 .initiator_port(PortRole::fixed_source, 0.9, {Evidence::outside_ephemeral_range}),
                             &host),
                HasSubstr("this host's ip_local_reserved_ports has it"));
}

TEST(ExplainFlow, SaysAloudWhatSpeaksAgainstARole) {
    EXPECT_THAT(
        live(curl_to_web_server()
                 .responder_port(PortRole::service, 0.5, {Evidence::first_seen}, {Evidence::in_ephemeral_range})
                 .to("198.51.100.7:50000")),
        HasSubstr("50000 may be the fixed port, the one that others come to: the first captured packet came to it. "
                  "Against this: it lies in its host's ip_local_port_range. The IANA registry has no name for 50000."));
}

// --- who began

TEST(ExplainFlow, CallsWeakEvidenceADoubt) {
    EXPECT_THAT(
        replayed(FlowBuilder().state("OTH").began({Evidence::first_seen}, 0.4)),
        HasSubstr("Who began is uncertain: no handshake was captured, and only this speaks for 192.0.2.10:51034, that "
                  "192.0.2.10:51034 sent the first packet that was captured (confidence 0.40)."));
}

TEST(ExplainFlow, SaysWhatSpeaksForTheOtherEnd) {
    EXPECT_THAT(
        replayed(FlowBuilder().state("OTH").began({Evidence::registered}, 0.7, {Evidence::first_seen})),
        HasSubstr(
            "No handshake was captured; the IANA registry has a name for 443 and none for 51034, so 192.0.2.10:51034 "
            "most likely began. Against this: 198.51.100.7:443 sent the first packet that was captured."));
}

TEST(ExplainFlow, TrustsAListenerWithoutAHandshake) {
    EXPECT_THAT(live(curl_to_web_server().state("OTH").began({Evidence::listener}, 0.95)),
                HasSubstr("A socket listens on 198.51.100.7:443, so 192.0.2.10:51034 began."));
}

// --- owners

TEST(ExplainFlow, NamesEveryHolderOfASharedSocket) {
    EXPECT_THAT(
        live(curl_to_web_server()
                 .to("192.0.2.10:443")
                 .responder_is(held_by({process(10, "nginx", "root"), process(11, "nginx", "www-data")},
                                       MatchQuality::listener))),
        HasSubstr(
            "nginx is named because it listens on this endpoint; the accepted socket itself was not seen. "
            "192.0.2.10:443 is held by nginx (pid 10) and one more process (after a fork, or by sockets that share the "
            "port): nginx (pid 11)."));
}

TEST(ExplainFlow, CountsHoldersThatAreTooManyToName) {
    std::vector<std::shared_ptr<const Process>> workers;
    for (int pid = 10; pid < 20; ++pid) workers.push_back(process(pid, "nginx"));
    EXPECT_THAT(
        live(curl_to_web_server().responder_is(held_by(workers))),
        HasSubstr(
            "held by nginx (pid 10) and 9 more processes (after a fork, or by sockets that share the port): nginx (pid "
            "11), nginx (pid 12), nginx (pid 13) and 6 more."));
}

TEST(ExplainFlow, WritesOutTheControlCharactersOfANameAndCutsItsLength) {
    const std::string hostile = "\x1b[31m" + std::string(10000, 'x');
    const std::string text = live(curl_to_web_server().initiator_is(held_by({process(1, hostile)})));
    EXPECT_THAT(text, HasSubstr("\\x1b[31mxxx"));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_LT(text.size(), 1500U);
}

TEST(ExplainUnknown, NamesTheMissingRightsAndHowToGetThem) {
    Attribution who = unknown(UnknownReason::no_permission);
    who.missing_rights = {Right::sys_ptrace, Right::dac_read_search};
    who.socket_uid = 0;
    EXPECT_EQ("The socket is there (user id 0 owns it), but the process that holds it cannot be read without "
              "CAP_SYS_PTRACE and "
              "CAP_DAC_READ_SEARCH; run doorplate as root, or once: sudo setcap "
              "cap_net_raw,cap_sys_ptrace,cap_dac_read_search=ep \"$(command -v doorplate)\"",
              explain_unknown(who));
}

TEST(ExplainUnknown, ListsTheCandidatesThatDisagree) {
    Attribution who = unknown(UnknownReason::ambiguous);
    who.holders = {process(1, "a", "ana"), process(2, "b")};
    EXPECT_EQ("The candidates disagree, so none is named for certain: it was a (pid 1, user ana) or b (pid 2).",
              explain_unknown(who));
}

TEST(ExplainUnknown, HasNothingToSayOfAKnownProgram) { EXPECT_EQ("", explain_unknown(held_by({process(1, "a")}))); }

struct ReasonAndHelp {
    UnknownReason reason;
    const char *help;
};
class ExplainUnknownReason : public ::testing::TestWithParam<ReasonAndHelp> {};
TEST_P(ExplainUnknownReason, SaysWhatWouldHelpOrWhyNothingDoes) {
    EXPECT_THAT(explain_unknown(unknown(GetParam().reason)), HasSubstr(GetParam().help));
}
INSTANTIATE_TEST_SUITE_P(All, ExplainUnknownReason,
                         ::testing::Values(ReasonAndHelp{UnknownReason::no_socket_facts, "Captured live"},
                                           ReasonAndHelp{UnknownReason::not_local, "run doorplate on that host"},
                                           ReasonAndHelp{UnknownReason::forwarded,
                                                         "run doorplate on the hosts at their ends"},
                                           ReasonAndHelp{UnknownReason::exited, "nothing is guessed"},
                                           ReasonAndHelp{UnknownReason::no_permission, "although no right is missing"},
                                           ReasonAndHelp{UnknownReason::other_namespace, "nsenter --net"},
                                           ReasonAndHelp{UnknownReason::kernel_socket, "TIME_WAIT"},
                                           ReasonAndHelp{UnknownReason::raw_socket, "raw or packet socket"}));

// --- a port by itself

TEST(ExplainPort, SaysWhatANumberIsAndWhatThisKernelDoesWithIt) {
    const HostFacts host = host_facts();
    const std::string text = explain_port(443, Transport::tcp, &host);
    EXPECT_THAT(text, HasSubstr("443 is a system port (0-1023, also called well-known)"));
    EXPECT_THAT(text, HasSubstr("The IANA registry lists 443/tcp as https"));
    EXPECT_THAT(text,
                HasSubstr("This host's kernel does not hand it out by itself (ip_local_port_range is 32768-60999)"));
    EXPECT_THAT(text, HasSubstr("Binding it takes CAP_NET_BIND_SERVICE here: ip_unprivileged_port_start is 1024."));
}

TEST(ExplainPort, SaysThatAUserPortIsEphemeralOnThisHost) {
    const HostFacts host = host_facts();
    const std::string text = explain_port(45000, std::nullopt, &host);
    EXPECT_THAT(text, HasSubstr("45000 is a user port (1024-49151, also called registered)"));
    EXPECT_THAT(text,
                HasSubstr("This host's kernel hands it out as an ephemeral port, whatever IANA's class: it lies in "
                          "ip_local_port_range, 32768-60999."));
}

TEST(ExplainPort, SaysThatADynamicPortIsOutsideOfThisHostsRange) {
    const HostFacts host = host_facts();
    EXPECT_THAT(explain_port(61000, std::nullopt, &host),
                HasSubstr("This host's kernel does not hand it out by itself"));
}

TEST(ExplainPort, WithoutAHostSpeaksOfADefaultOnly) {
    EXPECT_THAT(explain_port(51034, std::nullopt, nullptr),
                HasSubstr("Linux's default is 32768-60999, and 51034 lies in it."));
}

TEST(ExplainPort, KnowsThatPortZeroIsARequest) {
    EXPECT_THAT(explain_port(0, std::nullopt, nullptr), HasSubstr("asks the kernel to pick a free one"));
}

TEST(ExplainPort, KnowsThatIcmpHasNone) {
    EXPECT_EQ("The protocol icmp has no ports.", explain_port(8, Transport::icmp, nullptr));
}

} // namespace
} // namespace doorplate

#include "analyze/port_role.h"

#include <gtest/gtest.h>

#include "tests/roles/flow_case.h"

namespace doorplate {
namespace {

constexpr Side here = Side::initiator;
constexpr Side there = Side::responder;

const std::string web = "198.51.100.7:443";

PortVerdict initiators(const FlowCase &flow) { return flow.ports().initiator; }
PortVerdict responders(const FlowCase &flow) { return flow.ports().responder; }

// --- ephemeral -----------------------------------------------------------------------------------------------------

TEST(PortRoleTest, ANumberInThisHostsRangeIsEphemeral) {
    const auto port = initiators(tcp_flow("192.0.2.1:51034", web).with(Evidence::syn).here({here}));
    EXPECT_EQ(PortRole::ephemeral, port.role);
    EXPECT_EQ((EvidenceList{Evidence::syn, Evidence::in_ephemeral_range, Evidence::parity}), port.evidence);
    EXPECT_DOUBLE_EQ(0.99, port.confidence);
}

TEST(PortRoleTest, TheRangeIsThisHostsAndNotIanas) {
    const FlowCase flow = tcp_flow("192.0.2.1:10002", web).with(Evidence::syn).here({here}).range(10000, 10999);
    EXPECT_EQ(PortRole::ephemeral, initiators(flow).role);
    EXPECT_EQ(PortClass::user, initiators(flow).port_class);
}

TEST(PortRoleTest, AnotherHostsRangeCanOnlyBeSupposed) {
    const auto port = initiators(tcp_flow("203.0.113.5:51034", "192.0.2.1:22").with(Evidence::syn).here({there}));
    EXPECT_EQ(PortRole::ephemeral, port.role);
    EXPECT_EQ((EvidenceList{Evidence::syn, Evidence::iana_dynamic_range, Evidence::common_ephemeral_range}),
              port.evidence);
    EXPECT_GT(0.9, port.confidence);
}

TEST(PortRoleTest, WithoutHostFactsTheRangeCanOnlyBeSupposed) {
    const auto low = initiators(tcp_flow("192.0.2.1:40000", web).with(Evidence::syn));
    EXPECT_EQ((EvidenceList{Evidence::syn, Evidence::common_ephemeral_range}), low.evidence);
    const auto high = initiators(tcp_flow("192.0.2.1:65000", web).with(Evidence::syn));
    EXPECT_EQ((EvidenceList{Evidence::syn, Evidence::iana_dynamic_range}), high.evidence);
}

TEST(PortRoleTest, ALowNumberOfAnotherHostIsEphemeralWithLittleConfidence) {
    const auto port = initiators(tcp_flow("203.0.113.5:20011", web).with(Evidence::syn));
    EXPECT_EQ(PortRole::ephemeral, port.role);
    EXPECT_GT(0.7, port.confidence);
}

TEST(PortRoleTest, ANameThatAClientsNumberHasByChanceSpeaksAgainst) {
    const auto port = initiators(tcp_flow("203.0.113.5:8080", web).with(Evidence::syn));
    EXPECT_EQ(PortRole::ephemeral, port.role);
    EXPECT_EQ((EvidenceList{Evidence::registered}), port.against);
}

TEST(PortRoleTest, ANumberThatTheKernelSaysItChoseIsEphemeralWhateverItLooksLike) {
    const auto here_to = [](std::string_view from, std::string_view to) {
        return initiators(tcp_flow(from, to).with(Evidence::syn).here({here}).port_asked_for(here, false));
    };
    const auto inside = here_to("192.0.2.1:51034", web);
    EXPECT_EQ(PortRole::ephemeral, inside.role);
    EXPECT_EQ((EvidenceList{Evidence::syn, Evidence::kernel_autobind, Evidence::in_ephemeral_range}), inside.evidence);
    EXPECT_DOUBLE_EQ(0.99, inside.confidence);
    const auto same_at_both = here_to("192.0.2.1:40000", "198.51.100.7:40000");
    EXPECT_EQ(PortRole::ephemeral, same_at_both.role) << "the same number by chance";
    const auto outside = here_to("192.0.2.1:20011", web);
    EXPECT_EQ(PortRole::ephemeral, outside.role) << "the range was changed since";
    EXPECT_EQ((EvidenceList{Evidence::outside_ephemeral_range}), outside.against);
}

TEST(PortRoleTest, ANumberThatTheProgramAskedForIsFixedThoughTheKernelMightHaveChosenIt) {
    const auto asked =
        initiators(tcp_flow("192.0.2.1:51034", web).with(Evidence::syn).here({here}).port_asked_for(here, true));
    EXPECT_EQ(PortRole::fixed_source, asked.role);
    EXPECT_EQ((EvidenceList{Evidence::syn, Evidence::explicit_bind}), asked.evidence);
    EXPECT_EQ((EvidenceList{Evidence::in_ephemeral_range}), asked.against);
    EXPECT_DOUBLE_EQ(0.99, asked.confidence);
    const auto privileged = initiators(
        tcp_flow("192.0.2.1:987", "198.51.100.7:2049").with(Evidence::syn).here({here}).port_asked_for(here, true));
    EXPECT_EQ(PortRole::privileged_source, privileged.role);
    EXPECT_TRUE(contains(privileged.evidence, Evidence::explicit_bind));
}

TEST(PortRoleTest, AnEvenNumberIsWhatConnectGets) {
    const FlowCase even = tcp_flow("192.0.2.1:40000", web).with(Evidence::syn).here({here});
    const FlowCase odd = tcp_flow("192.0.2.1:40001", web).with(Evidence::syn).here({here});
    EXPECT_TRUE(contains(initiators(even).evidence, Evidence::parity));
    EXPECT_TRUE(contains(initiators(odd).against, Evidence::parity));
    EXPECT_LT(initiators(odd).confidence, initiators(even).confidence);
    EXPECT_LT(0.9, initiators(odd).confidence);
}

TEST(PortRoleTest, ParityIsNoEvidenceIfTheRangeBeginsOdd) {
    const auto port = initiators(tcp_flow("192.0.2.1:40000", web).with(Evidence::syn).here({here}).range(32769, 60999));
    EXPECT_FALSE(contains(port.evidence, Evidence::parity) || contains(port.against, Evidence::parity));
}

TEST(PortRoleTest, ParityIsNoEvidenceForUdp) {
    const auto port = initiators(udp_flow("192.0.2.1:40000", "198.51.100.7:53").here({here}));
    EXPECT_EQ(PortRole::ephemeral, port.role);
    EXPECT_FALSE(contains(port.evidence, Evidence::parity) || contains(port.against, Evidence::parity));
}

TEST(PortRoleTest, ParityIsNoEvidenceForAnotherHost) {
    const auto port = initiators(tcp_flow("203.0.113.5:40001", "192.0.2.1:22").with(Evidence::syn).here({there}));
    EXPECT_FALSE(contains(port.evidence, Evidence::parity) || contains(port.against, Evidence::parity));
}

TEST(PortRoleTest, AListenerOnAClientsNumberSpeaksAgainstEphemeral) {
    const auto port = initiators(tcp_flow("192.0.2.1:40000", web).with(Evidence::syn).here({here}).listener_at(here));
    EXPECT_EQ(PortRole::ephemeral, port.role);
    EXPECT_TRUE(contains(port.against, Evidence::listener));
}

// --- fixed and privileged sources ----------------------------------------------------------------------------------

TEST(PortRoleTest, ANumberOutsideThisHostsRangeWasChosenByTheProgram) {
    const auto port = initiators(tcp_flow("192.0.2.1:20000", web).with(Evidence::syn).here({here}));
    EXPECT_EQ(PortRole::fixed_source, port.role);
    EXPECT_TRUE(contains(port.evidence, Evidence::outside_ephemeral_range));
}

TEST(PortRoleTest, AReservedNumberWasChosenByTheProgram) {
    const auto port =
        initiators(tcp_flow("192.0.2.1:40000", web).with(Evidence::syn).here({here}).reserved(39999, 40001));
    EXPECT_EQ(PortRole::fixed_source, port.role);
    EXPECT_TRUE(contains(port.evidence, Evidence::outside_ephemeral_range));
}

TEST(PortRoleTest, ProtocolsWithAFixedSourceAreKnown) {
    const std::pair<const char *, const char *> flows[] = {
        {"192.0.2.1:123", "198.51.100.7:123"},   {"0.0.0.0:68", "255.255.255.255:67"},
        {"192.0.2.1:67", "192.0.2.254:67"},      {"192.0.2.1:500", "198.51.100.7:500"},
        {"192.0.2.1:4500", "198.51.100.7:4500"}, {"192.0.2.1:137", "192.0.2.255:137"},
        {"192.0.2.1:520", "224.0.0.9:520"},      {"192.0.2.1:53", "198.51.100.7:53"},
        {"[fe80::1]:546", "[ff02::1:2]:547"},    {"192.0.2.1:5353", "224.0.0.251:5353"},
        {"192.0.2.1:514", "198.51.100.7:514"},
    };
    for (const auto &[from, to] : flows) {
        const auto port = initiators(udp_flow(from, to).here({here}));
        EXPECT_EQ(PortRole::fixed_source, port.role) << from;
        EXPECT_TRUE(contains(port.evidence, Evidence::fixed_source_convention)) << from;
    }
}

TEST(PortRoleTest, AnNtpClientWithAnEphemeralPortHasOne) {
    EXPECT_EQ(PortRole::ephemeral, initiators(udp_flow("192.0.2.1:40000", "198.51.100.7:123").here({here})).role);
}

TEST(PortRoleTest, ABgpSpeakerThatConnectsHasAnEphemeralPort) {
    EXPECT_EQ(PortRole::ephemeral,
              initiators(tcp_flow("192.0.2.1:40000", "192.0.2.2:179").with(Evidence::syn).here({here})).role);
}

TEST(PortRoleTest, FtpsActiveDataComesFromPort20) {
    const auto port = initiators(tcp_flow("198.51.100.7:20", "192.0.2.1:40001").with(Evidence::syn).here({there}));
    EXPECT_EQ(PortRole::fixed_source, port.role);
}

TEST(PortRoleTest, TheSameNumberAtBothEndsWasChosen) {
    const auto port = initiators(udp_flow("192.0.2.1:51820", "198.51.100.7:51820").here({here}));
    EXPECT_EQ(PortRole::fixed_source, port.role);
    EXPECT_TRUE(contains(port.evidence, Evidence::same_port_both_ends));
    EXPECT_TRUE(contains(port.against, Evidence::in_ephemeral_range));
}

TEST(PortRoleTest, ASocketThatConnectsToItselfGotItsNumberFromTheKernel) {
    const auto port =
        initiators(tcp_flow("127.0.0.1:40000", "127.0.0.1:40000").with(Evidence::syn).here({here, there}));
    EXPECT_EQ(PortRole::ephemeral, port.role);
}

TEST(PortRoleTest, ANumberBelowTheUnprivilegedOnesTookAPrivilege) {
    const auto port = initiators(tcp_flow("192.0.2.1:987", "192.0.2.2:2049").with(Evidence::syn).here({here}));
    EXPECT_EQ(PortRole::privileged_source, port.role);
    EXPECT_TRUE(contains(port.evidence, Evidence::below_unprivileged_start));
}

TEST(PortRoleTest, OfAnotherHostTheConventionHolds) {
    const auto port = initiators(tcp_flow("192.0.2.2:987", "192.0.2.1:2049").with(Evidence::syn).here({there}));
    EXPECT_EQ(PortRole::privileged_source, port.role);
    EXPECT_GT(0.9, port.confidence);
}

TEST(PortRoleTest, WhereThisHostNeedsNoPrivilegeALowNumberIsOnlyChosen) {
    const auto port =
        initiators(tcp_flow("192.0.2.1:987", "192.0.2.2:2049").with(Evidence::syn).here({here}).unprivileged_from(0));
    EXPECT_EQ(PortRole::fixed_source, port.role);
}

// --- services ------------------------------------------------------------------------------------------------------

TEST(PortRoleTest, AListenerWithAFixedNumberIsAService) {
    const auto port =
        responders(tcp_flow("203.0.113.5:51034", "192.0.2.1:22").with(Evidence::syn).here({there}).listener_at(there));
    EXPECT_EQ(PortRole::service, port.role);
    EXPECT_EQ(
        (EvidenceList{Evidence::syn, Evidence::listener, Evidence::registered, Evidence::below_unprivileged_start}),
        port.evidence);
    EXPECT_EQ("ssh", port.registered_service->name);
    EXPECT_LT(0.95, port.confidence);
}

TEST(PortRoleTest, ARegisteredNumberOfAnotherHostIsAService) {
    const auto port = responders(tcp_flow("192.0.2.1:51034", web).with(Evidence::syn).here({here}));
    EXPECT_EQ(PortRole::service, port.role);
    EXPECT_EQ(PortClass::system, port.port_class);
    EXPECT_EQ("https", port.registered_service->name);
}

TEST(PortRoleTest, AnUnregisteredHighNumberOfAnotherHostIsAServiceWithDoubt) {
    const auto port = responders(tcp_flow("192.0.2.1:51034", "198.51.100.7:55555").with(Evidence::syn).here({here}));
    EXPECT_EQ(PortRole::service, port.role);
    EXPECT_EQ((EvidenceList{Evidence::iana_dynamic_range}), port.against);
    EXPECT_GT(0.9, port.confidence);
}

TEST(PortRoleTest, SeveralFlowsToOneEndMakeAService) {
    const auto port =
        responders(udp_flow("203.0.113.5:30001", "198.51.100.7:30003").others_come_to(Side::responder, 4));
    EXPECT_EQ(PortRole::service, port.role);
    EXPECT_TRUE(contains(port.evidence, Evidence::many_peers));
}

TEST(PortRoleTest, AListenerWhoseNumberTheKernelHandsOutIsADynamicService) {
    const auto port = responders(
        tcp_flow("203.0.113.5:51034", "192.0.2.1:40001").with(Evidence::syn).here({there}).listener_at(there));
    EXPECT_EQ(PortRole::dynamic_service, port.role);
    EXPECT_EQ((EvidenceList{Evidence::syn, Evidence::listener, Evidence::in_ephemeral_range, Evidence::parity}),
              port.evidence);
}

TEST(PortRoleTest, AnEvenNumberSpeaksAgainstBindingToPortZero) {
    const auto port = responders(
        tcp_flow("203.0.113.5:51034", "192.0.2.1:41000").with(Evidence::syn).here({there}).listener_at(there));
    EXPECT_EQ(PortRole::dynamic_service, port.role);
    EXPECT_EQ((EvidenceList{Evidence::parity}), port.against);
}

TEST(PortRoleTest, AnAnswerFromThisHostsRangeIsADynamicServiceEvenIfItsListenerIsGone) {
    const auto port = responders(tcp_flow("203.0.113.5:51034", "192.0.2.1:40001").with(Evidence::syn).here({there}));
    EXPECT_EQ(PortRole::dynamic_service, port.role);
    EXPECT_GT(0.7, port.confidence);
}

TEST(PortRoleTest, ASynThatNobodyTookProvesNoService) {
    const FlowCase taken = tcp_flow("203.0.113.5:51034", "192.0.2.1:20011").with(Evidence::syn);
    FlowCase unanswered = taken;
    FlowCase refused = taken;
    EXPECT_EQ(0.9, responders(taken).confidence);
    EXPECT_EQ(0.75, responders(unanswered.unanswered()).confidence);
    EXPECT_EQ(0.75, responders(refused.refused()).confidence);
}

TEST(PortRoleTest, ASynToThisHostsRangeThatNobodyTookIsNoDynamicService) {
    const auto port =
        responders(tcp_flow("203.0.113.5:51034", "192.0.2.1:40001").with(Evidence::syn).here({there}).refused());
    EXPECT_EQ(PortRole::service, port.role);
    EXPECT_GT(0.7, port.confidence);
}

TEST(PortRoleTest, ARegisteredNumberInsideTheRangeIsAService) {
    const auto port = responders(udp_flow("203.0.113.5:61034", "192.0.2.1:47808").here({there}).listener_at(there));
    EXPECT_EQ(PortRole::service, port.role);
    EXPECT_EQ("bacnet", port.registered_service->name);
    EXPECT_EQ((EvidenceList{Evidence::in_ephemeral_range}), port.against);
}

TEST(PortRoleTest, AGroupsPortIsSharedByMany) {
    const auto port = responders(udp_flow("192.0.2.1:5353", "224.0.0.251:5353").here({here}).group_at(there));
    EXPECT_EQ(PortRole::multicast_service, port.role);
    EXPECT_EQ("mdns", port.registered_service->name);
    EXPECT_TRUE(contains(port.evidence, Evidence::multicast_group));
}

TEST(PortRoleTest, ABroadcastSearchesForAService) {
    const auto port = responders(udp_flow("0.0.0.0:68", "255.255.255.255:67").group_at(there));
    EXPECT_EQ(PortRole::service, port.role);
}

// --- all of them ---------------------------------------------------------------------------------------------------

TEST(PortRoleTest, WithoutPortsThereIsNoRole) {
    const auto ports = FlowCase(Transport::icmp, "192.0.2.1:0", "198.51.100.7:0").with(Evidence::icmp_request).ports();
    for (const Side side : {Side::initiator, Side::responder}) {
        EXPECT_EQ(PortRole::none, ports[side].role);
        EXPECT_EQ((EvidenceList{Evidence::no_ports}), ports[side].evidence);
        EXPECT_EQ(std::nullopt, ports[side].port_class);
    }
}

TEST(PortRoleTest, ARoleIsNoSurerThanWhoBegan) {
    const FlowCase flow = tcp_flow("192.0.2.1:30001", "198.51.100.7:30003").here({here});
    EXPECT_GE(flow.began().confidence, flow.ports().initiator.confidence);
    EXPECT_GE(flow.began().confidence, flow.ports().responder.confidence);
}

TEST(PortRoleTest, AFlowSeenFromItsAnswerIsJudgedTurnedRound) {
    const auto ports = udp_flow("198.51.100.7:53", "192.0.2.1:40000").here({Side::responder}).ports();
    EXPECT_EQ(PortRole::ephemeral, ports.initiator.role);
    EXPECT_EQ(PortRole::service, ports.responder.role);
    EXPECT_EQ("domain", ports.responder.registered_service->name);
}

TEST(PortRoleTest, AnAnnouncedPortIsNegotiatedAndTheOtherOneIsNot) {
    const auto ports = tcp_flow("192.0.2.1:51001", "198.51.100.7:30005")
                           .with(Evidence::syn)
                           .negotiated_at(Side::responder, AnnouncedIn::ftp_pasv)
                           .ports();
    EXPECT_EQ(PortRole::negotiated, ports.responder.role);
    EXPECT_TRUE(contains(ports.responder.evidence, Evidence::announced));
    EXPECT_EQ(PortRole::ephemeral, ports.initiator.role);
}

TEST(PortRoleTest, ActiveFtpComesFromItsFixedPortToANegotiatedOne) {
    const auto ports = tcp_flow("198.51.100.7:20", "192.0.2.1:51001")
                           .with(Evidence::syn)
                           .negotiated_at(Side::responder, AnnouncedIn::ftp_port)
                           .ports();
    EXPECT_EQ(PortRole::fixed_source, ports.initiator.role);
    EXPECT_EQ(PortRole::negotiated, ports.responder.role);
}

TEST(PortRoleTest, TftpAnswersFromANegotiatedPortToTheClientsEphemeralOne) {
    const FlowCase flow = udp_flow("198.51.100.7:3445", "192.0.2.1:51001")
                              .with(Evidence::first_seen)
                              .others_come_to(Side::responder, 1)
                              .negotiated_at(Side::initiator, AnnouncedIn::tftp_request);
    EXPECT_EQ("198.51.100.7:3445", flow.initiator());
    EXPECT_EQ(PortRole::negotiated, flow.ports().initiator.role);
    EXPECT_EQ(PortRole::ephemeral, flow.ports().responder.role);
    EXPECT_GT(flow.ports().responder.confidence, 0.8);
}

TEST(PortRoleTest, NfsHasAFixedPortWhateverThePortMapperSays) {
    const auto nfs = udp_flow("192.0.2.1:51001", "198.51.100.7:2049")
                         .with(Evidence::first_seen)
                         .negotiated_at(Side::responder, AnnouncedIn::rpc_getport)
                         .ports();
    EXPECT_EQ(PortRole::service, nfs.responder.role);
    const auto other = udp_flow("192.0.2.1:51001", "198.51.100.7:1048")
                           .with(Evidence::first_seen)
                           .negotiated_at(Side::responder, AnnouncedIn::rpc_getport)
                           .ports();
    EXPECT_EQ(PortRole::negotiated, other.responder.role);
}

TEST(PortRoleTest, BothEndsOfALoopbackFlowAreJudgedByThisHostsRange) {
    const auto ports = tcp_flow("127.0.0.1:40000", "127.0.0.1:8080")
                           .with(Evidence::syn)
                           .here({Side::initiator, Side::responder})
                           .listener_at(Side::responder)
                           .connected_out(Side::initiator)
                           .ports();
    EXPECT_EQ(PortRole::ephemeral, ports.initiator.role);
    EXPECT_EQ(PortRole::service, ports.responder.role);
    EXPECT_TRUE(contains(ports.responder.evidence, Evidence::outside_ephemeral_range));
}

// Every combination of numbers, ends and facts, to hold what callers rely on.
TEST(PortRoleTest, EveryVerdictHasAConfidenceBetweenACoinTossAndCertaintyAndEvidenceIfItIsSure) {
    const std::uint16_t numbers[] = {0,    20,   53,    67,    68,    443,   987,   1024,
                                     5353, 8080, 30001, 32768, 40001, 47808, 60999, 65535};
    for (const Transport transport : {Transport::tcp, Transport::udp, Transport::sctp, Transport::icmp}) {
        for (const std::uint16_t from : numbers) {
            for (const std::uint16_t to : numbers) {
                for (unsigned facts = 0; facts < 128; ++facts) {
                    FlowCase flow(transport, "192.0.2.1:" + std::to_string(from), "198.51.100.7:" + std::to_string(to));
                    if (facts & 1U) flow.with(Evidence::syn);
                    if (facts & 2U) flow.here({here});
                    if (facts & 4U) flow.here({there});
                    if (facts & 8U) flow.listener_at(here);
                    if (facts & 16U) flow.listener_at(there);
                    if (facts & 32U) flow.connected_out(here);
                    if (facts & 64U) flow.others_come_to(there, 3);
                    const InitiatorVerdict began = flow.began();
                    ASSERT_FALSE(began.evidence.empty());
                    ASSERT_LE(0.5, began.confidence);
                    ASSERT_GT(1, began.confidence);
                    const auto ports = flow.ports();
                    for (const Side side : {Side::initiator, Side::responder}) {
                        ASSERT_TRUE(!ports[side].evidence.empty() || ports[side].confidence < 0.7)
                            << from << " " << to << " " << facts;
                        ASSERT_LE(0.5, ports[side].confidence);
                        ASSERT_GE(1, ports[side].confidence);
                        ASSERT_EQ(transport == Transport::icmp, ports[side].role == PortRole::none);
                    }
                }
            }
        }
    }
}

} // namespace
} // namespace doorplate

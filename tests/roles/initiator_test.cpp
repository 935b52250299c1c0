#include <gtest/gtest.h>

#include "tests/roles/flow_case.h"

namespace doorplate {
namespace {

const std::string client = "192.0.2.1:40000";
const std::string web = "198.51.100.7:443";

TEST(InitiatorTest, WhoseAnnouncedPortIsUsedDidNotBegin) {
    const FlowCase flow = tcp_flow("198.51.100.7:30005", "192.0.2.1:80")
                              .with(Evidence::first_seen)
                              .negotiated_at(Side::initiator, AnnouncedIn::ftp_pasv);
    EXPECT_EQ("192.0.2.1:80", flow.initiator()); // whatever the numbers say
    EXPECT_EQ(Evidence::announced, flow.began().evidence.front());
    EXPECT_GT(flow.began().confidence, 0.9);
}

TEST(InitiatorTest, AnAnnouncementDoesNotSayWhoBeginsToSendMedia) {
    const FlowCase flow = udp_flow("198.51.100.7:30004", "192.0.2.1:30006")
                              .with(Evidence::first_seen)
                              .negotiated_at(Side::initiator, AnnouncedIn::sdp);
    EXPECT_FALSE(contains(flow.began().evidence, Evidence::announced));
}

TEST(InitiatorTest, WhoeverSentTheSynBegan) {
    const FlowCase flow = tcp_flow(client, web).with(Evidence::syn);
    EXPECT_EQ(client, flow.initiator());
    EXPECT_EQ(Evidence::syn, flow.began().evidence.front());
    EXPECT_DOUBLE_EQ(0.99, flow.began().confidence);
}

TEST(InitiatorTest, AHandshakeIsNeverOverturned) {
    for (const Evidence handshake : {Evidence::syn, Evidence::syn_ack, Evidence::sctp_init}) {
        const FlowCase flow = tcp_flow("192.0.2.1:22", "198.51.100.7:50000")
                                  .with(handshake)
                                  .here({Side::initiator})
                                  .listener_at(Side::initiator)
                                  .others_come_to(Side::initiator, 100);
        EXPECT_EQ("192.0.2.1:22", flow.initiator());
        EXPECT_LE(0.98, flow.began().confidence);
    }
}

TEST(InitiatorTest, WhatSpeaksAgainstAHandshakeIsKept) {
    const auto verdict = tcp_flow("192.0.2.1:22", "198.51.100.7:50000")
                             .with(Evidence::syn)
                             .here({Side::initiator})
                             .listener_at(Side::initiator)
                             .began();
    EXPECT_EQ((EvidenceList{Evidence::syn}), verdict.evidence);
    EXPECT_EQ((EvidenceList{Evidence::listener, Evidence::registered, Evidence::port_class,
                            Evidence::common_ephemeral_range}),
              verdict.against);
}

TEST(InitiatorTest, ASocketThatConnectedOutBegan) {
    const FlowCase flow =
        tcp_flow("198.51.100.7:9999", "192.0.2.1:40000").here({Side::responder}).connected_out(Side::responder);
    EXPECT_EQ("192.0.2.1:40000", flow.initiator());
    EXPECT_EQ(Evidence::connected, flow.began().evidence.front());
}

TEST(InitiatorTest, TwoSocketsThatConnectedOutDecideNothing) {
    const auto verdict = udp_flow("127.0.0.1:41000", "127.0.0.1:41002")
                             .here({Side::initiator, Side::responder})
                             .connected_out(Side::initiator)
                             .connected_out(Side::responder)
                             .began();
    EXPECT_EQ((EvidenceList{Evidence::first_seen}), verdict.evidence);
}

TEST(InitiatorTest, AListenerAtOneEndMeansThatTheOtherBegan) {
    const FlowCase flow =
        tcp_flow("192.0.2.1:45000", "198.51.100.7:46000").here({Side::initiator}).listener_at(Side::initiator);
    EXPECT_EQ("198.51.100.7:46000", flow.initiator());
    EXPECT_EQ(Evidence::listener, flow.began().evidence.front());
}

TEST(InitiatorTest, ListenersAtBothEndsDecideNothing) {
    const auto verdict = tcp_flow("127.0.0.1:5000", "127.0.0.1:5001")
                             .here({Side::initiator, Side::responder})
                             .listener_at(Side::initiator)
                             .listener_at(Side::responder)
                             .began();
    EXPECT_FALSE(contains(verdict.evidence, Evidence::listener));
    EXPECT_FALSE(contains(verdict.against, Evidence::listener));
}

TEST(InitiatorTest, AUdpClientThatDoesNotConnectIsNotTakenForAServer) {
    const FlowCase flow =
        udp_flow("192.0.2.1:40000", "198.51.100.7:9999").here({Side::initiator}).listener_at(Side::initiator);
    EXPECT_EQ("192.0.2.1:40000", flow.initiator());
    EXPECT_FALSE(contains(flow.began().against, Evidence::listener));
}

TEST(InitiatorTest, ABoundUdpSocketOutsideTheRangeIsADoor) {
    const FlowCase flow =
        udp_flow("192.0.2.1:9999", "198.51.100.7:9998").here({Side::initiator}).listener_at(Side::initiator);
    EXPECT_EQ("198.51.100.7:9998", flow.initiator());
}

TEST(InitiatorTest, ATimeServerThatAsksAnotherOneBegan) {
    const FlowCase flow =
        udp_flow("192.0.2.1:123", "198.51.100.7:123").here({Side::initiator}).listener_at(Side::initiator);
    EXPECT_EQ("192.0.2.1:123", flow.initiator());
    EXPECT_EQ((EvidenceList{Evidence::first_seen}), flow.began().evidence);
}

TEST(InitiatorTest, ADhcpClientBeganWhoeverSpeaksFirst) {
    EXPECT_EQ("192.0.2.1:68", udp_flow("192.0.2.254:67", "192.0.2.1:68").initiator());
    EXPECT_EQ("192.0.2.1:68", udp_flow("192.0.2.1:68", "192.0.2.254:67").initiator());
}

TEST(InitiatorTest, AGroupNeverBegins) {
    const FlowCase flow = udp_flow("224.0.0.251:5353", "192.0.2.1:40000").group_at(Side::initiator);
    EXPECT_EQ("192.0.2.1:40000", flow.initiator());
    EXPECT_EQ(Evidence::multicast_group, flow.began().evidence.front());
}

TEST(InitiatorTest, AnAddressThatSendsIsNoGroup) {
    const FlowCase flow =
        udp_flow("239.1.2.3:2152", "198.51.100.7:2152").with(Evidence::first_seen).group_at(Side::initiator);
    EXPECT_EQ("239.1.2.3:2152", flow.initiator());
}

TEST(InitiatorTest, ANameAmongNumbersThatKernelsHandOutSaysLessThanWhoSpokeFirst) {
    const FlowCase datagrams = udp_flow("192.0.2.1:40000", "198.51.100.7:40001"); // safetynetp
    EXPECT_EQ("192.0.2.1:40000", datagrams.initiator());
    EXPECT_EQ(Evidence::first_seen, datagrams.began().evidence.front());
    EXPECT_TRUE(contains(datagrams.began().against, Evidence::registered));
    EXPECT_EQ("198.51.100.7:40001", tcp_flow("192.0.2.1:40000", "198.51.100.7:40001").initiator());
}

TEST(InitiatorTest, ARegisteredServiceWasReached) {
    const FlowCase flow = udp_flow("198.51.100.7:53", "192.0.2.1:61234");
    EXPECT_EQ("192.0.2.1:61234", flow.initiator());
    EXPECT_EQ(Evidence::registered, flow.began().evidence.front());
    EXPECT_TRUE(contains(flow.began().against, Evidence::first_seen));
}

TEST(InitiatorTest, ThisHostsRangeOutweighsANameThatANumberHasByChance) {
    const FlowCase flow = tcp_flow("198.51.100.7:9999", "192.0.2.1:44818").here({Side::responder});
    EXPECT_EQ("192.0.2.1:44818", flow.initiator());
    EXPECT_EQ(Evidence::in_ephemeral_range, flow.began().evidence.front());
}

TEST(InitiatorTest, TheLowerClassWasReachedIfBothNumbersHaveAName) {
    const FlowCase flow = tcp_flow("198.51.100.7:443", "192.0.2.1:8080");
    EXPECT_EQ("192.0.2.1:8080", flow.initiator());
    EXPECT_EQ(Evidence::port_class, flow.began().evidence.front());
}

TEST(InitiatorTest, WhoAnswersManyWasReached) {
    const FlowCase flow = udp_flow("198.51.100.7:30001", "192.0.2.1:30003").others_come_to(Side::initiator, 5);
    EXPECT_EQ("192.0.2.1:30003", flow.initiator());
    EXPECT_EQ(Evidence::many_peers, flow.began().evidence.front());
}

TEST(InitiatorTest, TwoPeersThatAreBothAskedByManyDecideNothing) {
    const FlowCase flow = udp_flow("198.51.100.7:30001", "192.0.2.1:30003")
                              .others_come_to(Side::initiator, 5)
                              .others_come_to(Side::responder, 4);
    EXPECT_EQ((EvidenceList{Evidence::first_seen}), flow.began().evidence);
}

TEST(InitiatorTest, WithNothingElseWhoWasSeenFirstBeganPerhaps) {
    const auto verdict = tcp_flow("198.51.100.7:30001", "192.0.2.1:30003").began();
    EXPECT_FALSE(verdict.flip);
    EXPECT_EQ((EvidenceList{Evidence::first_seen}), verdict.evidence);
    EXPECT_GT(0.6, verdict.confidence);
}

TEST(InitiatorTest, EvidenceAgainstMakesLessSure) {
    const double agreed =
        tcp_flow(client, web).here({Side::initiator}).connected_out(Side::initiator).began().confidence;
    const double disputed = tcp_flow("192.0.2.1:443", "198.51.100.7:50000")
                                .here({Side::initiator})
                                .connected_out(Side::initiator)
                                .began()
                                .confidence;
    EXPECT_LT(disputed, agreed);
    EXPECT_LT(0.5, disputed);
}

TEST(InitiatorTest, WithoutPortsOnlyTheRequestAndTheFirstPacketCount) {
    const FlowCase ping = FlowCase(Transport::icmp, "192.0.2.1:0", "198.51.100.7:0").with(Evidence::icmp_request);
    EXPECT_EQ((EvidenceList{Evidence::icmp_request}), ping.began().evidence);
    const FlowCase esp = FlowCase(Transport::esp, "192.0.2.1:0", "198.51.100.7:0");
    EXPECT_EQ((EvidenceList{Evidence::first_seen}), esp.began().evidence);
}

// Turning a flow round must not change the verdict: else the next look would turn it back.
TEST(InitiatorTest, AVerdictStandsWhenTheFlowIsTurnedTheWayItSays) {
    const FlowCase as_seen = udp_flow("198.51.100.7:53", "192.0.2.1:61234");
    const FlowCase turned = udp_flow("192.0.2.1:61234", "198.51.100.7:53");
    EXPECT_TRUE(as_seen.began().flip);
    EXPECT_FALSE(turned.began().flip);
}

} // namespace
} // namespace doorplate

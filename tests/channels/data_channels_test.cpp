#include "analyze/channels/data_channels.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/channels/control_flow.h"

namespace doorplate {
namespace {

constexpr const char *client = "192.0.2.1:51000";
constexpr const char *server = "198.51.100.7:21";
constexpr std::string_view passive = "227 Entering Passive Mode (198,51,100,7,117,53)\r\n"; // port 30005

class FtpChannelsTest : public testing::Test {
  protected:
    std::string passive_connection() { return ftp_.claimed(Transport::tcp, "192.0.2.1:51001", "198.51.100.7:30005"); }

    ControlFlow ftp_{Transport::tcp, client, server};
};

TEST_F(FtpChannelsTest, TheClientComesToThePortThatTheServerAnnounced) {
    ftp_.client("PASV\r\n").server(passive);
    EXPECT_EQ("ftp_pasv of the responder", passive_connection());
}

TEST_F(FtpChannelsTest, TheServerComesToThePortThatTheClientAnnounced) {
    ftp_.client("PORT 192,0,2,1,4,210\r\n");
    EXPECT_EQ("ftp_port of the responder", ftp_.claimed(Transport::tcp, "198.51.100.7:20", "192.0.2.1:1234"));
}

TEST_F(FtpChannelsTest, AFlowThatIsFirstSeenFromItsResponderIsFoundAsWell) {
    ftp_.server(passive);
    EXPECT_EQ("ftp_pasv of the initiator", ftp_.claimed(Transport::tcp, "198.51.100.7:30005", "192.0.2.1:51001"));
}

TEST_F(FtpChannelsTest, OneAnnouncementIsForOneConnection) {
    ftp_.server(passive);
    EXPECT_EQ("ftp_pasv of the responder", passive_connection());
    EXPECT_EQ("nothing", passive_connection());
    EXPECT_FALSE(ftp_.channels().expects_any());
}

TEST_F(FtpChannelsTest, OnlyTheOtherEndOfTheControlFlowIsExpected) {
    ftp_.server(passive);
    EXPECT_EQ("nothing", ftp_.claimed(Transport::tcp, "203.0.113.9:51001", "198.51.100.7:30005"));
    EXPECT_EQ("nothing", ftp_.claimed(Transport::udp, "192.0.2.1:51001", "198.51.100.7:30005"));
    EXPECT_EQ("nothing", ftp_.claimed(Transport::tcp, "192.0.2.1:51001", "198.51.100.7:30006"));
    EXPECT_EQ("ftp_pasv of the responder", passive_connection());
}

TEST_F(FtpChannelsTest, TheExtendedReplyMeansTheServersAddress) {
    ftp_.server("229 Entering Extended Passive Mode (|||30005|)\r\n");
    EXPECT_EQ("ftp_epsv of the responder", passive_connection());
}

TEST_F(FtpChannelsTest, AnAddressBehindNatMeansTheServers) {
    ftp_.server("227 Entering Passive Mode (10,0,0,5,117,53)\r\n");
    EXPECT_EQ("ftp_pasv of the responder", passive_connection());
    EXPECT_EQ(0U, ftp_.channels().not_believed());
}

TEST_F(FtpChannelsTest, AThirdHostsPortIsNotBelieved) {
    ftp_.server("227 Entering Passive Mode (203,0,113,9,117,53)\r\n").client("PORT 203,0,113,9,4,210\r\n");
    EXPECT_EQ("nothing", passive_connection());
    EXPECT_EQ("nothing", ftp_.claimed(Transport::tcp, "192.0.2.1:51001", "203.0.113.9:30005"));
    EXPECT_EQ("nothing", ftp_.claimed(Transport::tcp, "198.51.100.7:20", "203.0.113.9:1234"));
    EXPECT_EQ(2U, ftp_.channels().not_believed());
}

TEST_F(FtpChannelsTest, ASplitAnnouncementIsOne) {
    for (const char letter : passive) ftp_.server(std::string(1, letter));
    EXPECT_EQ("ftp_pasv of the responder", passive_connection());
}

TEST_F(FtpChannelsTest, AnAnnouncementInTheWrongOrderIsPutInOrder) {
    ftp_.server("220 Hello\r\n");
    ftp_.server_after_gap(passive.substr(20), 20);
    EXPECT_EQ("nothing", passive_connection());
    ftp_.server_fills_gap(passive.substr(0, 20));
    EXPECT_EQ("ftp_pasv of the responder", passive_connection());
}

TEST_F(FtpChannelsTest, AnAnnouncementExpires) {
    ftp_.server(passive).later(std::chrono::minutes(5) + std::chrono::seconds(1));
    EXPECT_EQ("nothing", passive_connection());
    EXPECT_FALSE(ftp_.channels().expects_any());
}

TEST_F(FtpChannelsTest, ARenewedAnnouncementExpiresWhateverWaitsLonger) {
    ftp_.server(passive).later(std::chrono::seconds(10)).server(passive).later(std::chrono::seconds(280));
    ftp_.server("227 Entering Passive Mode (198,51,100,7,117,54)\r\n").later(std::chrono::seconds(60));
    EXPECT_EQ("nothing", passive_connection());
}

TEST_F(FtpChannelsTest, AReplyWhoseEndWasNotCapturedHidesNoOthers) {
    ftp_.server("220-Hello\r\n").server_after_gap(std::string(5000, 'x') + "\r\n", 20).server(passive);
    EXPECT_EQ("ftp_pasv of the responder", passive_connection());
}

TEST_F(FtpChannelsTest, AnAnnouncementOutlivesItsControlFlow) {
    ftp_.server(passive).ends();
    EXPECT_EQ("ftp_pasv of the responder", passive_connection());
}

TEST_F(FtpChannelsTest, AnEncryptedControlFlowIsNotReadAnyMore) {
    ftp_.client("AUTH TLS\r\n").server("234 Proceed\r\n");
    EXPECT_FALSE(ftp_.is_read());
    ftp_.server(passive);
    EXPECT_EQ("nothing", passive_connection());
}

TEST(DataChannelsTest, TftpIsAnsweredFromAnotherPort) {
    ControlFlow tftp(Transport::udp, "192.0.2.1:51000", "198.51.100.7:69");
    tftp.client(std::string_view("\0\1file\0octet\0", 13));
    EXPECT_EQ("nothing", tftp.claimed(Transport::udp, "192.0.2.1:51000", "198.51.100.7:69"));
    EXPECT_EQ("nothing", tftp.claimed(Transport::udp, "203.0.113.9:3000", "192.0.2.1:51000"));
    EXPECT_EQ("tftp_request of the initiator", tftp.claimed(Transport::udp, "198.51.100.7:3000", "192.0.2.1:51000"));
}

std::string offer(std::string_view address, int port) {
    return fmt::format("INVITE sip:b@example.org SIP/2.0\r\n\r\nv=0\r\nc=IN IP4 {}\r\nm=audio {} RTP/AVP 0\r\n",
                       address, port);
}
std::string answer(std::string_view address, int port) {
    return fmt::format("SIP/2.0 200 OK\r\n\r\nv=0\r\nc=IN IP4 {}\r\nm=audio {} RTP/AVP 0\r\n", address, port);
}

TEST(DataChannelsTest, BothEndsOfACallMayBeAnnounced) {
    ControlFlow sip(Transport::udp, "192.0.2.1:5060", "198.51.100.7:5060");
    sip.client(offer("192.0.2.1", 5004)).server(answer("198.51.100.7", 6004));
    EXPECT_EQ("sdp of both", sip.claimed(Transport::udp, "192.0.2.1:5004", "198.51.100.7:6004"));
    EXPECT_EQ("sdp of both", sip.claimed(Transport::udp, "198.51.100.7:6005", "192.0.2.1:5005"));
}

TEST(DataChannelsTest, AHostsOwnMediaMayComeFromAnywhere) {
    ControlFlow sip(Transport::udp, "192.0.2.1:5060", "198.51.100.7:5060");
    sip.client(offer("192.0.2.1", 5004));
    EXPECT_EQ("sdp of the responder", sip.claimed(Transport::udp, "203.0.113.9:7000", "192.0.2.1:5004"));
}

TEST(DataChannelsTest, AThirdHostsMediaAreForWhoWasToldOfThem) {
    ControlFlow sip(Transport::udp, "192.0.2.1:5060", "198.51.100.7:5060");
    sip.server(answer("203.0.113.9", 6004));
    EXPECT_EQ("nothing", sip.claimed(Transport::udp, "192.0.2.99:5004", "203.0.113.9:6004"));
    EXPECT_EQ("sdp of the responder", sip.claimed(Transport::udp, "192.0.2.1:5004", "203.0.113.9:6004"));
}

TEST(DataChannelsTest, BetweenProxiesBothEndsMustHaveBeenAnnounced) {
    ControlFlow sip(Transport::udp, "192.0.2.1:5060", "198.51.100.7:5060");
    sip.client(offer("203.0.113.5", 5004)).server(answer("203.0.113.9", 6004));
    EXPECT_EQ("nothing", sip.claimed(Transport::udp, "203.0.113.5:5999", "203.0.113.9:6004"));
    EXPECT_EQ("sdp of both", sip.claimed(Transport::udp, "203.0.113.5:5004", "203.0.113.9:6004"));
}

TEST(DataChannelsTest, ACallThatGoesOnIsExpectedAnew) {
    ControlFlow sip(Transport::udp, "192.0.2.1:5060", "198.51.100.7:5060");
    sip.client(offer("192.0.2.1", 5004));
    for (int i = 0; i < 4; ++i) {
        sip.later(std::chrono::minutes(4));
        EXPECT_EQ("sdp of the responder", sip.claimed(Transport::udp, "198.51.100.7:7000", "192.0.2.1:5004"));
    }
    sip.later(std::chrono::minutes(6));
    EXPECT_EQ("nothing", sip.claimed(Transport::udp, "198.51.100.7:7000", "192.0.2.1:5004"));
}

TEST(DataChannelsTest, AFloodOfAnnouncementsLeavesTheLastOnes) {
    ControlFlow ftp(Transport::tcp, client, server, {.per_control_flow = 8});
    for (int port = 1000; port < 2000; ++port) ftp.client(fmt::format("EPRT |1|192.0.2.1|{}|\r\n", port));
    EXPECT_EQ(992U, ftp.channels().forgotten());
    EXPECT_EQ("nothing", ftp.claimed(Transport::tcp, "198.51.100.7:20", "192.0.2.1:1991"));
    EXPECT_EQ("ftp_eprt of the responder", ftp.claimed(Transport::tcp, "198.51.100.7:20", "192.0.2.1:1992"));
}

TEST(DataChannelsTest, AnnouncementsInAllAreBounded) {
    ControlFlow ftp(Transport::tcp, client, server, {.expectations = 4});
    for (int port = 1000; port < 1100; ++port) ftp.client(fmt::format("EPRT |1|192.0.2.1|{}|\r\n", port));
    EXPECT_EQ(96U, ftp.channels().forgotten());
    EXPECT_EQ("nothing", ftp.claimed(Transport::tcp, "198.51.100.7:20", "192.0.2.1:1095"));
    EXPECT_EQ("ftp_eprt of the responder", ftp.claimed(Transport::tcp, "198.51.100.7:20", "192.0.2.1:1096"));
}

TEST(DataChannelsTest, ControlFlowsAreBounded) {
    DataChannels channels({.control_flows = 4});
    for (std::uint64_t id = 1; id <= 10; ++id) channels.follow({id, Transport::tcp, {}, 0}, {});
    EXPECT_EQ(6U, channels.forgotten());
}

TEST(DataChannelsTest, TheEndOfTimeIsNotPassed) {
    ControlFlow ftp(Transport::tcp, client, server);
    ftp.later(Timestamp::max() - Timestamp(std::chrono::seconds(1'700'000'000))).server(passive);
    EXPECT_EQ("ftp_pasv of the responder", ftp.claimed(Transport::tcp, "192.0.2.1:51001", "198.51.100.7:30005"));
}

TEST(DataChannelsTest, OtherFlowsAreNotControlFlows) {
    EXPECT_FALSE(control_by_port(Transport::tcp, {51000, 443}));
    EXPECT_FALSE(control_by_port(Transport::udp, {51000, 21}));
    EXPECT_EQ(Side::initiator, control_by_port(Transport::tcp, {21, 51000})->server);
}

} // namespace
} // namespace doorplate

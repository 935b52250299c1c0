// What each control protocol's bytes announce.
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/channels/dcc.h"
#include "analyze/channels/ftp.h"
#include "analyze/channels/port_mapper.h"
#include "analyze/channels/rtsp.h"
#include "analyze/channels/session_description.h"
#include "analyze/channels/skinny.h"
#include "analyze/channels/tftp.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()}; }

// "192.0.2.1:5000", "own:5000", "own:own", "nothing"
std::string place(const Announcement &announcement) {
    return (announcement.address ? announcement.address->to_string() : "own") + ":" +
           (announcement.port ? std::to_string(*announcement.port) : "own");
}
std::string place(const std::optional<Announcement> &announcement) {
    return announcement ? place(*announcement) : "nothing";
}

std::vector<std::string> places(const Announcements &announcements) {
    std::vector<std::string> result;
    for (const Announcement &announcement : announcements) result.push_back(place(announcement));
    return result;
}

std::vector<std::string> read(ControlReader &reader, Speaker from, std::string_view text) {
    Announcements out;
    reader.read(from, bytes_of(text), out);
    reader.pause(from, out);
    return places(out);
}

TEST(FtpTest, PortNamesTheClientsAddressAndPort) {
    EXPECT_EQ("192.0.2.1:1234", place(ftp_command("PORT 192,0,2,1,4,210")));
    EXPECT_EQ("192.0.2.1:1234", place(ftp_command("port 192,0,2,1,4,210")));
}

TEST(FtpTest, NumbersThatAreNoAddressAnnounceNothing) {
    for (const char *line : {"PORT ", "PORT 1,2,3,4,5", "PORT 1,2,3,4,5,256", "PORT 1,2,3,4,0,0", "PORT 1,2,3,4,5,",
                             "PORT 1,2,3,4,5,6,7", "PORT a,b", "PORT", "PORTER 1,2,3,4,5,6", "PORT -1,2,3,4,5,6"})
        EXPECT_EQ("nothing", place(ftp_command(line))) << line;
}

TEST(FtpTest, EprtNamesEitherFamily) {
    EXPECT_EQ("192.0.2.1:6275", place(ftp_command("EPRT |1|192.0.2.1|6275|")));
    EXPECT_EQ("2001:db8::1:5282", place(ftp_command("EPRT !2!2001:db8::1!5282!")));
    EXPECT_EQ("nothing", place(ftp_command("EPRT |1|2001:db8::1|5282|")));
    EXPECT_EQ("nothing", place(ftp_command("EPRT |1|192.0.2.1|6275")));
    EXPECT_EQ("nothing", place(ftp_command("EPRT |||6275|")));
    EXPECT_EQ("nothing", place(ftp_command("EPRT |1|192.0.2.1|65536|")));
    EXPECT_EQ("nothing", place(ftp_command("EPRT ")));
}

TEST(FtpTest, TheLongFormHasBothFamilies) {
    EXPECT_EQ("192.0.2.1:1234", place(ftp_command("LPRT 4,4,192,0,2,1,2,4,210")));
    EXPECT_EQ("2001:db8::1:1234",
              place(ftp_reply("228 Entering Long Passive Mode (6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,4,210)")));
    EXPECT_EQ("nothing", place(ftp_command("LPRT 6,4,192,0,2,1,2,4,210")));
    EXPECT_EQ("nothing", place(ftp_command("LPRT 4,4,192,0,2,1,2,4")));
    EXPECT_EQ("nothing", place(ftp_command("LPRT 4")));
}

TEST(FtpTest, PassiveRepliesNeedNoParentheses) {
    EXPECT_EQ("198.51.100.7:30005", place(ftp_reply("227 Entering Passive Mode (198,51,100,7,117,53).")));
    EXPECT_EQ("198.51.100.7:30005", place(ftp_reply("227 =198,51,100,7,117,53")));
    EXPECT_EQ("nothing", place(ftp_reply("227 Entering Passive Mode")));
    EXPECT_EQ("nothing", place(ftp_reply("227")));
}

TEST(FtpTest, ExtendedPassiveRepliesHaveThePortOnly) {
    EXPECT_EQ("own:6446", place(ftp_reply("229 Entering Extended Passive Mode (|||6446|)")));
    EXPECT_EQ("nothing", place(ftp_reply("229 Entering Extended Passive Mode (|||0|)")));
    EXPECT_EQ("nothing", place(ftp_reply("229 Entering Extended Passive Mode (")));
    EXPECT_EQ("nothing", place(ftp_reply("229 Entering Extended Passive Mode |||6446|")));
}

TEST(FtpTest, TextInsideALongReplyIsNoReply) {
    const auto ftp = make_ftp_reader();
    EXPECT_THAT(read(*ftp, Speaker::server, "211-Status:\r\n227 (198,51,100,7,117,53)\r\n211 End\r\n"), IsEmpty());
    EXPECT_THAT(read(*ftp, Speaker::server, "227 (198,51,100,7,117,53)\r\n"), ElementsAre("198.51.100.7:30005"));
}

TEST(FtpTest, AShortReplyIsOnlyShort) {
    const auto ftp = make_ftp_reader();
    EXPECT_THAT(read(*ftp, Speaker::server, "2\n22\n227\n\n211-\n21\n211\n211 \n"), IsEmpty());
    EXPECT_THAT(read(*ftp, Speaker::server, "227 (198,51,100,7,117,53)\r\n"), ElementsAre("198.51.100.7:30005"));
}

TEST(FtpTest, ClientsDoNotReplyAndServersDoNotCommand) {
    const auto ftp = make_ftp_reader();
    EXPECT_THAT(read(*ftp, Speaker::client, "227 (198,51,100,7,117,53)\r\n"), IsEmpty());
    EXPECT_THAT(read(*ftp, Speaker::server, "PORT 192,0,2,1,4,210\r\n"), IsEmpty());
}

TEST(FtpTest, WhatComesAfterTlsBeginsCannotBeRead) {
    const auto ftp = make_ftp_reader();
    EXPECT_FALSE(ftp->is_over());
    (void)read(*ftp, Speaker::server, "234 AUTH TLS OK.\r\n");
    EXPECT_TRUE(ftp->is_over());
}

TEST(TftpTest, RequestsAnnounceThePortTheyComeFrom) {
    const auto tftp = make_tftp_reader();
    EXPECT_THAT(read(*tftp, Speaker::client, std::string_view("\0\1file\0octet\0", 13)), ElementsAre("own:own"));
    EXPECT_THAT(read(*tftp, Speaker::client, std::string_view("\0\2file\0octet\0", 13)), ElementsAre("own:own"));
    EXPECT_THAT(read(*tftp, Speaker::client, std::string_view("\0\4\0\1", 4)), IsEmpty());
    EXPECT_THAT(read(*tftp, Speaker::client, std::string_view("\0\1", 2)), IsEmpty());
    EXPECT_THAT(read(*tftp, Speaker::client, "\1"), IsEmpty());
    EXPECT_THAT(read(*tftp, Speaker::server, std::string_view("\0\1file\0octet\0", 13)), IsEmpty());
}

std::vector<std::string> described(std::string_view text) {
    const auto reader = make_session_description_reader();
    return read(*reader, Speaker::client, text);
}

TEST(SessionDescriptionTest, MediaHaveThePortBehindTheirOwnForReports) {
    EXPECT_THAT(described("INVITE sip:bob@example.org SIP/2.0\r\nContent-Type: application/sdp\r\n\r\n"
                          "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 49170 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\n"),
                ElementsAre("192.0.2.1:49170", "192.0.2.1:49171"));
}

TEST(SessionDescriptionTest, AMediumsOwnAddressCounts) {
    EXPECT_THAT(described("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 5000 RTP/AVP 0\r\nm=video 6000 RTP/SAVP 31\r\n"
                          "c=IN IP6 2001:db8::1\r\n"),
                ElementsAre("192.0.2.1:5000", "192.0.2.1:5001", "2001:db8::1:6000", "2001:db8::1:6001"));
}

TEST(SessionDescriptionTest, ReportsMayHaveAPortOfTheirOwn) {
    EXPECT_THAT(described("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 5000 RTP/AVP 0\r\na=rtcp:53020\r\n"),
                ElementsAre("192.0.2.1:5000", "192.0.2.1:53020"));
}

TEST(SessionDescriptionTest, FaxHasOnePort) {
    EXPECT_THAT(described("v=0\r\nc=IN IP4 192.0.2.1\r\nm=image 5000 udptl t38\r\n"), ElementsAre("192.0.2.1:5000"));
}

TEST(SessionDescriptionTest, WhatNobodyCanSendToIsNotAnnounced) {
    EXPECT_THAT(described("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 0\r\n"), IsEmpty());
    EXPECT_THAT(described("v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 5000 RTP/AVP 0\r\n"), IsEmpty());
    EXPECT_THAT(described("v=0\r\nc=IN IP4 224.2.1.1/127\r\nm=audio 5000 RTP/AVP 0\r\n"), IsEmpty());
    EXPECT_THAT(described("v=0\r\nc=IN IP4 x\r\nm=audio 5000 RTP/AVP 0\r\n"), IsEmpty());
    EXPECT_THAT(described("v=0\r\nm=audio 5000 RTP/AVP 0\r\n"), IsEmpty());
    EXPECT_THAT(described("v=0\r\nc=IN IP4 192.0.2.1\r\nm=message 5000 TCP/MSRP *\r\n"), IsEmpty());
    EXPECT_THAT(described("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 70000 RTP/AVP 0\r\n"), IsEmpty());
}

TEST(SessionDescriptionTest, PortsEndAtTheLargestNumber) {
    EXPECT_THAT(described("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 65535/4000000000 RTP/AVP 0\r\n"),
                ElementsAre("192.0.2.1:65535"));
}

TEST(SessionDescriptionTest, ALineThatTheDatagramCutsOffIsNotRead) {
    EXPECT_THAT(described("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 491"), IsEmpty());
}

TEST(SessionDescriptionTest, AnotherDescriptionForgetsTheOneBefore) {
    EXPECT_THAT(described("v=0\r\nc=IN IP4 192.0.2.1\r\nv=0\r\nm=audio 5000 RTP/AVP 0\r\n"), IsEmpty());
}

TEST(RtspTest, EachSideAnnouncesItsOwnPorts) {
    const auto rtsp = make_rtsp_reader();
    EXPECT_THAT(read(*rtsp, Speaker::client,
                     "SETUP rtsp://example.org/a RTSP/1.0\r\nCSeq: 2\r\n"
                     "Transport: RTP/AVP;unicast;client_port=4588-4589\r\n\r\n"),
                ElementsAre("own:4588", "own:4589"));
    EXPECT_THAT(read(*rtsp, Speaker::server,
                     "RTSP/1.0 200 OK\r\nTransport: "
                     "RTP/AVP;unicast;client_port=4588-4589;server_port=6256-6257\r\n\r\n"),
                ElementsAre("own:6256", "own:6257"));
}

TEST(RtspTest, InterleavedAndMulticastMediaNeedNoPorts) {
    const auto rtsp = make_rtsp_reader();
    EXPECT_THAT(read(*rtsp, Speaker::client, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"), IsEmpty());
    EXPECT_THAT(read(*rtsp, Speaker::client, "Transport: RTP/AVP;multicast;client_port=4588-4589\r\n"), IsEmpty());
    EXPECT_THAT(read(*rtsp, Speaker::client, "Transport: RTP/AVP/TCP;interleaved=0-1,RTP/AVP;client_port=10-11\r\n"),
                ElementsAre("own:10", "own:11"));
}

TEST(RtspTest, BrokenRangesAnnounceNothing) {
    const auto rtsp = make_rtsp_reader();
    for (const char *line : {"Transport:\r\n", "Transport: ,,,;;;==\r\n", "Transport: RTP/AVP;client_port=\r\n",
                             "Transport: RTP/AVP;client_port=99999-1\r\n", "Transport: RTP/AVP;client_port=0\r\n"})
        EXPECT_THAT(read(*rtsp, Speaker::client, line), IsEmpty()) << line;
}

TEST(DccTest, OffersNameAnAddressAsANumber) {
    EXPECT_EQ("192.168.1.9:5000", place(dcc_offer("PRIVMSG bob :\001DCC SEND a.txt 3232235785 5000 1024\001")));
    EXPECT_EQ("192.168.1.9:5000",
              place(dcc_offer(":al!a@example.org PRIVMSG bob :\001DCC CHAT chat 3232235785 5000\001")));
    EXPECT_EQ("192.168.1.9:5000", place(dcc_offer("PRIVMSG bob :\001DCC SEND \"a b.txt\" 3232235785 5000 9\001")));
    EXPECT_EQ("2001:db8::1:5000", place(dcc_offer("PRIVMSG bob :\001DCC SEND a 2001:db8::1 5000 9\001")));
}

TEST(DccTest, WhatIsNoOfferAnnouncesNothing) {
    for (const char *line :
         {"PRIVMSG bob :DCC SEND a 3232235785 5000 9", "PRIVMSG bob :\001DCC SEND a 3232235785 0 9\001",
          "PRIVMSG bob :\001DCC SEND a 99999999999 5000\001", "PRIVMSG bob :\001DCC SEND \"a 3232235785 5000 9\001",
          "PRIVMSG bob :\001DCC ", "PRIVMSG bob :\001DCC RESUME a 5000 9\001", "\001DCC SEND a 3232235785 5000 9\001"})
        EXPECT_EQ("nothing", place(dcc_offer(line))) << line;
}

std::string little32(std::uint32_t number) {
    std::string text;
    for (unsigned shift = 0; shift < 32; shift += 8) text += static_cast<char>(number >> shift & 0xff);
    return text;
}
std::string big32(std::uint32_t number) {
    const std::string little = little32(number);
    return {little.rbegin(), little.rend()};
}

std::string skinny_message(std::uint32_t version, std::uint32_t id, const std::string &body) {
    return little32(static_cast<std::uint32_t>(body.size() + 4)) + little32(version) + little32(id) + body;
}

TEST(SkinnyTest, PhonesSayWhereTheyListenAndAreToldWhomToSendTo) {
    const auto skinny = make_skinny_reader();
    const std::string address("\xc0\0\2\1", 4);
    EXPECT_THAT(read(*skinny, Speaker::client, skinny_message(0, 0x22, little32(0) + address + little32(17718))),
                ElementsAre("192.0.2.1:17718"));
    EXPECT_THAT(
        read(*skinny, Speaker::server, skinny_message(0, 0x8a, little32(7) + little32(9) + address + little32(9395))),
        ElementsAre("192.0.2.1:9395"));
    EXPECT_THAT(
        read(*skinny, Speaker::server,
             skinny_message(
                 17, 0x8a, little32(7) + little32(9) + little32(0) + address + std::string(12, '\0') + little32(9395))),
        ElementsAre("192.0.2.1:9395"));
}

TEST(SkinnyTest, BrokenMessagesAnnounceNothing) {
    const auto skinny = make_skinny_reader();
    const std::string address("\xc0\0\2\1", 4);
    for (const std::string &message :
         {skinny_message(0, 0x22, little32(1) + address + little32(17718)), // not opened
          skinny_message(0, 0x22, little32(0) + address + little32(0x10000)), skinny_message(0, 0x22, ""),
          skinny_message(0, 0x8a, little32(0)), skinny_message(17, 0x22, little32(0) + little32(7) + address),
          little32(0xffffffff) + little32(0) + little32(0x22)})
        EXPECT_THAT(read(*skinny, Speaker::client, message), IsEmpty());
}

// A call of the port mapper without credentials.
std::string rpc_call(std::uint32_t id, std::uint32_t version, std::uint32_t procedure, const std::string &arguments) {
    return big32(id) + big32(0) + big32(2) + big32(100000) + big32(version) + big32(procedure) + big32(0) + big32(0) +
           big32(0) + big32(0) + arguments;
}
std::string rpc_reply(std::uint32_t id, const std::string &result) {
    return big32(id) + big32(1) + big32(0) + big32(0) + big32(0) + big32(0) + result;
}
std::string xdr_string(const std::string &text) {
    return big32(static_cast<std::uint32_t>(text.size())) + text + std::string((4 - text.size() % 4) % 4, '\0');
}

TEST(PortMapperTest, AnswersBelongToQuestions) {
    const auto mapper = make_port_mapper_reader(Transport::udp);
    (void)read(*mapper, Speaker::client, rpc_call(7, 2, 3, big32(100003) + big32(3) + big32(6) + big32(0)));
    EXPECT_THAT(read(*mapper, Speaker::server, rpc_reply(8, big32(2049))), IsEmpty());
    Announcements out;
    mapper->read(Speaker::server, bytes_of(rpc_reply(7, big32(2049))), out);
    EXPECT_THAT(out, ElementsAre(Announcement{AnnouncedIn::rpc_getport, Transport::tcp, std::nullopt, 2049}));
    EXPECT_THAT(read(*mapper, Speaker::server, rpc_reply(7, big32(2049))), IsEmpty()); // answered
}

TEST(PortMapperTest, RpcbindAnswersWithAnAddress) {
    const auto mapper = make_port_mapper_reader(Transport::udp);
    const std::string question =
        big32(100005) + big32(3) + xdr_string("udp6") + xdr_string("") + xdr_string("superuser");
    (void)read(*mapper, Speaker::client, rpc_call(7, 4, 3, question));
    EXPECT_THAT(read(*mapper, Speaker::server, rpc_reply(7, xdr_string("2001:db8::1.8.1"))),
                ElementsAre("2001:db8::1:2049"));
}

TEST(PortMapperTest, RecordsOfAStreamHaveLengths) {
    const auto mapper = make_port_mapper_reader(Transport::tcp);
    const std::string call = rpc_call(7, 2, 3, big32(100003) + big32(3) + big32(17) + big32(0));
    const std::string reply = rpc_reply(7, big32(1048));
    (void)read(*mapper, Speaker::client, big32(0x80000000U | static_cast<std::uint32_t>(call.size())));
    (void)read(*mapper, Speaker::client, call);
    const std::string record = big32(0x80000000U | static_cast<std::uint32_t>(reply.size())) + reply;
    EXPECT_THAT(read(*mapper, Speaker::server, record.substr(0, 9)), IsEmpty());
    EXPECT_THAT(read(*mapper, Speaker::server, record.substr(9)), ElementsAre("own:1048"));
}

TEST(PortMapperTest, NoAnswerAnnouncesNothing) {
    const std::string question = big32(100003) + big32(3) + big32(6) + big32(0);
    for (const std::string &answer :
         {rpc_reply(7, big32(0)), rpc_reply(7, big32(70000)), rpc_reply(7, ""),
          big32(7) + big32(1) + big32(1) + big32(0) + big32(0) + big32(0) + big32(2049), // denied
          big32(7) + big32(1) + big32(0) + big32(0) + big32(0xffffffff)}) {
        const auto mapper = make_port_mapper_reader(Transport::udp);
        (void)read(*mapper, Speaker::client, rpc_call(7, 2, 3, question));
        EXPECT_THAT(read(*mapper, Speaker::server, answer), IsEmpty());
    }
    for (const char *address : {"", ".", "192.0.2.1", "192.0.2.1.0.0", "192.0.2.1.256.1", "192.0.2.1.8.", "x.1.1"}) {
        const auto mapper = make_port_mapper_reader(Transport::udp);
        (void)read(*mapper, Speaker::client,
                   rpc_call(7, 3, 3, big32(100003) + big32(3) + xdr_string("tcp") + xdr_string("") + xdr_string("")));
        EXPECT_THAT(read(*mapper, Speaker::server, rpc_reply(7, xdr_string(address))), IsEmpty()) << address;
    }
}

TEST(PortMapperTest, QuestionsWithoutAnswerAreForgotten) {
    const auto mapper = make_port_mapper_reader(Transport::udp);
    const std::string question = big32(100003) + big32(3) + big32(6) + big32(0);
    for (std::uint32_t id = 0; id < 100; ++id) (void)read(*mapper, Speaker::client, rpc_call(id, 2, 3, question));
    EXPECT_THAT(read(*mapper, Speaker::server, rpc_reply(0, big32(2049))), IsEmpty());
    EXPECT_THAT(read(*mapper, Speaker::server, rpc_reply(99, big32(2049))), ElementsAre("own:2049"));
}

} // namespace
} // namespace doorplate

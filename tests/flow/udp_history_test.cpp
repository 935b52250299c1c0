#include "analyze/udp_history.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "talk.h"

namespace doorplate {
namespace {

// What is seen of datagrams between a client and a server. D and d: a datagram; C and c: one with a wrong checksum;
// upper case is the client's. One each second.
std::string seen(std::string_view datagrams, const FlowTableOptions &options = {}) {
    std::string text;
    FlowTable table(options, [&](const FlowTable::View &view) {
        const Flow flow = view.flow();
        text += (text.empty() ? "" : "; ") + flow.udp->state + " " + flow.udp->history;
    });
    Timestamp now = noon;
    for (const char letter : datagrams) {
        const bool from_client = letter == 'D' || letter == 'C';
        Dissection datagram = from_client ? packet_between(Transport::udp, "192.0.2.1", 4000, "198.51.100.2", 53, 10)
                                          : packet_between(Transport::udp, "198.51.100.2", 53, "192.0.2.1", 4000, 10);
        if (letter == 'C' || letter == 'c') datagram.transport_checksum = Checksum::bad;
        table.add(frame_of(datagram, now), datagram);
        now += std::chrono::seconds(1);
    }
    table.finish();
    return text;
}

TEST(UdpHistory, OfAnExchangeWithoutAnAnswerIsS0) { EXPECT_EQ("S0 D", seen("DDD")); }

TEST(UdpHistory, OfAnAnsweredExchangeIsSF) {
    EXPECT_EQ("SF Dd", seen("Dd"));
    EXPECT_EQ("SF Dd", seen("DDdDdd"));
}

TEST(UdpHistory, TellsWrongChecksumsAndDoesNotTakeThemForDatagrams) {
    EXPECT_EQ("OTH C", seen("C"));
    EXPECT_EQ("S0 Dc", seen("Dc"));
    EXPECT_EQ("SF CDcd", seen("CDcd"));
}

TEST(UdpHistory, TellsOfTheFirstAndTheTenthWrongChecksum) {
    EXPECT_EQ("S0 CD", seen("CCCCCCCCCD"));
    EXPECT_EQ("S0 CCD", seen("CCCCCCCCCCD"));
}

TEST(UdpHistory, BeginsAnewWhenTheFlowIsCut) {
    FlowTableOptions options;
    options.active = std::chrono::seconds(3);
    EXPECT_EQ("SF Dd; SF dD", seen("DDddD", options));
}

TEST(UdpHistory, HasRoomForTheFirstDatagramsHoweverManyChecksumsAreWrong) {
    UdpHistory history;
    std::uint64_t wrong = 1;
    for (int power = 0; power < 12; ++power, wrong *= 10) history.note_bad_checksum(Side::initiator, wrong);
    history.note(Side::responder);
    history.note(Side::initiator);
    EXPECT_EQ("CCCCCCdD", history.text());
}

TEST(UdpHistory, TurnsRoundAsZeekDoes) {
    UdpSummary udp{"S0", "D"};
    udp.flip();
    EXPECT_EQ((UdpSummary{"SHR", "^d"}), udp);
    udp.flip();
    EXPECT_EQ((UdpSummary{"S0", "D"}), udp);
}

} // namespace
} // namespace doorplate

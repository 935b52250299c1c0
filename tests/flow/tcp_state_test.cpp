// Zeek's conn_state and history. What each letter and state means is in Zeek's base/protocols/conn/main.zeek; what is
// expected here was read off its source, and zeek_conn_log_test.cpp compares with Zeek's own output.
#include <gtest/gtest.h>

#include "talk.h"

namespace doorplate {
namespace {

// conn_state.

TEST(TcpState, S0IsASynWithoutAnswer) { EXPECT_EQ("S0 S", Talk().client("SYN").seen()); }

TEST(TcpState, S0StaysThroughRetransmittedSyns) {
    EXPECT_EQ("S0 S", Talk().client("SYN").client("again").client("again").seen());
}

TEST(TcpState, S1IsEstablishedAndNotEnded) { EXPECT_EQ("S1 ShA", Talk().handshake().seen()); }

TEST(TcpState, S1NeedsNoMoreThanTheSynAck) { EXPECT_EQ("S1 Sh", Talk().client("SYN").server("SYN ACK").seen()); }

TEST(TcpState, SfIsANormalConnection) {
    Talk talk;
    talk.handshake().client("10 bytes").server("ACK").server("20 bytes").client("ACK");
    talk.client("FIN ACK").server("FIN ACK").client("ACK");
    EXPECT_EQ("SF ShADadFf", talk.seen());
}

TEST(TcpState, SfWhenBothSendFinWithData) {
    EXPECT_EQ("SF ShAFf", Talk().handshake().client("10 bytes FIN").server("20 bytes FIN").seen());
}

TEST(TcpState, SfWithoutAHandshakeIfBothFinsAreSeen) {
    EXPECT_EQ("SF DFf", Talk().client("10 bytes").client("FIN ACK").server("FIN ACK").seen());
}

TEST(TcpState, RejIsASynAnsweredByRst) { EXPECT_EQ("REJ Sr", Talk().client("SYN").server("RST ACK").seen()); }

TEST(TcpState, RejWhenBothResetWithoutAByte) {
    EXPECT_EQ("REJ ShRr", Talk().client("SYN").server("SYN ACK").client("RST").server("RST").seen());
}

TEST(TcpState, S2IsClosedByTheInitiatorOnly) { EXPECT_EQ("S2 ShAF", Talk().handshake().client("FIN ACK").seen()); }

TEST(TcpState, S3IsClosedByTheResponderOnly) { EXPECT_EQ("S3 ShAf", Talk().handshake().server("FIN ACK").seen()); }

TEST(TcpState, RstoIsResetByTheInitiator) {
    EXPECT_EQ("RSTO ShADR", Talk().handshake().client("10 bytes").client("RST").seen());
}

TEST(TcpState, RstrIsResetByTheResponder) {
    EXPECT_EQ("RSTR ShADr", Talk().handshake().client("10 bytes").server("RST").seen());
}

TEST(TcpState, RstrOutweighsAnEarlierFin) {
    EXPECT_EQ("RSTR ShAFr", Talk().handshake().client("FIN ACK").server("RST").seen());
}

TEST(TcpState, Rstos0IsASynAndARstOfTheSameHost) { EXPECT_EQ("RSTOS0 SR", Talk().client("SYN").client("RST").seen()); }

TEST(TcpState, OthNotRstos0IfTheInitiatorDidMoreThanReset) {
    EXPECT_EQ("OTH SAR", Talk().client("SYN").client("ACK").client("RST").seen());
}

TEST(TcpState, RstrhIsASynAckAndARstOfTheResponder) {
    EXPECT_EQ("RSTRH ^hr", Talk().server("SYN ACK").server("RST").seen());
}

TEST(TcpState, RstrhIsMidstreamDataAnsweredByRst) {
    EXPECT_EQ("RSTRH Dr", Talk().client("100 bytes").server("RST").seen());
}

TEST(TcpState, ShIsASynAndAFinOfTheInitiator) { EXPECT_EQ("SH SF", Talk().client("SYN").client("FIN ACK").seen()); }

TEST(TcpState, ShrIsASynAckAndAFinOfTheResponder) {
    EXPECT_EQ("SHR ^hf", Talk().server("SYN ACK").server("FIN ACK").seen());
}

TEST(TcpState, OthIsMidstreamTraffic) {
    EXPECT_EQ("OTH Dad", Talk().client("10 bytes").server("ACK").server("9 bytes").seen());
}

TEST(TcpState, OthIsALoneSynAck) { EXPECT_EQ("OTH ^h", Talk().server("SYN ACK").seen()); }

TEST(TcpState, S1WithoutItsSynFollowsFromSynAckAndAck) {
    EXPECT_EQ("S1 ^hA", Talk().server("SYN ACK").client("ACK").seen());
}

TEST(TcpState, AFinAfterTheOthersFinAndRstIsANormalEnd) {
    Talk talk;
    talk.handshake().client("FIN ACK").client("RST").server("FIN ACK");
    EXPECT_EQ("SF ShAFRf", talk.seen());
}

TEST(TcpState, ARstAfterBothFinsChangesNothing) {
    EXPECT_EQ("SF ShAFfR", Talk().handshake().client("FIN ACK").server("FIN ACK").client("RST").seen());
}

TEST(TcpState, AnAckBeforeTheSynAckIsNoPartialConnection) {
    EXPECT_EQ("S0 Sa", Talk().client("SYN").server("ACK").seen());
}

// history.

TEST(TcpHistory, DataAcksAreWrittenOnceForEachEnd) {
    Talk talk;
    talk.handshake().client("5 bytes").server("ACK").client("5 bytes").server("ACK").server("5 bytes").server(
        "5 bytes");
    EXPECT_EQ("S1 ShADad", talk.seen());
}

TEST(TcpHistory, AFinThatIsSentAgainIsWrittenOnce) {
    EXPECT_EQ("S2 ShAF", Talk().handshake().client("FIN ACK").client("again").seen());
}

TEST(TcpHistory, AFinWithAnotherNumberIsWrittenAgain) {
    EXPECT_EQ("S2 ShAFF", Talk().handshake().client("FIN ACK").client("FIN ACK").seen());
}

TEST(TcpHistory, ARstWithAnotherNumberIsWrittenAgain) {
    EXPECT_EQ("RSTO ShARR", Talk().handshake().client("RST").client("first 3000 RST").seen());
}

TEST(TcpHistory, ASynAckWithAnotherNumberBeginsTheNumbersAnewAndIsWrittenOnce) {
    EXPECT_EQ("S1 Sh", Talk().client("SYN").server("SYN ACK").server("first 9000 SYN ACK").seen());
}

TEST(TcpHistory, ASynAckWithAnotherNumberAfterItsFinIsWrittenAgain) {
    EXPECT_EQ("S3 ShAfh", Talk().handshake().server("FIN ACK").server("first 9000 SYN ACK").seen());
}

TEST(TcpHistory, TIsPayloadSentAgain) {
    EXPECT_EQ("S1 ShADT", Talk().handshake().client("10 bytes").client("again").seen());
}

TEST(TcpHistory, TIsWrittenAtTheFirstTenthAndHundredthTime) {
    Talk talk;
    talk.handshake().client("10 bytes");
    for (int i = 0; i < 9; ++i) talk.client("again");
    Talk ten;
    ten.handshake().client("10 bytes");
    for (int i = 0; i < 10; ++i) ten.client("again");
    Talk hundred;
    hundred.handshake().client("10 bytes");
    for (int i = 0; i < 100; ++i) hundred.client("again");
    EXPECT_EQ("S1 ShADT", talk.seen());
    EXPECT_EQ("S1 ShADTT", ten.seen());
    EXPECT_EQ("S1 ShADTTT", hundred.seen());
}

TEST(TcpHistory, GIsAcknowledgedPayloadThatWasNotSeen) {
    EXPECT_EQ("S1 ShADaG",
              Talk().handshake().client("10 bytes").client("10 bytes lost").client("10 bytes").server("ACK").seen());
}

TEST(TcpHistory, AHoleThatIsFilledBeforeTheAckIsNoGap) {
    Talk talk;
    talk.handshake().client("10 bytes").client("10 bytes").server("ACK");
    EXPECT_EQ("S1 ShADa", talk.seen());
}

TEST(TcpHistory, EachHoleBelowOneAckIsAGapOfItsOwn) {
    Talk talk;
    talk.handshake();
    for (int i = 0; i < 10; ++i) talk.client("10 bytes lost").client("10 bytes");
    talk.server("ACK");
    EXPECT_EQ("S1 ShADaGG", talk.seen());
}

TEST(TcpHistory, PayloadThatTheSnapshotLengthCutIsAGap) {
    EXPECT_EQ("S1 ShADaG", Talk().handshake().client("10 bytes cut").server("ACK").seen());
}

TEST(TcpHistory, NoGapIsToldOfAConnectionWhoseBeginningIsMissing) {
    EXPECT_EQ("OTH Da", Talk().client("10 bytes").client("10 bytes lost").client("10 bytes").server("ACK").seen());
}

TEST(TcpHistory, WIsAZeroWindow) {
    EXPECT_EQ("S1 ShADaw", Talk().handshake().client("10 bytes").server("ACK window 0").seen());
}

TEST(TcpHistory, AZeroWindowInARstMeansNothing) {
    EXPECT_EQ("RSTO ShAR", Talk().handshake().client("RST window 0").seen());
}

TEST(TcpHistory, AZeroWindowAfterTheOthersFinMeansNothing) {
    EXPECT_EQ("S3 ShAf", Talk().handshake().server("FIN ACK").client("ACK window 0").seen());
}

TEST(TcpHistory, IIsFinWithRst) { EXPECT_EQ("RSTO ShAI", Talk().handshake().client("FIN RST").seen()); }

TEST(TcpHistory, QIsSynWithFinOrRst) { EXPECT_EQ("SH Q", Talk().client("SYN FIN").seen()); }

TEST(TcpHistory, LettersAreLowerCaseForTheResponder) {
    EXPECT_EQ("S1 ShAdtaw", Talk().handshake().server("10 bytes").server("again").server("ACK window 0").seen());
}

TEST(TcpHistory, ACircumflexSaysThatTheResponderWasSeenFirst) {
    EXPECT_EQ("SF ^hADadFf", Talk()
                                 .client("SYN lost")
                                 .server("SYN ACK")
                                 .client("ACK")
                                 .client("10 bytes")
                                 .server("ACK")
                                 .server("10 bytes")
                                 .client("FIN ACK")
                                 .server("FIN ACK")
                                 .seen());
}

TEST(TcpHistory, ItStopsGrowing) {
    Talk talk;
    talk.handshake();
    for (int i = 0; i < 5000; ++i) talk.client("FIN ACK");
    EXPECT_EQ(1024U, talk.flows().front().tcp->history.size());
}

TEST(TcpHistory, SequenceNumbersMayPassZero) {
    Talk talk;
    talk.client("first 4294967290 SYN").server("first 4294967295 SYN ACK").client("ACK");
    talk.client("10 bytes").server("ACK").server("10 bytes").client("ACK");
    talk.client("FIN ACK").server("FIN ACK").client("ACK");
    EXPECT_EQ("SF ShADadFf", talk.seen());
}

} // namespace
} // namespace doorplate

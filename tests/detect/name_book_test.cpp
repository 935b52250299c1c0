#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/detect/name_book.h"
#include "dns_message.h"
#include "exchange.h"

namespace doorplate {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Timestamp noon{hours(12)};

IpAddress at(std::string_view text) { return *IpAddress::parse(text); }

// "www.example.org 192.0.2.1", one for each address.
std::vector<std::string> told_by(const std::string &wire) {
    std::vector<std::string> lines;
    for (const NamedAddress &answer :
         addresses_in_answer({reinterpret_cast<const std::uint8_t *>(wire.data()), wire.size()})) {
        lines.push_back(answer.name + " " + answer.address.to_string());
    }
    return lines;
}

TEST(DnsAnswers, AddressesBelongToTheNameThatWasAskedFor) {
    const auto message = DnsMessage().asks("www.example.org").address("www.example.org", "192.0.2.1");
    EXPECT_THAT(told_by(message.wire()), ElementsAre("www.example.org 192.0.2.1"));
}

TEST(DnsAnswers, AliasesLeadFromTheAskedNameInAnyOrder) {
    const auto message = DnsMessage()
                             .asks("a.example")
                             .address("c.example", "2001:db8::1")
                             .alias("b.example", "c.example")
                             .alias("a.example", "b.example");
    EXPECT_THAT(told_by(message.wire()), ElementsAre("a.example 2001:db8::1"));
}

TEST(DnsAnswers, AddressesOfOtherNamesAreNotBelieved) {
    const auto message = DnsMessage().asks("a.example").address("bank.example", "192.0.2.66");
    EXPECT_THAT(told_by(message.wire()), IsEmpty());
}

TEST(DnsAnswers, LettersHaveNoCaseInNames) {
    const auto message = DnsMessage().asks("wWw.eXample").address("WWW.example", "192.0.2.1");
    EXPECT_THAT(told_by(message.wire()), ElementsAre("www.example 192.0.2.1"));
}

TEST(DnsAnswers, OddBytesInNamesAreEscaped) {
    const auto message = DnsMessage().asks("a\x1b[31m.example").address("a\x1b[31m.example", "192.0.2.1");
    EXPECT_THAT(told_by(message.wire()), ElementsAre("a\\027[31m.example 192.0.2.1"));
}

TEST(DnsAnswers, QueriesAndFailuresTellNothing) {
    EXPECT_THAT(told_by(DnsMessage().query().asks("a.example").address("a.example", "192.0.2.1").wire()), IsEmpty());
    EXPECT_THAT(told_by(DnsMessage().failure(3).asks("a.example").address("a.example", "192.0.2.1").wire()), IsEmpty());
}

TEST(DnsAnswers, WithoutAQuestionRecordsNameThemselves) {
    const auto message = DnsMessage().address("printer.local", "192.0.2.9");
    EXPECT_THAT(told_by(message.wire()), ElementsAre("printer.local 192.0.2.9"));
}

TEST(DnsAnswers, AliasesThatGoInCirclesEnd) {
    const auto message = DnsMessage()
                             .asks("a.example")
                             .alias("a.example", "b.example")
                             .alias("b.example", "a.example")
                             .address("b.example", "192.0.2.1");
    EXPECT_THAT(told_by(message.wire()), ElementsAre("a.example 192.0.2.1"));
}

TEST(DnsAnswers, ANameThatPointsAtItselfEndsTheMessage) {
    // 12 bytes of header, 15 of question, 25 of the first answer: this record begins at 52.
    const std::string loop("\xc0\x34\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x01\x02\x03\x04", 16);
    const auto message =
        DnsMessage().asks("a.example").address("a.example", "192.0.2.1").record(loop).address("a.example", "192.0.2.2");
    EXPECT_THAT(told_by(message.wire()), ElementsAre("a.example 192.0.2.1"));
}

TEST(DnsAnswers, WhatWasCutOffIsNotThere) {
    const std::string whole =
        DnsMessage().asks("a.example").address("a.example", "192.0.2.1").address("a.example", "192.0.2.2").wire();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_GE(1U, told_by(whole.substr(0, length)).size()) << length;
    }
    EXPECT_EQ(2U, told_by(whole).size());
}

class Names : public testing::Test {
  protected:
    static std::string answer(std::string_view name, std::string_view address) {
        return DnsMessage().asks(name).address(name, address).wire();
    }
    void hears(const Exchange &exchange, Timestamp time = noon) {
        for (const Dissection &packet : exchange.packets()) book_.read(packet, time);
    }
    void learns(std::string_view name, std::string_view address, Timestamp time, std::uint32_t ttl = 300) {
        book_.learn(at("192.0.2.10"), {std::string(name), at(address), ttl}, time);
    }
    // The name, "?" and how many others led there; "-" without a name.
    std::string name_of(std::string_view address, Timestamp time = noon + seconds(1),
                        std::string_view client = "192.0.2.10") {
        const auto name = book_.name_of(at(client), at(address), time);
        if (!name) return "-";
        EXPECT_EQ(NameSource::dns_answer, name->source);
        return name->others == 0 ? name->text : name->text + "?" + std::to_string(name->others);
    }

    NameBook book_{{4, 2}};
};

TEST_F(Names, AreKnownToWhoAsked) {
    hears(Exchange(53, Transport::udp).server(answer("a.example", "203.0.113.1")));
    EXPECT_EQ("a.example", name_of("203.0.113.1"));
    EXPECT_EQ("-", name_of("203.0.113.1", noon + seconds(1), "192.0.2.11"));
}

TEST_F(Names, OverTcpStandBehindTheirLength) {
    const std::string two = DnsMessage().asks("a.example").address("a.example", "203.0.113.1").framed() +
                            DnsMessage().asks("b.example").address("b.example", "203.0.113.2").framed();
    hears(Exchange(53).server(two).server(two.substr(0, 30)));
    EXPECT_EQ("a.example", name_of("203.0.113.1"));
    EXPECT_EQ("b.example", name_of("203.0.113.2"));
}

// An answer, and where it may be cut.
std::string framed_answer(std::string_view name, std::string_view address) {
    return DnsMessage().asks(name).address(name, address).framed();
}

TEST_F(Names, OverTcpMayComeInPiecesOfAnySize) {
    const std::string message = framed_answer("a.example", "203.0.113.1") + framed_answer("b.example", "203.0.113.2");
    for (std::size_t piece = 1; piece < message.size(); ++piece) {
        book_ = NameBook{{4, 2}};
        Exchange exchange(53);
        for (std::size_t at = 0; at < message.size(); at += piece) exchange.server(message.substr(at, piece));
        hears(exchange);
        EXPECT_EQ("a.example", name_of("203.0.113.1")) << piece;
        EXPECT_EQ("b.example", name_of("203.0.113.2")) << piece;
    }
}

TEST_F(Names, OverTcpAreNotReadAcrossAHole) {
    const std::string message = framed_answer("a.example", "203.0.113.1");
    const Exchange exchange = Exchange(53)
                                  .server(message.substr(0, 20))
                                  .server(message.substr(20, 5))
                                  .server(message.substr(25))
                                  .server(framed_answer("b.example", "203.0.113.2"));
    const auto packets = exchange.packets();
    for (const std::size_t i : {0U, 2U, 3U}) book_.read(packets[i], noon);
    EXPECT_EQ("-", name_of("203.0.113.1"));
    EXPECT_EQ("b.example", name_of("203.0.113.2"));
}

TEST_F(Names, OverTcpAreNotSpoiledByACorruptCopy) {
    const std::string message = framed_answer("a.example", "203.0.113.1");
    const Exchange exchange = Exchange(53).server(message.substr(0, 20)).server(message.substr(20));
    const auto packets = exchange.packets();
    Dissection corrupt = packets[1];
    corrupt.transport_checksum = Checksum::bad;
    corrupt.payload = packets[0].payload;
    corrupt.payload_bytes = packets[0].payload_bytes;
    book_.read(packets[0], noon);
    book_.read(corrupt, noon);
    book_.read(packets[1], noon);
    EXPECT_EQ("a.example", name_of("203.0.113.1"));
}

TEST_F(Names, OverTcpMayBeSentAgain) {
    const std::string message = framed_answer("a.example", "203.0.113.1");
    const Exchange exchange =
        Exchange(53).server(message.substr(0, 20)).server(message.substr(20, 9)).server(message.substr(29));
    const auto packets = exchange.packets();
    for (const std::size_t i : {0U, 0U, 1U, 0U, 1U, 2U}) book_.read(packets[i], noon);
    EXPECT_EQ("a.example", name_of("203.0.113.1"));
}

TEST_F(Names, OverTcpMayBeSentAgainInOtherPieces) {
    const std::string message = framed_answer("a.example", "203.0.113.1");
    const Exchange small = Exchange(53).server(message.substr(0, 20)).server(message.substr(20, 9));
    const Exchange large = Exchange(53).server(message);
    book_.read(small.packets()[0], noon);
    book_.read(large.packets()[0], noon);
    EXPECT_EQ("a.example", name_of("203.0.113.1"));
}

TEST_F(Names, OverTcpAreGivenUpWhereTheSnapshotCutThem) {
    const std::string message = framed_answer("a.example", "203.0.113.1");
    const Exchange exchange = Exchange(53).server(message.substr(0, 20)).server(message.substr(20));
    auto packets = exchange.packets();
    packets[0].payload = packets[0].payload.first(15);
    for (const Dissection &packet : packets) book_.read(packet, noon);
    EXPECT_EQ(0U, book_.size());
}

TEST(DnsStreams, KeepNoMoreThanTheyHaveRoomFor) {
    DnsStreams streams(2);
    std::size_t messages = 0;
    const auto add = [&](const Dissection &segment) { streams.add(segment, [&](Bytes) { ++messages; }); };
    const std::string message = framed_answer("a.example", "203.0.113.1");
    std::vector<Exchange> exchanges;
    for (const char *const server : {"198.51.100.1", "198.51.100.2", "198.51.100.3"})
        exchanges.push_back(
            Exchange(53, Transport::tcp, "192.0.2.10", server).server(message.substr(0, 9)).server(message.substr(9)));
    for (const std::size_t half : {0U, 1U})
        for (const Exchange &exchange : exchanges) add(exchange.packets()[half]);
    EXPECT_EQ(2U, messages);
    EXPECT_EQ(0U, streams.size());
}

TEST(DnsStreams, KeepNothingThatIsNoAnswer) {
    DnsStreams streams(2);
    const Exchange query = Exchange(53).server(DnsMessage().query().asks("a.example").framed().substr(0, 20));
    const Exchange noise = Exchange(53).server("GET / HTTP/1.1");
    for (const Exchange &exchange : {query, noise})
        for (const Dissection &segment : exchange.packets()) streams.add(segment, [](Bytes) { FAIL(); });
    EXPECT_EQ(0U, streams.size());
}

TEST_F(Names, ToldToAGroupAreKnownToAll) {
    hears(Exchange(5353, Transport::udp, "224.0.0.251", "192.0.2.9")
              .server(DnsMessage().address("printer.local", "192.0.2.9").wire()));
    EXPECT_EQ("printer.local", name_of("192.0.2.9"));
}

TEST_F(Names, FromOtherPortsAreNoAnswers) {
    hears(Exchange(5300, Transport::udp).server(answer("a.example", "203.0.113.1")));
    hears(Exchange(53, Transport::udp).client(answer("b.example", "203.0.113.2")));
    EXPECT_EQ(0U, book_.size());
}

TEST_F(Names, ToldAfterwardsAreNotTheReason) {
    learns("a.example", "203.0.113.1", noon);
    EXPECT_EQ("-", name_of("203.0.113.1", noon - seconds(1)));
    EXPECT_EQ("a.example", name_of("203.0.113.1", noon));
}

TEST_F(Names, ToldLastWinAndTheOthersAreCounted) {
    learns("a.example", "203.0.113.1", noon);
    learns("b.example", "203.0.113.1", noon + seconds(5));
    EXPECT_EQ("a.example", name_of("203.0.113.1", noon + seconds(1)));
    EXPECT_EQ("b.example?1", name_of("203.0.113.1", noon + seconds(6)));
}

TEST_F(Names, OfLongAgoAreNoDoubt) {
    learns("a.example", "203.0.113.1", noon, 60);
    learns("b.example", "203.0.113.1", noon + hours(1));
    EXPECT_EQ("b.example", name_of("203.0.113.1", noon + hours(1)));
}

TEST_F(Names, OfTheOldestAddressAreForgottenFirst) {
    for (int i = 1; i <= 4; ++i) learns("old.example", "203.0.113." + std::to_string(i), noon);
    learns("again.example", "203.0.113.1", noon);
    learns("new.example", "203.0.113.5", noon);
    EXPECT_EQ(4U, book_.size());
    EXPECT_EQ(1U, book_.forgotten());
    EXPECT_EQ("-", name_of("203.0.113.2"));
    EXPECT_EQ("again.example?1", name_of("203.0.113.1"));
}

TEST_F(Names, OfOneAddressAreBounded) {
    for (const char *name : {"a.example", "b.example", "c.example"}) learns(name, "203.0.113.1", noon);
    EXPECT_EQ("c.example?1", name_of("203.0.113.1"));
    EXPECT_EQ(1U, book_.forgotten());
}

} // namespace
} // namespace doorplate

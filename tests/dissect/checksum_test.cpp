#include <bit>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analyze/dissect/ones_complement.h"
#include "tests/dissect/dissected.h"

namespace doorplate {
namespace {

constexpr DissectOptions verify{.verify_checksums = true};

PacketBuilder v4() { return ethernet().ipv4("192.0.2.1", "198.51.100.2"); }
PacketBuilder v6() { return ethernet().ipv6("2001:db8::1", "2001:db8::2"); }

Checksum transport_checksum_of(const PacketBuilder &packet) { return Dissected(packet, verify)->transport_checksum; }

// The sum over the pseudo header alone, as the kernel leaves it in what it leaves to the network card.
std::uint16_t pseudo_header_sum(std::uint16_t protocol, std::uint16_t length) {
    constexpr std::uint32_t addresses = 0xc000 + 0x0201 + 0xc633 + 0x6402;
    const std::uint32_t sum = addresses + protocol + length;
    return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}

TEST(ChecksumTest, IsUnverifiedIfNobodyAsks) {
    const Dissected packet(v4().tcp(1, 2).checksum(0x1234));
    EXPECT_EQ(Checksum::unverified, packet->transport_checksum);
    EXPECT_EQ(Checksum::unverified, packet->ip_checksum);
}

TEST(ChecksumTest, IsGoodWhateverTheTransportAndTheLength) {
    for (const auto &ip : {v4(), v6()}) {
        for (const std::size_t length : {0U, 1U, 2U, 7U, 8U, 63U, 64U, 65U, 127U, 128U, 1460U, 9001U}) {
            SCOPED_TRACE(length);
            EXPECT_EQ(Checksum::good, transport_checksum_of(PacketBuilder(ip).tcp(1, 2).payload_of(length)));
            EXPECT_EQ(Checksum::good, transport_checksum_of(PacketBuilder(ip).udp(1, 2).payload_of(length)));
            EXPECT_EQ(Checksum::good, transport_checksum_of(PacketBuilder(ip).udplite(1, 2).payload_of(length)));
            EXPECT_EQ(Checksum::good, transport_checksum_of(PacketBuilder(ip).dccp(1, 2).payload_of(length)));
        }
    }
    EXPECT_EQ(Checksum::good, transport_checksum_of(v4().icmp(8).payload_of(31)));
    EXPECT_EQ(Checksum::good, transport_checksum_of(v6().icmpv6(128).payload_of(31)));
}

TEST(ChecksumTest, IsBadIfOneBitIsWrong) {
    for (const auto &packet :
         {v4().tcp(1, 2).payload("hello"), v6().tcp(1, 2).payload("hello"), v4().udp(1, 2).payload("hello"),
          v4().icmp(8).payload("hello"), v6().icmpv6(128).payload("hello"), v4().udplite(1, 2).payload("hello")}) {
        BuiltPacket changed = packet.build();
        changed.bytes.back() ^= 4;
        EXPECT_EQ(Checksum::bad, Dissected(changed, verify)->transport_checksum);
    }
}

TEST(ChecksumTest, OfTheIpv4HeaderIsAVerdictOfItsOwn) {
    EXPECT_EQ(Checksum::good, Dissected(v4().options({7, 3, 4, 0}).tcp(1, 2), verify)->ip_checksum);
    EXPECT_EQ(Checksum::bad, Dissected(v4().checksum(0x1234).tcp(1, 2), verify)->ip_checksum);
    EXPECT_EQ(Checksum::good, Dissected(v4().checksum(0x1234).tcp(1, 2), verify)->transport_checksum);
    EXPECT_EQ(Checksum::unverified, Dissected(v6().tcp(1, 2), verify)->ip_checksum);
}

TEST(ChecksumTest, LeftToTheNetworkCardIsUnverified) {
    EXPECT_EQ(Checksum::unverified, Dissected(v4().checksum(0).tcp(1, 2), verify)->ip_checksum);
    EXPECT_EQ(Checksum::unverified,
              transport_checksum_of(v4().tcp(1, 2).checksum(pseudo_header_sum(6, 20 + 5)).payload("hello")));
    EXPECT_EQ(Checksum::unverified,
              transport_checksum_of(v4().udp(1, 2).checksum(pseudo_header_sum(17, 8 + 5)).payload("hello")));
    // Some leave out the length, which the card knows better after cutting a large segment into packets.
    EXPECT_EQ(Checksum::unverified,
              transport_checksum_of(v4().tcp(1, 2).checksum(pseudo_header_sum(6, 0)).payload("hello")));
}

TEST(ChecksumTest, ThatWasNotSentIsUnverified) {
    EXPECT_EQ(Checksum::unverified, transport_checksum_of(v4().udp(1, 2).checksum(0)));
    EXPECT_EQ(Checksum::unverified, transport_checksum_of(v6().udp(1, 2).checksum(0)));
}

TEST(ChecksumTest, OverBytesThatAreNotHereIsUnverified) {
    EXPECT_EQ(Checksum::unverified,
              transport_checksum_of(v4().tcp(1, 2).checksum(1).payload_of(9).captured(14 + 20 + 28)));
    EXPECT_EQ(Checksum::unverified, transport_checksum_of(v4().fragment(0, true).tcp(1, 2).checksum(1).payload_of(4)));
    // The IP header tells of more than the frame has.
    EXPECT_EQ(Checksum::unverified, transport_checksum_of(v4().length(60).tcp(1, 2).checksum(1)));
    EXPECT_EQ(Checksum::unverified, transport_checksum_of(v6().length(60).tcp(1, 2).checksum(1)));
}

// An SCTP packet with another checksum than the builder's.
Checksum sctp_checksum_with(std::uint32_t checksum) {
    BuiltPacket packet = v4().sctp(1, 2).data_chunk("hello").build();
    for (std::size_t i = 0; i < 4; ++i)
        packet.bytes[14 + 20 + 8 + i] = static_cast<std::uint8_t>(checksum >> (24 - 8 * i));
    return Dissected(packet, verify)->transport_checksum;
}

TEST(ChecksumTest, OfSctpIsACrc) {
    for (const auto &ip : {v4(), v6()}) {
        EXPECT_EQ(Checksum::good, transport_checksum_of(PacketBuilder(ip).sctp(1, 2)));
        EXPECT_EQ(Checksum::good, transport_checksum_of(PacketBuilder(ip).sctp(1, 2).data_chunk("hello").padding(3)));
    }
    EXPECT_EQ(Checksum::bad, sctp_checksum_with(1));
    EXPECT_EQ(Checksum::unverified, Dissected(v4().sctp(1, 2).checksum(1))->transport_checksum);
}

TEST(ChecksumTest, OfSctpMayBeLeftOut) { EXPECT_EQ(Checksum::unverified, sctp_checksum_with(0)); }

TEST(ChecksumTest, OfSctpMayBeTheOneItBeganWith) {
    // zlib's adler32 of the packet.
    EXPECT_EQ(Checksum::good, sctp_checksum_with(0x0f070231));
    EXPECT_EQ(Checksum::bad, sctp_checksum_with(0x0f070231 + 1));
}

TEST(ChecksumTest, OfSctpIsUnverifiedIfNotAllIsThere) {
    const PacketBuilder packet = v4().sctp(1, 2).data_chunk("hello").checksum(1);
    EXPECT_EQ(Checksum::unverified, transport_checksum_of(PacketBuilder(packet).captured(14 + 20 + 30)));
    EXPECT_EQ(Checksum::unverified,
              transport_checksum_of(v4().fragment(0, true).sctp(1, 2).data_chunk("x").checksum(1)));
}

TEST(ChecksumTest, IsNotOverPadding) { EXPECT_EQ(Checksum::good, transport_checksum_of(v4().tcp(1, 2).padding(6))); }

TEST(ChecksumTest, OfUdpliteIsOverItsCoverage) {
    BuiltPacket changed = v4().udplite(1, 2).length(8).payload("voice").build();
    EXPECT_EQ(Checksum::bad, Dissected(changed, verify)->transport_checksum); // the builder sums all
    PacketBuilder header_only = v4().udplite(1, 2).length(8);
    BuiltPacket longer = header_only.build();
    EXPECT_EQ(Checksum::good, Dissected(longer, verify)->transport_checksum);
}

TEST(ChecksumTest, OverOtherAddressesThanTheHeadersIsUnverified) {
    EXPECT_EQ(Checksum::unverified, transport_checksum_of(v6().routing(4, 1).tcp(1, 2).checksum(1)));
    EXPECT_EQ(Checksum::good, transport_checksum_of(v6().routing(4, 0).tcp(1, 2)));
    PacketBuilder::Raw home_address{0xc9, 16};
    home_address.resize(18);
    EXPECT_EQ(Checksum::unverified,
              transport_checksum_of(v6().destination_options(home_address).tcp(1, 2).checksum(1)));
    EXPECT_EQ(Checksum::unverified,
              transport_checksum_of(v4().options({131, 7, 4, 10, 0, 0, 1}).tcp(1, 2).checksum(1)));
}

TEST(ChecksumTest, IsVerifiedInsideATunnelToo) {
    const Dissected good(v4().ipv6("fd00::1", "fd00::2").tcp(1, 2), verify);
    EXPECT_EQ(Checksum::good, good.innermost().transport_checksum);
    const Dissected bad(v4().ipv6("fd00::1", "fd00::2").tcp(1, 2).checksum(1), verify);
    EXPECT_EQ(Checksum::good, bad->ip_checksum);
    EXPECT_EQ(Checksum::bad, bad.innermost().transport_checksum);
}

// RFC 1071 section 1, the slow way.
std::uint16_t slow_sum(const std::vector<std::uint8_t> &bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(sum);
}

TEST(OnesComplementTest, IsTheSumOfRfc1071) {
    std::mt19937 random(7);
    for (std::size_t length = 0; length < 700; ++length) {
        std::vector<std::uint8_t> bytes(length);
        for (auto &byte : bytes) byte = random() % 3 == 0 ? 0xff : static_cast<std::uint8_t>(random());
        const std::uint16_t sum = folded(ones_complement_sum(bytes.data(), bytes.size()));
        EXPECT_EQ(slow_sum(bytes), std::byteswap(sum)) << length;
    }
}

} // namespace
} // namespace doorplate

#include "capture/address.h"

#include <gtest/gtest.h>

#include "capture/link_type.h"
#include "capture/transport.h"

namespace doorplate {
namespace {

IpAddress address(const char *text) { return IpAddress::parse(text).value(); }

TEST(Address, IsWrittenAsItIsRead) {
    for (const char *text :
         {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::7:1", "::ffff:192.0.2.1"})
        EXPECT_EQ(text, address(text).to_string());
}

TEST(Address, IsWrittenAsRfc5952Wants) {
    EXPECT_EQ("2001:db8::1", address("2001:0DB8:0000:0000:0000:0000:0000:0001").to_string());
    EXPECT_EQ("2001:db8::1:0:0:1", address("2001:db8:0:0:1:0:0:1").to_string());
}

TEST(Address, ThatIsNoneIsNotRead) {
    for (const char *text : {"", "192.0.2", "192.0.2.256", "192.0.2.1 ", "1:2", ":::", "fe80::1%eth0", "[::1]", "door"})
        EXPECT_EQ(std::nullopt, IpAddress::parse(text)) << text;
}

TEST(Address, IsMadeFromTheBytesOnTheWire) {
    EXPECT_EQ(address("192.0.2.1"), IpAddress::from_bytes(std::array<std::uint8_t, 4>{192, 0, 2, 1}));
    EXPECT_EQ(address("2001:db8::1"), IpAddress::from_bytes(std::array<std::uint8_t, 16>{
                                          0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

TEST(Address, HasAsManyBytesAsItsFamily) {
    EXPECT_EQ(4U, address("192.0.2.1").bytes().size());
    EXPECT_EQ(16U, address("::1").bytes().size());
}

TEST(Address, OfTheFourthVersionIsNotItsMappedForm) {
    EXPECT_NE(address("192.0.2.1"), address("::ffff:192.0.2.1"));
    EXPECT_EQ(address("192.0.2.1"), address("::ffff:192.0.2.1").unmapped());
}

TEST(Address, ThatIsNotMappedStaysAsItIs) {
    for (const char *text : {"192.0.2.1", "2001:db8::1", "::192.0.2.1", "::1"})
        EXPECT_EQ(address(text), address(text).unmapped());
}

TEST(Address, IsUnspecifiedWhenItIsZero) {
    EXPECT_TRUE(address("0.0.0.0").is_unspecified());
    EXPECT_TRUE(address("::").is_unspecified());
    EXPECT_FALSE(address("::ffff:0.0.0.0").is_unspecified());
    EXPECT_FALSE(address("0.0.0.1").is_unspecified());
}

TEST(Address, OfLoopbackIsAWholeNetworkInIpv4AndOneAddressInIpv6) {
    EXPECT_TRUE(address("127.0.0.1").is_loopback());
    EXPECT_TRUE(address("127.255.255.254").is_loopback());
    EXPECT_TRUE(address("::1").is_loopback());
    EXPECT_FALSE(address("128.0.0.1").is_loopback());
    EXPECT_FALSE(address("::2").is_loopback());
    EXPECT_FALSE(address("8000::1").is_loopback());
}

TEST(Address, IsMulticastInItsRange) {
    EXPECT_FALSE(address("223.255.255.255").is_multicast());
    EXPECT_TRUE(address("224.0.0.0").is_multicast());
    EXPECT_TRUE(address("239.255.255.255").is_multicast());
    EXPECT_FALSE(address("240.0.0.0").is_multicast());
    EXPECT_TRUE(address("ff02::fb").is_multicast());
    EXPECT_FALSE(address("fe80::1").is_multicast());
}

TEST(Address, IsLinkLocalInItsRange) {
    EXPECT_TRUE(address("169.254.0.1").is_link_local());
    EXPECT_FALSE(address("169.255.0.1").is_link_local());
    EXPECT_TRUE(address("fe80::1").is_link_local());
    EXPECT_TRUE(address("febf::1").is_link_local());
    EXPECT_FALSE(address("fec0::1").is_link_local());
}

TEST(Address, OfLimitedBroadcastIsOneAlone) {
    EXPECT_TRUE(address("255.255.255.255").is_limited_broadcast());
    EXPECT_FALSE(address("255.255.255.254").is_limited_broadcast());
    EXPECT_FALSE(address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").is_limited_broadcast());
}

TEST(Address, IsPrivateInItsRanges) {
    for (const char *text : {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0",
                             "192.168.255.255", "100.64.0.0", "100.127.255.255", "fc00::1", "fdff::1"})
        EXPECT_TRUE(address(text).is_private()) << text;
    for (const char *text : {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
                             "192.169.0.0", "100.63.255.255", "100.128.0.0", "fbff::1", "fe00::1", "2001:db8::1"})
        EXPECT_FALSE(address(text).is_private()) << text;
}

TEST(Address, OrdersIpv4InFrontOfIpv6) {
    EXPECT_LT(address("192.0.2.1"), address("192.0.2.2"));
    EXPECT_LT(address("255.255.255.255"), address("::"));
}

TEST(Endpoint, PutsIpv6IntoBrackets) {
    EXPECT_EQ("192.0.2.1:80", (Endpoint{address("192.0.2.1"), 80}).to_string());
    EXPECT_EQ("[2001:db8::1]:80", (Endpoint{address("2001:db8::1"), 80}).to_string());
}

TEST(Transport, HasATokenForEachNamedNumber) {
    EXPECT_EQ("icmp", transport_token(Transport::icmp));
    EXPECT_EQ("igmp", transport_token(Transport::igmp));
    EXPECT_EQ("tcp", transport_token(Transport::tcp));
    EXPECT_EQ("udp", transport_token(Transport::udp));
    EXPECT_EQ("dccp", transport_token(Transport::dccp));
    EXPECT_EQ("gre", transport_token(Transport::gre));
    EXPECT_EQ("esp", transport_token(Transport::esp));
    EXPECT_EQ("ah", transport_token(Transport::ah));
    EXPECT_EQ("icmpv6", transport_token(Transport::icmpv6));
    EXPECT_EQ("sctp", transport_token(Transport::sctp));
    EXPECT_EQ("udplite", transport_token(Transport::udplite));
}

TEST(Transport, WithoutANameHasItsNumberAsToken) { EXPECT_EQ("ip-proto-99", transport_token(Transport{99})); }

TEST(Transport, HasPortsOrNot) {
    for (const auto with : {Transport::tcp, Transport::udp, Transport::sctp, Transport::dccp, Transport::udplite})
        EXPECT_TRUE(has_ports(with));
    for (const auto without : {Transport::icmp, Transport::icmpv6, Transport::gre, Transport::esp, Transport{99}})
        EXPECT_FALSE(has_ports(without));
}

TEST(LinkType, IsNamedAsLibpcapNamesIt) {
    EXPECT_EQ("NULL", link_type_name(LinkType::null_loopback));
    EXPECT_EQ("EN10MB", link_type_name(LinkType::ethernet));
    EXPECT_EQ("RAW", link_type_name(LinkType::raw_ip));
    EXPECT_EQ("LOOP", link_type_name(LinkType::openbsd_loopback));
    EXPECT_EQ("LINUX_SLL", link_type_name(LinkType::linux_cooked));
    EXPECT_EQ("LINUX_SLL2", link_type_name(LinkType::linux_cooked_v2));
    EXPECT_EQ("IPV4", link_type_name(LinkType::ipv4));
    EXPECT_EQ("IPV6", link_type_name(LinkType::ipv6));
}

TEST(LinkType, ThatLibpcapDoesNotKnowHasItsNumberAsName) {
    EXPECT_EQ("LINKTYPE_65535", link_type_name(LinkType{65535}));
}

} // namespace
} // namespace doorplate

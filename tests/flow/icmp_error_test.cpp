// An ICMP error and the flow that it is about. RFC 792, RFC 4443.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "analyze/flow_table.h"
#include "analyze/quoted_packet.h"
#include "talk.h"

namespace doorplate {
namespace {

using Raw = std::vector<std::uint8_t>;

void append(Raw &to, const IpAddress &from) { to.insert(to.end(), from.bytes().begin(), from.bytes().end()); }

void append_ports(Raw &to) { to.insert(to.end(), {0x9c, 0x40, 0x00, 0x35}); } // 40000, 53

// A UDP packet from 192.0.2.1:40000 to 198.51.100.2:53, as far as RFC 792 has it quoted.
Raw quoted_ipv4() {
    Raw bytes{0x45, 0, 0, 60, 0, 1, 0, 0, 63, 17, 0, 0};
    append(bytes, address("192.0.2.1"));
    append(bytes, address("198.51.100.2"));
    append_ports(bytes);
    bytes.insert(bytes.end(), {0, 40, 0, 0});
    return bytes;
}

Raw quoted_ipv6() {
    Raw bytes{0x60, 0, 0, 0, 0, 40, 17, 63};
    append(bytes, address("2001:db8::1"));
    append(bytes, address("2001:db8::2"));
    append_ports(bytes);
    return bytes;
}

Dissection error_with(Transport transport, std::uint8_t type, const Raw &quotation) {
    Dissection error = packet_between(transport, "198.51.100.254", 0, "192.0.2.1", 0);
    error.icmp = IcmpFields{type, 1, 0};
    error.payload = quotation;
    return error;
}

TEST(IcmpError, NamesThePacketItIsAbout) {
    const Raw quotation = quoted_ipv4();
    const QuotedPacket expected{Transport::udp, {address("192.0.2.1"), 40000}, {address("198.51.100.2"), 53}};
    EXPECT_EQ(expected, quoted_packet(error_with(Transport::icmp, 3, quotation)));
}

TEST(IcmpError, OfIpv6NamesThePacketItIsAbout) {
    const Raw quotation = quoted_ipv6();
    const QuotedPacket expected{Transport::udp, {address("2001:db8::1"), 40000}, {address("2001:db8::2"), 53}};
    EXPECT_EQ(expected, quoted_packet(error_with(Transport::icmpv6, 1, quotation)));
}

TEST(IcmpError, AnEchoQuotesNothing) {
    const Raw quotation = quoted_ipv4();
    EXPECT_EQ(std::nullopt, quoted_packet(error_with(Transport::icmp, 8, quotation)));
    EXPECT_EQ(std::nullopt, quoted_packet(error_with(Transport::icmpv6, 128, quotation)));
}

TEST(IcmpError, ACutQuotationNamesNothingAndReadsNothingBehindIt) {
    const Raw ipv4 = quoted_ipv4();
    for (std::size_t length = 0; length < 24; ++length) {
        const Raw cut(ipv4.begin(), ipv4.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_EQ(std::nullopt, quoted_packet(error_with(Transport::icmp, 3, cut)));
    }
    const Raw ipv6 = quoted_ipv6();
    for (std::size_t length = 0; length < 44; ++length) {
        const Raw cut(ipv6.begin(), ipv6.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_EQ(std::nullopt, quoted_packet(error_with(Transport::icmpv6, 1, cut)));
    }
}

TEST(IcmpError, AQuotationThatMakesNoSenseNamesNothing) {
    Raw bad_version = quoted_ipv4();
    bad_version[0] = 0x65;
    Raw bad_length = quoted_ipv4();
    bad_length[0] = 0x44;
    Raw later_fragment = quoted_ipv4();
    later_fragment[7] = 1;
    Raw no_ports = quoted_ipv4();
    no_ports[9] = 1;
    for (const Raw &quotation : {bad_version, bad_length, later_fragment, no_ports}) {
        EXPECT_EQ(std::nullopt, quoted_packet(error_with(Transport::icmp, 3, quotation)));
    }
}

TEST(IcmpError, IsLinkedToTheFlowItIsAbout) {
    std::vector<Flow> flows;
    FlowTable table({}, [&flows](const FlowTable::View &view) { flows.push_back(view.flow()); });
    const auto sees = [&table](const Dissection &dissection) { table.add(frame_of(dissection, noon), dissection); };
    sees(packet_between(Transport::udp, "192.0.2.9", 1, "198.51.100.2", 2));
    sees(packet_between(Transport::udp, "192.0.2.1", 40000, "198.51.100.2", 53));
    const Raw quotation = quoted_ipv4();
    sees(error_with(Transport::icmp, 3, quotation));
    table.finish();
    const auto error = std::ranges::find_if(flows, [](const Flow &flow) { return flow.icmp.has_value(); });
    ASSERT_NE(flows.end(), error);
    EXPECT_EQ(2U, error->icmp->about_id);
    EXPECT_EQ(53, error->icmp->quoted.value().destination.port);
}

TEST(IcmpError, AboutAFlowThatNobodySawIsLinkedToNone) {
    std::vector<Flow> flows;
    FlowTable table({}, [&flows](const FlowTable::View &view) { flows.push_back(view.flow()); });
    const Raw quotation = quoted_ipv4();
    const Dissection error = error_with(Transport::icmp, 3, quotation);
    table.add(frame_of(error, noon), error);
    table.finish();
    EXPECT_EQ(std::nullopt, flows.at(0).icmp->about_id);
    EXPECT_TRUE(flows.at(0).icmp->quoted);
}

} // namespace
} // namespace doorplate

// The specification's own baseline (corelight/community-id-spec, baseline_deflt.json).
#include "analyze/community_id.h"

#include <gtest/gtest.h>

#include "talk.h"

namespace doorplate {
namespace {

std::string id_of(const Dissection &dissection) {
    std::string id;
    FlowTable table({}, [&id](const FlowTable::View &flow) { id = community_id(flow.flow()); });
    table.add(frame_of(dissection, noon), dissection);
    table.finish();
    return id;
}

std::string icmp_id(Transport transport, std::string_view from, std::string_view to, std::uint8_t type,
                    std::uint8_t code) {
    Dissection dissection = packet_between(transport, from, 0, to, 0);
    dissection.icmp = IcmpFields{type, code, 0};
    return id_of(dissection);
}

TEST(CommunityId, OfTcpIsTheSameInBothDirections) {
    EXPECT_EQ("1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
              id_of(packet_between(Transport::tcp, "128.232.110.120", 34855, "66.35.250.204", 80)));
    EXPECT_EQ("1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
              id_of(packet_between(Transport::tcp, "66.35.250.204", 80, "128.232.110.120", 34855)));
}

TEST(CommunityId, OfTcpOverIpv6) {
    EXPECT_EQ("1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
              id_of(packet_between(Transport::tcp, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943,
                                   "2607:f8b0:400c:c03::1a", 25)));
}

TEST(CommunityId, OfUdp) {
    EXPECT_EQ("1:d/FP5EW3wiY1vCndhwleRRKHowQ=",
              id_of(packet_between(Transport::udp, "192.168.1.52", 54585, "8.8.8.8", 53)));
}

TEST(CommunityId, OfSctp) {
    EXPECT_EQ("1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=",
              id_of(packet_between(Transport::sctp, "192.168.170.8", 7, "192.168.170.56", 7)));
}

TEST(CommunityId, OfATransportWithoutPorts) {
    EXPECT_EQ("1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=", id_of(packet_between(Transport{46}, "10.1.12.1", 0, "10.1.12.2", 0)));
    EXPECT_EQ("1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=", id_of(packet_between(Transport{46}, "10.1.12.2", 0, "10.1.12.1", 0)));
}

TEST(CommunityId, OfEchoRequestAndReplyIsOne) {
    EXPECT_EQ("1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", icmp_id(Transport::icmp, "192.168.0.89", "192.168.0.1", 8, 0));
    EXPECT_EQ("1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", icmp_id(Transport::icmp, "192.168.0.1", "192.168.0.89", 0, 0));
}

TEST(CommunityId, OfAOneWayIcmpMessageHasItsDirection) {
    EXPECT_EQ("1:YHxtAirCG//0OzkcVAukqKQN9xM=", icmp_id(Transport::icmp, "10.0.0.1", "10.0.0.2", 11, 0));
    EXPECT_NE("1:YHxtAirCG//0OzkcVAukqKQN9xM=", icmp_id(Transport::icmp, "10.0.0.2", "10.0.0.1", 11, 0));
}

TEST(CommunityId, OfNeighborDiscoveryTellsWhoAsked) {
    constexpr std::string_view here = "fe80::200:86ff:fe05:80da";
    constexpr std::string_view there = "fe80::260:97ff:fe07:69ea";
    EXPECT_EQ("1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", icmp_id(Transport::icmpv6, here, there, 135, 0));
    EXPECT_EQ("1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", icmp_id(Transport::icmpv6, there, here, 136, 0));
    EXPECT_EQ("1:zavyT/cezQr1fmImYCwYnMXbgck=", icmp_id(Transport::icmpv6, there, here, 135, 0));
    EXPECT_EQ("1:zavyT/cezQr1fmImYCwYnMXbgck=", icmp_id(Transport::icmpv6, here, there, 136, 0));
}

TEST(CommunityId, OfRouterDiscoveryToAGroup) {
    EXPECT_EQ("1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=",
              icmp_id(Transport::icmpv6, "fe80::200:86ff:fe05:80da", "ff02::2", 133, 0));
    EXPECT_EQ("1:pkvHqCL88/tg1k4cPigmZXUtL00=",
              icmp_id(Transport::icmpv6, "fe80::260:97ff:fe07:69ea", "ff02::1", 134, 0));
}

TEST(CommunityId, OfOneWayIcmpv6Messages) {
    constexpr std::string_view to = "3ffe:507:0:1:200:86ff:fe05:80da";
    EXPECT_EQ("1:2ObVBgIn28oZvibYZhZMBgh7WdQ=", icmp_id(Transport::icmpv6, "3ffe:501:1800:2345::2", to, 3, 0));
    EXPECT_EQ("1:hLZd0XGWojozrvxqE0dWB1iM6R0=",
              icmp_id(Transport::icmpv6, "3ffe:501:410:0:2c0:dfff:fe47:33e", to, 1, 4));
}

TEST(CommunityId, OfAPingOverIpv6) {
    EXPECT_EQ("1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=",
              icmp_id(Transport::icmpv6, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:501:0:1001::2", 128, 0));
}

TEST(CommunityId, SurvivesAFlip) {
    Dissection error = packet_between(Transport::icmp, "10.0.0.1", 0, "10.0.0.2", 0);
    error.icmp = IcmpFields{11, 0, 0};
    std::string id;
    FlowTable table({}, [&id](const FlowTable::View &view) {
        Flow flow = view.flow();
        flow.flip();
        id = community_id(flow);
    });
    table.add(frame_of(error, noon), error);
    table.finish();
    EXPECT_EQ("1:YHxtAirCG//0OzkcVAukqKQN9xM=", id);
}

} // namespace
} // namespace doorplate

#include "analyze/queries.h"

#include <gtest/gtest.h>

namespace doorplate {
namespace {

TEST(DoorQuery, IsReadInAllItsForms) {
    EXPECT_EQ("8080", parse_door_query("8080")->to_string());
    EXPECT_EQ("tcp/8080", parse_door_query("tcp/8080")->to_string());
    EXPECT_EQ("127.0.0.1:8080", parse_door_query("127.0.0.1:8080")->to_string());
    EXPECT_EQ("[::1]:53", parse_door_query("[::1]:53")->to_string());
    EXPECT_EQ("udp/[::1]:53", parse_door_query("udp/[::1]:53")->to_string());
    EXPECT_EQ("[2001:db8::1]:53", parse_door_query("2001:db8::1:53")->to_string()) << "the last colon counts";
}

TEST(DoorQuery, RefusesWhatNamesNoDoor) {
    for (const char *text :
         {"", "0", "65536", "-1", "80x", "tcp/", "frog/80", "1.2.3:80", "127.0.0.1:", ":80", "tcp"}) {
        const auto query = parse_door_query(text);
        ASSERT_FALSE(query) << text;
        EXPECT_EQ(ErrorKind::usage, query.error().kind);
        EXPECT_NE(std::string::npos, query.error().message.find("tcp/8080")) << "shows a form that works";
    }
}

TEST(PortQuery, IsReadInAllItsForms) {
    EXPECT_EQ(443, parse_port_query("443")->port);
    EXPECT_EQ(std::nullopt, parse_port_query("443")->transport);
    EXPECT_EQ(Transport::tcp, parse_port_query("443/tcp")->transport);
    EXPECT_EQ(Transport::udp, parse_port_query("udp/53")->transport);
    EXPECT_EQ(53, parse_port_query("udp/53")->port);
}

TEST(PortQuery, RefusesWhatIsNoPort) {
    for (const char *text : {"", "https", "0", "70000", "443/", "443/frog", "/tcp"}) {
        ASSERT_FALSE(parse_port_query(text)) << text;
    }
}

TEST(FlowQuery, IsReadInAllItsForms) {
    const auto flow = parse_flow_query("192.0.2.10:51034-198.51.100.7:443");
    ASSERT_TRUE(flow);
    EXPECT_EQ(Transport::tcp, flow->transport);
    EXPECT_EQ("192.0.2.10:51034", flow->ends.initiator.to_string());
    EXPECT_EQ("198.51.100.7:443", flow->ends.responder.to_string());
    EXPECT_EQ(Transport::udp, parse_flow_query("udp/[::1]:5353->[::1]:53")->transport);
    EXPECT_TRUE(parse_flow_query("127.0.0.1:1>127.0.0.1:2"));
}

TEST(FlowQuery, RefusesWhatIsNoFlow) {
    for (const char *text : {"", "443", "-", "1.2.3.4:5", "1.2.3.4:5-", "-1.2.3.4:5", "1.2.3.4-1.2.3.5", "a:1-b:2"}) {
        EXPECT_FALSE(parse_flow_query(text)) << text;
    }
}

} // namespace
} // namespace doorplate

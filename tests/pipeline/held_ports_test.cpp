#include "analyze/held_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/socket_facts_builder.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

SocketSnapshot snapshot_of(const LookBuilder &look) { return {look.facts(), linux_host(), {}}; }

DoorAnswer ask(const char *door, const LookBuilder &look) {
    return who_is_at(*parse_door_query(door), snapshot_of(look));
}

std::vector<BindObstacle> obstacles(const char *door, const LookBuilder &look) {
    return ask(door, look).binds.at(0).obstacles;
}

TEST(HeldPorts, DoorsComeFirst) {
    const auto held = held_ports(snapshot_of(look_at_ms(0)
                                                 .connected("192.0.2.1", 40000, "198.51.100.7", 443)
                                                 .held_by(2, "curl")
                                                 .listening("0.0.0.0", 8080)
                                                 .held_by(1, "server")));
    ASSERT_THAT(held, SizeIs(2));
    EXPECT_EQ(8080, held[0].socket.local.port);
    EXPECT_EQ(40000, held[1].socket.local.port);
}

TEST(HeldPorts, AListenerIsAServiceAndAClientsPortEphemeral) {
    const auto held = held_ports(snapshot_of(look_at_ms(0)
                                                 .listening("0.0.0.0", 8080)
                                                 .held_by(1, "server")
                                                 .connected("192.0.2.1", 40000, "198.51.100.7", 443)
                                                 .held_by(2, "curl")));
    EXPECT_EQ(PortRole::service, held[0].port.role);
    EXPECT_EQ(PortRole::ephemeral, held[1].port.role);
    EXPECT_EQ("curl", held[1].attribution.holders.at(0)->name);
}

TEST(HeldPorts, AnAcceptedConnectionsPortIsTheServices) {
    const auto held = held_ports(snapshot_of(look_at_ms(0)
                                                 .listening("0.0.0.0", 8080)
                                                 .held_by(1, "server")
                                                 .connected("192.0.2.1", 8080, "198.51.100.7", 50000)
                                                 .held_by(1, "server")));
    EXPECT_EQ(PortRole::service, held[1].port.role);
}

TEST(HeldPorts, AKernelPickedListenerIsADynamicService) {
    const auto held = held_ports(snapshot_of(look_at_ms(0).listening("127.0.0.1", 40001).held_by(1, "test")));
    EXPECT_EQ(PortRole::dynamic_service, held[0].port.role);
}

TEST(HeldPorts, ExposureFollowsTheLocalAddress) {
    const auto held = held_ports(snapshot_of(look_at_ms(0)
                                                 .listening("127.0.0.1", 1001)
                                                 .listening("192.0.2.1", 1002)
                                                 .listening("0.0.0.0", 1003)
                                                 .listening("::", 1004)
                                                 .listening("::1", 1005)));
    std::vector<Exposure> exposures;
    for (const HeldPort &one : held) exposures.push_back(one.exposure);
    EXPECT_THAT(exposures, ElementsAre(Exposure::loopback, Exposure::one_address, Exposure::all_addresses,
                                       Exposure::all_addresses, Exposure::loopback));
}

TEST(WhoIsAt, NobodyStandsInTheWayOfAFreePort) {
    EXPECT_THAT(obstacles("tcp/8080", look_at_ms(0)), IsEmpty());
    EXPECT_THAT(ask("tcp/8080", look_at_ms(0)).held, IsEmpty());
}

TEST(WhoIsAt, AListenerIsInTheWay) {
    EXPECT_THAT(obstacles("tcp/8080", look_at_ms(0).listening("127.0.0.1", 8080).held_by(1)),
                ElementsAre(BindObstacle::held));
}

TEST(WhoIsAt, AWildcardListenerCoversEveryAddress) {
    EXPECT_THAT(obstacles("tcp/192.0.2.1:8080", look_at_ms(0).listening("0.0.0.0", 8080).held_by(1)),
                ElementsAre(BindObstacle::held));
    EXPECT_THAT(obstacles("tcp/0.0.0.0:8080", look_at_ms(0).listening("192.0.2.1", 8080).held_by(1)),
                ElementsAre(BindObstacle::held));
    EXPECT_THAT(obstacles("tcp/192.0.2.1:8080", look_at_ms(0).listening("::", 8080).held_by(1)),
                ElementsAre(BindObstacle::held))
        << "a dual-stack socket takes IPv4 too";
}

TEST(WhoIsAt, AListenerOnAnotherAddressIsNotInTheWay) {
    EXPECT_THAT(obstacles("tcp/192.0.2.1:8080", look_at_ms(0).listening("127.0.0.1", 8080).held_by(1)), IsEmpty());
}

TEST(WhoIsAt, AnotherTransportIsNotInTheWay) {
    EXPECT_THAT(obstacles("tcp/53", look_at_ms(0).bound("0.0.0.0", 53).held_by(1)),
                ElementsAre(BindObstacle::privileged));
    const DoorAnswer both = ask("53", look_at_ms(0).bound("0.0.0.0", 53).held_by(1));
    ASSERT_THAT(both.binds, SizeIs(2));
    EXPECT_THAT(both.binds[1].obstacles, ElementsAre(BindObstacle::held, BindObstacle::privileged));
}

TEST(WhoIsAt, ClosedConnectionsLinger) {
    EXPECT_THAT(
        obstacles("tcp/8080", look_at_ms(0).connected("192.0.2.1", 8080, "198.51.100.7", 5000, SocketState::time_wait)),
        ElementsAre(BindObstacle::time_wait));
}

TEST(JudgeFlow, NamesBothEndsOfAConnectionOfThisHost) {
    const auto query = parse_flow_query("127.0.0.1:40000-127.0.0.1:8080");
    const FlowRecord flow = judge_flow(*query, snapshot_of(look_at_ms(0)
                                                               .listening("127.0.0.1", 8080)
                                                               .held_by(1, "server")
                                                               .connected("127.0.0.1", 8080, "127.0.0.1", 40000)
                                                               .held_by(1, "server")
                                                               .connected("127.0.0.1", 40000, "127.0.0.1", 8080)
                                                               .held_by(2, "client")));
    EXPECT_EQ("client", flow.initiator.attribution.holders.at(0)->name);
    EXPECT_EQ("server", flow.responder.attribution.holders.at(0)->name);
    EXPECT_EQ(PortRole::service, flow.responder.port.role);
}

TEST(JudgeFlow, TheSocketTableKnowsBetterWhoBegan) {
    const auto query = parse_flow_query("192.0.2.1:8080-198.51.100.7:40000");
    const FlowRecord flow = judge_flow(*query, snapshot_of(look_at_ms(0)
                                                               .listening("0.0.0.0", 8080)
                                                               .held_by(1, "server")
                                                               .connected("192.0.2.1", 8080, "198.51.100.7", 40000)
                                                               .held_by(1, "server")));
    EXPECT_EQ(8080, flow.responder.endpoint.port);
}

} // namespace
} // namespace doorplate

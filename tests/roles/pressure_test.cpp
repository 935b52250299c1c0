#include "analyze/pressure.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/roles/socket_story.h"

namespace doorplate {
namespace {

HostFacts host_with_range(std::uint16_t low, std::uint16_t high) {
    HostFacts host;
    host.netns = 1;
    host.ephemeral_ports = PortRange{low, high};
    return host;
}

// "192.0.2.1 to 198.51.100.7:443: 2 + 1 of 100"
std::vector<std::string> rows(Story &story, const HostFacts &host) {
    std::vector<std::string> found;
    for (const Pressure &row : ephemeral_pressure(story.history(), host)) {
        found.push_back(fmt::format("{} {} to {}: {} + {} of {}", transport_token(row.transport),
                                    row.source.to_string(), row.destination.to_string(), row.in_use, row.time_wait,
                                    row.available));
    }
    return found;
}
using Rows = std::vector<std::string>;

TEST(PressureTest, PortsInUseAndInTimeWaitAreCountedForEachDestination) {
    Story story;
    story.at(1s)
        .connected("192.0.2.1:40000", "198.51.100.7:443")
        .connected("192.0.2.1:40002", "198.51.100.7:443")
        .in_time_wait("192.0.2.1:40004", "198.51.100.7:443")
        .connected("192.0.2.1:40000", "198.51.100.8:443");
    EXPECT_EQ(
        (Rows{"tcp 192.0.2.1 to 198.51.100.7:443: 2 + 1 of 100", "tcp 192.0.2.1 to 198.51.100.8:443: 1 + 0 of 100"}),
        rows(story, host_with_range(40000, 40099)));
}

TEST(PressureTest, TheTightestDestinationComesFirst) {
    Story story;
    story.at(1s)
        .connected("192.0.2.1:40000", "198.51.100.1:443")
        .connected("192.0.2.1:40002", "198.51.100.2:443")
        .in_time_wait("192.0.2.1:40004", "198.51.100.2:443");
    EXPECT_EQ(
        (Rows{"tcp 192.0.2.1 to 198.51.100.2:443: 1 + 1 of 100", "tcp 192.0.2.1 to 198.51.100.1:443: 1 + 0 of 100"}),
        rows(story, host_with_range(40000, 40099)));
}

TEST(PressureTest, APortOutsideTheRangeWasNotTakenFromIt) {
    Story story;
    story.at(1s).connected("192.0.2.1:987", "198.51.100.7:2049").connected("192.0.2.1:41000", "198.51.100.7:2049");
    EXPECT_EQ(Rows{}, rows(story, host_with_range(40000, 40099)));
}

TEST(PressureTest, ReservedPortsAreNeitherAvailableNorInUse) {
    HostFacts host = host_with_range(40000, 40099);
    host.reserved_ports = {{39990, 40009}, {40099, 40099}, {50000, 50010}};
    Story story;
    story.at(1s).connected("192.0.2.1:40005", "198.51.100.7:443").connected("192.0.2.1:40050", "198.51.100.7:443");
    EXPECT_EQ(Rows{"tcp 192.0.2.1 to 198.51.100.7:443: 1 + 0 of 89"}, rows(story, host));
}

TEST(PressureTest, ConnectionsThatCameToAListenerUseNoPortsUp) {
    Story story;
    story.at(1s)
        .listening("0.0.0.0:40080")
        .connected("192.0.2.1:40080", "198.51.100.7:5000")
        .connected("192.0.2.1:40080", "198.51.100.8:5000");
    EXPECT_EQ(Rows{}, rows(story, host_with_range(40000, 40099)));
}

TEST(PressureTest, Ipv4MappedSocketsCountWithIpv4) {
    Story story;
    story.at(1s)
        .connected("192.0.2.1:40000", "198.51.100.7:443")
        .connected("[::ffff:192.0.2.1]:40002", "[::ffff:198.51.100.7]:443");
    EXPECT_EQ(Rows{"tcp 192.0.2.1 to 198.51.100.7:443: 2 + 0 of 100"}, rows(story, host_with_range(40000, 40099)));
}

TEST(PressureTest, ConnectedUdpSocketsHaveTheirOwnRows) {
    Story story;
    story.at(1s)
        .connected_udp("192.0.2.1:40000", "198.51.100.7:53")
        .connected("192.0.2.1:40000", "198.51.100.7:53")
        .bound_udp("0.0.0.0:40001");
    EXPECT_EQ(
        (Rows{"tcp 192.0.2.1 to 198.51.100.7:53: 1 + 0 of 100", "udp 192.0.2.1 to 198.51.100.7:53: 1 + 0 of 100"}),
        rows(story, host_with_range(40000, 40099)));
}

TEST(PressureTest, ClosedSocketsUseNothing) {
    Story story;
    story.at(1s).connected("192.0.2.1:40000", "198.51.100.7:443");
    story.at(2s);
    EXPECT_EQ(Rows{}, rows(story, host_with_range(40000, 40099)));
}

TEST(PressureTest, AnotherNamespaceHasAnotherRange) {
    Story story;
    story.at(1s).connected("192.0.2.1:40000", "198.51.100.7:443").in_namespace(7);
    EXPECT_EQ(Rows{}, rows(story, host_with_range(40000, 40099)));
}

TEST(PressureTest, WithoutARangeNothingIsSaid) {
    Story story;
    story.at(1s).connected("192.0.2.1:40000", "198.51.100.7:443");
    EXPECT_EQ(Rows{}, rows(story, HostFacts{}));
}

TEST(PressureTest, TheWholeRangeOfNumbersCanBeCounted) {
    Story story;
    story.at(1s).connected("192.0.2.1:65535", "198.51.100.7:443");
    EXPECT_EQ(Rows{"tcp 192.0.2.1 to 198.51.100.7:443: 1 + 0 of 65535"}, rows(story, host_with_range(1, 65535)));
}

} // namespace
} // namespace doorplate

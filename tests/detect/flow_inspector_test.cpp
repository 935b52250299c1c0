#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "analyze/detect/flow_inspector.h"
#include "dns_message.h"
#include "exchange.h"

namespace doorplate {
namespace {

using std::chrono::seconds;

constexpr Timestamp noon{std::chrono::hours(12)};

class Inspector : public testing::Test {
  protected:
    static InspectorOptions for_two_flows() {
        InspectorOptions options;
        options.open_flows = 2;
        return options;
    }
    // True if no more packets of the flow are wanted.
    bool sees(std::uint64_t flow, const Exchange &exchange, Timestamp time = noon) {
        bool enough = false;
        for (const Dissection &packet : exchange.packets()) enough = inspector_.packet(flow, packet, time);
        return enough;
    }
    std::string taken(std::uint64_t flow) {
        const auto detection = inspector_.take(flow);
        return detection ? detection->protocol : "-";
    }

    FlowInspector inspector_{for_two_flows()};
};

const Exchange ssh = Exchange(22).client("SSH-2.0-OpenSSH_9.2\r\n");
const Exchange unclear = Exchange(4000).client("\x7f\x01\x02\x03");

TEST_F(Inspector, WantsNoMoreWhenAFlowIsDecided) {
    EXPECT_FALSE(sees(1, unclear));
    EXPECT_TRUE(sees(2, ssh));
    EXPECT_EQ("ssh", inspector_.decided(2)->protocol);
    EXPECT_EQ("ssh", taken(2));
    EXPECT_EQ("-", taken(1));
}

TEST_F(Inspector, ForgetsAFlowThatWasTaken) {
    sees(1, ssh);
    EXPECT_EQ("ssh", taken(1));
    EXPECT_EQ("-", taken(1));
}

TEST_F(Inspector, DecidesTheOldestFlowWhenTooManyAreOpen) {
    sees(1, unclear);
    sees(2, unclear);
    EXPECT_EQ(0U, inspector_.cut_short());
    sees(3, unclear);
    EXPECT_EQ(1U, inspector_.cut_short());
    EXPECT_TRUE(sees(1, ssh)); // too late
    EXPECT_EQ("-", taken(1));
    EXPECT_TRUE(sees(4, ssh));
    EXPECT_EQ("ssh", taken(4));
}

TEST_F(Inspector, DecidesAFlowWhenItsTimeIsOver) {
    sees(1, unclear);
    EXPECT_TRUE(sees(1, ssh, noon + seconds(31)));
    EXPECT_EQ("-", taken(1));
    // An idle one makes room although it gets no packet.
    sees(2, unclear);
    sees(3, unclear, noon + seconds(90));
    sees(4, unclear, noon + seconds(90));
    EXPECT_EQ(0U, inspector_.cut_short());
}

TEST_F(Inspector, GoesOnReadingDns) {
    const auto answer = [](std::string_view name, std::string_view address) {
        return DnsMessage().asks(name).address(name, address).wire();
    };
    EXPECT_FALSE(sees(1, Exchange(53, Transport::udp).server(answer("a.example", "203.0.113.1"))));
    EXPECT_FALSE(sees(1, Exchange(53, Transport::udp).server(answer("b.example", "203.0.113.2"))));
    EXPECT_EQ("dns", taken(1));
    const auto name =
        inspector_.names().name_of(*IpAddress::parse("192.0.2.10"), *IpAddress::parse("203.0.113.2"), noon);
    ASSERT_TRUE(name);
    EXPECT_EQ("b.example", name->text);
}

TEST_F(Inspector, CostsNothingForPacketsWithoutPayload) {
    Dissection packet = ssh.packets().front();
    packet.payload = {};
    EXPECT_FALSE(inspector_.packet(1, packet, noon));
    EXPECT_EQ("-", taken(1));
    EXPECT_TRUE(inspector_.detects());
}

} // namespace
} // namespace doorplate

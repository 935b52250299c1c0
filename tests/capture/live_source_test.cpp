#include "capture/packet_source.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/cooked_header.h"
#include "capture/interfaces.h"
#include "capture/pcap_handle.h"
#include "capture/privileges.h"
#include "tests/support/child_process.h"
#include "tests/support/network_namespace.h"

namespace doorplate {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Source = std::unique_ptr<PacketSource>;

// Headers of Ethernet, of cooked captures, of IPv4 and UDP.
constexpr std::uint32_t ethernet = 14;
constexpr std::uint32_t cooked_v2 = 20;
constexpr std::uint32_t ipv4_udp = 28;

// A packet that outlives its batch.
struct Seen {
    std::vector<std::uint8_t> bytes;
    std::uint32_t original_length = 0;
    Timestamp time;
    LinkType link_type{};
    std::string interface;
    PacketDirection direction{};
};

std::vector<std::uint32_t> original_lengths(const std::vector<Seen> &packets) {
    std::vector<std::uint32_t> lengths;
    lengths.reserve(packets.size());
    for (const Seen &packet : packets) lengths.push_back(packet.original_length);
    return lengths;
}

std::vector<std::string> interface_names(const std::vector<Seen> &packets) {
    std::vector<std::string> names;
    names.reserve(packets.size());
    for (const Seen &packet : packets) names.push_back(packet.interface);
    return names;
}

void keep(const PacketSource &source, const PacketBatch &batch, std::vector<Seen> &seen) {
    for (const Packet &packet : batch.packets)
        seen.push_back({.bytes = {packet.bytes.begin(), packet.bytes.end()},
                        .original_length = packet.original_length,
                        .time = packet.time,
                        .link_type = packet.link_type,
                        .interface = source.interfaces().at(packet.interface).name,
                        .direction = packet.direction});
}

// A busy machine's timers are late.
constexpr Duration quiet_time = 3 * live_delay;

std::vector<Seen> read_all(PacketSource &source) {
    std::vector<Seen> seen;
    for (;;) {
        const auto batch = source.read(quiet_time);
        if (!batch) {
            ADD_FAILURE() << batch.error().message;
            return seen;
        }
        if (batch->packets.empty()) return seen;
        keep(source, *batch, seen);
    }
}

// Reads until the source fails, keeping what came before.
Error read_to_failure(PacketSource &source, std::vector<Seen> &seen) {
    for (int i = 0; i < 100; ++i) {
        const auto batch = source.read(50ms);
        if (!batch) return batch.error();
        keep(source, *batch, seen);
    }
    ADD_FAILURE() << "the source did not fail";
    return {};
}

Source open(const LiveOptions &options) {
    auto source = open_live(options);
    if (!source) throw std::runtime_error(source.error().message);
    return std::move(*source);
}
LiveOptions on(std::vector<std::string> interfaces) { return {.interfaces = std::move(interfaces), .filter = ""}; }
Source open_on(std::vector<std::string> interfaces) { return open(on(std::move(interfaces))); }

Error error_of(const LiveOptions &options) {
    const auto source = open_live(options);
    EXPECT_FALSE(source.has_value());
    return source ? Error{} : source.error();
}

void send_udp(const char *to, std::uint16_t port, std::size_t payload) {
    const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const auto address = IpAddress::parse(to).value();
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(port);
    std::ranges::copy(address.bytes(), reinterpret_cast<std::uint8_t *>(&target.sin_addr));
    const std::string text(payload, 'x');
    EXPECT_EQ(static_cast<ssize_t>(payload),
              sendto(descriptor, text.data(), text.size(), 0, reinterpret_cast<sockaddr *>(&target), sizeof target));
    close(descriptor);
}

// Nobody listens there, and the answers (ICMP) are filtered out wherever they would count.
constexpr std::uint16_t discard = 9;
void send_to_self(std::size_t payload) { send_udp("127.0.0.1", discard, payload); }

class LiveSource : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto reason = why_no_network_namespace()) GTEST_SKIP() << *reason;
    }
};

// Two ends of a cable, with nothing on it that the test did not send.
// The kernel notices a carrier in its own time, up to a second later, and sends nothing before.
void wait_for_carriers() {
    run_command(
        "for i in $(seq 100); do [ $(ip link show | grep -c 'state UP') = 2 ] && exit 0; sleep 0.05; done; exit 1");
}
void add_cable() {
    run_command("ip link add left type veth peer name right");
    for (const std::string end : {"left", "right"})
        run_command("ip link set " + end + " addrgenmode none arp off multicast off up");
    run_command("ip address add 192.0.2.1/24 dev left");
    wait_for_carriers();
}
void send_over_cable(std::size_t payload) { send_udp("192.0.2.2", discard, payload); }

TEST_F(LiveSource, SeesADatagramWithItsLengths) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"lo"}, .filter = "udp"});
        send_to_self(100);
        const auto seen = read_all(*source);
        ASSERT_THAT(seen, SizeIs(1));
        EXPECT_EQ(ethernet + ipv4_udp + 100, seen[0].original_length);
        EXPECT_EQ(ethernet + ipv4_udp + 100, seen[0].bytes.size());
        EXPECT_EQ('x', seen[0].bytes.back());
        EXPECT_EQ(LinkType::ethernet, seen[0].link_type);
        EXPECT_EQ("lo", seen[0].interface);
        EXPECT_EQ(PacketDirection::unknown, seen[0].direction);
    });
}

TEST_F(LiveSource, SeesAWholeTcpConnection) {
    in_network_namespace([] {
        const auto source = open_on({"lo"});
        const int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ASSERT_LE(0, listener);
        ASSERT_LE(0, client);
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_addr = in6addr_loopback;
        socklen_t size = sizeof address;
        ASSERT_EQ(0, bind(listener, reinterpret_cast<sockaddr *>(&address), size));
        ASSERT_EQ(0, listen(listener, 1));
        ASSERT_EQ(0, getsockname(listener, reinterpret_cast<sockaddr *>(&address), &size));
        ASSERT_EQ(0, connect(client, reinterpret_cast<sockaddr *>(&address), size));
        close(client);
        close(listener);
        const auto seen = read_all(*source);
        // SYN, SYN and ACK, ACK, and what closing brings.
        EXPECT_GE(seen.size(), 5U);
        EXPECT_TRUE(std::ranges::is_sorted(seen, {}, &Seen::time));
    });
}

TEST_F(LiveSource, HandsOutWhatPassesTheFilterOnly) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"lo"}, .filter = "udp dst port 7"});
        send_to_self(1);
        send_udp("127.0.0.1", 7, 2);
        EXPECT_THAT(original_lengths(read_all(*source)), ElementsAre(ethernet + ipv4_udp + 2));
    });
}

TEST_F(LiveSource, CutsToTheSnapshotLengthAndKeepsTheOriginalOne) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"lo"}, .snapshot_length = 40, .filter = "udp"});
        send_to_self(500);
        const auto seen = read_all(*source);
        ASSERT_THAT(seen, SizeIs(1));
        EXPECT_EQ(40U, seen[0].bytes.size());
        EXPECT_EQ(ethernet + ipv4_udp + 500, seen[0].original_length);
        EXPECT_EQ(40U, source->interfaces().at(0).snapshot_length);
    });
}

TEST_F(LiveSource, ASnapshotLengthOfZeroCutsNothing) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"lo"}, .snapshot_length = 0, .filter = "udp"});
        send_to_self(60000);
        const auto seen = read_all(*source);
        ASSERT_THAT(seen, SizeIs(1));
        EXPECT_EQ(ethernet + ipv4_udp + 60000, seen[0].bytes.size());
    });
}

TEST_F(LiveSource, StampsPacketsInNanosecondsOfNow) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"lo"}, .filter = "udp"});
        const auto before = std::chrono::system_clock::now();
        for (int i = 0; i < 20; ++i) send_to_self(1);
        const auto after = std::chrono::system_clock::now();
        bool finer_than_microseconds = false;
        for (const Seen &packet : read_all(*source)) {
            EXPECT_LE(before, packet.time);
            EXPECT_GE(after, packet.time);
            finer_than_microseconds = finer_than_microseconds || ns_since_epoch(packet.time) % 1000 != 0;
        }
        EXPECT_TRUE(finer_than_microseconds);
    });
}

TEST_F(LiveSource, OutShowsWhatWasSentAndSaysSo) {
    in_network_namespace([] {
        add_cable();
        const auto source =
            open({.interfaces = {"left", "right"}, .direction = CaptureDirection::out, .filter = "udp"});
        send_over_cable(10);
        const auto seen = read_all(*source);
        ASSERT_THAT(interface_names(seen), ElementsAre("left"));
        EXPECT_EQ(PacketDirection::outbound, seen[0].direction);
    });
}

TEST_F(LiveSource, InShowsWhatWasReceivedAndSaysSo) {
    in_network_namespace([] {
        add_cable();
        const auto source = open({.interfaces = {"left", "right"}, .direction = CaptureDirection::in, .filter = "udp"});
        send_over_cable(10);
        const auto seen = read_all(*source);
        ASSERT_THAT(interface_names(seen), ElementsAre("right"));
        EXPECT_EQ(PacketDirection::inbound, seen[0].direction);
    });
}

TEST_F(LiveSource, SeveralInterfacesAreMergedByTime) {
    in_network_namespace([] {
        add_cable();
        const auto source = open_on({"right", "left"});
        for (std::size_t i = 0; i < 50; ++i) send_over_cable(i);
        const auto seen = read_all(*source);
        ASSERT_THAT(seen, SizeIs(100));
        EXPECT_TRUE(std::ranges::is_sorted(seen, {}, &Seen::time));
        // Each datagram leaves one end before it arrives at the other.
        EXPECT_EQ("left", seen[0].interface);
        EXPECT_EQ("right", seen[1].interface);
        EXPECT_EQ("left", seen[98].interface);
        EXPECT_EQ("right", seen[99].interface);
    });
}

TEST_F(LiveSource, AnInterfaceNamedTwiceIsCapturedOnce) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"lo", "lo"}, .filter = "udp"});
        send_to_self(1);
        EXPECT_THAT(read_all(*source), SizeIs(1));
    });
}

TEST_F(LiveSource, AQuietInterfacesPacketComesAtItsPlaceAmongThoseOfABusyOne) {
    in_network_namespace([] {
        add_cable();
        const auto source = open({.interfaces = {"left", "lo"}, .filter = "udp"});
        for (int i = 0; i < 1000; ++i) send_to_self(1);
        send_over_cable(1);
        for (int i = 0; i < 1000; ++i) send_to_self(1);
        const auto names = interface_names(read_all(*source));
        ASSERT_THAT(names, SizeIs(2001));
        EXPECT_EQ("left", names[1000]);
    });
}

TEST_F(LiveSource, ABatchIsBoundedAndTheRestFollows) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"lo"}, .filter = "udp"});
        for (int i = 0; i < 2000; ++i) send_to_self(1);
        std::this_thread::sleep_for(quiet_time);
        const auto batch = source->read(0ns);
        ASSERT_TRUE(batch.has_value());
        EXPECT_EQ(512U, batch->packets.size());
        EXPECT_THAT(read_all(*source), SizeIs(2000 - 512));
    });
}

// The ring of libpcap's immediate mode has room for 511 packets here.
TEST_F(LiveSource, ABurstOfSmallPacketsFitsTheRing) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"lo"}, .filter = "udp"});
        for (int i = 0; i < 20000; ++i) send_to_self(1);
        EXPECT_THAT(read_all(*source), SizeIs(20000));
        EXPECT_EQ(0U, source->stats().dropped_by_kernel);
    });
}

TEST_F(LiveSource, PacketsStayValidUntilTheNextRead) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"lo"}, .buffer_bytes = 1 << 20, .filter = "udp"});
        send_to_self(100);
        const auto batch = source->read(1s);
        ASSERT_TRUE(batch.has_value());
        ASSERT_THAT(batch->packets, SizeIs(1));
        const std::vector<std::uint8_t> before(batch->packets[0].bytes.begin(), batch->packets[0].bytes.end());
        // Goes round the ring several times.
        for (int i = 0; i < 500; ++i) send_to_self(10000);
        EXPECT_TRUE(std::ranges::equal(before, batch->packets[0].bytes));
    });
}

TEST_F(LiveSource, CountsWhatItHandedOutAndWhatPassedTheFilter) {
    in_network_namespace([] {
        add_cable();
        const auto source = open_on({"left"});
        for (int i = 0; i < 3; ++i) send_over_cable(1);
        read_all(*source);
        const CaptureStats stats = source->stats();
        EXPECT_EQ(3U, stats.packets);
        EXPECT_EQ(3U, stats.received_by_filter);
        EXPECT_EQ(0U, stats.dropped_by_kernel);
        EXPECT_EQ(0U, stats.dropped_by_interface);
        EXPECT_THAT(stats.lost_interfaces, IsEmpty());
    });
}

TEST_F(LiveSource, CountersAddUpOverInterfaces) {
    in_network_namespace([] {
        add_cable();
        const auto source = open_on({"left", "right"});
        for (int i = 0; i < 3; ++i) send_over_cable(1);
        read_all(*source);
        EXPECT_EQ(6U, source->stats().received_by_filter);
        EXPECT_EQ(6U, source->stats().received_by_filter) << "asking twice counts nothing twice";
    });
}

TEST_F(LiveSource, ARingThatIsTooSmallIsSaidToHaveDropped) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"lo"}, .buffer_bytes = 1 << 18, .filter = "udp"});
        for (int i = 0; i < 2000; ++i) send_to_self(10000);
        const auto handed_out = read_all(*source).size();
        const CaptureStats stats = source->stats();
        EXPECT_GT(stats.dropped_by_kernel.value_or(0), 0U);
        EXPECT_LT(handed_out, 2000U);
        EXPECT_EQ(handed_out, stats.packets);
    });
}

TEST_F(LiveSource, WithoutPromiscuousModeInterfaceDropsAreUnknown) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"lo"}, .promiscuous = false, .filter = "udp"});
        EXPECT_EQ(std::nullopt, source->stats().dropped_by_interface);
    });
}

TEST_F(LiveSource, AnyNamesTheRealInterfaceOfEachPacket) {
    in_network_namespace([] {
        add_cable();
        const auto source = open({.interfaces = {"any"}, .filter = "udp"});
        EXPECT_THAT(source->interfaces(), IsEmpty());
        send_over_cable(10);
        const auto seen = read_all(*source);
        ASSERT_THAT(interface_names(seen), ElementsAre("left", "right"));
        EXPECT_EQ(PacketDirection::outbound, seen[0].direction);
        EXPECT_EQ(LinkType::linux_cooked_v2, seen[0].link_type);
        EXPECT_EQ(LinkType::linux_cooked_v2, source->interfaces().at(0).link_type);
        EXPECT_EQ(cooked_v2 + ipv4_udp + 10, seen[0].original_length);
    });
}

TEST_F(LiveSource, AnySeesALoopbackPacketOnce) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"any"}, .filter = "udp"});
        send_to_self(10);
        const auto seen = read_all(*source);
        ASSERT_THAT(interface_names(seen), ElementsAre("lo"));
        EXPECT_EQ(PacketDirection::inbound, seen[0].direction);
    });
}

TEST_F(LiveSource, AnyWithPacketsCutBeforeTheInterfaceStillHasOne) {
    in_network_namespace([] {
        const auto source = open({.interfaces = {"any"}, .snapshot_length = 4, .filter = "udp"});
        send_to_self(10);
        // Older versions of libpcap put the header in front of as many bytes, newer ones cut it too.
        EXPECT_THAT(interface_names(read_all(*source)), ElementsAre(testing::AnyOf("any", "lo")));
    });
}

TEST_F(LiveSource, AnyGoesOnWhenAnInterfaceIsDeleted) {
    in_network_namespace([] {
        add_cable();
        const auto source = open({.interfaces = {"any"}, .filter = "udp"});
        send_over_cable(10);
        EXPECT_THAT(read_all(*source), SizeIs(2));
        run_command("ip link delete left");
        send_to_self(10);
        EXPECT_THAT(interface_names(read_all(*source)), ElementsAre("lo"));
    });
}

TEST_F(LiveSource, ATunnelWithoutLinkHeaderIsRawIp) {
    in_network_namespace([] {
        if (std::system("ip tuntap add tunnel mode tun 2>/dev/null") != 0)
            GTEST_SKIP() << "this kernel has no tun device";
        run_command("ip link set tunnel up");
        const auto source = open_on({"tunnel"});
        EXPECT_EQ(LinkType::raw_ip, source->interfaces().at(0).link_type);
    });
}

TEST_F(LiveSource, WithoutANameItTakesTheFirstThatIsUpAndNotLoopback) {
    in_network_namespace([] {
        add_cable();
        run_command("ip link set right down");
        EXPECT_THAT(open({})->interfaces().at(0).name, testing::AnyOf("lo", "left"));
        run_command("ip link set right up");
        wait_for_carriers();
        EXPECT_THAT(open({})->interfaces().at(0).name, testing::AnyOf("left", "right"));
    });
}

TEST_F(LiveSource, WithoutANameAndWithoutANetworkItTakesLoopback) {
    in_network_namespace([] { EXPECT_EQ("lo", open({})->interfaces().at(0).name); });
}

TEST_F(LiveSource, WaitsNoLongerThanAsked) {
    in_network_namespace([] {
        const auto source = open_on({"lo"});
        const auto start = std::chrono::steady_clock::now();
        const auto batch = source->read(30ms);
        const auto waited = std::chrono::steady_clock::now() - start;
        ASSERT_TRUE(batch.has_value());
        EXPECT_THAT(batch->packets, IsEmpty());
        EXPECT_FALSE(batch->at_end);
        EXPECT_GE(waited, 30ms);
        EXPECT_LT(waited, 10s);
    });
}

void ignore_signal(int) {}

TEST_F(LiveSource, ASignalEndsTheWaitWithAnEmptyBatch) {
    in_network_namespace([] {
        struct sigaction action{};
        action.sa_handler = ignore_signal;
        sigaction(SIGUSR1, &action, nullptr);
        const auto source = open_on({"lo"});
        const pthread_t reader = pthread_self();
        std::jthread interrupter([reader](const std::stop_token &stop) {
            // Again and again, as the first one may come before the wait.
            while (!stop.stop_requested()) {
                std::this_thread::sleep_for(50ms);
                pthread_kill(reader, SIGUSR1);
            }
        });
        const auto start = std::chrono::steady_clock::now();
        const auto batch = source->read(60s);
        interrupter.request_stop();
        interrupter.join();
        ASSERT_TRUE(batch.has_value());
        EXPECT_THAT(batch->packets, IsEmpty());
        EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
    });
}

TEST_F(LiveSource, AnInterfaceDeletedWhileCapturingIsAnErrorAfterItsPackets) {
    in_network_namespace([] {
        add_cable();
        const auto source = open_on({"left"});
        for (int i = 0; i < 30; ++i) send_over_cable(1);
        run_command("ip link delete left");
        std::vector<Seen> seen;
        const Error error = read_to_failure(*source, seen);
        EXPECT_THAT(seen, SizeIs(30));
        EXPECT_THAT(error.message, AllOf(HasSubstr("left"), HasSubstr("disappeared")));
        EXPECT_EQ(ErrorKind::runtime, error.kind);
        EXPECT_THAT(source->stats().lost_interfaces, ElementsAre("left"));
        EXPECT_EQ(30U, source->stats().received_by_filter);

        const auto afterwards = source->read(0ns);
        ASSERT_TRUE(afterwards.has_value());
        EXPECT_TRUE(afterwards->at_end);
    });
}

TEST_F(LiveSource, TheOthersGoOnWhenOneInterfaceIsDeleted) {
    in_network_namespace([] {
        add_cable();
        const auto source = open({.interfaces = {"left", "lo"}, .filter = "udp"});
        run_command("ip link delete left");
        read_all(*source);
        send_to_self(1);
        EXPECT_THAT(interface_names(read_all(*source)), ElementsAre("lo"));
        EXPECT_THAT(source->stats().lost_interfaces, ElementsAre("left"));
    });
}

TEST_F(LiveSource, WhenTheLastInterfaceIsGoneTheErrorNamesAll) {
    in_network_namespace([] {
        add_cable();
        const auto source = open_on({"left", "right"});
        run_command("ip link delete left");
        std::vector<Seen> seen;
        EXPECT_THAT(read_to_failure(*source, seen).message, AllOf(HasSubstr("left"), HasSubstr("right")));
    });
}

TEST_F(LiveSource, AnInterfaceThatGoesDownAndUpAgainIsCapturedOn) {
    in_network_namespace([] {
        add_cable();
        const auto source = open_on({"left"});
        run_command("ip link set left down");
        EXPECT_THAT(read_all(*source), IsEmpty());
        run_command("ip link set left up && ip address replace 192.0.2.1/24 dev left");
        send_over_cable(1);
        EXPECT_THAT(read_all(*source), SizeIs(1));
    });
}

TEST_F(LiveSource, AnUnknownInterfaceIsAnsweredWithThoseThatExist) {
    in_network_namespace([] {
        add_cable();
        const Error error = error_of(on({"eth9"}));
        EXPECT_THAT(error.message, AllOf(HasSubstr("no interface named 'eth9'"), HasSubstr("lo"), HasSubstr("left"),
                                         HasSubstr("any"), HasSubstr("doorplate interfaces")));
        EXPECT_THAT(error.message, testing::Not(HasSubstr("nflog")));
    });
}

TEST_F(LiveSource, AnInterfaceThatIsDownIsAnsweredWithHowToBringItUp) {
    in_network_namespace([] {
        run_command("ip link add left type veth peer name right");
        EXPECT_THAT(error_of(on({"left"})).message,
                    AllOf(HasSubstr("cannot capture on left"), HasSubstr("down"), HasSubstr("ip link set left up")));
    });
}

TEST_F(LiveSource, ABadFilterIsAUsageFailureThatQuotesIt) {
    in_network_namespace([] {
        const Error error = error_of({.interfaces = {"lo"}, .filter = "tcp and (port 80"});
        EXPECT_EQ(ErrorKind::usage, error.kind);
        EXPECT_THAT(error.message, AllOf(HasSubstr("tcp and (port 80"), HasSubstr("syntax error")));
    });
}

TEST_F(LiveSource, AFilterThatNothingPassesIsAUsageFailure) {
    in_network_namespace([] {
        const Error error = error_of({.interfaces = {"lo"}, .filter = "ip and ip6"});
        EXPECT_EQ(ErrorKind::usage, error.kind);
        EXPECT_THAT(error.message, HasSubstr("rejects all packets"));
    });
}

TEST_F(LiveSource, AFilterMaySpeakOfTheSubnetsBroadcast) {
    in_network_namespace([] {
        add_cable();
        EXPECT_NE(nullptr, open({.interfaces = {"left"}, .filter = "ip broadcast"}));
    });
}

TEST(LiveOptionsCheck, ASnapshotLengthOutOfRangeIsAUsageFailure) {
    for (const int length : {-1, 262145}) {
        const Error error = error_of({.interfaces = {"lo"}, .snapshot_length = length, .filter = ""});
        EXPECT_EQ(ErrorKind::usage, error.kind);
        EXPECT_THAT(error.message, AllOf(HasSubstr(std::to_string(length)), HasSubstr("262144")));
    }
}

TEST(LiveOptionsCheck, ABufferOfNothingIsAUsageFailure) {
    EXPECT_EQ(ErrorKind::usage, error_of({.interfaces = {"lo"}, .buffer_bytes = 0, .filter = ""}).kind);
}

// Rights belong to threads, so a thread can give its own away and leave the test's alone.
void without_rights(const std::function<void()> &body) {
    std::thread([&] {
        EXPECT_TRUE(drop_rights_except({}));
        body();
    }).join();
}

TEST(LiveWithoutRights, TheMessageNamesTheRightAndHowToGetIt) {
    without_rights([] {
        const Error error = error_of(on({"lo"}));
        EXPECT_EQ(ErrorKind::runtime, error.kind);
        EXPECT_THAT(error.message, AllOf(HasSubstr("cannot capture on lo"), HasSubstr("CAP_NET_RAW"),
                                         HasSubstr("sudo setcap cap_net_raw,cap_sys_ptrace,cap_dac_read_search+ep"),
                                         HasSubstr("docs/privileges.md")));
    });
}

TEST(LiveWithoutRights, AnUnknownInterfaceIsStillSaidToBeUnknown) {
    without_rights([] { EXPECT_THAT(error_of(on({"eth9"})).message, HasSubstr("no interface named 'eth9'")); });
}

// Root of a user namespace has all rights, over networks that were made in it.
TEST(LiveWithoutRights, ARightThatDoesNotHoldForThisNetworkIsSaidToBeSo) {
    const std::string message = in_child([]() -> std::string {
        if (unshare(CLONE_NEWUSER) != 0) return "no user namespace";
        const auto source = open_live(on({"lo"}));
        return source ? "captures" : source.error().message;
    });
    if (message == "no user namespace") GTEST_SKIP() << "this kernel gives us no user namespace";
    EXPECT_THAT(message, AllOf(HasSubstr("cannot capture on lo"), HasSubstr("although this program has CAP_NET_RAW")));
}

TEST(LiveWithoutRights, InterfacesCanBeListed) {
    without_rights([] {
        const auto interfaces = list_interfaces();
        ASSERT_TRUE(interfaces.has_value());
        const auto loopback = std::ranges::find(*interfaces, "lo", &Interface::name);
        ASSERT_NE(interfaces->end(), loopback);
        EXPECT_TRUE(loopback->loopback);
        EXPECT_FALSE(loopback->wireless);
    });
}

TEST_F(LiveSource, InterfacesAreListedWithStateAndAddresses) {
    in_network_namespace([] {
        add_cable();
        run_command("ip link set right down");
        const auto interfaces = list_interfaces();
        ASSERT_TRUE(interfaces.has_value());
        const auto left = std::ranges::find(*interfaces, "left", &Interface::name);
        const auto right = std::ranges::find(*interfaces, "right", &Interface::name);
        ASSERT_NE(interfaces->end(), left);
        ASSERT_NE(interfaces->end(), right);
        EXPECT_TRUE(left->up);
        EXPECT_FALSE(right->up);
        EXPECT_FALSE(left->loopback);
        EXPECT_THAT(left->addresses, ElementsAre(InterfaceAddress{IpAddress::v4({192, 0, 2, 1}), 24}));
        EXPECT_THAT(right->addresses, IsEmpty());
    });
}

TEST(LinkTypeOf, RawIpHasAnotherNumberInTheRegistry) { EXPECT_EQ(LinkType::raw_ip, link_type_of(DLT_RAW)); }
TEST(LinkTypeOf, MostNumbersAreTheSame) {
    EXPECT_EQ(LinkType::ethernet, link_type_of(DLT_EN10MB));
    EXPECT_EQ(LinkType::linux_cooked_v2, link_type_of(DLT_LINUX_SLL2));
}

PacketDirection direction_of_cooked(std::uint8_t packet_type) {
    return read_cooked_header(LinkType::linux_cooked, std::vector<std::uint8_t>{0, packet_type, 0, 1}).direction;
}

TEST(CookedHeader, Version1SaysTheDirection) {
    EXPECT_EQ(PacketDirection::inbound, direction_of_cooked(0));
    EXPECT_EQ(PacketDirection::outbound, direction_of_cooked(4));
}

TEST(CookedHeader, BroadcastMulticastAndOtherHostsAreNoDirection) {
    for (const std::uint8_t type : std::vector<std::uint8_t>{1, 2, 3, 5, 255})
        EXPECT_EQ(PacketDirection::unknown, direction_of_cooked(type));
}

TEST(CookedHeader, Version2SaysInterfaceAndDirection) {
    const std::vector<std::uint8_t> bytes{8, 0, 0, 0, 0, 0, 1, 2, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0};
    const auto header = read_cooked_header(LinkType::linux_cooked_v2, bytes);
    EXPECT_EQ(258U, header.interface_index);
    EXPECT_EQ(PacketDirection::outbound, header.direction);
}

TEST(CookedHeader, OneThatIsCutSaysWhatIsThere) {
    const std::vector<std::uint8_t> bytes{8, 0, 0, 0, 0, 0, 1, 2, 0, 1};
    EXPECT_EQ(258U, read_cooked_header(LinkType::linux_cooked_v2, bytes).interface_index);
    EXPECT_EQ(PacketDirection::unknown, read_cooked_header(LinkType::linux_cooked_v2, bytes).direction);
    EXPECT_EQ(std::nullopt, read_cooked_header(LinkType::linux_cooked_v2, Bytes{bytes}.first(7)).interface_index);
    EXPECT_EQ(PacketDirection::unknown, read_cooked_header(LinkType::linux_cooked, Bytes{bytes}.first(1)).direction);
}

TEST(CookedHeader, OtherLinkTypesHaveNone) {
    const std::vector<std::uint8_t> bytes(20);
    EXPECT_EQ(PacketDirection::unknown, read_cooked_header(LinkType::ethernet, bytes).direction);
}

} // namespace
} // namespace doorplate

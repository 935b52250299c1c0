#include "capture/host_facts.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/socket_address.h"
#include "tests/support/network_namespace.h"
#include "tests/support/temp_dir.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class HostFactsTest : public testing::Test {
  protected:
    void ipv4(const char *name, std::string_view text) {
        proc_.write(std::filesystem::path("sys/net/ipv4") / name, text);
    }
    void ephemeral(std::string_view text) { ipv4("ip_local_port_range", text); }
    void reserved(std::string_view text) { ipv4("ip_local_reserved_ports", text); }
    [[nodiscard]] HostFacts read() const { return read_host_facts(proc_.path()); }

    TempDir proc_;
};

IpAddress ip(const char *text) { return IpAddress::parse(text).value(); }

HostFacts host_with(const char *address, std::uint8_t prefix_length) {
    HostFacts facts;
    facts.local_addresses.push_back({.address = ip(address), .prefix_length = prefix_length});
    return facts;
}

TEST_F(HostFactsTest, TheEphemeralRangeIsReadWithItsTab) {
    ephemeral("32768\t60999\n");
    EXPECT_EQ((PortRange{32768, 60999}), read().ephemeral_ports);
}

TEST_F(HostFactsTest, ARangeOfOnePortIsARange) {
    ephemeral("40000 40000");
    EXPECT_EQ((PortRange{40000, 40000}), read().ephemeral_ports);
}

TEST_F(HostFactsTest, NonsenseIsNoEphemeralRange) {
    for (const char *text : {"", "\n", "32768", "32768\t", "\t60999", "60999\t32768", "32768\t70000", "-1\t60999",
                             "32768\t60999\t1", "0x8000 0xffff", "32768-60999", "99999999999999999999\t2", "ports"}) {
        ephemeral(text);
        EXPECT_EQ(std::nullopt, read().ephemeral_ports) << '"' << text << '"';
    }
}

TEST_F(HostFactsTest, ZeroBytesInAFileAreNonsenseToo) {
    ephemeral(std::string_view("32768\t60999\0", 12));
    EXPECT_EQ(std::nullopt, read().ephemeral_ports);
}

TEST_F(HostFactsTest, ReservedPortsAreSinglesAndRanges) {
    reserved("8080,9000-9010\n");
    EXPECT_THAT(read().reserved_ports, ElementsAre(PortRange{8080, 8080}, PortRange{9000, 9010}));
}

TEST_F(HostFactsTest, ReservedPortsComeSortedAndWithoutOverlap) {
    reserved("9000-9010,22,9005-9020,9008");
    EXPECT_THAT(read().reserved_ports, ElementsAre(PortRange{22, 22}, PortRange{9000, 9020}));
}

TEST_F(HostFactsTest, NoReservedPortsIsAnEmptyLine) {
    reserved("\n");
    EXPECT_THAT(read().reserved_ports, IsEmpty());
}

TEST_F(HostFactsTest, AListWithOneBadEntryIsNotHalfBelieved) {
    for (const char *text : {"80,x", "80,,443", "80-", "-80", "90-80", "80,70000", "80;443", "80 443"}) {
        reserved(text);
        EXPECT_THAT(read().reserved_ports, IsEmpty()) << '"' << text << '"';
    }
}

TEST_F(HostFactsTest, EveryOtherPortReservedIsStillRead) {
    std::string text = "1";
    for (int port = 3; port < 65536; port += 2) text += "," + std::to_string(port);
    reserved(text + "\n");
    EXPECT_EQ(32768U, read().reserved_ports.size());
}

TEST_F(HostFactsTest, AFileWithoutAnEndIsNotRead) {
    reserved("1" + std::string(std::size_t{4} << 20, '0'));
    EXPECT_THAT(read().reserved_ports, IsEmpty());
}

TEST_F(HostFactsTest, TheFirstUnprivilegedPortMayBeZero) {
    ipv4("ip_unprivileged_port_start", "0\n");
    EXPECT_EQ(0, read().unprivileged_port_start);
}

TEST_F(HostFactsTest, TheKernelIsItsTypeAndRelease) {
    proc_.write("sys/kernel/ostype", "Linux\n");
    proc_.write("sys/kernel/osrelease", "6.1.0-1-amd64\n");
    EXPECT_EQ("Linux 6.1.0-1-amd64", read().kernel);
}

TEST_F(HostFactsTest, TheHostnameLosesItsLineEnd) {
    proc_.write("sys/kernel/hostname", "gate\n");
    EXPECT_EQ("gate", read().hostname);
}

TEST_F(HostFactsTest, TheNamespaceIsTheNumberInTheLink) {
    std::filesystem::create_directories(proc_.path() / "self/ns");
    std::filesystem::create_symlink("net:[4026531840]", proc_.path() / "self/ns/net");
    EXPECT_EQ(4026531840U, read().netns);
}

TEST_F(HostFactsTest, AnyOtherLinkIsNoNamespace) {
    std::filesystem::create_directories(proc_.path() / "self/ns");
    for (const char *target : {"/etc/passwd", "net:[]", "net:[12", "net:[-1]", "net:[12x]", "net:["}) {
        std::filesystem::remove(proc_.path() / "self/ns/net");
        std::filesystem::create_symlink(target, proc_.path() / "self/ns/net");
        EXPECT_EQ(std::nullopt, read().netns) << target;
    }
}

TEST_F(HostFactsTest, ADirectoryInPlaceOfAFileIsAbsent) {
    std::filesystem::create_directories(proc_.path() / "sys/net/ipv4/ip_local_port_range");
    EXPECT_EQ(std::nullopt, read().ephemeral_ports);
}

TEST_F(HostFactsTest, WithoutProcEverythingIsAbsent) {
    const HostFacts facts = read_host_facts(proc_.path() / "nothing-here");
    EXPECT_EQ("", facts.hostname);
    EXPECT_EQ("", facts.kernel);
    EXPECT_EQ(std::nullopt, facts.netns);
    EXPECT_EQ(std::nullopt, facts.ephemeral_ports);
    EXPECT_EQ(std::nullopt, facts.unprivileged_port_start);
}

TEST(RealHostFacts, ThisHostHasThem) {
    const HostFacts facts = read_host_facts("/proc");
    EXPECT_NE("", facts.hostname);
    EXPECT_THAT(facts.kernel, testing::StartsWith("Linux "));
    EXPECT_TRUE(facts.netns.has_value());
    ASSERT_TRUE(facts.ephemeral_ports.has_value());
    EXPECT_LE(facts.ephemeral_ports->low, facts.ephemeral_ports->high);
    EXPECT_TRUE(facts.unprivileged_port_start.has_value());
}

TEST(RealHostFacts, AddressesOfTheNamespaceComeWithTheirPrefixLengths) {
    if (const auto reason = why_no_network_namespace()) GTEST_SKIP() << *reason;
    in_network_namespace([] {
        run_command("ip address add 192.0.2.9/28 dev lo && ip address add 2001:db8::9/64 dev lo");
        const HostFacts facts = read_host_facts("/proc");
        EXPECT_THAT(facts.local_addresses, testing::UnorderedElementsAre(InterfaceAddress{ip("127.0.0.1"), 8},
                                                                         InterfaceAddress{ip("::1"), 128},
                                                                         InterfaceAddress{ip("192.0.2.9"), 28},
                                                                         InterfaceAddress{ip("2001:db8::9"), 64}));
    });
}

TEST(Local, AnInterfacesAddressIs) { EXPECT_TRUE(host_with("192.0.2.9", 24).is_local(ip("192.0.2.9"))); }
TEST(Local, ANeighbourIsNot) { EXPECT_FALSE(host_with("192.0.2.9", 24).is_local(ip("192.0.2.10"))); }
TEST(Local, ItsMappedFormIs) { EXPECT_TRUE(host_with("192.0.2.9", 24).is_local(ip("::ffff:192.0.2.9"))); }
TEST(Local, AllOf127Is) { EXPECT_TRUE(HostFacts{}.is_local(ip("127.3.2.1"))); }
TEST(Local, TheIpv6LoopbackIs) { EXPECT_TRUE(HostFacts{}.is_local(ip("::1"))); }

TEST(Broadcast, TheLimitedOneIs) { EXPECT_TRUE(HostFacts{}.is_broadcast(ip("255.255.255.255"))); }
TEST(Broadcast, TheLastAddressOfASubnetIs) { EXPECT_TRUE(host_with("192.0.2.9", 28).is_broadcast(ip("192.0.2.15"))); }
TEST(Broadcast, TheLastAddressOfAWiderSubnetIsNot) {
    EXPECT_FALSE(host_with("192.0.2.9", 28).is_broadcast(ip("192.0.2.255")));
}
TEST(Broadcast, PointToPointHasNone) {
    EXPECT_FALSE(host_with("192.0.2.8", 31).is_broadcast(ip("192.0.2.9")));
    EXPECT_FALSE(host_with("192.0.2.8", 32).is_broadcast(ip("192.0.2.8")));
}
TEST(Broadcast, Ipv6HasNone) {
    EXPECT_FALSE(host_with("2001:db8::1", 64).is_broadcast(ip("2001:db8::ffff:ffff:ffff:ffff")));
}

TEST(InterfaceAddressOf, ANetmaskBecomesAPrefixLength) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(0xc0000201);
    sockaddr_in mask = address;
    mask.sin_addr.s_addr = htonl(0xfffff000);
    EXPECT_EQ((InterfaceAddress{ip("192.0.2.1"), 20}),
              interface_address(reinterpret_cast<sockaddr *>(&address), reinterpret_cast<sockaddr *>(&mask)));
}

TEST(InterfaceAddressOf, WithoutANetmaskItIsOneHost) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr.s6_addr[15] = 1;
    EXPECT_EQ((InterfaceAddress{ip("::1"), 128}), interface_address(reinterpret_cast<sockaddr *>(&address), nullptr));
}

TEST(InterfaceAddressOf, AHardwareAddressIsNone) {
    sockaddr_storage address{};
    address.ss_family = AF_PACKET;
    EXPECT_EQ(std::nullopt, interface_address(reinterpret_cast<sockaddr *>(&address), nullptr));
}

} // namespace
} // namespace doorplate

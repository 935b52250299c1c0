#include "analyze/port_conventions.h"

#include <algorithm>

#include "analyze/port_registry.h"

namespace doorplate {
namespace {

// Linux's default ip_local_port_range.
constexpr PortRange common_range{32768, 60999};

struct FixedSource {
    Transport transport;
    std::uint16_t source;
    // 0: any.
    std::uint16_t destination;
};

constexpr FixedSource fixed_sources[] = {
    {Transport::tcp, 20, 0},      // FTP's data in active mode (RFC 959 section 3.2)
    {Transport::udp, 53, 53},     // DNS between servers, as resolvers did before port randomisation (RFC 5452)
    {Transport::udp, 68, 67},     // DHCP (RFC 2131 section 4.1)
    {Transport::udp, 67, 68},     //
    {Transport::udp, 67, 67},     // DHCP from relay agents (RFC 1542 section 4.1)
    {Transport::udp, 123, 123},   // NTP (RFC 5905 section 7.2)
    {Transport::udp, 137, 137},   // NetBIOS names (RFC 1002 section 4.2)
    {Transport::udp, 138, 138},   // NetBIOS datagrams (RFC 1002 section 4.4)
    {Transport::udp, 500, 500},   // IKE (RFC 7296 section 2)
    {Transport::udp, 514, 514},   // syslog, recommended (RFC 3164 section 2)
    {Transport::udp, 520, 520},   // RIP (RFC 2453 section 3.6)
    {Transport::udp, 521, 521},   // RIPng (RFC 2080 section 2.1)
    {Transport::udp, 546, 547},   // DHCPv6 (RFC 8415 section 7.2)
    {Transport::udp, 547, 546},   //
    {Transport::udp, 547, 547},   // DHCPv6 from relay agents
    {Transport::udp, 4500, 4500}, // IKE and ESP through NAT (RFC 3948 section 2)
    {Transport::udp, 5353, 5353}, // mDNS (RFC 6762 section 5.2)
};

} // namespace

bool is_fixed_source(Transport transport, std::uint16_t source, std::uint16_t destination) {
    return std::ranges::any_of(fixed_sources, [&](const FixedSource &convention) {
        return convention.transport == transport && convention.source == source &&
               (convention.destination == destination || convention.destination == 0);
    });
}

EvidenceList range_evidence(std::uint16_t port, const HostFacts *host) {
    if (host != nullptr && host->ephemeral_ports) {
        const bool reserved =
            std::ranges::any_of(host->reserved_ports, [port](const PortRange &range) { return range.contains(port); });
        const bool inside = host->ephemeral_ports->contains(port) && !reserved;
        return {inside ? Evidence::in_ephemeral_range : Evidence::outside_ephemeral_range};
    }
    EvidenceList hints;
    if (port_class(port) == PortClass::dynamic) hints.push_back(Evidence::iana_dynamic_range);
    if (common_range.contains(port)) hints.push_back(Evidence::common_ephemeral_range);
    return hints;
}

bool looks_ephemeral(std::uint16_t port, const HostFacts *host) {
    const auto evidence = range_evidence(port, host);
    return !evidence.empty() && evidence.front() != Evidence::outside_ephemeral_range;
}

bool is_privileged(std::uint16_t port, const HostFacts *host) {
    const bool known = host != nullptr && host->unprivileged_port_start.has_value();
    return port < (known ? *host->unprivileged_port_start : 1024);
}

} // namespace doorplate

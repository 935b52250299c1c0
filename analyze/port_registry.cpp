#include "analyze/port_registry.h"

#include <algorithm>
#include <span>

#include "analyze/port_table.h"

namespace doorplate {
namespace {

// UDP-Lite has no numbers of its own: it shares UDP's (RFC 3828 section 5).
std::span<const PortEntry> entries_of(const PortTable &table, Transport transport) {
    switch (transport) {
    case Transport::tcp: return table.tcp;
    case Transport::udp:
    case Transport::udplite: return table.udp;
    case Transport::sctp: return table.sctp;
    case Transport::dccp: return table.dccp;
    default: return {};
    }
}

} // namespace

const RegisteredService *registered_service(Transport transport, std::uint16_t port) {
    static const PortTable table = built_in_port_table();
    const auto entries = entries_of(table, transport);
    const auto entry = std::ranges::lower_bound(entries, port, {}, &PortEntry::port);
    if (entry == entries.end() || entry->port != port) return nullptr;
    return &table.services[entry->service];
}

std::string_view port_registry_source() { return built_in_port_table().source; }

} // namespace doorplate

#include "analyze/port_registry.h"

#include <algorithm>
#include <span>
#include <vector>

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

const RegisteredService *found_in(const PortTable &table, Transport transport, std::uint16_t port) {
    const auto entries = entries_of(table, transport);
    const auto entry = std::ranges::lower_bound(entries, port, {}, &PortEntry::port);
    if (entry == entries.end() || entry->port != port) return nullptr;
    return &table.services[entry->service];
}

// Every flow asks several times, and most ask for numbers without a name: one look instead of a search.
class ServicesByPort {
  public:
    explicit ServicesByPort(Transport transport) : services_(built_in_port_table().services) {
        for (const PortEntry &entry : entries_of(built_in_port_table(), transport)) {
            places_[entry.port] = static_cast<std::uint16_t>(entry.service + 1);
        }
    }
    [[nodiscard]] const RegisteredService *at(std::uint16_t port) const {
        return places_[port] == 0 ? nullptr : &services_[places_[port] - 1U];
    }

  private:
    std::span<const RegisteredService> services_;
    // By port: one more than the place in services_; 0 is none.
    std::vector<std::uint16_t> places_ = std::vector<std::uint16_t>(65536);
};

} // namespace

const RegisteredService *registered_service(Transport transport, std::uint16_t port) {
    static const ServicesByPort tcp(Transport::tcp);
    static const ServicesByPort udp(Transport::udp);
    switch (transport) {
    case Transport::tcp: return tcp.at(port);
    case Transport::udp:
    case Transport::udplite: return udp.at(port);
    default: return found_in(built_in_port_table(), transport, port);
    }
}

std::string_view port_registry_source() { return built_in_port_table().source; }

} // namespace doorplate

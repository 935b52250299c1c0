#include "report/explain_port.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "analyze/port_registry.h"
#include "report/explain.h"
#include "report/format.h"

namespace doorplate {
namespace {

std::string class_sentence(std::uint16_t port) {
    switch (port_class(port)) {
    case PortClass::system:
        return fmt::format("{} is a system port (0-1023, also called well-known): IANA assigns these by the strictest "
                           "procedure.",
                           port);
    case PortClass::user:
        return fmt::format("{} is a user port (1024-49151, also called registered): IANA registers names for these on "
                           "request.",
                           port);
    case PortClass::dynamic:
        return fmt::format(
            "{} is a dynamic port (49152-65535, also called private or ephemeral): IANA never assigns these "
            "to a service.",
            port);
    }
    return "";
}

std::string registry_sentence(std::uint16_t port, std::optional<Transport> transport) {
    constexpr std::array<Transport, 4> asked{Transport::tcp, Transport::udp, Transport::sctp, Transport::dccp};
    std::vector<std::string> names;
    for (const Transport candidate : asked) {
        if (transport && *transport != candidate) continue;
        const RegisteredService *service = registered_service(candidate, port);
        if (service == nullptr) continue;
        const bool described = !service->description.empty() && service->description != service->name;
        names.push_back(fmt::format("{}/{} as {}{}", port, transport_token(candidate), service->name,
                                    described ? fmt::format(" ({})", service->description) : ""));
    }
    if (names.empty())
        return port_class(port) == PortClass::dynamic ? ""
                                                      : fmt::format("The IANA registry has no name for {}{}.", port,
                                                                    transport ? "/" + transport_token(*transport) : "");
    return fmt::format("The IANA registry lists {}; that is a name, not a promise of what runs there.", listed(names));
}

std::string kernel_sentence(std::uint16_t port, const HostFacts *host) {
    if (host == nullptr || !host->ephemeral_ports) {
        const bool inside = linux_default_range.contains(port);
        return fmt::format(
            "Which numbers a kernel hands out by itself is a setting of each host; Linux's default is {}, and "
            "{} lies {} it.",
            range_text(linux_default_range), port, inside ? "in" : "outside");
    }
    const std::string range = range_text(*host->ephemeral_ports);
    if (!host->ephemeral_ports->contains(port))
        return fmt::format(
            "This host's kernel does not hand it out by itself (ip_local_port_range is {}): who has it asked "
            "for it by number.",
            range);
    if (std::ranges::any_of(host->reserved_ports, [&](const PortRange &reserved) { return reserved.contains(port); }))
        return fmt::format(
            "It lies in this host's ip_local_port_range, {}, but ip_local_reserved_ports keeps it back: who has "
            "it asked for it by number.",
            range);
    const std::string_view yet = port_class(port) == PortClass::dynamic ? "" : ", whatever IANA's class";
    return fmt::format("This host's kernel hands it out as an ephemeral port{}: it lies in ip_local_port_range, {}.",
                       yet, range);
}

std::string privilege_sentence(std::uint16_t port, const HostFacts *host) {
    if (host == nullptr || !host->unprivileged_port_start)
        return port < 1024 ? "Binding it takes a privilege (CAP_NET_BIND_SERVICE) on a default Linux." : "";
    const std::uint16_t start = *host->unprivileged_port_start;
    if (port < start)
        return fmt::format("Binding it takes CAP_NET_BIND_SERVICE here: ip_unprivileged_port_start is {}.", start);
    if (port < 1024)
        return fmt::format("Any program may bind it here: ip_unprivileged_port_start was lowered to {}.", start);
    return "";
}

} // namespace

std::string explain_port(std::uint16_t port, std::optional<Transport> transport, const HostFacts *host) {
    if (transport && !has_ports(*transport))
        return fmt::format("The protocol {} has no ports.", transport_token(*transport));
    if (port == 0)
        return "0 is reserved and no socket has it: a program that binds to port 0 asks the kernel to pick a free one.";
    std::string text = class_sentence(port);
    for (const std::string &sentence :
         {registry_sentence(port, transport), kernel_sentence(port, host), privilege_sentence(port, host)}) {
        if (!sentence.empty()) text += " " + sentence;
    }
    return text;
}

} // namespace doorplate

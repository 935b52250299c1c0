#include "analyze/queries.h"

#include <charconv>

#include <fmt/format.h>

namespace doorplate {
namespace {

template <typename T> std::optional<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto port = number<std::uint16_t>(text);
    return port && *port != 0 ? port : std::nullopt;
}

std::optional<Transport> parse_transport(std::string_view text) {
    for (const Transport transport :
         {Transport::tcp, Transport::udp, Transport::sctp, Transport::dccp, Transport::udplite}) {
        if (text == transport_token(transport)) return transport;
    }
    return std::nullopt;
}

// Takes "tcp/" off the front of `text`.
std::optional<Transport> take_transport(std::string_view &text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto transport = parse_transport(text.substr(0, slash));
    if (transport) text.remove_prefix(slash + 1);
    return transport;
}

// ADDR:PORT or [ADDR6]:PORT.
std::optional<Endpoint> parse_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto address = IpAddress::parse(host);
    const auto port = parse_port(text.substr(colon + 1));
    if (!address || !port) return std::nullopt;
    return Endpoint{*address, *port};
}

} // namespace

std::string DoorQuery::to_string() const {
    const std::string door = address ? Endpoint{*address, port}.to_string() : std::to_string(port);
    return transport ? transport_token(*transport) + "/" + door : door;
}

Result<DoorQuery> parse_door_query(std::string_view text) {
    const std::string_view asked = text;
    DoorQuery query;
    query.transport = take_transport(text);
    if (const auto endpoint = parse_endpoint(text)) {
        query.address = endpoint->address;
        query.port = endpoint->port;
        return query;
    }
    if (const auto port = parse_port(text)) {
        query.port = *port;
        return query;
    }
    return usage_failure(fmt::format(
        "'{}' names no door: say a port (8080), a transport and a port (tcp/8080), or an address and a port "
        "(127.0.0.1:8080, [::1]:8080)",
        asked));
}

Result<PortQuery> parse_port_query(std::string_view text) {
    const std::string_view asked = text;
    PortQuery query;
    query.transport = take_transport(text);
    if (const std::size_t slash = text.find('/'); slash != std::string_view::npos && !query.transport) {
        query.transport = parse_transport(text.substr(slash + 1));
        if (query.transport) text = text.substr(0, slash);
    }
    if (const auto port = parse_port(text)) {
        query.port = *port;
        return query;
    }
    return usage_failure(fmt::format("'{}' is neither a port (443, 443/tcp) nor a flow "
                                     "(192.0.2.10:51034-198.51.100.7:443, udp/[::1]:5353-[::1]:53)",
                                     asked));
}

std::optional<FlowQuery> parse_flow_query(std::string_view text) {
    FlowQuery query;
    if (const auto transport = take_transport(text)) query.transport = *transport;
    const std::size_t dash = text.find_first_of("->");
    if (dash == std::string_view::npos) return std::nullopt;
    const std::size_t behind = text.find_first_not_of("->", dash);
    if (behind == std::string_view::npos) return std::nullopt;
    const auto initiator = parse_endpoint(text.substr(0, dash));
    const auto responder = parse_endpoint(text.substr(behind));
    if (!initiator || !responder) return std::nullopt;
    query.ends = {*initiator, *responder};
    return query;
}

} // namespace doorplate

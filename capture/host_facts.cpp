#include "capture/host_facts.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory>
#include <string_view>
#include <system_error>

#include <ifaddrs.h>

#include "capture/bounded_read.h"
#include "capture/byte_reader.h"
#include "capture/socket_address.h"

namespace doorplate {

namespace {

// ip_local_reserved_ports with every other port reserved is about 190 KiB; nothing we read is longer.
constexpr std::size_t longest_file = 256U << 10;

// The text of a file, without the white space that ends it; nothing if it cannot be read or is too long.
std::optional<std::string> read_text(const std::filesystem::path &path) {
    auto text = read_file(path, longest_file + 1);
    if (!text || text->size() > longest_file) return std::nullopt;
    text->erase(text->find_last_not_of(" \t\n") + 1);
    return std::move(*text);
}

std::optional<std::uint16_t> take_port(std::string_view &text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return port;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto port = take_port(text);
    return text.empty() ? port : std::nullopt;
}

// "32768\t60999"
std::optional<PortRange> parse_range(std::string_view text) {
    const auto low = take_port(text);
    const std::size_t gap = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(gap);
    const auto high = parse_port(text);
    if (!low || !high || gap == 0 || *low > *high) return std::nullopt;
    return PortRange{.low = *low, .high = *high};
}

// "8080" or "9000-9010"
std::optional<PortRange> parse_reserved(std::string_view text) {
    const auto low = take_port(text);
    if (!low) return std::nullopt;
    if (text.empty()) return PortRange{.low = *low, .high = *low};
    if (!text.starts_with('-')) return std::nullopt;
    const auto high = parse_port(text.substr(1));
    if (!high || *low > *high) return std::nullopt;
    return PortRange{.low = *low, .high = *high};
}

// "8080,9000-9010"; one entry that makes no sense makes the list unreadable, as guessing at the rest would mislead.
std::vector<PortRange> parse_reserved_list(std::string_view text) {
    std::vector<PortRange> ranges;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const auto range = parse_reserved(text.substr(0, comma));
        if (!range) return {};
        ranges.push_back(*range);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }

    std::ranges::sort(ranges);
    std::vector<PortRange> joined;
    for (const PortRange &range : ranges) {
        if (!joined.empty() && range.low <= joined.back().high)
            joined.back().high = std::max(joined.back().high, range.high);
        else
            joined.push_back(range);
    }
    return joined;
}

// "net:[4026531840]"
std::optional<std::uint64_t> parse_namespace(std::string_view text) {
    constexpr std::string_view prefix = "net:[";
    if (!text.starts_with(prefix) || !text.ends_with(']')) return std::nullopt;
    text = text.substr(prefix.size(), text.size() - prefix.size() - 1);
    std::uint64_t inode = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), inode);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return inode;
}

std::vector<InterfaceAddress> read_local_addresses() {
    ifaddrs *first = nullptr;
    if (getifaddrs(&first) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> entries{first, freeifaddrs};
    std::vector<InterfaceAddress> addresses;
    for (const ifaddrs *entry = entries.get(); entry != nullptr; entry = entry->ifa_next)
        if (const auto address = interface_address(entry->ifa_addr, entry->ifa_netmask)) addresses.push_back(*address);
    return addresses;
}

// RFC 919, and RFC 3021: a /31 has no broadcast address; nor has a single host.
bool is_broadcast_of(const InterfaceAddress &local, const IpAddress &address) {
    if (local.address.family() != Family::ipv4 || local.prefix_length > 30) return false;
    const auto number = [](const IpAddress &ip) { return ByteReader{ip.bytes()}.be32().value_or(0); };
    return number(address) == (number(local.address) | (0xffffffffU >> local.prefix_length));
}

} // namespace

bool HostFacts::is_local(const IpAddress &address) const {
    const IpAddress plain = address.unmapped();
    return plain.is_loopback() ||
           std::ranges::find(local_addresses, plain, &InterfaceAddress::address) != local_addresses.end();
}

bool HostFacts::is_broadcast(const IpAddress &address) const {
    const IpAddress plain = address.unmapped();
    if (plain.family() != Family::ipv4) return false;
    return plain.is_limited_broadcast() ||
           std::ranges::any_of(local_addresses, [&](const auto &local) { return is_broadcast_of(local, plain); });
}

HostFacts read_host_facts(const std::filesystem::path &proc) {
    HostFacts facts;
    const auto kernel_file = [&](const char *name) { return read_text(proc / "sys/kernel" / name).value_or(""); };
    facts.hostname = kernel_file("hostname");
    facts.kernel = kernel_file("ostype");
    if (const std::string release = kernel_file("osrelease"); !release.empty())
        facts.kernel += (facts.kernel.empty() ? "" : " ") + release;

    std::error_code error;
    const auto link = std::filesystem::read_symlink(proc / "self/ns/net", error);
    if (!error) facts.netns = parse_namespace(link.native());

    const std::filesystem::path ipv4 = proc / "sys/net/ipv4";
    if (const auto text = read_text(ipv4 / "ip_local_port_range")) facts.ephemeral_ports = parse_range(*text);
    if (const auto text = read_text(ipv4 / "ip_local_reserved_ports"))
        facts.reserved_ports = parse_reserved_list(*text);
    if (const auto text = read_text(ipv4 / "ip_unprivileged_port_start"))
        facts.unprivileged_port_start = parse_port(*text);
    facts.local_addresses = read_local_addresses();
    return facts;
}

} // namespace doorplate

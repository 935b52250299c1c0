#include "capture/socket_address.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

namespace doorplate {

namespace {

std::optional<IpAddress> ip_address(const sockaddr *address) {
    if (address == nullptr) return std::nullopt;
    if (address->sa_family == AF_INET) {
        sockaddr_in inet{};
        std::memcpy(&inet, address, sizeof inet);
        return IpAddress::v4(std::bit_cast<std::array<std::uint8_t, 4>>(inet.sin_addr));
    }
    if (address->sa_family == AF_INET6) {
        sockaddr_in6 inet6{};
        std::memcpy(&inet6, address, sizeof inet6);
        return IpAddress::v6(std::bit_cast<std::array<std::uint8_t, 16>>(inet6.sin6_addr));
    }
    return std::nullopt;
}

std::uint8_t leading_ones(std::span<const std::uint8_t> bytes) {
    int ones = 0;
    for (const std::uint8_t byte : bytes) {
        ones += std::countl_one(byte);
        if (byte != 0xff) break;
    }
    return static_cast<std::uint8_t>(ones);
}

} // namespace

std::optional<InterfaceAddress> interface_address(const sockaddr *address, const sockaddr *netmask) {
    const auto ip = ip_address(address);
    if (!ip) return std::nullopt;
    const auto mask = ip_address(netmask);
    const auto whole = static_cast<std::uint8_t>(ip->bytes().size() * 8);
    return InterfaceAddress{.address = *ip, .prefix_length = mask ? leading_ones(mask->bytes()) : whole};
}

} // namespace doorplate

#include "capture/address.h"

#include <algorithm>
#include <cassert>
#include <string>

#include <arpa/inet.h>

namespace doorplate {

IpAddress IpAddress::from_bytes(std::span<const std::uint8_t> bytes) {
    assert(bytes.size() == 4 || bytes.size() == 16);
    IpAddress address;
    address.family_ = bytes.size() == 4 ? Family::ipv4 : Family::ipv6;
    std::ranges::copy(bytes, address.bytes_.begin());
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    const std::string terminated{text};
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return from_bytes({bytes.data(), 4});
    if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return v6(bytes);
    return std::nullopt;
}

std::string IpAddress::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family_ == Family::ipv4 ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
    return text.data();
}

bool IpAddress::is_unspecified() const {
    return std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const {
    if (family_ == Family::ipv4) return bytes_[0] == 127;
    return bytes_[15] == 1 &&
           std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_multicast() const {
    return family_ == Family::ipv4 ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool IpAddress::is_link_local() const {
    if (family_ == Family::ipv4) return bytes_[0] == 169 && bytes_[1] == 254;
    return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_limited_broadcast() const {
    return family_ == Family::ipv4 && std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0xff; });
}

bool IpAddress::is_private() const {
    if (family_ == Family::ipv6) return (bytes_[0] & 0xfe) == 0xfc;
    return bytes_[0] == 10 || (bytes_[0] == 172 && (bytes_[1] & 0xf0) == 16) ||
           (bytes_[0] == 192 && bytes_[1] == 168) || (bytes_[0] == 100 && (bytes_[1] & 0xc0) == 64);
}

IpAddress IpAddress::unmapped() const {
    const bool mapped = family_ == Family::ipv6 && bytes_[10] == 0xff && bytes_[11] == 0xff &&
                        std::all_of(bytes_.begin(), bytes_.begin() + 10, [](std::uint8_t byte) { return byte == 0; });
    return mapped ? v4({bytes_[12], bytes_[13], bytes_[14], bytes_[15]}) : *this;
}

std::string Endpoint::to_string() const {
    const std::string host = address.to_string();
    return (address.family() == Family::ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

} // namespace doorplate

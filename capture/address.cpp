#include "capture/address.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <string>

#include <arpa/inet.h>

namespace doorplate {

IpAddress IpAddress::from_bytes(std::span<const std::uint8_t> bytes) {
    assert(bytes.size() == 4 || bytes.size() == 16);
    if (bytes.size() == 4) return v4({bytes[0], bytes[1], bytes[2], bytes[3]});
    std::array<std::uint8_t, 16> copy{};
    std::ranges::copy(bytes, copy.begin());
    return v6(copy);
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
    if (family_ == Family::ipv6) {
        inet_ntop(AF_INET6, words_.data(), text.data(), text.size());
        return text.data();
    }
    // inet_ntop prints through a format, which takes ten times as long.
    char *end = text.data();
    for (const std::uint8_t byte : bytes()) {
        if (end != text.data()) *end++ = '.';
        end = std::to_chars(end, text.data() + text.size(), byte).ptr;
    }
    return {text.data(), end};
}

bool IpAddress::is_unspecified() const { return words_ == Words{}; }

bool IpAddress::is_loopback() const {
    if (family_ == Family::ipv4) return bytes()[0] == 127;
    return words_[0] == 0 && in_order(words_[1]) == 1;
}

bool IpAddress::is_multicast() const {
    return family_ == Family::ipv4 ? (bytes()[0] & 0xf0) == 0xe0 : bytes()[0] == 0xff;
}

bool IpAddress::is_link_local() const {
    if (family_ == Family::ipv4) return bytes()[0] == 169 && bytes()[1] == 254;
    return bytes()[0] == 0xfe && (bytes()[1] & 0xc0) == 0x80;
}

bool IpAddress::is_limited_broadcast() const { return *this == v4({255, 255, 255, 255}); }

bool IpAddress::is_private() const {
    const auto bytes = this->bytes();
    if (family_ == Family::ipv6) return (bytes[0] & 0xfe) == 0xfc;
    return bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16) || (bytes[0] == 192 && bytes[1] == 168) ||
           (bytes[0] == 100 && (bytes[1] & 0xc0) == 64);
}

IpAddress IpAddress::unmapped() const {
    const bool mapped = family_ == Family::ipv6 && words_[0] == 0 && in_order(words_[1]) >> 32 == 0xffff;
    return mapped ? from_bytes(bytes().subspan(12)) : *this;
}

std::string Endpoint::to_string() const {
    const std::string host = address.to_string();
    return (address.family() == Family::ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

} // namespace doorplate

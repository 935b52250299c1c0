#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace doorplate {

enum class Family : std::uint8_t { ipv4, ipv6 };

// An IPv4 or IPv6 address. An IPv4 address and its IPv4-mapped IPv6 form (RFC 4291 2.5.5.2) are different values, as
// they are on the wire; sockets mix them, so whoever joins sockets with packets compares `unmapped()` ones.
class IpAddress {
  public:
    // 0.0.0.0
    constexpr IpAddress() = default;

    [[nodiscard]] static constexpr IpAddress v4(std::array<std::uint8_t, 4> bytes) {
        const std::uint64_t word = std::bit_cast<std::uint32_t>(bytes);
        return {Family::ipv4, {std::endian::native == std::endian::big ? word << 32 : word, 0}};
    }
    [[nodiscard]] static constexpr IpAddress v6(std::array<std::uint8_t, 16> bytes) {
        return {Family::ipv6, std::bit_cast<Words>(bytes)};
    }
    // `bytes` has 4 or 16 of them, in network byte order; anything else breaks a promise.
    [[nodiscard]] static IpAddress from_bytes(std::span<const std::uint8_t> bytes);
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

    [[nodiscard]] constexpr Family family() const { return family_; }
    // 4 or 16 bytes in network byte order, valid as long as this object.
    [[nodiscard]] std::span<const std::uint8_t> bytes() const {
        return {reinterpret_cast<const std::uint8_t *>(words_.data()),
                family_ == Family::ipv4 ? std::size_t{4} : std::size_t{16}};
    }
    // The same bytes as they stand in memory, behind an IPv4 address's four zeros: for hashes and compact tables.
    using Words = std::array<std::uint64_t, 2>;
    [[nodiscard]] constexpr Words words() const { return words_; }

    // RFC 5952 for IPv6; no brackets, no scope.
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] bool is_unspecified() const;
    [[nodiscard]] bool is_loopback() const;
    [[nodiscard]] bool is_multicast() const;
    [[nodiscard]] bool is_link_local() const;
    // 255.255.255.255 only: a subnet's broadcast address cannot be told from the address alone.
    [[nodiscard]] bool is_limited_broadcast() const;
    // RFC 1918, RFC 4193, RFC 6598 (carrier-grade NAT).
    [[nodiscard]] bool is_private() const;

    // The IPv4 address inside an IPv4-mapped IPv6 one, else the address itself.
    [[nodiscard]] IpAddress unmapped() const;

    friend constexpr bool operator==(const IpAddress &, const IpAddress &) = default;
    // IPv4 in front of IPv6, then by the bytes.
    friend constexpr std::strong_ordering operator<=>(const IpAddress &a, const IpAddress &b) {
        if (a.family_ != b.family_) return a.family_ <=> b.family_;
        if (a.words_[0] != b.words_[0]) return in_order(a.words_[0]) <=> in_order(b.words_[0]);
        return in_order(a.words_[1]) <=> in_order(b.words_[1]);
    }

  private:
    constexpr IpAddress(Family family, Words words) : words_(words), family_(family) {}

    // As the number that the bytes spell.
    static constexpr std::uint64_t in_order(std::uint64_t word) {
        return std::endian::native == std::endian::big ? word : std::byteswap(word);
    }

    // In network byte order, whatever the machine's is. Words, because packets are compared and copied at full speed.
    Words words_{};
    Family family_ = Family::ipv4;
};

// An address and a port in host byte order. For transports without ports the port is 0 and means nothing.
struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;

    // 192.0.2.1:80, [2001:db8::1]:80
    [[nodiscard]] std::string to_string() const;

    friend constexpr auto operator<=>(const Endpoint &, const Endpoint &) = default;
};

} // namespace doorplate

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace doorplate {

// A DNS message, in the order of its parts:
//
//     DnsMessage().asks("www.example.org").alias("www.example.org", "host.example").address("host.example",
//     "192.0.2.1")
class DnsMessage {
  public:
    DnsMessage &query();
    DnsMessage &failure(std::uint8_t code);
    DnsMessage &asks(std::string_view name);
    DnsMessage &alias(std::string_view name, std::string_view target);
    DnsMessage &address(std::string_view name, std::string_view address, std::uint32_t ttl = 300);
    // Any bytes as the next record of the answer section.
    DnsMessage &record(std::string_view wire);

    [[nodiscard]] std::string wire() const;
    // As it stands in a TCP segment.
    [[nodiscard]] std::string framed() const;
    // A name without compression.
    [[nodiscard]] static std::string name(std::string_view text);
    [[nodiscard]] static std::string be16(std::size_t value);

  private:
    std::uint16_t flags_ = 0x8180;
    std::uint16_t questions_ = 0;
    std::uint16_t answers_ = 0;
    std::string body_;
};

} // namespace doorplate

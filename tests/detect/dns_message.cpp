#include "dns_message.h"

#include <algorithm>

#include "capture/address.h"

namespace doorplate {
namespace {

constexpr std::uint16_t type_a = 1, type_cname = 5, type_aaaa = 28, class_in = 1;

std::string record_of(std::string_view name, std::uint16_t type, std::uint32_t ttl, const std::string &data) {
    return DnsMessage::name(name) + DnsMessage::be16(type) + DnsMessage::be16(class_in) + DnsMessage::be16(ttl >> 16) +
           DnsMessage::be16(ttl & 0xffff) + DnsMessage::be16(data.size()) + data;
}

} // namespace

DnsMessage &DnsMessage::query() {
    flags_ = 0x0100;
    return *this;
}

DnsMessage &DnsMessage::failure(std::uint8_t code) {
    flags_ = static_cast<std::uint16_t>(flags_ | code);
    return *this;
}

DnsMessage &DnsMessage::asks(std::string_view asked) {
    body_ += name(asked) + be16(type_a) + be16(class_in);
    ++questions_;
    return *this;
}

DnsMessage &DnsMessage::alias(std::string_view owner, std::string_view target) {
    return record(record_of(owner, type_cname, 300, name(target)));
}

DnsMessage &DnsMessage::address(std::string_view owner, std::string_view address, std::uint32_t ttl) {
    const IpAddress parsed = *IpAddress::parse(address);
    const auto bytes = parsed.bytes();
    const std::uint16_t type = parsed.family() == Family::ipv4 ? type_a : type_aaaa;
    return record(record_of(owner, type, ttl, std::string(bytes.begin(), bytes.end())));
}

DnsMessage &DnsMessage::record(std::string_view wire) {
    body_ += wire;
    ++answers_;
    return *this;
}

std::string DnsMessage::wire() const {
    return be16(0x1234) + be16(flags_) + be16(questions_) + be16(answers_) + be16(0) + be16(0) + body_;
}

std::string DnsMessage::framed() const { return be16(wire().size()) + wire(); }

std::string DnsMessage::name(std::string_view text) {
    std::string wire;
    while (!text.empty()) {
        const std::string_view label = text.substr(0, text.find('.'));
        wire += static_cast<char>(label.size());
        wire += label;
        text.remove_prefix(std::min(label.size() + 1, text.size()));
    }
    return wire + '\0';
}

std::string DnsMessage::be16(std::size_t value) {
    return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

} // namespace doorplate

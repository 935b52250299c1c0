#include "tests/bench/messages.h"

#include <algorithm>

#include <fmt/format.h>

namespace doorplate {
namespace {

std::string u8(std::size_t value) { return {static_cast<char>(value & 0xFF)}; }
std::string u16(std::size_t value) { return u8(value >> 8) + u8(value); }
std::string u24(std::size_t value) { return u8(value >> 16) + u16(value); }

// RFC 1035 section 4.1: a header, then the question for an A record.
std::string dns_head(std::string_view name, std::size_t flags, std::size_t answers) {
    std::string message = u16(0x1234) + u16(flags) + u16(1) + u16(answers) + u16(0) + u16(0);
    while (!name.empty()) {
        const std::string_view label = name.substr(0, name.find('.'));
        message += u8(label.size());
        message += label;
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    return message + u8(0) + u16(1) + u16(1);
}

// RFC 5246 section 6.2.1 and 7.4.
std::string tls_handshake(std::size_t type, const std::string &body) {
    const std::string message = u8(type) + u24(body.size()) + body;
    return u8(22) + u16(0x0303) + u16(message.size()) + message;
}

std::string tls_extension(std::size_t type, const std::string &body) { return u16(type) + u16(body.size()) + body; }

std::string tls_random() {
    std::string random;
    for (std::size_t i = 0; i < 32; ++i) random += u8(i * 37 + 11);
    return random;
}

} // namespace

std::string dns_question(std::string_view name) { return dns_head(name, 0x0100, 0); }

std::string dns_answer(std::string_view name, std::uint32_t addresses) {
    std::string message = dns_head(name, 0x8180, addresses);
    for (std::uint32_t i = 0; i < addresses; ++i) {
        message += u16(0xC00C) + u16(1) + u16(1) + u16(0) + u16(300) + u16(4); // the name in the question, A, IN, 300 s
        message += u8(198) + u8(18) + u8(i) + u8(1 + i);
    }
    return message;
}

std::string http_request(std::string_view host) {
    return fmt::format("GET /index.html HTTP/1.1\r\nHost: {}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n", host);
}

std::string http_response(std::uint32_t bytes) {
    return fmt::format("HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/octet-stream\r\nContent-Length: "
                       "{}\r\n\r\n",
                       bytes);
}

std::string tls_client_hello(std::string_view server_name) {
    const std::string ciphers = u16(0xC02F) + u16(0xC030) + u16(0x009C);
    const std::string name = u8(0) + u16(server_name.size()) + std::string(server_name);
    const std::string groups = u16(29) + u16(23);
    const std::string schemes = u16(0x0804) + u16(0x0401);
    const std::string extensions = tls_extension(0, u16(name.size()) + name) +
                                   tls_extension(10, u16(groups.size()) + groups) + tls_extension(11, u8(1) + u8(0)) +
                                   tls_extension(13, u16(schemes.size()) + schemes);
    return tls_handshake(1, u16(0x0303) + tls_random() + u8(0) + u16(ciphers.size()) + ciphers + u8(1) + u8(0) +
                                u16(extensions.size()) + extensions);
}

std::string tls_server_hello() {
    return tls_handshake(2, u16(0x0303) + tls_random() + u8(0) + u16(0xC02F) + u8(0) + u16(0));
}

} // namespace doorplate

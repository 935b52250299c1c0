#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace doorplate {

// Application messages that detection recognises, and that dissectors find nothing wrong with.

[[nodiscard]] std::string dns_question(std::string_view name);
// A records with `addresses` addresses.
[[nodiscard]] std::string dns_answer(std::string_view name, std::uint32_t addresses);
[[nodiscard]] std::string http_request(std::string_view host);
[[nodiscard]] std::string http_response(std::uint32_t bytes);
// TLS 1.2; the first with a server name.
[[nodiscard]] std::string tls_client_hello(std::string_view server_name);
[[nodiscard]] std::string tls_server_hello();

} // namespace doorplate

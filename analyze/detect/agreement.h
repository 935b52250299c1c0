#pragma once

#include <string_view>

namespace doorplate {

// Is a flow whose bytes are `protocol` (Detection::protocol) what one expects behind a port registered as `service`?
// "https" and "tls" agree, and "domain" and "dns"; "https" and "ssh" do not.
[[nodiscard]] bool agrees(std::string_view service, std::string_view protocol);

} // namespace doorplate

#pragma once

#include <string>
#include <string_view>

namespace doorplate {

// The service name for one of nDPI's protocol names: Zeek's where Zeek has one (but "tls", not its historical "ssl"),
// else tshark's. Of names that neither knows it is nDPI's own in lower case, with "_" for what is not of [a-z0-9._-].
[[nodiscard]] std::string service_name(std::string_view ndpi_name);

} // namespace doorplate

#pragma once

#include <string>
#include <string_view>

#include "capture/address.h"

namespace doorplate {

// "192.0.2.1:80", "[::1]:53"
inline Endpoint endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    std::string_view address = text.substr(0, colon);
    if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
    const int port = std::stoi(std::string(text.substr(colon + 1)));
    return {IpAddress::parse(address).value(), static_cast<std::uint16_t>(port)};
}

} // namespace doorplate

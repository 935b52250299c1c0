#pragma once

#include <cstdint>
#include <string>

namespace doorplate {

// What a captured packet's first header is: a value of the LINKTYPE registry (not a DLT, which differs by platform).
// The named values are those doorplate dissects; any other is valid, counted and named.
enum class LinkType : std::uint16_t {
    null_loopback = 0,
    ethernet = 1,
    raw_bsd12 = 12, // DLT_RAW as some systems write it into files; the same bytes as raw_ip
    raw_bsd14 = 14,
    raw_ip = 101,
    openbsd_loopback = 108,
    linux_cooked = 113,
    ipv4 = 228,
    ipv6 = 229,
    linux_cooked_v2 = 276,
};

// libpcap's name ("EN10MB", "LINUX_SLL2"), else "LINKTYPE_147".
[[nodiscard]] std::string link_type_name(LinkType type);

} // namespace doorplate

#include "report/icmp_names.h"

#include <string_view>

namespace doorplate {
namespace {

// IANA "ICMP Type Numbers"
std::string_view icmp_v4(std::uint8_t type) {
    switch (type) {
    case 0: return "echo reply";
    case 3: return "destination unreachable";
    case 5: return "redirect";
    case 8: return "echo request";
    case 9: return "router advertisement";
    case 10: return "router solicitation";
    case 11: return "time exceeded";
    case 12: return "parameter problem";
    case 13: return "timestamp";
    case 14: return "timestamp reply";
    default: return "";
    }
}

// IANA "ICMPv6 type Numbers"
std::string_view icmp_v6(std::uint8_t type) {
    switch (type) {
    case 1: return "destination unreachable";
    case 2: return "packet too big";
    case 3: return "time exceeded";
    case 4: return "parameter problem";
    case 128: return "echo request";
    case 129: return "echo reply";
    case 130: return "multicast listener query";
    case 131: return "multicast listener report";
    case 132: return "multicast listener done";
    case 133: return "router solicitation";
    case 134: return "router advertisement";
    case 135: return "neighbor solicitation";
    case 136: return "neighbor advertisement";
    case 137: return "redirect";
    case 143: return "multicast listener report (version 2)";
    default: return "";
    }
}

} // namespace

std::string icmp_words(Transport transport, std::uint8_t type) {
    const std::string_view name = transport == Transport::icmp ? icmp_v4(type) : icmp_v6(type);
    return name.empty() ? "type " + std::to_string(type) : std::string(name);
}

} // namespace doorplate

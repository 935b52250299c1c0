#include "analyze/detect/agreement.h"

#include <algorithm>
#include <array>

namespace doorplate {
namespace {

struct Pair {
    std::string_view service;
    std::string_view protocol;
};

// Where the registry's name is not the protocol's.
constexpr std::array pairs{
    Pair{"bootpc", "dhcp"},          Pair{"bootps", "dhcp"},
    Pair{"dhcpv6-client", "dhcpv6"}, Pair{"dhcpv6-server", "dhcpv6"},
    Pair{"domain", "dns"},           Pair{"domain-s", "tls"},
    Pair{"epmap", "dce_rpc"},        Pair{"gtp-control", "gtp"},
    Pair{"gtp-user", "gtp"},         Pair{"h323hostcall", "h323"},
    Pair{"https", "http"},           Pair{"https", "quic"},
    Pair{"ipfix", "netflow"},        Pair{"ipsec-nat-t", "isakmp"},
    Pair{"kpasswd", "kerberos"},     Pair{"mbap", "modbus"},
    Pair{"microsoft-ds", "dce_rpc"}, Pair{"microsoft-ds", "netbios"},
    Pair{"microsoft-ds", "smb"},     Pair{"ms-sql-s", "tds"},
    Pair{"ms-wbt-server", "rdp"},    Pair{"ms-wbt-server", "tls"},
    Pair{"mysqlx", "mysql"},         Pair{"ncube-lm", "tns"},
    Pair{"rtsp-alt", "rtsp"},        Pair{"secure-mqtt", "tls"},
    Pair{"snmptrap", "snmp"},        Pair{"stun", "dtls"},
    Pair{"submission", "smtp"},      Pair{"submissions", "tls"},
    Pair{"sunrpc", "portmap"},       Pair{"sunrpc", "rpc"},
    Pair{"teredo", "teredo"},        Pair{"xmpp-client", "xmpp"},
    Pair{"xmpp-server", "xmpp"},
};

} // namespace

bool agrees(std::string_view service, std::string_view protocol) {
    if (service.starts_with(protocol)) return true; // "http-alt", "netbios-ns", "sips" of sip
    // "https", "imaps", "ldaps": the same over TLS.
    if (protocol == "tls" && service.ends_with('s')) return true;
    return std::ranges::any_of(pairs,
                               [&](const Pair &pair) { return pair.service == service && pair.protocol == protocol; });
}

} // namespace doorplate

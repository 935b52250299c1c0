#include "capture/transport.h"

namespace doorplate {

std::string transport_token(Transport transport) {
    switch (transport) {
    case Transport::icmp: return "icmp";
    case Transport::igmp: return "igmp";
    case Transport::tcp: return "tcp";
    case Transport::udp: return "udp";
    case Transport::dccp: return "dccp";
    case Transport::gre: return "gre";
    case Transport::esp: return "esp";
    case Transport::ah: return "ah";
    case Transport::icmpv6: return "icmpv6";
    case Transport::sctp: return "sctp";
    case Transport::udplite: return "udplite";
    }
    return "ip-proto-" + std::to_string(static_cast<unsigned>(transport));
}

} // namespace doorplate

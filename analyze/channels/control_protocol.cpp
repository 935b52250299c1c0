#include "analyze/channels/control_protocol.h"

#include <algorithm>
#include <array>

#include "analyze/channels/dcc.h"
#include "analyze/channels/ftp.h"
#include "analyze/channels/port_mapper.h"
#include "analyze/channels/rtsp.h"
#include "analyze/channels/session_description.h"
#include "analyze/channels/skinny.h"
#include "analyze/channels/tftp.h"

namespace doorplate {
namespace {

struct ControlPort {
    Transport transport;
    std::uint16_t port;
    ControlProtocol protocol;
};

constexpr std::array control_ports{
    ControlPort{Transport::tcp, 21, ControlProtocol::ftp},
    ControlPort{Transport::udp, 69, ControlProtocol::tftp},
    ControlPort{Transport::udp, 5060, ControlProtocol::sip},
    ControlPort{Transport::tcp, 5060, ControlProtocol::sip},
    ControlPort{Transport::tcp, 554, ControlProtocol::rtsp},
    ControlPort{Transport::tcp, 8554, ControlProtocol::rtsp},
    ControlPort{Transport::udp, 111, ControlProtocol::port_mapper},
    ControlPort{Transport::tcp, 111, ControlProtocol::port_mapper},
    ControlPort{Transport::tcp, 6667, ControlProtocol::irc},
    ControlPort{Transport::tcp, 2000, ControlProtocol::skinny},
};

std::optional<ControlProtocol> protocol_at(Transport transport, std::uint16_t port) {
    const auto found = std::ranges::find_if(control_ports, [&](const ControlPort &control) {
        return control.port == port && control.transport == transport;
    });
    return found == control_ports.end() ? std::nullopt : std::optional(found->protocol);
}

} // namespace

std::optional<ControlRole> control_by_port(Transport transport, PerSide<std::uint16_t> ports) {
    for (const Side side : {Side::responder, Side::initiator}) {
        if (const auto protocol = protocol_at(transport, ports[side])) return ControlRole{*protocol, side};
    }
    return std::nullopt;
}

// RFC 3261 section 7: "SIP/2.0 200 OK", or a method, an address and the version.
std::optional<ControlProtocol> control_by_first_datagram(Bytes payload) {
    constexpr std::size_t enough = 24;
    const std::string_view text(reinterpret_cast<const char *>(payload.data()), std::min(payload.size(), enough));
    const bool is_sip = text.starts_with("SIP/2.0 ") || text.starts_with("INVITE sip:");
    return is_sip ? std::optional(ControlProtocol::sip) : std::nullopt;
}

std::optional<ControlProtocol> control_by_name(std::string_view detected_protocol) {
    if (detected_protocol == "ftp") return ControlProtocol::ftp;
    if (detected_protocol == "sip") return ControlProtocol::sip;
    if (detected_protocol == "rtsp") return ControlProtocol::rtsp;
    if (detected_protocol == "irc") return ControlProtocol::irc;
    if (detected_protocol == "skinny") return ControlProtocol::skinny;
    return std::nullopt;
}

std::unique_ptr<ControlReader> make_reader(ControlProtocol protocol, Transport transport) {
    switch (protocol) {
    case ControlProtocol::ftp: return make_ftp_reader();
    case ControlProtocol::tftp: return make_tftp_reader();
    case ControlProtocol::sip: return make_session_description_reader();
    case ControlProtocol::rtsp: return make_rtsp_reader();
    case ControlProtocol::port_mapper: return make_port_mapper_reader(transport);
    case ControlProtocol::irc: return make_dcc_reader();
    case ControlProtocol::skinny: return make_skinny_reader();
    }
    return make_ftp_reader();
}

} // namespace doorplate

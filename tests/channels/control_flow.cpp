#include "tests/channels/control_flow.h"

#include <cstdlib>

namespace doorplate {
namespace {

Endpoint endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    std::string_view address = text.substr(0, colon);
    if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
    return {IpAddress::parse(address).value(),
            static_cast<std::uint16_t>(std::atoi(std::string(text.substr(colon + 1)).c_str()))};
}

std::string_view name(AnnouncedIn method) {
    switch (method) {
    case AnnouncedIn::ftp_port: return "ftp_port";
    case AnnouncedIn::ftp_eprt: return "ftp_eprt";
    case AnnouncedIn::ftp_lprt: return "ftp_lprt";
    case AnnouncedIn::ftp_pasv: return "ftp_pasv";
    case AnnouncedIn::ftp_epsv: return "ftp_epsv";
    case AnnouncedIn::ftp_lpsv: return "ftp_lpsv";
    case AnnouncedIn::tftp_request: return "tftp_request";
    case AnnouncedIn::sdp: return "sdp";
    case AnnouncedIn::rtsp_setup: return "rtsp_setup";
    case AnnouncedIn::rpc_getport: return "rpc_getport";
    case AnnouncedIn::rpc_getaddr: return "rpc_getaddr";
    case AnnouncedIn::irc_dcc: return "irc_dcc";
    case AnnouncedIn::skinny: return "skinny";
    }
    return "unknown";
}

} // namespace

ControlFlow::ControlFlow(Transport transport, std::string_view client, std::string_view server, ChannelLimits limits)
    : channels_(limits), flow_{1, transport, {endpoint(client), endpoint(server)}, 0} {
    const auto role = control_by_port(transport, {flow_.ends.initiator.port, flow_.ends.responder.port});
    if (role) channels_.follow(flow_, *role);
}

ControlFlow &ControlFlow::later(Duration by) {
    now_ += by;
    return *this;
}

ControlFlow &ControlFlow::ends() {
    channels_.forget(flow_.id);
    return *this;
}

ControlFlow &ControlFlow::say(bool by_client, std::string_view text, std::uint32_t gap) {
    std::uint32_t &next = by_client ? client_next_ : server_next_;
    if (gap != 0) gap_at_ = next;
    next += gap;
    send(by_client, text, next);
    next += static_cast<std::uint32_t>(text.size());
    return *this;
}

ControlFlow &ControlFlow::server_fills_gap(std::string_view text) {
    send(false, text, gap_at_);
    return *this;
}

void ControlFlow::send(bool by_client, std::string_view text, std::uint32_t sequence) {
    const Endpoint &from = by_client ? flow_.ends.initiator : flow_.ends.responder;
    const Endpoint &to = by_client ? flow_.ends.responder : flow_.ends.initiator;
    Dissection packet;
    packet.kind = PacketKind::ip;
    packet.flow_ready = true;
    packet.transport = flow_.transport;
    packet.source = from.address;
    packet.source_port = from.port;
    packet.destination = to.address;
    packet.destination_port = to.port;
    packet.payload = {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()};
    packet.payload_bytes = static_cast<std::uint32_t>(text.size());
    if (flow_.transport == Transport::tcp) {
        packet.tcp.emplace().sequence = sequence;
        packet.tcp->ack = true;
    }
    is_read_ = channels_.read(flow_.id, packet, now_);
}

std::string ControlFlow::claimed(Transport transport, std::string_view initiator, std::string_view responder) {
    const auto channel =
        channels_.claim({++last_flow_, transport, {endpoint(initiator), endpoint(responder)}, flow_.level}, now_);
    if (!channel) return "nothing";
    const auto &[first, second] = channel->negotiated;
    return std::string(name(channel->method)) + (first && second ? " of both"
                                                 : first         ? " of the initiator"
                                                 : second        ? " of the responder"
                                                                 : " of nobody");
}

} // namespace doorplate

#include "talk.h"

#include <cassert>
#include <sstream>
#include <utility>

#include <gtest/gtest.h>

namespace doorplate {
namespace {

constexpr std::uint32_t ip_and_tcp_header = 40;
constexpr std::uint32_t ethernet_header = 14;

} // namespace

IpAddress address(std::string_view text) {
    const auto parsed = IpAddress::parse(text);
    if (!parsed) throw std::invalid_argument("no address: " + std::string(text));
    return *parsed;
}

Dissection packet_between(Transport transport, std::string_view source, std::uint16_t source_port,
                          std::string_view destination, std::uint16_t destination_port, std::uint32_t bytes) {
    Dissection dissection;
    dissection.kind = PacketKind::ip;
    dissection.transport = transport;
    dissection.source = address(source);
    dissection.source_port = source_port;
    dissection.destination = address(destination);
    dissection.destination_port = destination_port;
    dissection.payload_bytes = bytes;
    dissection.ip_bytes = bytes + 28;
    dissection.flow_ready = true;
    return dissection;
}

Packet frame_of(const Dissection &dissection, Timestamp time) {
    Packet packet;
    packet.original_length = dissection.ip_bytes + ethernet_header;
    packet.time = time;
    return packet;
}

Talk::Talk(FlowTableOptions options)
    : client_{{address(client_address), 51000}, 1000, {}}, server_{{address(server_address), 80}, 5000, {}}, now_(noon),
      table_(options, [this](const FlowTable::View &flow) { ended_.push_back(flow.flow()); }) {}

Talk &Talk::later(Duration by) {
    now_ += by;
    return *this;
}

Talk &Talk::tick() {
    table_.advance(now_);
    return *this;
}

Talk &Talk::say(Host &from, const Host &to, std::string_view words) {
    static const std::vector<std::uint8_t> payload(100'000);
    Dissection dissection;
    dissection.kind = PacketKind::ip;
    dissection.source = from.endpoint.address;
    dissection.source_port = from.endpoint.port;
    dissection.destination = to.endpoint.address;
    dissection.destination_port = to.endpoint.port;
    dissection.flow_ready = true;
    TcpFields tcp;
    tcp.window = 1000;
    bool again = false;
    bool lost = false;
    bool cut = false;

    std::istringstream stream{std::string(words)};
    for (std::string word; stream >> word;) {
        if (word == "SYN") {
            tcp.syn = true;
        } else if (word == "ACK") {
            tcp.ack = true;
        } else if (word == "FIN") {
            tcp.fin = true;
        } else if (word == "RST") {
            tcp.rst = true;
        } else if (word == "again") {
            again = true;
        } else if (word == "lost") {
            lost = true;
        } else if (word == "cut") {
            cut = true;
        } else if (word == "corrupt") {
            dissection.transport_checksum = Checksum::bad;
        } else if (word == "URG") {
            tcp.urg = true;
        } else if (word == "TFO") {
            tcp.fast_open = true;
        } else if (word == "CAPABLE") {
            tcp.mptcp_capable = true;
        } else if (word == "JOIN") {
            tcp.mptcp_join = true;
        } else if (word == "first") {
            stream >> from.next;
        } else if (word == "window") {
            stream >> tcp.window;
        } else {
            std::string unit;
            dissection.payload_bytes = static_cast<std::uint32_t>(std::stoul(word));
            stream >> unit;
            if (unit != "bytes") throw std::invalid_argument("no such word: " + word);
            tcp.ack = tcp.ack || !tcp.syn;
        }
    }
    now_ += std::chrono::milliseconds(1);
    if (again) {
        dissection = from.said;
    } else {
        tcp.sequence = from.next;
        tcp.acknowledgment = tcp.ack ? to.next : 0;
        from.next += dissection.payload_bytes + (tcp.syn ? 1U : 0U) + (tcp.fin ? 1U : 0U);
        dissection.tcp = tcp;
        dissection.ip_bytes = ip_and_tcp_header + dissection.payload_bytes;
        dissection.payload = Bytes(payload).first(dissection.payload_bytes);
        if (cut) dissection.payload = {};
        from.said = dissection;
    }
    if (lost) return *this;
    const auto update = table_.add(frame_of(dissection, now_), dissection);
    if (!update) throw std::logic_error("a TCP segment without a flow");
    last_ = *update;
    return *this;
}

const std::vector<Flow> &Talk::flows() {
    table_.finish();
    return ended_;
}

std::string Talk::seen() {
    std::string text;
    for (const Flow &flow : flows()) {
        if (!text.empty()) text += "; ";
        text += flow.tcp.value().state + " " + flow.tcp->history;
    }
    return text;
}

} // namespace doorplate

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/detect/flow_inspector.h"
#include "analyze/sides.h"

namespace doorplate {

// A flow's payloads as sentences: exchange(443).client("GET / ...").server("HTTP/1.1 200 ...").
class Exchange {
  public:
    explicit Exchange(std::uint16_t port, Transport transport = Transport::tcp, std::string_view client = "192.0.2.10",
                      std::string_view server = "198.51.100.7")
        : transport_(transport), client_{*IpAddress::parse(client), 51000}, server_{*IpAddress::parse(server), port} {}

    Exchange &client(std::string_view payload) { return add(true, payload); }
    Exchange &server(std::string_view payload) { return add(false, payload); }

    // Views into this object.
    [[nodiscard]] std::vector<Dissection> packets() const {
        std::vector<Dissection> packets;
        PerSide<std::uint32_t> sequence{1000, 5000};
        for (const Message &message : messages_) {
            const Side from = message.from_client ? Side::initiator : Side::responder;
            const Endpoint &source = message.from_client ? client_ : server_;
            const Endpoint &destination = message.from_client ? server_ : client_;
            Dissection packet;
            packet.kind = PacketKind::ip;
            packet.flow_ready = true;
            packet.transport = transport_;
            packet.source = source.address;
            packet.source_port = source.port;
            packet.destination = destination.address;
            packet.destination_port = destination.port;
            packet.payload = {reinterpret_cast<const std::uint8_t *>(message.payload.data()), message.payload.size()};
            packet.payload_bytes = static_cast<std::uint32_t>(message.payload.size());
            if (transport_ == Transport::tcp) {
                packet.tcp.emplace();
                packet.tcp->ack = true;
                packet.tcp->sequence = sequence[from];
                packet.tcp->acknowledgment = sequence[other(from)];
                packet.tcp->window = 65535;
                sequence[from] += packet.payload_bytes;
            }
            packets.push_back(packet);
        }
        return packets;
    }

    // What a detector finds in it.
    [[nodiscard]] std::optional<Detection> detected(ProtocolDetector &detector) const {
        const auto state = detector.begin();
        for (const Dissection &packet : packets()) {
            if (ProtocolDetector::can_tell(packet) && detector.feed(*state, packet, Timestamp{})) break;
        }
        return detector.conclude(*state);
    }
    // "tls", "tls youtube", "http: www.example.org (http_host)"; "-" if nothing was found.
    [[nodiscard]] std::string seen_by(ProtocolDetector &detector) const {
        const auto found = detected(detector);
        if (!found) return "-";
        std::string text = found->protocol;
        if (found->application) text += " " + *found->application;
        if (found->server_name) text += ": " + found->server_name->text;
        return text;
    }

  private:
    struct Message {
        bool from_client = true;
        std::string payload;
    };
    Exchange &add(bool from_client, std::string_view payload) {
        messages_.push_back({from_client, std::string(payload)});
        return *this;
    }

    Transport transport_;
    Endpoint client_;
    Endpoint server_;
    std::vector<Message> messages_;
};

} // namespace doorplate

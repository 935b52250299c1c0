#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/flow_table.h"

namespace doorplate {

// A TCP conversation of two hosts, told segment by segment, and what the flow table makes of it:
//
//     Talk talk;
//     talk.client("SYN").server("SYN ACK").client("ACK").client("100 bytes").server("ACK");
//
// Sequence and acknowledgment numbers are those of a real conversation. The words of a segment:
//     SYN ACK FIN RST    flags
//     N bytes            payload; without other flags it is acknowledged data (ACK is set)
//     again              the last segment of this host once more (alone)
//     lost               the capture missed this segment
//     first N            from here on this host's numbers begin at N (before SYN or payload)
//     window N           the window it offers, else 1000
//     cut                the snapshot length cut the payload off
//     corrupt            the checksum is wrong
//     URG, TFO           the urgent flag; the option of TCP Fast Open
//     CAPABLE, JOIN      Multipath TCP's options
class Talk {
  public:
    explicit Talk(FlowTableOptions options = {});

    Talk &client(std::string_view words) { return say(client_, server_, words); }
    Talk &server(std::string_view words) { return say(server_, client_, words); }

    // SYN, SYN+ACK, ACK.
    Talk &handshake() { return client("SYN").server("SYN ACK").client("ACK"); }

    // Moves the clock; every segment moves it by one millisecond too.
    Talk &later(Duration by);
    Talk &earlier(Duration by) { return later(-by); }
    // Lets the table see the clock without a packet.
    Talk &tick();

    [[nodiscard]] FlowTable &table() { return table_; }
    // What the table said of the last segment.
    [[nodiscard]] const FlowTable::Update &last() const { return last_; }

    // Ends the table and returns all flows in the order in which they ended.
    [[nodiscard]] const std::vector<Flow> &flows();
    // "SF ShADadFf" of the only flow; of more, one after the other with "; " between them.
    [[nodiscard]] std::string seen();

    static constexpr std::string_view client_address = "192.0.2.1";
    static constexpr std::string_view server_address = "198.51.100.2";

  private:
    struct Host {
        Endpoint endpoint;
        std::uint32_t next = 0;
        Dissection said;
    };
    Talk &say(Host &from, const Host &to, std::string_view words);

    Host client_;
    Host server_;
    Timestamp now_;
    std::vector<Flow> ended_;
    FlowTable table_;
    FlowTable::Update last_;
};

[[nodiscard]] IpAddress address(std::string_view text);

// A packet of `bytes` payload that carries no TCP, for tests that fill in the rest.
[[nodiscard]] Dissection packet_between(Transport transport, std::string_view source, std::uint16_t source_port,
                                        std::string_view destination, std::uint16_t destination_port,
                                        std::uint32_t bytes = 0);

// A frame with an Ethernet header around `dissection`, without its bytes.
[[nodiscard]] Packet frame_of(const Dissection &dissection, Timestamp time);

inline constexpr Timestamp noon = timestamp_from_ns(1'700'000'000'000'000'000);

} // namespace doorplate

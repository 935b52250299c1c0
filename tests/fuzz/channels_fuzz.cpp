// Any bytes as control flows that announce data channels. The first byte chooses the protocol, the second where it
// begins; then each packet is two bytes with its direction, its place and its size, and that many bytes.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "analyze/channels/data_channels.h"

namespace doorplate {
namespace {

struct Door {
    Transport transport;
    std::uint16_t port;
};
constexpr std::array doors{Door{Transport::tcp, 21},   Door{Transport::udp, 69},   Door{Transport::udp, 5060},
                           Door{Transport::tcp, 5060}, Door{Transport::tcp, 554},  Door{Transport::udp, 111},
                           Door{Transport::tcp, 111},  Door{Transport::tcp, 6667}, Door{Transport::tcp, 2000}};

void require(bool holds) {
    if (!holds) std::abort();
}

void run(Bytes input) {
    ByteReader reader(input);
    const auto choice = reader.u8();
    const auto start = reader.u8();
    if (!choice || !start) return;
    const Door &door = doors[*choice % doors.size()];
    const FlowEnds flow{1,
                        door.transport,
                        {{*IpAddress::parse("192.0.2.1"), 51000}, {*IpAddress::parse("198.51.100.2"), door.port}},
                        0};
    DataChannels channels({.control_flows = 2, .expectations = 16, .per_control_flow = 8, .per_endpoint = 2});
    const auto role = control_by_port(flow.transport, {flow.ends.initiator.port, flow.ends.responder.port});
    require(role.has_value());
    channels.follow(flow, *role);

    PerSide<std::uint32_t> next{std::uint32_t{*start} << 24, 0xfffffff0U};
    std::int64_t now = 1'700'000'000'000'000'000;
    bool wanted = true;
    for (int packets = 0; packets < 64 && wanted; ++packets) {
        const auto head = reader.be16();
        if (!head) break;
        const Side side = *head >> 15 != 0 ? Side::responder : Side::initiator;
        const std::size_t size = std::min<std::size_t>(*head & 0x3ff, reader.remaining());
        const std::uint32_t jump = *head >> 10 & 0x1f; // 0: in order; 1: again; else bytes are missing
        const Bytes payload = *reader.take(size);

        Dissection packet;
        packet.transport = flow.transport;
        packet.source = flow.ends[side].address;
        packet.source_port = flow.ends[side].port;
        packet.payload = payload;
        packet.payload_bytes = static_cast<std::uint32_t>(size) + (jump == 31 ? 5U : 0U);
        if (door.transport == Transport::tcp) {
            std::uint32_t &sequence = next[side];
            if (jump > 1) sequence += jump * 7;
            packet.tcp.emplace().sequence = jump == 1 ? sequence - packet.payload_bytes : sequence;
            sequence += packet.payload_bytes;
        }
        wanted = channels.read(flow.id, packet, timestamp_from_ns(now));
        now += std::int64_t{jump} * 20'000'000'000;
    }
    // Whatever was announced, a flow of two other hosts was not, unless both of its ends were.
    if (channels.expects_any()) {
        const FlowEnds strange{
            2, Transport::tcp, {{*IpAddress::parse("203.0.113.1"), 1}, {*IpAddress::parse("203.0.113.2"), 2}}, 0};
        const auto channel = channels.claim(strange, timestamp_from_ns(now));
        require(!channel || channel->method == AnnouncedIn::irc_dcc);
        for (std::uint16_t port = 1; port < 2000; port = static_cast<std::uint16_t>(port + 13)) {
            const FlowEnds next_flow{3, Transport::tcp, {flow.ends.initiator, {flow.ends.responder.address, port}}, 0};
            if (const auto found = channels.claim(next_flow, timestamp_from_ns(now))) require(found->control_id == 1);
        }
    }
    channels.forget(flow.id);
}

} // namespace
} // namespace doorplate

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    doorplate::run(doorplate::Bytes(data, size));
    return 0;
}

// Any bytes as the payloads of one flow: through nDPI, which is not ours and parses what attackers send, and through
// the DNS parser. The first byte chooses transport and IP version, the second the responder's port; then each packet is
// a byte with its direction and size, and that many bytes.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "analyze/detect/flow_inspector.h"

namespace doorplate {
namespace {

constexpr std::array<std::uint16_t, 32> ports{53,   80,   443,  22,   21,   25,   110,  143,  123,  67,   137,
                                              161,  389,  88,   445,  500,  554,  1900, 3306, 3389, 5060, 5353,
                                              5355, 6379, 6881, 8080, 1194, 1883, 3478, 502,  2049, 40000};

void require(bool holds) {
    if (!holds) std::abort();
}

void inspect(Bytes input) {
    // To make nDPI's tables takes longer than all the rest, so they stay.
    static FlowInspector inspector([] {
        InspectorOptions options;
        options.open_flows = 4;
        options.names = {16, 2};
        return options;
    }());
    static std::uint64_t flow_id = 0;
    ByteReader reader(input);
    const auto choice = reader.u8();
    const auto port = reader.u8();
    if (!choice || !port) return;

    const bool is_tcp = (*choice & 1) != 0;
    const bool is_v6 = (*choice & 2) != 0;
    const std::array<Endpoint, 2> ends{
        Endpoint{*IpAddress::parse(is_v6 ? "2001:db8::1" : "192.0.2.1"), 51000},
        Endpoint{*IpAddress::parse(is_v6 ? "2001:db8::2" : "198.51.100.2"), ports[*port % ports.size()]}};
    std::array<std::uint32_t, 2> sequence{1, 1};
    ++flow_id;
    for (std::uint32_t packets = 0; packets < 16; ++packets) {
        const auto head = reader.be16();
        if (!head) break;
        const std::size_t from = *head >> 15;
        const Bytes rest = reader.rest();
        const std::vector<std::uint8_t> payload(
            rest.begin(),
            rest.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(*head & 0x7fff, rest.size())));
        require(reader.skip(payload.size()));

        Dissection packet;
        packet.kind = PacketKind::ip;
        packet.flow_ready = true;
        packet.transport = is_tcp ? Transport::tcp : Transport::udp;
        packet.source = ends[from].address;
        packet.source_port = ends[from].port;
        packet.destination = ends[1 - from].address;
        packet.destination_port = ends[1 - from].port;
        packet.payload = payload;
        packet.payload_bytes = static_cast<std::uint32_t>(payload.size());
        if (is_tcp) {
            TcpFields &tcp = packet.tcp.emplace();
            tcp.sequence = sequence[from];
            tcp.acknowledgment = sequence[1 - from];
            tcp.window = 65535;
            tcp.ack = true;
            sequence[from] += packet.payload_bytes;
        }
        inspector.packet(flow_id, packet, timestamp_from_ns(1'700'000'000'000'000'000 + packets * 1'000'000));
    }
    const auto detection = inspector.take(flow_id);
    if (detection) {
        require(!detection->protocol.empty() && detection->protocol.size() < 64);
        require(!detection->server_name || detection->server_name->text.size() <= 255);
    }
    require(inspector.names().size() <= 16);
    require(inspector.detects());
}

} // namespace
} // namespace doorplate

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    doorplate::inspect(doorplate::Bytes(data, size));
    return 0;
}

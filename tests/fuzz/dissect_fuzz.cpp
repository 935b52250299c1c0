// Any bytes as a packet of any link type that doorplate dissects.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "analyze/dissection.h"

// The first byte chooses the link type, the second how much longer the packet was on the wire.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace doorplate;
    static constexpr std::array types{LinkType::ethernet,  LinkType::null_loopback, LinkType::raw_bsd12,
                                      LinkType::raw_bsd14, LinkType::raw_ip,        LinkType::openbsd_loopback,
                                      LinkType::ipv4,      LinkType::linux_cooked,  LinkType::linux_cooked_v2,
                                      LinkType::ipv6};
    if (size < 2) return 0;
    Packet packet;
    packet.bytes = Bytes(data + 2, size - 2);
    packet.link_type = types[data[0] % types.size()];
    packet.original_length = static_cast<std::uint32_t>(packet.bytes.size()) + data[1];

    const Dissection dissection = dissect(packet);

    // What it shows of the packet lies within the packet.
    if (dissection.payload.size() > packet.bytes.size()) std::abort();
    if (dissection.vlan_count > max_vlan_tags) std::abort();
    return 0;
}

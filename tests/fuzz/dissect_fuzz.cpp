// Any bytes as a packet of any link type that doorplate dissects.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>

#include "tests/dissect/fault_of.h"

// The first byte chooses the link type, the second says how much longer (or shorter: files lie) the packet was on the
// wire.
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
    packet.original_length = static_cast<std::uint32_t>(
        std::max<std::int64_t>(0, std::ssize(packet.bytes) + static_cast<std::int8_t>(data[1])));
    if (!fault_of(packet).empty()) std::abort();
    return 0;
}

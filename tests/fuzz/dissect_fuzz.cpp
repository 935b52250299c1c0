// Any bytes as a packet of any link type.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>

#include "tests/dissect/fault_of.h"

// The first and the third byte are the link type, the second says how much longer (or shorter: files lie) the packet
// was on the wire.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace doorplate;
    if (size < 3) return 0;
    Packet packet;
    packet.bytes = Bytes(data + 3, size - 3);
    packet.link_type = LinkType{static_cast<std::uint16_t>(data[0] | data[2] << 8)};
    packet.original_length = static_cast<std::uint32_t>(
        std::max<std::int64_t>(0, std::ssize(packet.bytes) + static_cast<std::int8_t>(data[1])));
    if (!fault_of(packet).empty()) std::abort();
    return 0;
}

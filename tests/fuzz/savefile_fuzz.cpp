// Any bytes are a capture file or none, and reading them whole or in small pieces gives the same packets, the same
// interfaces and the same complaint.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/support/savefile_harness.h"

namespace {

void require(bool holds, const char *promise) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace doorplate;
    const std::vector<std::uint8_t> file(data, data + size);
    const WholeRead whole = read_to_end(file);
    for (const KeptPacket &packet : whole.packets) {
        require(packet.interface < whole.interfaces.size(), "a packet's interface is described");
        require(packet.link_type == whole.interfaces[packet.interface].link_type,
                "a packet is of its interface's type");
        require(packet.ns >= 0, "no time is before 1970");
        require(packet.bytes.size() <= size, "no packet is larger than the file");
    }
    require(whole.stats.packets == whole.packets.size(), "the packets are counted");

    // Small enough to part every header, and not so small that a large file takes for ever.
    const std::size_t crumb = 5 + size / 128;
    const WholeRead trickled = read_to_end(file, {}, crumb);
    require(whole.opened == trickled.opened, "opening does not depend on the pieces");
    require(whole.packets == trickled.packets, "the packets do not depend on the pieces");
    require(whole.error == trickled.error, "the complaint does not depend on the pieces");
    require(whole.interfaces.size() == trickled.interfaces.size(), "the interfaces do not depend on the pieces");

    // A filter may refuse packets and link types, but it adds nothing.
    const WholeRead filtered = read_to_end(file, "udp");
    require(filtered.packets.size() <= whole.packets.size(), "a filter adds no packets");
    return 0;
}

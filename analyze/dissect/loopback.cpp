// Loopback devices of the BSDs, and Npcap's: LINKTYPE_NULL and LINKTYPE_LOOP of the link type registry.

#include <bit>

#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

//     0                 4
//    +-----------------+-----
//    | address family  | ...
//    +-----------------+-----

constexpr std::size_t header_length = 4;

// The families are numbers of the system that captured.
void dissect_family(std::uint32_t family, LayerBytes bytes, Output &output) {
    switch (family) {
    case 2: return dissect_ipv4(bytes, output);
    case 10: // Linux
    case 23: // Windows
    case 24: // NetBSD, OpenBSD
    case 28: // FreeBSD, DragonFly
    case 30: // macOS
        return dissect_ipv6(bytes, output);
    default: break;
    }
    // Some write an EtherType behind two bytes of something else.
    switch (family & 0xffff) {
    case 0x0800: return dissect_ipv4(bytes, output);
    case 0x86dd: return dissect_ipv6(bytes, output);
    default: output.level().kind = PacketKind::unknown_link;
    }
}

} // namespace

void dissect_null_loopback(LayerBytes bytes, Output &output) {
    if (!require(bytes, header_length, Malformation::link_header_too_short, output.level())) return;

    // In the byte order of the machine that captured, which the packet does not tell; all families are small numbers.
    const std::uint32_t family = bytes.be32(0);
    const bool is_swapped = family > 0xffff && (family & 0xffff) == 0;
    dissect_family(is_swapped ? std::byteswap(family) : family, bytes.behind(header_length), output);
}

void dissect_openbsd_loopback(LayerBytes bytes, Output &output) {
    if (!require(bytes, header_length, Malformation::link_header_too_short, output.level())) return;

    dissect_family(bytes.be32(0), bytes.behind(header_length), output);
}

} // namespace doorplate

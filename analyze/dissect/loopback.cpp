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
void dissect_family(std::uint32_t family, const LayerBytes &bytes, Dissection &out) {
    switch (family) {
    case 2: return dissect_ipv4(bytes, out);
    case 10: // Linux
    case 23: // Windows
    case 24: // NetBSD, OpenBSD
    case 28: // FreeBSD, DragonFly
    case 30: // macOS
        return dissect_ipv6(bytes, out);
    default: out.kind = PacketKind::unknown_link;
    }
}

} // namespace

void dissect_null_loopback(const LayerBytes &bytes, Dissection &out) {
    if (!require(bytes, header_length, Malformation::link_header_too_short, out)) return;

    // In the byte order of the machine that captured, which the packet does not tell; all families are small numbers.
    ByteReader header(bytes.captured());
    const std::uint32_t family = *header.u32(std::endian::little);
    dissect_family(family > 0xffff ? std::byteswap(family) : family, bytes.behind(header_length), out);
}

void dissect_openbsd_loopback(const LayerBytes &bytes, Dissection &out) {
    if (!require(bytes, header_length, Malformation::link_header_too_short, out)) return;

    ByteReader header(bytes.captured());
    dissect_family(*header.be32(), bytes.behind(header_length), out);
}

} // namespace doorplate

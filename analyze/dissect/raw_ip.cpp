// IP without a link header (LINKTYPE_RAW): the version in the first four bits tells which.

#include "analyze/dissect/layers.h"

namespace doorplate {

void dissect_raw_ip(LayerBytes bytes, Output &output) {
    if (!require(bytes, 1, Malformation::link_header_too_short, output.level())) return;

    if (bytes.u8(0) >> 4 == 6)
        dissect_ipv6(bytes, output);
    else
        dissect_ipv4(bytes, output);
}

} // namespace doorplate

// IP without a link header (LINKTYPE_RAW): the version in the first four bits tells which.

#include "analyze/dissect/layers.h"

namespace doorplate {

void dissect_raw_ip(const LayerBytes &bytes, Dissection &out) {
    if (!require(bytes, 1, Malformation::link_header_too_short, out)) return;

    if (bytes.captured()[0] >> 4 == 6)
        dissect_ipv6(bytes, out);
    else
        dissect_ipv4(bytes, out);
}

} // namespace doorplate

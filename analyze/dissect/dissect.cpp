#include "analyze/dissection.h"

#include "analyze/dissect/layers.h"

namespace doorplate {

Dissection dissect(const Packet &packet) {
    Dissection out;
    dissect_link(packet.link_type, LayerBytes(packet), out);
    return out;
}

} // namespace doorplate

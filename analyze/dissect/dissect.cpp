#include "analyze/dissection.h"

#include "analyze/dissect/layers.h"

namespace doorplate {

void note_missing(LayerBytes bytes, std::size_t count, Malformation if_missing, Dissection &out) {
    if (bytes.length() >= count)
        out.truncated = true;
    else
        note(out.fragment ? Malformation::fragment_too_small : if_missing, out);
}

void dissect(const Packet &packet, DissectedPacket &out, DissectOptions options) {
    Output output(out, options);
    dissect_link(packet.link_type, LayerBytes(packet), output);
}

Dissection dissect(const Packet &packet, DissectOptions options) {
    DissectedPacket out;
    dissect(packet, out, options);
    return out.levels.front();
}

} // namespace doorplate

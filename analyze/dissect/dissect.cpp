#include "analyze/dissection.h"

#include "analyze/dissect/everyday.h"
#include "analyze/dissect/layers.h"

namespace doorplate {

void note_missing(LayerBytes bytes, std::size_t count, Malformation if_missing, Dissection &out) {
    if (bytes.length() >= count)
        out.truncated = true;
    else
        note(out.fragment ? Malformation::fragment_too_small : if_missing, out);
}

std::size_t dissect(const Packet &packet, std::span<Dissection, max_levels> levels, MoreFrames &more,
                    DissectOptions options) {
    if (dissect_everyday(packet, options, levels.front())) return 1;
    return dissect_by_layers(packet, levels, more, options);
}

std::size_t dissect_by_layers(const Packet &packet, std::span<Dissection, max_levels> levels, MoreFrames &more,
                              DissectOptions options) {
    Output output(levels, more, options);
    dissect_link(packet.link_type, LayerBytes(packet), output);
    return output.levels();
}

void dissect_next_frame(const Packet &more_frames, DissectedPacket &out, DissectOptions options) {
    out.more_frames = {};
    Output output(out.levels, out.more_frames, options);
    dissect_wlan_aggregate(LayerBytes(more_frames), output);
    out.count = output.levels();
}

Dissection dissect(const Packet &packet, DissectOptions options) {
    DissectedPacket out;
    dissect(packet, out, options);
    return out.levels.front();
}

} // namespace doorplate

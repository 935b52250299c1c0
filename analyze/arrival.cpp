#include "analyze/arrival.h"

namespace doorplate {

void announce(const Packet &packet, const Dissection &dissection, std::uint8_t level, bool innermost, Arrival &out) {
    if (dissection.flow_ready) ::new (&out.key) PackedKey(packed_key(dissection, level));
    announcing::write(packet, dissection, out);
    out.level = level;
    out.innermost = innermost;
    const bool is_whole = dissection.flow_ready && !dissection.malformation && !dissection.truncated &&
                          !dissection.fragment && level == 0 && innermost;
    out.everyday =
        is_whole && announcing::is_sound(packet, dissection) ? announcing::everyday(dissection) : Everyday::no;
}

} // namespace doorplate

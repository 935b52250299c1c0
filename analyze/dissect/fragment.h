#pragma once

#include "analyze/dissect/layer.h"

namespace doorplate {

// What both versions of IP say of a fragment that carries `payload`. A packet with the fields but in one piece (an
// atomic fragment, RFC 6946) is treated as the whole that it is.
inline void set_fragment(const FragmentFields &fields, LayerBytes payload, Dissection &out) {
    if (fields.offset == 0 && !fields.more) return;
    out.fragment = fields;
    out.fragment->length = saturated(payload.length());
    out.fragment->bytes = payload.captured();
    const bool uneven = fields.more && payload.length() % 8 != 0;
    const bool too_far = std::uint64_t{fields.offset} + payload.length() > 65535;
    if (uneven || too_far) note(Malformation::fragment_bad_length, out);
}

} // namespace doorplate

#pragma once

#include "capture/byte_reader.h"

namespace doorplate {

// The options of IPv4 (RFC 791 section 3.1) and TCP (RFC 9293 section 3.2) have one form: 0 ends the list, 1 fills, and
// every other kind has a length that counts kind and length too. A list that the snapshot cut is fine as far as it
// goes.
[[nodiscard]] inline bool options_are_valid(Bytes options, bool complete) {
    ByteReader reader(options);
    while (const auto kind = reader.u8()) {
        if (*kind == 0) return true;
        if (*kind == 1) continue;
        const auto length = reader.u8();
        if (!length) return !complete;
        if (*length < 2) return false;
        if (!reader.skip(*length - std::size_t{2})) return !complete;
    }
    return true;
}

} // namespace doorplate

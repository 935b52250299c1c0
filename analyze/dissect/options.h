#pragma once

#include "capture/byte_reader.h"

namespace doorplate {

// The options of IPv4 (RFC 791 section 3.1) and TCP (RFC 9293 section 3.2) have one form: 0 ends the list, 1 fills, and
// every other kind has a length that counts kind and length too. A list that the snapshot cut is fine as far as it
// goes.
[[nodiscard]] inline bool options_are_valid(Bytes options, bool complete) {
    std::size_t at = 0;
    while (at < options.size() && options[at] != 0) {
        if (options[at] == 1) {
            ++at;
            continue;
        }
        if (at + 1 == options.size()) return !complete;
        const std::uint8_t length = options[at + 1];
        if (length < 2) return false;
        if (length > options.size() - at) return !complete;
        at += length;
    }
    return true;
}

} // namespace doorplate

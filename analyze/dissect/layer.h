#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "analyze/dissection.h"
#include "capture/byte_reader.h"
#include "capture/packet.h"

namespace doorplate {

// What a layer is given: all that stands behind the headers in front of it. Three lengths differ in a capture, and
// which of them a header does not fit into decides whether it was cut or is broken. A view, like the packet.
class LayerBytes {
  public:
    explicit LayerBytes(const Packet &packet)
        : captured_(packet.bytes), on_wire_(std::max<std::uint64_t>(packet.original_length, packet.bytes.size())),
          length_(on_wire_) {}

    // What the snapshot left; never more than on_wire().
    [[nodiscard]] Bytes captured() const { return captured_; }
    // What was in the frame; never more than length().
    [[nodiscard]] std::uint64_t on_wire() const { return on_wire_; }
    // What the headers in front say, which is what is counted.
    [[nodiscard]] std::uint64_t length() const { return length_; }

    // Behind a header of `count` bytes; empty if there are fewer.
    [[nodiscard]] LayerBytes behind(std::size_t count) const {
        LayerBytes rest = *this;
        rest.captured_ = captured_.subspan(std::min(count, captured_.size()));
        rest.on_wire_ = on_wire_ - std::min<std::uint64_t>(count, on_wire_);
        rest.length_ = length_ - std::min<std::uint64_t>(count, length_);
        return rest;
    }

    // The same with the length that a header tells: what follows it is padding of the frame.
    [[nodiscard]] LayerBytes with_length(std::uint64_t length) const {
        LayerBytes told = *this;
        told.length_ = length;
        told.on_wire_ = std::min(on_wire_, length);
        told.captured_ = captured_.first(static_cast<std::size_t>(std::min<std::uint64_t>(captured_.size(), length)));
        return told;
    }

  private:
    Bytes captured_;
    std::uint64_t on_wire_ = 0;
    std::uint64_t length_ = 0;
};

// The first thing that was wrong stays.
inline void note(Malformation malformation, Dissection &out) {
    if (!out.malformation) out.malformation = malformation;
}

// Are the first `count` bytes there to be read? If not, `out` says why: `truncated` if the snapshot cut them off, else
// `if_missing`, or for the first fragment of an IP packet that it is too small for the headers (RFC 7112).
[[nodiscard]] inline bool require(const LayerBytes &bytes, std::size_t count, Malformation if_missing,
                                  Dissection &out) {
    if (bytes.captured().size() >= count) return true;
    if (bytes.on_wire() >= count)
        out.truncated = true;
    else
        note(out.fragment ? Malformation::fragment_too_small : if_missing, out);
    return false;
}

// All of `bytes` is what the packet carried for its users.
inline void set_payload(const LayerBytes &bytes, Dissection &out) {
    out.payload_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes.length(), UINT32_MAX));
    out.payload = bytes.captured();
}

} // namespace doorplate

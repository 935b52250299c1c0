#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "analyze/dissection.h"
#include "capture/byte_reader.h"
#include "capture/packet.h"

namespace doorplate {

// What a layer is given: all that stands behind the headers in front of it. A view, like the packet.
class LayerBytes {
  public:
    explicit LayerBytes(const Packet &packet)
        : captured_(packet.bytes), length_(std::max<std::uint64_t>(packet.original_length, packet.bytes.size())) {}

    // What the snapshot left; never more than length().
    [[nodiscard]] Bytes captured() const { return captured_; }
    // What the frame carried on the wire.
    [[nodiscard]] std::uint64_t length() const { return length_; }

    // Behind a header of `count` bytes; empty if there are fewer.
    [[nodiscard]] LayerBytes behind(std::size_t count) const {
        LayerBytes rest = *this;
        rest.captured_ = captured_.subspan(std::min(count, captured_.size()));
        rest.length_ = length_ - std::min<std::uint64_t>(count, length_);
        return rest;
    }

    // The first `count` bytes, or all if there are fewer: a header tells a length, and the frame's padding ends here.
    [[nodiscard]] LayerBytes first(std::uint64_t count) const {
        LayerBytes front = *this;
        front.captured_ = captured_.first(static_cast<std::size_t>(std::min<std::uint64_t>(captured_.size(), count)));
        front.length_ = std::min(length_, count);
        return front;
    }

  private:
    Bytes captured_;
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
    if (bytes.length() >= count)
        out.truncated = true;
    else
        note(out.fragment ? Malformation::fragment_too_small : if_missing, out);
    return false;
}

// The ports, with which TCP, UDP, UDP-Lite, DCCP and SCTP all begin. A flow needs no more than them.
[[nodiscard]] inline bool read_ports(const LayerBytes &bytes, Malformation if_missing, Dissection &out) {
    if (!require(bytes, 4, if_missing, out)) return false;
    ByteReader ports(bytes.captured());
    out.source_port = *ports.be16();
    out.destination_port = *ports.be16();
    out.flow_ready = true;
    return true;
}

// Sizes of what hostile headers and files say are larger than any packet that there is.
[[nodiscard]] inline std::uint32_t saturated(std::uint64_t size) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(size, UINT32_MAX));
}

// All of `bytes` is what the packet carried for its users.
inline void set_payload(const LayerBytes &bytes, Dissection &out) {
    out.payload_bytes = saturated(bytes.length());
    out.payload = bytes.captured();
}

} // namespace doorplate

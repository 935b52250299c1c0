#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "analyze/dissection.h"
#include "capture/byte_reader.h"
#include "capture/packet.h"

namespace doorplate {

// What a layer is given: all that stands behind the headers in front of it. A view, like the packet, and small enough
// to be passed on in registers.
class LayerBytes {
  public:
    explicit LayerBytes(const Packet &packet)
        : data_(packet.bytes.data()),
          captured_(static_cast<std::uint32_t>(std::min<std::size_t>(packet.bytes.size(), UINT32_MAX))),
          length_(std::max(packet.original_length, captured_)) {}

    // What the snapshot left; never more than length().
    [[nodiscard]] Bytes captured() const { return {data_, captured_}; }
    // What the frame carried on the wire.
    [[nodiscard]] std::uint32_t length() const { return length_; }

    // Behind a header of `count` bytes; empty if there are fewer.
    [[nodiscard, gnu::always_inline]] LayerBytes behind(std::size_t count) const {
        return {data_ + std::min<std::size_t>(count, captured_), less(captured_, count), less(length_, count)};
    }

    // The same behind a header that require() has found to be there.
    [[nodiscard]] LayerBytes past(std::uint32_t count) const {
        assert(count <= captured_);
        return {data_ + count, captured_ - count, length_ - count};
    }

    // The first `count` bytes, or all if there are fewer: a header tells a length, and the frame's padding ends here.
    [[nodiscard, gnu::always_inline]] LayerBytes first(std::uint64_t count) const {
        return {data_, at_most(captured_, count), at_most(length_, count)};
    }

    // The same where no more than length() are asked for.
    [[nodiscard]] LayerBytes up_to(std::uint32_t count) const {
        assert(count <= length_);
        return {data_, std::min(captured_, count), count};
    }

    // The same bytes, said to go on behind the frame's end: a fragment's rest travels in other frames.
    [[nodiscard]] LayerBytes going_on_to(std::uint32_t length) const {
        return {data_, captured_, std::max(length_, length)};
    }

    // Header fields in network byte order. That they were captured is for require() to make sure, once a header.
    [[nodiscard]] std::uint8_t u8(std::size_t at) const { return number<std::uint8_t>(at); }
    [[nodiscard]] std::uint16_t be16(std::size_t at) const { return number<std::uint16_t>(at); }
    [[nodiscard]] std::uint32_t be24(std::size_t at) const { return std::uint32_t{u8(at)} << 16 | be16(at + 1); }
    [[nodiscard]] std::uint32_t be32(std::size_t at) const { return number<std::uint32_t>(at); }
    [[nodiscard]] IpAddress ipv4_address(std::size_t at) const { return IpAddress::v4(bytes<4>(at)); }
    [[nodiscard]] IpAddress ipv6_address(std::size_t at) const { return IpAddress::v6(bytes<16>(at)); }

  private:
    LayerBytes(const std::uint8_t *data, std::uint32_t captured, std::uint32_t length)
        : data_(data), captured_(captured), length_(length) {}

    static std::uint32_t at_most(std::uint32_t size, std::uint64_t limit) {
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(size, limit));
    }
    static std::uint32_t less(std::uint32_t size, std::uint64_t count) { return size - at_most(size, count); }

    template <std::size_t count> [[nodiscard]] std::array<std::uint8_t, count> bytes(std::size_t at) const {
        assert(at + count <= captured_);
        std::array<std::uint8_t, count> copy;
        std::memcpy(copy.data(), data_ + at, count);
        return copy;
    }
    template <std::unsigned_integral T> [[nodiscard]] T number(std::size_t at) const {
        const T value = std::bit_cast<T>(bytes<sizeof(T)>(at));
        return std::endian::native == std::endian::big ? value : std::byteswap(value);
    }

    const std::uint8_t *data_;
    std::uint32_t captured_;
    std::uint32_t length_;
};

// Where the layers write: into the innermost packet so far.
class Output {
  public:
    Output(std::span<Dissection, max_levels> levels, MoreFrames &more, DissectOptions options)
        : levels_(levels), more_(more), options_(options) {
        begin_level();
    }

    [[nodiscard]] Dissection &level() { return *level_; }
    // Link headers in one another would be without end in a large packet, and so would the calls that read them.
    [[nodiscard]] bool may_go_on() { return link_headers_++ < max_link_headers; }

    [[nodiscard]] bool verifies_checksums() const { return options_.verify_checksums; }
    // The transport's checksum of this level cannot be told: it is over other addresses than the IP header's, or not
    // all of it is in the frame. Neither can a fragment's, which need not be said.
    void give_up_transport_checksum() { transport_checksum_given_up_ = true; }
    [[nodiscard]] bool verifies_transport_checksum() const {
        return options_.verify_checksums && !transport_checksum_given_up_ && !level_->fragment;
    }

    // From here on the layers write into a new packet, the one that the current one carries. False if there are too
    // many already, which is noted.
    [[nodiscard]] bool enter(TunnelKind tunnel, std::optional<std::uint64_t> tunnel_id);
    [[nodiscard]] std::size_t levels() const { return count_; }
    [[nodiscard]] const Dissection &level(std::size_t index) const { return levels_[index]; }
    // What came after the first `count` levels turned out not to be packets: the one around them is the innermost
    // again.
    void leave_to(std::size_t count) {
        count_ = count;
        level_ = &levels_[count - 1];
        if (more_.level >= count) more_ = {};
    }
    // Of aggregates within one another the outermost goes on.
    void set_more_frames(Bytes frames, std::size_t level) {
        if (!more_.bytes.empty() && !level_->malformation) level_->malformation = Malformation::too_many_link_headers;
        more_ = {.bytes = frames, .level = level};
    }

  private:
    // Writes the defaults and leaves alone what they make invisible: std::construct_at would clear all first.
    void begin_level() {
        transport_checksum_given_up_ = false;
        level_ = ::new (&levels_[count_++]) Dissection;
    }

    std::span<Dissection, max_levels> levels_;
    MoreFrames &more_;
    std::size_t count_ = 0;
    Dissection *level_ = nullptr;
    static constexpr int max_link_headers = 64;
    int link_headers_ = 0;
    DissectOptions options_;
    bool transport_checksum_given_up_ = false;
};

// The first thing that was wrong stays.
inline void note(Malformation malformation, Dissection &out) {
    if (!out.malformation) out.malformation = malformation;
}

inline bool Output::enter(TunnelKind tunnel, std::optional<std::uint64_t> tunnel_id) {
    if (count_ == max_levels) {
        note(Malformation::too_many_tunnels, *level_);
        return false;
    }
    begin_level();
    level_->tunnel = tunnel;
    level_->tunnel_id = tunnel_id;
    return true;
}

// Why the bytes that require() asked for are not there.
void note_missing(LayerBytes bytes, std::size_t count, Malformation if_missing, Dissection &out);

// Are the first `count` bytes there to be read? If not, `out` says why: `truncated` if the snapshot cut them off, else
// `if_missing`, or for the first fragment of an IP packet that it is too small for the headers (RFC 7112).
[[nodiscard]] inline bool require(LayerBytes bytes, std::size_t count, Malformation if_missing, Dissection &out) {
    if (bytes.captured().size() >= count) return true;
    note_missing(bytes, count, if_missing, out);
    return false;
}

// The ports, with which TCP, UDP, UDP-Lite, DCCP and SCTP all begin. A flow needs no more than them.
[[nodiscard]] inline bool read_ports(LayerBytes bytes, Malformation if_missing, Dissection &out) {
    if (!require(bytes, 4, if_missing, out)) return false;
    out.source_port = bytes.be16(0);
    out.destination_port = bytes.be16(2);
    out.flow_ready = true;
    return true;
}

// Sizes of what hostile headers and files say are larger than any packet that there is.
[[nodiscard]] inline std::uint32_t saturated(std::uint64_t size) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(size, UINT32_MAX));
}

// All of `bytes` is what the packet carried for its users.
inline void set_payload(LayerBytes bytes, Dissection &out) {
    out.payload_bytes = saturated(bytes.length());
    out.payload = bytes.captured();
}

} // namespace doorplate

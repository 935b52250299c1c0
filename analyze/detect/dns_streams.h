#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <vector>

#include "analyze/dissection.h"
#include "capture/address.h"

namespace doorplate {

// DNS messages out of TCP segments, each of which stands behind its length (RFC 1035 section 4.2.2). Only what is
// captured in order: after a hole, a segment that looks like the beginning of an answer is one.
//
// Bounded: only a message that goes on in the next segment is kept, up to its end, for so many connections at once.
// Beyond it the oldest is forgotten.
class DnsStreams {
  public:
    explicit DnsStreams(std::size_t most) : most_(most) {}

    // Shows to `visit` each message that ends in this segment, which is of TCP.
    void add(const Dissection &segment, const std::function<void(Bytes)> &visit);

    [[nodiscard]] std::size_t size() const { return streams_.size(); }

  private:
    // Of one direction.
    struct Key {
        Endpoint from;
        Endpoint to;
        friend auto operator<=>(const Key &, const Key &) = default;
    };
    struct Stream {
        std::vector<std::uint8_t> begun; // a message without its end
        std::uint32_t next = 0;          // sequence number
        std::list<Key>::iterator age;
    };

    void keep(const Key &key, Bytes rest, std::uint32_t next);
    void forget(std::map<Key, Stream>::iterator stream);

    std::size_t most_;
    std::map<Key, Stream> streams_;
    std::list<Key> by_age_; // the oldest first
};

} // namespace doorplate

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "capture/byte_reader.h"

namespace doorplate {

// One direction of a TCP connection, in the order of its sequence numbers. What came too early is held for a while;
// what does not come is given up.
class OrderedBytes {
  public:
    struct Segment {
        std::uint32_t sequence = 0; // of the first payload byte
        std::uint32_t length = 0;   // of the payload on the wire
        Bytes captured;             // at most that
    };
    static constexpr std::size_t most_held_bytes = 4096;
    static constexpr std::size_t most_held_segments = 16;

    // Payload begins here: a SYN was seen. If it was sent again, nothing begins anew.
    void begin_at(std::uint32_t sequence) {
        if (!next_) next_ = sequence;
    }

    // `take` gets bytes in order, `lost` is called before bytes that do not follow those before.
    using Take = std::function<void(Bytes)>;
    using Lost = std::function<void()>;
    void add(const Segment &segment, const Take &take, const Lost &lost);

  private:
    struct Held {
        std::uint32_t sequence = 0;
        std::uint32_t length = 0;
        std::vector<std::uint8_t> bytes;
    };
    [[nodiscard]] bool is_early(std::uint32_t sequence) const;
    void deliver(const Segment &segment, const Take &take, const Lost &lost);
    void hold(const Segment &segment);
    // Delivers what is held and now in order.
    void drain(const Take &take, const Lost &lost);
    void give_up_hole();

    // Absent before the first segment.
    std::optional<std::uint32_t> next_;
    std::vector<Held> held_;
    std::size_t held_bytes_ = 0;
};

} // namespace doorplate

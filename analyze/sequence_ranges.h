#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace doorplate {

// Which bytes of one direction of a TCP stream are there, in numbers relative to its beginning. Bounded: beyond
// `max_ranges` islands the lowest hole counts as filled.
class SequenceRanges {
  public:
    static constexpr std::size_t max_ranges = 32;

    // Holes that were given up.
    struct Holes {
        std::uint32_t count = 0;
        std::uint64_t bytes = 0;
    };

    SequenceRanges() = default;
    explicit SequenceRanges(std::int64_t edge) : edge_(edge) {}

    // Nothing below is missing.
    [[nodiscard]] std::int64_t edge() const { return edge_; }
    // End of the highest bytes.
    [[nodiscard]] std::int64_t top() const { return islands_.empty() ? edge_ : islands_.back().end; }
    // Bytes above the edge.
    [[nodiscard]] std::int64_t held() const;
    [[nodiscard]] bool has_islands() const { return !islands_.empty(); }

    // True if at least one byte is new.
    bool add(std::int64_t begin, std::int64_t end);

    // Moves the edge to `to`, or beyond if bytes are there.
    Holes give_up_to(std::int64_t to);

    void clear() { islands_.clear(); }

  private:
    struct Range {
        std::int64_t begin = 0;
        std::int64_t end = 0;
    };
    void absorb();

    std::int64_t edge_ = 0;
    std::vector<Range> islands_; // sorted, apart from each other, all above edge_
};

} // namespace doorplate

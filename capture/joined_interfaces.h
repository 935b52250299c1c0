#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "capture/packet_source.h"

namespace doorplate {

// The interfaces of several sources as one list, in which each packet's has to be looked up.
class JoinedInterfaces {
  public:
    enum class Same {
        // The sources are pieces of one capture: what two of them describe in the same place is one interface.
        one,
        // They were captured in different places.
        each,
    };
    JoinedInterfaces(std::size_t sources, Same same) : numbers_(sources), same_(same) {}

    // Before the packets of a source are looked at: `known` is what it says now.
    void update(std::size_t source, const std::vector<CaptureInterface> &known);

    // True if the source's own numbers are right as they are.
    [[nodiscard]] bool are_unchanged(std::size_t source) const { return !numbers_[source].changed; }
    [[nodiscard]] std::uint32_t number(std::size_t source, std::uint32_t own) const { return numbers_[source].of[own]; }
    [[nodiscard]] const std::vector<CaptureInterface> &all() const { return all_; }

  private:
    struct Numbers {
        std::vector<std::uint32_t> of;
        bool changed = false;
    };

    std::vector<Numbers> numbers_;
    Same same_;
    std::vector<CaptureInterface> all_;
};

} // namespace doorplate

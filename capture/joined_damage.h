#pragma once

#include <cstddef>
#include <optional>

#include "capture/result.h"

namespace doorplate {

// What was wrong with some of several sources, told when all of them have been read: one damaged file must not hide the
// others.
class JoinedDamage {
  public:
    void note(const Error &error);
    // The first one's words, and how many more there are. Nothing if all went well, or if it was told already.
    [[nodiscard]] std::optional<Error> tell();

  private:
    std::optional<Error> first_;
    std::size_t more_ = 0;
};

} // namespace doorplate

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "capture/byte_reader.h"

namespace doorplate {

// Bytes cut into lines. Longer ones than any that announces something are skipped.
class LineBuffer {
  public:
    static constexpr std::size_t longest_line = 1024;

    // A line without its end, LF or CR LF. Valid until it returns.
    using Take = std::function<void(std::string_view)>;
    void add(Bytes bytes, const Take &take);
    // Nothing follows what is there: it is forgotten, and so is what comes up to the next line's beginning, unless that
    // is `at_line_start`.
    void lost(bool at_line_start);

  private:
    void append(std::string_view text);
    void end_line(const Take &take);

    std::string line_;
    bool skipping_ = false;
};

} // namespace doorplate

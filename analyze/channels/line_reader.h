#pragma once

#include <string_view>

#include "analyze/channels/control_reader.h"
#include "analyze/channels/line_buffer.h"

namespace doorplate {

// Of protocols that speak in lines.
class LineReader : public ControlReader {
  public:
    // `packets_begin_lines`: what comes behind missing bytes begins with a whole line.
    explicit LineReader(bool packets_begin_lines = false) : packets_begin_lines_(packets_begin_lines) {}

    void read(Speaker from, Bytes bytes, Announcements &out) final {
        lines_[from].add(bytes, [&](std::string_view line) { read_line(from, line, out); });
    }
    void lost(Speaker from) override { lines_[from].lost(packets_begin_lines_); }

  private:
    virtual void read_line(Speaker from, std::string_view line, Announcements &out) = 0;

    bool packets_begin_lines_;
    PerSpeaker<LineBuffer> lines_;
};

} // namespace doorplate

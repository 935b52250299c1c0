#pragma once

#include "analyze/observation.h"
#include "report/byte_sink.h"
#include "report/report_writer.h"
#include "report/terminal/terminal.h"

namespace doorplate {

// The live view: the text report as far as it fits, drawn again in place. Leaves the terminal as it found it.
class LiveView {
  public:
    // `sink` is the terminal and must outlive the view.
    LiveView(TextStyle style, const Terminal &terminal, ByteSink &sink);
    LiveView(const LiveView &) = delete;
    LiveView &operator=(const LiveView &) = delete;
    ~LiveView();

    void draw(const Observation &observation);

  private:
    TextStyle style_;
    int rows_;
    ByteSink &sink_;
};

} // namespace doorplate

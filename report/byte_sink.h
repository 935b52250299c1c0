#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "capture/result.h"

namespace doorplate {

// Where a report's bytes go. Errors stick: after a failed write the rest is ignored and close() reports the first one.
class ByteSink {
  public:
    ByteSink() = default;
    ByteSink(const ByteSink &) = delete;
    ByteSink &operator=(const ByteSink &) = delete;
    virtual ~ByteSink() = default;

    // May be held back for a while, and is never parted: who writes whole records leaves whole records behind when the
    // process is killed.
    virtual void write(std::string_view bytes) = 0;
    // Hands everything written so far to the kernel.
    virtual void flush() = 0;
    // A reader that went away (closed pipe) or an earlier error: there is no use in writing on.
    [[nodiscard]] virtual bool broken() const = 0;
    // Must be called once, at the end. For a whole file: renames it into place.
    [[nodiscard]] virtual Result<void> close() = 0;
};

// Fails now rather than after the work: a folder that does not exist, no permission. A closed pipe on standard output
// is no error: close() succeeds and broken() says so. `path` "-" is standard output. A whole report is written beside
// `path` and renamed by close(); a stream is written in place.
enum class SinkKind { whole, stream };
[[nodiscard]] Result<std::unique_ptr<ByteSink>> open_sink(const std::string &path, SinkKind kind);

// Appends to `text`, which must outlive the sink. For tests and for rendering into pages.
[[nodiscard]] std::unique_ptr<ByteSink> string_sink(std::string &text);

} // namespace doorplate

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "capture/byte_reader.h"
#include "capture/byte_stream.h"
#include "capture/result.h"

namespace doorplate {

// The bytes of a capture file as they are shown to a reader: those that are there and not yet consumed. A mapped file
// shows all of itself, a stream as much as was read of it.
class ByteWindow {
  public:
    enum class Arrival { some, nothing_more, interrupted };

    ByteWindow() = default;
    ByteWindow(const ByteWindow &) = delete;
    ByteWindow &operator=(const ByteWindow &) = delete;
    virtual ~ByteWindow() = default;

    [[nodiscard]] Bytes unread() const { return unread_; }
    // Nothing follows what is shown.
    [[nodiscard]] bool complete() const { return complete_; }
    // Where unread() begins in the file, or in what it decompresses to.
    [[nodiscard]] std::uint64_t offset() const { return offset_; }

    // The bytes in front are done with, but packets still show them.
    void consume(std::size_t count) {
        unread_ = unread_.subspan(count);
        offset_ += count;
    }
    // No packet shows what was consumed any more.
    virtual void release() {}

    // Waits until there is more to show than now; so it releases, too. A failure's message is the reason alone.
    [[nodiscard]] virtual Result<Arrival> wait_for_more() = 0;

    // Bytes in front of this offset that were looked at before this call were really the file's. Less than offset() if
    // the file was cut short while we read it.
    [[nodiscard]] virtual std::uint64_t sound_until() const { return offset_ + unread_.size(); }

    // What was shown once can be looked at as long as the window lives.
    [[nodiscard]] virtual bool bytes_stay() const { return false; }
    // From another thread: a wait_for_more() that waits returns, and none waits any more.
    virtual void wake() {}

  protected:
    Bytes unread_;
    bool complete_ = false;
    std::uint64_t offset_ = 0;
};

// Decompresses on the way if need be.
[[nodiscard]] std::unique_ptr<ByteWindow> window_onto(std::unique_ptr<ByteStream> stream);
// Mapped if it can be, else read. "-" is standard input. The messages begin with the path.
[[nodiscard]] Result<std::unique_ptr<ByteWindow>> open_byte_window(const std::string &path);

} // namespace doorplate

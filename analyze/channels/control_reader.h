#pragma once

#include <cstdint>

#include "analyze/channels/announcement.h"
#include "capture/byte_reader.h"

namespace doorplate {

// The two ends of a control flow, in the control protocol's sense.
enum class Speaker : std::uint8_t { client, server };

// One value for each speaker.
template <typename T> class PerSpeaker {
  public:
    [[nodiscard]] T &operator[](Speaker speaker) { return speaker == Speaker::client ? client_ : server_; }

  private:
    T client_{};
    T server_{};
};

// Reads one control flow. Hostile bytes are normal; memory is bounded.
class ControlReader {
  public:
    virtual ~ControlReader() = default;

    // The next bytes of this speaker: in order, but cut as packets happened to cut them.
    virtual void read(Speaker from, Bytes bytes, Announcements &out) = 0;
    // Nothing is missing of what was read since lost(): a datagram ends, or a segment.
    virtual void pause(Speaker from, Announcements &out) {
        (void)from;
        (void)out;
    }
    // What comes next does not follow what was read: bytes are missing, or another datagram begins.
    virtual void lost(Speaker from) = 0;
    // Nothing can be read any more: the rest is encrypted.
    [[nodiscard]] virtual bool is_over() const { return false; }
};

} // namespace doorplate

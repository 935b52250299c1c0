#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "capture/file_descriptor.h"
#include "capture/result.h"

namespace doorplate {

struct StreamRead {
    // How much of the room was filled. 0 without at_end means that a signal came first, or wake().
    std::size_t bytes = 0;
    bool at_end = false;
};

// Where the bytes of a capture file come from: a file, a pipe, standard input, a test's memory.
class ByteStream {
  public:
    ByteStream() = default;
    ByteStream(const ByteStream &) = delete;
    ByteStream &operator=(const ByteStream &) = delete;
    virtual ~ByteStream() = default;

    // Waits for at least one byte. The room is not empty. A failure's message is the reason alone, without a name.
    [[nodiscard]] virtual Result<StreamRead> read(std::span<std::uint8_t> room) = 0;

    // From another thread: a read() that waits returns, and none waits any more.
    virtual void wake() {}
};

// "-" is standard input. The messages begin with the path.
[[nodiscard]] Result<FileDescriptor> open_for_reading(const std::string &path);

// A file or pipe that is open, read with read(2).
[[nodiscard]] std::unique_ptr<ByteStream> stream_of(FileDescriptor file);

} // namespace doorplate

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "capture/byte_stream.h"

namespace doorplate {

// Bytes as they come out of a pipe: never more than `most_at_once`.
class MemoryStream final : public ByteStream {
  public:
    explicit MemoryStream(std::vector<std::uint8_t> bytes,
                          std::size_t most_at_once = std::numeric_limits<std::size_t>::max())
        : bytes_(std::move(bytes)), most_at_once_(most_at_once) {}

    Result<StreamRead> read(std::span<std::uint8_t> room) override {
        const std::size_t count = std::min({room.size(), most_at_once_, bytes_.size() - position_});
        if (count == 0) return StreamRead{.at_end = true};
        std::memcpy(room.data(), bytes_.data() + position_, count);
        position_ += count;
        return StreamRead{.bytes = count};
    }

  private:
    std::vector<std::uint8_t> bytes_;
    std::size_t most_at_once_;
    std::size_t position_ = 0;
};

} // namespace doorplate

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "capture/byte_reader.h"

namespace doorplate {

// Bytes cut into records whose headers tell their lengths. Of a long record only the beginning is kept, which is where
// ports are told.
class RecordBuffer {
  public:
    static constexpr std::size_t most_kept = 512;

    // How long the record is that begins with this header, the header included. Nothing: it cannot be a record, and
    // there is no telling where the next one begins.
    using LengthOf = std::function<std::optional<std::uint64_t>(Bytes header)>;
    using Take = std::function<void(Bytes record)>;

    RecordBuffer(std::size_t header, LengthOf length_of) : header_(header), length_of_(std::move(length_of)) {}

    void add(Bytes bytes, const Take &take) {
        while (!bytes.empty() && !broken_) {
            const std::uint64_t missing = (length_ ? *length_ : header_) - seen_;
            const Bytes piece = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(missing, bytes.size())));
            bytes = bytes.subspan(piece.size());
            seen_ += piece.size();
            const std::size_t room = most_kept - kept_.size();
            kept_.insert(kept_.end(), piece.begin(),
                         piece.begin() + static_cast<std::ptrdiff_t>(std::min(room, piece.size())));
            if (!length_ && seen_ == header_) {
                length_ = length_of_(kept_);
                broken_ = !length_ || *length_ < header_;
            }
            if (length_ && seen_ == *length_) {
                take(kept_);
                start_again();
            }
        }
    }

    // Bytes are missing, so nothing tells where the next record begins: the next packet's beginning is tried.
    void lost() {
        start_again();
        broken_ = false;
    }

  private:
    void start_again() {
        kept_.clear();
        seen_ = 0;
        length_.reset();
    }

    std::size_t header_;
    LengthOf length_of_;
    std::vector<std::uint8_t> kept_;
    std::uint64_t seen_ = 0;
    std::optional<std::uint64_t> length_; // known when the header is there
    bool broken_ = false;
};

} // namespace doorplate

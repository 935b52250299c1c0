#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "capture/byte_reader.h"

namespace doorplate {

// Asks for the cache line at `address`, which need not be readable. The empty asm keeps GCC 12 from taking a function
// that does nothing but prefetch for one without effect, whose calls it then removes.
inline void prefetch(const void *address) {
    __builtin_prefetch(address);
    asm volatile("");
}

// Prefetches each cache line of bytes that are read in order. The place of a record depends on the one in front of it,
// so without this each record waits for memory: walking records of mixed sizes takes six times as long.
//
// What is prefetched from a page of a mapped file that nobody has touched yet is not fetched at all, so the first line
// of each stretch that the kernel maps at a time is really read.
class LinesAhead {
  public:
    explicit LinesAhead(Bytes bytes) : bytes_(bytes) {}

    void move_to(std::size_t position) {
        if (position + distance < next_) return;
        for (const std::size_t until = std::min(position + distance, bytes_.size()); next_ < until; next_ += step) {
            const std::uint8_t *const line = bytes_.data() + next_;
            if (reinterpret_cast<std::uintptr_t>(line) % mapped_at_a_time < step) read(line);
            prefetch(line);
            prefetch(line + line_bytes);
            prefetch(line + 2 * line_bytes);
            prefetch(line + 3 * line_bytes);
        }
    }

  private:
    static void read(const volatile std::uint8_t *place) { static_cast<void>(*place); }

    static constexpr std::size_t line_bytes = 64;
    // Linux's fault_around_bytes, unless somebody changed it. Such a stretch begins at a multiple of its length.
    static constexpr std::size_t mapped_at_a_time = std::size_t{64} << 10;
    // So many bytes in one go.
    static constexpr std::size_t step = 4 * line_bytes;
    // 1 to 16 KiB are equally good.
    static constexpr std::size_t distance = 4096;

    Bytes bytes_;
    std::size_t next_ = 0;
};

} // namespace doorplate

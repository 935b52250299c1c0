#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "capture/byte_reader.h"

namespace doorplate {

enum class Cache : std::uint8_t {
    nearest,
    second, // for what is needed a little later, while others need the nearest
};

// Asks for the cache line at `address`, which need not be readable. The empty asm keeps GCC 12 from taking a function
// that does nothing but prefetch for one without effect, whose calls it then removes.
template <Cache cache = Cache::nearest> void prefetch(const void *address) {
    __builtin_prefetch(address, 0, cache == Cache::nearest ? 3 : 2);
    asm volatile("");
}

// Four cache lines, for bytes that are read in order.
//
// What is prefetched from a page of a mapped file that nobody has touched yet is not fetched at all, so the first line
// of each stretch that the kernel maps at a time is really read.
class Stretch {
  public:
    static constexpr std::size_t bytes = 256;

    // The first byte at least is there.
    template <Cache cache> static void fetch(const std::uint8_t *begin) {
        if (reinterpret_cast<std::uintptr_t>(begin) % mapped_at_a_time < bytes) read(begin);
        prefetch<cache>(begin);
        prefetch<cache>(begin + line);
        prefetch<cache>(begin + 2 * line);
        prefetch<cache>(begin + 3 * line);
    }

  private:
    static void read(const volatile std::uint8_t *place) { static_cast<void>(*place); }

    static constexpr std::size_t line = 64;
    // Linux's fault_around_bytes, unless somebody changed it. Such a stretch begins at a multiple of its length.
    static constexpr std::size_t mapped_at_a_time = std::size_t{64} << 10;
};

// Prefetches what is a little ahead of a place that moves through bytes. The place of a record depends on the one in
// front of it, so without this each record waits for memory: walking records of mixed sizes takes six times as long.
class LinesAhead {
  public:
    explicit LinesAhead(Bytes bytes) : bytes_(bytes) {}

    void move_to(std::size_t position) {
        if (position + distance < next_) return;
        for (const std::size_t until = std::min(position + distance, bytes_.size()); next_ < until;
             next_ += Stretch::bytes)
            Stretch::fetch<Cache::nearest>(bytes_.data() + next_);
    }

  private:
    // 1 to 16 KiB are equally good.
    static constexpr std::size_t distance = 4096;

    Bytes bytes_;
    std::size_t next_ = 0;
};

// Prefetches bytes in about equal parts, while something else is done in so many steps: memory is never idle then.
class LinesMeanwhile {
  public:
    LinesMeanwhile() = default;
    LinesMeanwhile(Bytes bytes, std::size_t steps)
        : bytes_(bytes), stretches_per_step_(steps == 0 ? 0 : bytes.size() / Stretch::bytes / steps + 1) {}

    void step() {
        for (std::size_t i = 0; i < stretches_per_step_ && next_ < bytes_.size(); ++i, next_ += Stretch::bytes)
            Stretch::fetch<Cache::second>(bytes_.data() + next_);
    }

  private:
    Bytes bytes_;
    std::size_t stretches_per_step_ = 0;
    std::size_t next_ = 0;
};

} // namespace doorplate

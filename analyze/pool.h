#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "analyze/large_block.h"

namespace doorplate {

// Objects by number, in chunks that never move; numbers are used again. What is freed becomes a T{}.
template <typename T> class Pool {
  public:
    Pool() = default;
    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;
    ~Pool() { clear(); }

    [[nodiscard]] std::uint32_t take() {
        if (!free_.empty()) {
            const std::uint32_t number = free_.back();
            free_.pop_back();
            return number;
        }
        if (next_ % chunk_size == 0) {
            // Small captures need a small part of the first chunk.
            memory_.emplace_back(chunk_size * sizeof(T),
                                 next_ == 0 ? LargeBlock::Pages::small : LargeBlock::Pages::huge);
            chunks_.push_back(memory_.back().template as<T>());
        }
        std::construct_at(&(*this)[next_]);
        return next_++;
    }
    void free(std::uint32_t number) {
        (*this)[number] = T{};
        free_.push_back(number);
    }
    void clear() {
        for (std::uint32_t number = 0; number < next_; ++number) std::destroy_at(&(*this)[number]);
        free_.clear();
        chunks_.clear();
        memory_.clear();
        next_ = 0;
    }
    [[nodiscard]] T &operator[](std::uint32_t number) { return chunks_[number / chunk_size][number % chunk_size]; }
    [[nodiscard]] const T &operator[](std::uint32_t number) const {
        return chunks_[number / chunk_size][number % chunk_size];
    }

  private:
    // A power of two, so that a number is split without a division.
    static constexpr std::size_t chunk_size = std::bit_floor(LargeBlock::huge_page / sizeof(T));
    std::vector<T *> chunks_;
    std::vector<LargeBlock> memory_;
    std::vector<std::uint32_t> free_;
    std::uint32_t next_ = 0;
};

} // namespace doorplate

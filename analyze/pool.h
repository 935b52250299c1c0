#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace doorplate {

// Objects by number, in chunks that never move; numbers are used again. What is freed becomes a T{}.
template <typename T> class Pool {
  public:
    [[nodiscard]] std::uint32_t take() {
        if (!free_.empty()) {
            const std::uint32_t number = free_.back();
            free_.pop_back();
            return number;
        }
        if (next_ % chunk_size == 0) chunks_.push_back(std::make_unique<T[]>(chunk_size));
        return next_++;
    }
    void free(std::uint32_t number) {
        (*this)[number] = T{};
        free_.push_back(number);
    }
    [[nodiscard]] T &operator[](std::uint32_t number) { return chunks_[number / chunk_size][number % chunk_size]; }
    [[nodiscard]] const T &operator[](std::uint32_t number) const {
        return chunks_[number / chunk_size][number % chunk_size];
    }

  private:
    static constexpr std::size_t chunk_size = 1024;
    std::vector<std::unique_ptr<T[]>> chunks_;
    std::vector<std::uint32_t> free_;
    std::uint32_t next_ = 0;
};

} // namespace doorplate

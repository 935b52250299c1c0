#pragma once

#include <cstddef>
#include <utility>

namespace doorplate {

// Memory straight from the kernel, all zero, of which pages that are never touched cost nothing. What is large and
// looked up at random waits for page tables as much as for the data; huge pages make that less.
class LargeBlock {
  public:
    static constexpr std::size_t huge_page = std::size_t{2} << 20;

    enum class Pages { small, huge };

    // Throws std::bad_alloc.
    LargeBlock(std::size_t bytes, Pages pages);
    LargeBlock(LargeBlock &&other) noexcept
        : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    LargeBlock &operator=(LargeBlock &&other) noexcept {
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    LargeBlock(const LargeBlock &) = delete;
    LargeBlock &operator=(const LargeBlock &) = delete;
    ~LargeBlock();

    // As an array of a type whose values may begin as zeros.
    template <typename T> [[nodiscard]] T *as() const { return static_cast<T *>(data_); }

  private:
    void *data_ = nullptr;
    std::size_t bytes_ = 0;
};

} // namespace doorplate

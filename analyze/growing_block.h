#pragma once

#include <cstddef>

namespace doorplate {

// Memory that grows without moving, straight from the kernel, all zero, in huge pages as soon as there is enough of it.
// The addresses are reserved from the beginning; memory is taken as it grows.
class GrowingBlock {
  public:
    // Throws std::bad_alloc, as grow_to() does.
    explicit GrowingBlock(std::size_t most_bytes);
    GrowingBlock(const GrowingBlock &) = delete;
    GrowingBlock &operator=(const GrowingBlock &) = delete;
    ~GrowingBlock();

    void grow_to(std::size_t bytes) {
        if (bytes > usable_) grow_by_steps(bytes);
    }
    // Gives all memory back.
    void clear();

    // As an array of a type whose values may begin as zeros.
    template <typename T> [[nodiscard]] T *as() const { return static_cast<T *>(data_); }

  private:
    void grow_by_steps(std::size_t bytes);

    void *reserved_ = nullptr;
    std::size_t reserved_bytes_ = 0;
    void *data_ = nullptr; // in there, aligned to a huge page
    std::size_t usable_ = 0;
};

} // namespace doorplate

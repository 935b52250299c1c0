#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace doorplate {

// A list of a few small things without memory of its own. Its capacity is a promise of who fills it: more than that
// many cannot come together.
template <typename T, std::size_t capacity> class InlineList {
  public:
    using value_type = T;
    using const_iterator = const T *;

    InlineList() = default;
    InlineList(std::initializer_list<T> items) : InlineList(std::span<const T>(items)) {}
    explicit(false) InlineList(std::span<const T> items) {
        for (const T &item : items) push_back(item);
    }

    void push_back(const T &item) {
        assert(size_ < capacity);
        items_[size_++] = item;
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] const T &front() const { return items_.front(); }
    [[nodiscard]] const_iterator begin() const { return items_.data(); }
    [[nodiscard]] const_iterator end() const { return items_.data() + size_; }
    [[nodiscard]] bool contains(const T &item) const { return std::find(begin(), end(), item) != end(); }

    friend bool operator==(const InlineList &a, const InlineList &b) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }

  private:
    std::array<T, capacity> items_{};
    std::uint8_t size_ = 0;
};

} // namespace doorplate

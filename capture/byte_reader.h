#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace doorplate {

using Bytes = std::span<const std::uint8_t>;

// The one place where untrusted bytes become numbers. Every read is checked against the end; a read that does not fit
// returns nothing and moves nothing. The byte order is in the method's name, or an argument where a file chooses it.
class ByteReader {
  public:
    explicit constexpr ByteReader(Bytes bytes) : bytes_(bytes) {}

    [[nodiscard]] constexpr std::size_t position() const { return position_; }
    [[nodiscard]] constexpr std::size_t remaining() const { return bytes_.size() - position_; }
    [[nodiscard]] constexpr Bytes rest() const { return bytes_.subspan(position_); }

    [[nodiscard]] std::optional<std::uint8_t> u8() { return number<std::uint8_t>(std::endian::native); }
    [[nodiscard]] std::optional<std::uint16_t> be16() { return number<std::uint16_t>(std::endian::big); }
    [[nodiscard]] std::optional<std::uint32_t> be32() { return number<std::uint32_t>(std::endian::big); }
    [[nodiscard]] std::optional<std::uint64_t> be64() { return number<std::uint64_t>(std::endian::big); }
    [[nodiscard]] std::optional<std::uint16_t> u16(std::endian order) { return number<std::uint16_t>(order); }
    [[nodiscard]] std::optional<std::uint32_t> u32(std::endian order) { return number<std::uint32_t>(order); }
    [[nodiscard]] std::optional<std::uint64_t> u64(std::endian order) { return number<std::uint64_t>(order); }

    [[nodiscard]] std::optional<Bytes> take(std::size_t count) {
        if (count > remaining()) return std::nullopt;
        const Bytes taken = bytes_.subspan(position_, count);
        position_ += count;
        return taken;
    }
    [[nodiscard]] bool skip(std::size_t count) { return take(count).has_value(); }

  private:
    template <typename T> [[nodiscard]] std::optional<T> number(std::endian order) {
        if (sizeof(T) > remaining()) return std::nullopt;
        T value;
        std::memcpy(&value, bytes_.data() + position_, sizeof(T));
        position_ += sizeof(T);
        return order == std::endian::native ? value : std::byteswap(value);
    }

    Bytes bytes_;
    std::size_t position_ = 0;
};

// For hot paths that have checked the end once for several numbers. `swapped`: the bytes are not in this machine's
// order.
template <typename T> [[nodiscard]] inline T load(const std::uint8_t *place, bool swapped) {
    T value;
    std::memcpy(&value, place, sizeof(T));
    return swapped ? std::byteswap(value) : value;
}

} // namespace doorplate

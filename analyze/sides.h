#pragma once

#include <cstddef>
#include <cstdint>

namespace doorplate {

// The two ends of a flow (RFC 5103). Who is who is a conclusion with evidence: see InitiatorVerdict.
enum class Side : std::uint8_t { initiator, responder };

[[nodiscard]] constexpr Side other(Side side) { return side == Side::initiator ? Side::responder : Side::initiator; }

// Where that end is in an array of both.
[[nodiscard]] constexpr std::size_t index_of(Side side) { return side == Side::initiator ? 0 : 1; }

// One value for each end.
template <typename T> struct PerSide {
    T initiator{};
    T responder{};

    [[nodiscard]] constexpr T &operator[](Side side) { return side == Side::initiator ? initiator : responder; }
    [[nodiscard]] constexpr const T &operator[](Side side) const {
        return side == Side::initiator ? initiator : responder;
    }
    friend bool operator==(const PerSide &, const PerSide &) = default;
};

} // namespace doorplate

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "capture/timestamp.h"
#include "tests/bench/dice.h"
#include "tests/bench/generated_flow.h"

namespace doorplate {

struct TcpFlags {
    std::uint8_t bits = 0;
    friend constexpr TcpFlags operator|(TcpFlags a, TcpFlags b) { return {static_cast<std::uint8_t>(a.bits | b.bits)}; }
    [[nodiscard]] constexpr bool has(TcpFlags flag) const { return (bits & flag.bits) != 0; }
};
inline constexpr TcpFlags fin{0x01}, syn{0x02}, rst{0x04}, psh{0x08}, ack{0x10};

// What one frame carries.
struct Segment {
    std::size_t from = client;
    TcpFlags flags{};
    bool tcp_options = true; // timestamps and, in a SYN, what Linux offers
    std::uint32_t payload_bytes = 0;
    std::string_view payload_head{}; // the rest is filler
};

// Builds Ethernet frames with right lengths and checksums, at a rate that benchmarks can wait for.
class FrameBuilder {
  public:
    explicit FrameBuilder(Dice &dice);

    // The flow's next frame, 60 bytes or more; moves its sequence numbers and counts what is sent. Valid until the next
    // call.
    std::span<const std::uint8_t> next(GeneratedFlow &flow, Timestamp time, const Segment &segment);

  private:
    void ethernet(const GeneratedFlow &flow, std::size_t from);
    void ip(GeneratedFlow &flow, std::size_t from, std::size_t transport_bytes);
    void tcp(const GeneratedFlow &flow, Timestamp time, const Segment &segment);
    void udp(const GeneratedFlow &flow, const Segment &segment);
    void echo(const GeneratedFlow &flow, const Segment &segment);
    void payload(const GeneratedFlow &flow, const Segment &segment);

    void put(std::span<const std::uint8_t> bytes);
    void put8(std::uint32_t value) { frame_[size_++] = static_cast<std::uint8_t>(value); }
    void put16(std::uint32_t value);
    void put32(std::uint32_t value);

    std::array<std::uint8_t, 2048> frame_{};
    std::size_t size_ = 0;
    std::vector<std::uint8_t> filler_;
};

} // namespace doorplate

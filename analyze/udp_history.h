#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "analyze/sides.h"

namespace doorplate {

// Zeek's history of a UDP exchange in 32 bits. Zeek has no limit; here at most six letters tell of
// wrong checksums, and there is always room for D and d.
class UdpHistory {
  public:
    UdpHistory() = default;
    explicit UdpHistory(std::uint32_t packed) : packed_(packed) {}

    [[nodiscard]] std::uint32_t packed() const { return packed_; }

    // note() would do nothing.
    [[nodiscard]] bool has(Side from) const { return (packed_ & mark_of(from)) != 0; }
    void note(Side from) {
        if (!has(from)) begin(from, mark_of(from));
    }
    // The `count`th datagram of this side whose checksum is wrong.
    void note_bad_checksum(Side from, std::uint64_t count);

    [[nodiscard]] std::string text() const;

  private:
    // Three bits a letter, from the lowest, up to eight; the marks above them say that D and d are among them.
    static constexpr std::uint32_t initiator_seen = 1U << 30;
    static constexpr std::uint32_t responder_seen = 1U << 31;

    static constexpr std::uint32_t mark_of(Side from) {
        return from == Side::initiator ? initiator_seen : responder_seen;
    }
    void begin(Side from, std::uint32_t mark);
    [[nodiscard]] unsigned size() const;
    void append(std::uint32_t letter);

    std::uint32_t packed_ = 0;
};

// Zeek's conn_state (scripts/base/protocols/conn/main.zeek) of such a history.
[[nodiscard]] std::string_view udp_state(std::string_view history);

} // namespace doorplate

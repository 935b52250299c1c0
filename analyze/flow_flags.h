#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "analyze/flow.h"
#include "analyze/flow_unit.h"

namespace doorplate {

// How long a flow waits for its next packet is decided by its class.
enum class Waiting : std::uint8_t { tcp, udp, other, closed };

// FlowUnit's flags, in the upper 16 bits of `rest`.
inline constexpr unsigned waiting_shift = 48;                // two bits
inline constexpr unsigned evidence_shift = 50;               // three bits
inline constexpr std::uint64_t flag_low_begins = 1ULL << 53; // the low end is the initiator
inline constexpr std::uint64_t flag_tracked = 1ULL << 54;    // there is a TcpTracker
inline constexpr std::uint64_t flag_packed = 1ULL << 55;     // there is a PackedTcp
inline constexpr std::uint64_t flag_inbound = 1ULL << 56;    // directions that the source saw
inline constexpr std::uint64_t flag_outbound = 1ULL << 57;
inline constexpr std::uint64_t flag_interface_0 = 1ULL << 58; // all packets came from it
inline constexpr std::uint64_t flag_alive = 1ULL << 59;
inline constexpr std::uint64_t flag_inspected = 1ULL << 60; // the caller's
inline constexpr std::uint64_t flag_followed = 1ULL << 61;  // the caller's

inline constexpr std::array evidences{Evidence::first_seen, Evidence::syn, Evidence::syn_ack, Evidence::sctp_init,
                                      Evidence::icmp_request};

[[nodiscard]] inline Waiting waiting_of(const FlowUnit &unit) {
    return static_cast<Waiting>(unit.rest >> waiting_shift & 3);
}
inline void set_waiting(FlowUnit &unit, Waiting waiting) {
    unit.rest = (unit.rest & ~(3ULL << waiting_shift)) | std::uint64_t{std::to_underlying(waiting)} << waiting_shift;
}
[[nodiscard]] inline Evidence evidence_of(const FlowUnit &unit) { return evidences[unit.rest >> evidence_shift & 7]; }
[[nodiscard]] inline std::uint64_t evidence_bits(Evidence evidence) {
    const auto found = std::ranges::find(evidences, evidence);
    return static_cast<std::uint64_t>(found - evidences.begin()) << evidence_shift;
}
[[nodiscard]] inline bool is(const FlowUnit &unit, std::uint64_t flag) { return (unit.rest & flag) != 0; }
[[nodiscard]] inline bool is_over(const FlowUnit &unit) { return waiting_of(unit) == Waiting::closed; }
[[nodiscard]] inline bool is_ipv6(const FlowUnit &unit) { return (unit.rest >> 40 & 1) != 0; }
[[nodiscard]] inline Transport transport_of(const FlowUnit &unit) {
    return static_cast<Transport>(static_cast<std::uint8_t>(unit.rest >> 32));
}
[[nodiscard]] inline std::uint32_t packets_of(const FlowUnit &unit) {
    return unit.traffic[0].packets + unit.traffic[1].packets;
}

} // namespace doorplate

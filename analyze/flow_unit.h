#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "analyze/packed_tcp.h"

namespace doorplate {

// A flow's place in the table. Used again when the flow has ended.
using FlowNumber = std::uint32_t;
inline constexpr FlowNumber no_flow = UINT32_MAX;

// What every packet touches of its flow: one cache line.
struct alignas(64) FlowUnit {
    struct Counters {
        std::uint32_t packets = 0;
        std::uint32_t frame_bytes = 0;
        std::uint32_t ip_bytes = 0;
        std::uint32_t payload_bytes = 0;

        // False, and nothing is added, if it would not fit: sums stay below 2^31. So they are added two at a time, for
        // no sum carries into the other.
        [[nodiscard]] bool add(const Counters &more) {
            using Pairs = std::array<std::uint64_t, 2>;
            constexpr std::uint64_t highest_bits = 0x8000'0000'8000'0000;
            const auto summands = std::bit_cast<Pairs>(more);
            auto sums = std::bit_cast<Pairs>(*this);
            sums[0] += summands[0];
            sums[1] += summands[1];
            if (((sums[0] | sums[1] | summands[0] | summands[1]) & highest_bits) != 0) return false;
            std::memcpy(static_cast<void *>(this), sums.data(), sizeof sums);
            return true;
        }
    };

    std::uint64_t addresses = 0; // as in PackedKey
    std::uint64_t rest = 0;      // as in PackedKey; the upper 16 bits are flags
    // Initiator, responder. What does not fit goes to FlowDetail.
    std::array<Counters, 2> traffic;
    // The table's clock at the last packet. Packets may be older than it: then `late_by` is how much the newest is.
    std::int64_t last_active_ns = 0;
    std::uint32_t late_by_ns = 0;
    // TCP: number of the TcpTracker; while there is none, PackedTcp::handshake. UDP: its UdpHistory.
    std::uint32_t tracker = 0;
};
static_assert(sizeof(FlowUnit) == 64);

// The line behind it. Its first half is written when a flow begins and read when it ends.
struct alignas(64) FlowBase {
    std::int64_t start_ns = 0;
    std::uint64_t id = 0;
    // Number of the FlowDetail, or no_detail.
    std::uint32_t detail = 0;
    // The wheel's bucket in which the flow waits.
    std::uint16_t bucket = 0;
    // Of the first packet; max_listed_interface says that FlowDetail knows.
    std::uint16_t interface = 0;
    // TCP without a TcpTracker: PackedTcp::letters, and in the upper half, after the connection's end was seen, how
    // long before the last packet that was. ICMP: what the first packet was. Others, after their end was seen: the
    // table's clock at that time.
    std::uint64_t extra = 0;
    // TCP without a TcpTracker.
    std::array<TcpEnd, 2> ends;
};
static_assert(sizeof(FlowBase) == 64);

} // namespace doorplate

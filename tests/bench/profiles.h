#pragma once

#include <cstdint>
#include <deque>
#include <string_view>

#include "tests/bench/capture_writer.h"
#include "tests/bench/dice.h"
#include "tests/bench/frame.h"
#include "tests/bench/generated_flow.h"

namespace doorplate {

// The wire on which a profile plays.
class Stage {
  public:
    Stage(CaptureWriter &capture, std::uint64_t seed) : dice(seed), frames_(dice), capture_(capture) {}

    void send(GeneratedFlow &flow, Timestamp time, const Segment &segment) {
        capture_.write(time, frames_.next(flow, time, segment));
    }
    [[nodiscard]] std::uint64_t packets() const { return capture_.packets(); }

    Dice dice;

  private:
    FrameBuilder frames_;
    CaptureWriter &capture_;
};

// How much of a profile. `flows` says nothing to those whose flows follow from their packets.
struct Amount {
    std::uint64_t packets = 0;
    std::uint64_t flows = 0;
};

// Flows stay where they are while others are added.
using GeneratedFlows = std::deque<GeneratedFlow>;

// 60-byte frames over IPv4, 70 % TCP; the next packet's flow is picked at random among all of them, which leaves caches
// no chance. TCP flows open, talk and, with ten packets or more, close.
void play_small(Amount amount, Stage &stage, GeneratedFlows &flows);

// What an office's uplink carries: sizes and durations with heavy tails; web, uploads, shells, name lookups, QUIC,
// calls, pings, scans and refused connections; losses, stalls, resets; 20 % IPv6, 5 % VLAN, a tenth of that QinQ. Ends
// in the midst of things.
void play_mixed(Amount amount, Stage &stage, GeneratedFlows &flows);

// Few connections with full segments, in trains of up to 32 from one side.
void play_elephants(Amount amount, Stage &stage, GeneratedFlows &flows);

// SYNs from random addresses to one port: each packet is a flow.
void play_synflood(Amount amount, Stage &stage, GeneratedFlows &flows);

// The endpoints of flow number `index`: some 60,000 clients use one port after the other, and no flow has another's.
[[nodiscard]] Endpoint client_endpoint(std::uint64_t index, Family family);

} // namespace doorplate

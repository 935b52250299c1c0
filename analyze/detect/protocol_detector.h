#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "analyze/detect/detection.h"
#include "analyze/dissection.h"
#include "capture/timestamp.h"

namespace doorplate {

// How many packets with payload of one flow are looked at. README.md has what more would bring.
struct DetectorLimits {
    std::uint8_t tcp_packets = 10;
    std::uint8_t udp_packets = 8;
};

// nDPI, in a room of its own: what protocol do the bytes of a flow speak?
//
// Nothing is guessed. nDPI's tables of address ranges are emptied, its answers by port are not taken, and what it
// remembers of other flows is forgotten after each packet, so that a flow's answer depends on that flow only.
//
// nDPI 4.2 reads beyond the end of some hostile packets (ntop/nDPI issues 1531, 1564, 1574, 1578, 1714, 1846 and more).
// Therefore it never sees a packet of the wire, but one that we write: an IP and a transport header made of the
// Dissection, without options, with the captured payload behind them, and behind that zeros as far as any 16-bit length
// can lead. It is not told of a byte that is not there.
//
// One detector for each thread; detectors in several threads do not disturb each other.
class ProtocolDetector {
  public:
    // A flow under detection. About 800 bytes; while the first messages of TLS are put together, up to some 20 KiB
    // more.
    class State;
    struct Release {
        void operator()(State *state) const;
    };
    using StatePtr = std::unique_ptr<State, Release>;

    explicit ProtocolDetector(DetectorLimits limits = {});
    ~ProtocolDetector();
    ProtocolDetector(const ProtocolDetector &) = delete;
    ProtocolDetector &operator=(const ProtocolDetector &) = delete;

    // False if the library at hand is not the one this was built for. begin() then returns nothing.
    [[nodiscard]] bool works() const;

    // Can this packet tell something? TCP or UDP, with captured payload, and the headers whole.
    [[nodiscard]] static bool can_tell(const Dissection &packet);

    // Nothing if memory is short.
    [[nodiscard]] StatePtr begin();

    // The flow's next packet that can_tell(). True when the next ones need not be fed: all is known, or the limit is
    // reached.
    [[nodiscard]] bool feed(State &state, const Dissection &packet, Timestamp time);

    // What is known now. Ends the detection: feed() is not called afterwards.
    [[nodiscard]] std::optional<Detection> conclude(State &state);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace doorplate

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "analyze/flow.h"
#include "capture/packet.h"

namespace doorplate {

// Time is packet time (live: the clock is the newest packet's or advance()'s).
struct FlowTableOptions {
    // Beyond it the flow that was idle longest is evicted; it is handed on like any other.
    std::size_t max_flows = 1'000'000;
    // Without a packet for this long a flow ends. The values are Zeek's.
    Duration tcp_inactive = std::chrono::minutes(5);
    Duration udp_inactive = std::chrono::minutes(1);
    Duration other_inactive = std::chrono::minutes(1);
    // A closed flow stays this long, so that late segments and late owners still find it (Zeek's tcp_close_delay).
    Duration closed_linger = std::chrono::seconds(5);
    // Longer flows are cut into pieces at the next packet; the rest is a new flow with the same roles. 0 means never.
    Duration active = Duration::zero();
};

// Finds, makes, feeds and ends flows. Bounded; what it drops for room is handed on with lack_of_resources.
class FlowTable {
  public:
    // Gets every flow once, when it has ended, in the order in which they end.
    using OnEnd = std::function<void(Flow &&)>;

    FlowTable(FlowTableOptions options, OnEnd on_end);
    ~FlowTable();

    struct Update {
        // Valid until the next call that is not const. Its `tcp` is filled in only when the flow is visited or ends.
        Flow *flow = nullptr;
        bool is_new = false;
        Side from = Side::initiator;
    };
    // The flow that this packet belongs to, with the packet counted; nothing if the packet names no flow (a stray
    // fragment, a cut header, a packet without IP).
    std::optional<Update> add(const Packet &packet, const Dissection &dissection);

    // Ends what is idle at `now`. Called by add() with the packet's time; live runs call it when no packets come.
    void advance(Timestamp now);

    // Ends everything, in the order of first packets: end_detected where the end was seen, else forced_end.
    void finish();

    // Alive flows in the order of their first packets. The flows are up to date (history and state included).
    void for_each(const std::function<void(const Flow &)> &visit);

    [[nodiscard]] std::size_t size() const;
    // Fragments whose first fragment was not seen, or came too late or was forgotten.
    [[nodiscard]] std::uint64_t orphan_fragments() const;
    // Flows that were ended for lack of room although they went on.
    [[nodiscard]] std::uint64_t evicted() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace doorplate

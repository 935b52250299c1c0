#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "analyze/arrival.h"
#include "analyze/flow.h"
#include "analyze/flow_unit.h"

namespace doorplate {

// What tells flows apart besides the five-tuple and the depth of tunnels (--key).
struct KeyOptions {
    bool vlan = false;
    bool mpls = false;
    bool tunnel = false; // the tunnel's kind and number
    bool interface = false;

    [[nodiscard]] bool any() const { return vlan || mpls || tunnel || interface; }
};

// Time is packet time (live: the clock is the newest packet's or advance()'s).
struct FlowTableOptions {
    // Beyond it the flow that would end first is evicted; it is handed on like any other.
    std::size_t max_flows = 4'000'000;
    // Without a packet for this long a flow ends. The values are Zeek's.
    Duration tcp_inactive = std::chrono::minutes(5);
    Duration udp_inactive = std::chrono::minutes(1);
    Duration other_inactive = std::chrono::minutes(1);
    // A closed flow stays this long, so that late segments and late owners still find it (Zeek's tcp_close_delay).
    Duration closed_linger = std::chrono::seconds(5);
    // Longer flows are cut into pieces at the next packet; the rest is a new flow with the same roles. 0 means never.
    Duration active = Duration::zero();
    KeyOptions key{};
};

// Finds, makes, feeds and ends flows. Bounded; what it drops for room is handed on with lack_of_resources.
//
// Memory is what takes time here: a flow is found through a slot, is in another place, and a connection that is not
// everyday has its state in a third. So packets come in batches: all are announced by arrive(), then fetch_flow(), then
// fetch_tracker(), and when they are added one by one in their order, everything is near. The three promise nothing;
// add() alone would do.
class FlowTable {
    class Impl;

  public:
    // A flow in the table, for as long as the call lasts that shows it.
    class View {
      public:
        [[nodiscard]] std::uint64_t id() const;
        [[nodiscard]] Transport transport() const;
        [[nodiscard]] PerSide<Endpoint> ends() const;
        // Both sides'.
        [[nodiscard]] std::uint64_t frame_bytes() const;
        // Everything, up to date.
        [[nodiscard]] Flow flow() const;

      private:
        friend class Impl;
        View(const Impl &table, FlowNumber number, FlowEndReason reason)
            : table_(table), number_(number), reason_(reason) {}
        const Impl &table_;
        FlowNumber number_;
        FlowEndReason reason_;
    };

    // Gets every flow once, when it has ended, in the order in which they end.
    using OnEnd = std::function<void(const View &)>;

    FlowTable(FlowTableOptions options, OnEnd on_end);
    ~FlowTable();

    // Completes the key.
    void arrive(Arrival &arrival);
    void fetch_flow(Arrival &arrival) const;
    void fetch_tracker(const Arrival &arrival) const;

    // Two words, for it is handed over for every packet.
    struct Update {
        // Valid until the next call that is not const.
        FlowNumber number = no_flow;
        std::uint32_t bits = 0;

        [[nodiscard]] bool is_new() const { return (bits & new_bit) != 0; }
        [[nodiscard]] Side from() const { return (bits & responder_bit) != 0 ? Side::responder : Side::initiator; }
        // set_followed() was called.
        [[nodiscard]] bool is_followed() const { return (bits & followed_bit) != 0; }
        // Of a flow that was cut by its active timeout; is_new() as well.
        [[nodiscard]] bool is_continuation() const { return (bits & continuation_bit) != 0; }
        static constexpr std::uint32_t new_bit = 1, responder_bit = 2, followed_bit = 4, continuation_bit = 8;
    };
    // The flow that this packet belongs to, with the packet counted; no_flow if the packet names none (a stray
    // fragment, a cut header, a packet without IP). A new flow keeps `parent`, the id of the flow that carries it, or
    // 0.
    Update add(const Arrival &arrival, std::uint64_t parent = 0);
    // All of add(), if that is little: for a packet that is Everyday, in a flow that goes on as it should and is not
    // followed. Else no_flow, and nothing is done.
    FlowNumber add_everyday(const Arrival &arrival);
    // What add_everyday() demands of the flow, so that its caller has nothing more to do.
    struct EverydayFlow {
        std::uint32_t packets = 0; // at least
        bool is_inspected = false; // if the packet has payload
    };
    void ask_of_everyday(const EverydayFlow &flow);
    // For whoever has no batches.
    std::optional<Update> add(const Packet &packet, const Dissection &dissection) {
        Arrival arrival;
        announce(packet, dissection, 0, true, arrival);
        arrive(arrival);
        const Update update = add(arrival);
        return update.number == no_flow ? std::nullopt : std::optional(update);
    }

    // Of flows that were updated just now. Ids begin with 1.
    [[nodiscard]] std::uint64_t id(FlowNumber number) const;
    [[nodiscard]] std::uint64_t packets(FlowNumber number) const;
    [[nodiscard]] Transport transport(FlowNumber number) const;
    [[nodiscard]] PerSide<Endpoint> ends(FlowNumber number) const;
    // FlowKey's.
    [[nodiscard]] std::uint8_t level(FlowNumber number) const;
    [[nodiscard]] Evidence initiator_evidence(FlowNumber number) const;
    [[nodiscard]] Flow flow(FlowNumber number) const;
    // A mark for the caller: this flow's payloads have told what they can tell.
    [[nodiscard]] bool is_inspected(FlowNumber number) const;
    void set_inspected(FlowNumber number);

    // The same for a flow whose every payload is to be read.
    void set_followed(FlowNumber number, bool followed);
    // What announced it. The flow is new.
    void set_channel(FlowNumber number, const DataChannel &channel);

    // Ends what is idle at `now`. Called by add() with the packet's time; live runs call it when no packets come.
    void advance(Timestamp now);

    // Ends everything, in the order of first packets: end_detected where the end was seen, else forced_end.
    void finish();

    // Alive flows in the order of their first packets.
    void for_each(const std::function<void(const View &)> &visit) const;

    [[nodiscard]] std::size_t size() const;
    // Fragments whose first fragment was not seen, or came too late or was forgotten.
    [[nodiscard]] std::uint64_t orphan_fragments() const;
    [[nodiscard]] std::uint64_t overlapping_fragments() const;
    [[nodiscard]] std::uint64_t timed_out_fragments() const;
    // Flows that were ended for lack of room although they went on.
    [[nodiscard]] std::uint64_t evicted() const;

  private:
    std::unique_ptr<Impl> impl_;
};

} // namespace doorplate

#pragma once

#include <cstdint>
#include <optional>

#include "analyze/arrival.h"
#include "analyze/flow_flags.h"
#include "analyze/flow_units.h"
#include "analyze/pool.h"
#include "analyze/tcp_tracker.h"

namespace doorplate {

// The TCP connections of flows: packed beside the flow while they are everyday ones (flag_packed), with a TcpTracker in
// a pool from when they are not (flag_tracked). And when flows of any kind ended, for a packed connection leaves little
// room for that.
class Connections {
  public:
    explicit Connections(FlowUnits &units) : units_(units) {}

    // Is the segment what comes next in a packed connection? Then go_on() is all that is to do.
    [[nodiscard, gnu::always_inline]] static bool can_go_on(const FlowBase &base, Side from,
                                                            const PlainSegment &segment) {
        const TcpEnd &end = base.ends[index_of(from)];
        return goes_on(end, base.ends[index_of(other(from))], segment) &&
               ((end.history_seen & TcpEnd::kind_of(segment)) != 0 || letters_of(base).has_room());
    }
    [[gnu::always_inline]] static void go_on(FlowBase &base, Side from, const PlainSegment &segment) {
        TcpEnd &end = base.ends[index_of(from)];
        const std::uint8_t kind = TcpEnd::kind_of(segment);
        if ((end.history_seen & kind) == 0) {
            TcpLetters letters = letters_of(base);
            letters.add(plain_letter(from, kind));
            base.extra = (base.extra & ended_ago_mask) | letters.packed();
            end.history_seen |= kind;
        }
        doorplate::go_on(end, base.ends[index_of(other(from))], segment);
    }

    // Any segment. True if the connection is over.
    bool add(FlowNumber number, Side from, const Arrival &arrival);

    // Asks for what add() will touch besides the flow itself.
    void fetch(FlowNumber number) const {
        const FlowUnit &unit = units_.unit(number);
        if (!is(unit, flag_tracked)) return;
        const auto *const tracker = reinterpret_cast<const std::uint8_t *>(&trackers_[unit.tracker]);
        prefetch(tracker);
        prefetch(tracker + sizeof(TcpTracker) / 2);
    }

    [[nodiscard]] bool is_reused_by(FlowNumber number, Side from, const TcpFields &tcp) const;
    // None of a flow that had no segment with a sound header.
    [[nodiscard]] std::optional<TcpSummary> summary(FlowNumber number) const;
    // See TcpTracker.
    void stop_gaps(FlowNumber number);

    // Of a flow that goes on as another one.
    [[nodiscard]] std::optional<TcpTracker> take(FlowNumber number);
    void keep(FlowNumber number, TcpTracker &&tracker);

    // To be called before FlowBase::start_ns changes.
    void unpack(FlowNumber number);

    // `now`: the table's clock, which is FlowUnit::last_active_ns as well after each packet. A packet behind the end is
    // to be noted before that.
    void note_end(FlowNumber number, std::int64_t now);
    void note_packet_behind_end(FlowNumber number, std::int64_t now);
    // When the end of a flow that is over was seen.
    [[nodiscard]] std::int64_t ended_ns(FlowNumber number) const;

    void release(FlowNumber number);
    void clear() { trackers_.clear(); }

  private:
    // The upper half of FlowBase::extra of a packed connection that is over.
    static constexpr unsigned ended_ago_shift = 32;
    static constexpr std::uint64_t ended_ago_mask = ~0ULL << ended_ago_shift;

    static TcpLetters letters_of(const FlowBase &base) { return TcpLetters(static_cast<std::uint32_t>(base.extra)); }
    [[nodiscard]] PackedTcp packed(FlowNumber number) const;
    void keep_packed(FlowNumber number, const PackedTcp &packed);
    // The connection as it is, if it is not in the pool.
    [[nodiscard]] TcpTracker unpacked(FlowNumber number) const;
    void pool(FlowNumber number, TcpTracker &&tracker);

    FlowUnits &units_;
    Pool<TcpTracker> trackers_;
};

} // namespace doorplate

#include "analyze/connections.h"

#include <limits>
#include <utility>

#include "analyze/tcp_steps.h"

namespace doorplate {
namespace {

TcpTracker::Segment segment_of(const Arrival &arrival) {
    const Dissection &dissection = *arrival.dissection;
    return {.tcp = *dissection.tcp,
            .payload_bytes = dissection.payload_bytes,
            .payload_captured = dissection.payload.size() >= dissection.payload_bytes,
            .bad_checksum = dissection.transport_checksum == Checksum::bad,
            .time = arrival.packet->time};
}

} // namespace

bool Connections::add(FlowNumber number, Side from, const Arrival &arrival) {
    const FlowUnit &unit = units_.unit(number);
    FlowBase &base = units_.base(number);
    const bool is_plain = arrival.everyday == Everyday::segment;
    if (is(unit, flag_tracked)) {
        TcpTracker &tracker = trackers_[unit.tracker];
        if (is_plain) {
            tracker.add(from, segment_of(arrival), arrival.segment);
        } else {
            tracker.add(from, segment_of(arrival));
        }
        return tracker.closed();
    }
    if (is_plain && is(unit, flag_packed) && can_go_on(base, from, arrival.segment)) {
        go_on(base, from, arrival.segment);
        return false;
    }
    const TcpTracker::Segment segment = segment_of(arrival);
    if (PackedTcp connection = packed(number); add_step(connection, base.start_ns, from, segment)) {
        keep_packed(number, connection);
        return connection.closed();
    }
    TcpTracker tracker = unpacked(number);
    tracker.add(from, segment);
    const bool closed = tracker.closed();
    keep(number, std::move(tracker));
    return closed;
}

bool Connections::is_reused_by(FlowNumber number, Side from, const TcpFields &tcp) const {
    const FlowUnit &unit = units_.unit(number);
    if (is(unit, flag_tracked)) return trackers_[unit.tracker].is_reused_by(from, tcp);
    return is(unit, flag_packed) && unpacked(number).is_reused_by(from, tcp);
}

std::optional<TcpSummary> Connections::summary(FlowNumber number) const {
    const FlowUnit &unit = units_.unit(number);
    if (is(unit, flag_tracked)) return trackers_[unit.tracker].summary();
    if (is(unit, flag_packed)) return unpacked(number).summary();
    return std::nullopt;
}

void Connections::stop_gaps(FlowNumber number) {
    const FlowUnit &unit = units_.unit(number);
    if (!is(unit, flag_tracked)) pool(number, unpacked(number));
    trackers_[unit.tracker].stop_gaps();
}

std::optional<TcpTracker> Connections::take(FlowNumber number) {
    const FlowUnit &unit = units_.unit(number);
    if (is(unit, flag_tracked)) return std::move(trackers_[unit.tracker]);
    if (is(unit, flag_packed)) return unpacked(number);
    return std::nullopt;
}

void Connections::keep(FlowNumber number, TcpTracker &&tracker) {
    if (PackedTcp packed; tracker.pack(units_.base(number).start_ns, packed)) {
        keep_packed(number, packed);
    } else {
        pool(number, std::move(tracker));
    }
}

void Connections::unpack(FlowNumber number) {
    if (is(units_.unit(number), flag_packed)) pool(number, unpacked(number));
}

PackedTcp Connections::packed(FlowNumber number) const {
    const FlowUnit &unit = units_.unit(number);
    const FlowBase &base = units_.base(number);
    if (!is(unit, flag_packed)) return {};
    return {base.ends, letters_of(base), unit.tracker};
}

void Connections::keep_packed(FlowNumber number, const PackedTcp &packed) {
    FlowUnit &unit = units_.unit(number);
    FlowBase &base = units_.base(number);
    base.ends = packed.ends;
    base.extra = (base.extra & ended_ago_mask) | packed.letters.packed();
    unit.tracker = packed.handshake;
    unit.rest |= flag_packed;
}

TcpTracker Connections::unpacked(FlowNumber number) const {
    const FlowUnit &unit = units_.unit(number);
    if (is(unit, flag_packed)) return {packed(number), units_.base(number).start_ns};
    return TcpTracker(evidence_of(unit) == Evidence::syn_ack);
}

void Connections::pool(FlowNumber number, TcpTracker &&tracker) {
    FlowUnit &unit = units_.unit(number);
    if (is_over(unit)) units_.base(number).extra = static_cast<std::uint64_t>(ended_ns(number));
    unit.tracker = trackers_.take();
    trackers_[unit.tracker] = std::move(tracker);
    unit.rest = (unit.rest & ~flag_packed) | flag_tracked;
}

void Connections::note_end(FlowNumber number, std::int64_t now) {
    // A packed one ended so long before its last packet: 0.
    if (!is(units_.unit(number), flag_packed)) units_.base(number).extra = static_cast<std::uint64_t>(now);
}

void Connections::note_packet_behind_end(FlowNumber number, std::int64_t now) {
    if (!is(units_.unit(number), flag_packed)) return;
    const std::int64_t ago = now - ended_ns(number);
    if (ago > std::numeric_limits<std::uint32_t>::max()) return unpack(number);
    std::uint64_t &extra = units_.base(number).extra;
    extra = (extra & ~ended_ago_mask) | static_cast<std::uint64_t>(ago) << ended_ago_shift;
}

std::int64_t Connections::ended_ns(FlowNumber number) const {
    const FlowUnit &unit = units_.unit(number);
    const std::uint64_t extra = units_.base(number).extra;
    if (!is(unit, flag_packed)) return static_cast<std::int64_t>(extra);
    return unit.last_active_ns - static_cast<std::int64_t>(extra >> ended_ago_shift);
}

void Connections::release(FlowNumber number) {
    const FlowUnit &unit = units_.unit(number);
    if (is(unit, flag_tracked)) trackers_.free(unit.tracker);
}

} // namespace doorplate

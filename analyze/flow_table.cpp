#include "analyze/flow_table.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "analyze/connections.h"
#include "analyze/flow_detail.h"
#include "analyze/flow_flags.h"
#include "analyze/flow_index.h"
#include "analyze/flow_units.h"
#include "analyze/fragments.h"
#include "analyze/icmp_exchange.h"
#include "analyze/pool.h"
#include "analyze/sctp_paths.h"
#include "analyze/timeout_wheel.h"
#include "analyze/udp_history.h"

namespace doorplate {
namespace {

constexpr std::uint32_t no_detail = std::numeric_limits<std::uint32_t>::max();

// More interfaces than this for one flow are not noted: a file may claim millions.
constexpr std::size_t max_interfaces = 64;
// From here on a flow's interfaces are in its FlowDetail.
constexpr std::uint16_t listed_interfaces = std::numeric_limits<std::uint16_t>::max();

// More than this many different values of --key's fields are not told apart: a file may claim millions.
constexpr std::uint32_t max_contexts = 1U << 20;

Timestamp end_of(const FlowUnit &unit) { return timestamp_from_ns(unit.last_active_ns - unit.late_by_ns); }

// Saturates: a file may have times at the very end of what can be counted.
std::int64_t after(std::int64_t time_ns, Duration wait) {
    const std::int64_t ns = std::max(wait, Duration::zero()).count();
    return time_ns > std::numeric_limits<std::int64_t>::max() - ns ? std::numeric_limits<std::int64_t>::max()
                                                                   : time_ns + ns;
}

// Who began, as the first packet of a flow tells it.
struct Beginning {
    bool from_initiator = true;
    Evidence evidence = Evidence::first_seen;
};

Beginning beginning_of(const Dissection &dissection) {
    if (dissection.tcp && dissection.tcp->syn) {
        if (dissection.tcp->ack) return {false, Evidence::syn_ack};
        return {true, Evidence::syn};
    }
    if (dissection.sctp) {
        const SctpFields &sctp = *dissection.sctp;
        if (sctp.has(SctpChunk::init) || sctp.has(SctpChunk::cookie_echo)) return {true, Evidence::sctp_init};
        if (sctp.has(SctpChunk::init_ack) || sctp.has(SctpChunk::cookie_ack)) return {false, Evidence::sctp_init};
    }
    if (dissection.icmp) {
        const IcmpRole role = icmp_role(dissection);
        return {role.from_initiator, role.has_request ? Evidence::icmp_request : Evidence::first_seen};
    }
    return {};
}

Waiting waiting_class(Transport transport) {
    if (transport == Transport::tcp) return Waiting::tcp;
    if (transport == Transport::udp || transport == Transport::udplite) return Waiting::udp;
    return Waiting::other;
}

TrafficCounters widened(const FlowUnit::Counters &counters) {
    return {counters.packets, counters.frame_bytes, counters.ip_bytes, counters.payload_bytes};
}

void add_to(TrafficCounters &sum, const TrafficCounters &more) {
    sum.packets += more.packets;
    sum.frame_bytes += more.frame_bytes;
    sum.ip_bytes += more.ip_bytes;
    sum.payload_bytes += more.payload_bytes;
}

// A packet that begins another flow with the same ends, if the one that is there is over. Nobody takes it if its
// checksum is wrong.
bool may_end_flow(const Dissection &dissection) {
    if (dissection.transport_checksum == Checksum::bad) return false;
    return (dissection.tcp && dissection.tcp->syn) || (dissection.sctp && dissection.sctp->has(SctpChunk::init));
}

// What an ICMP flow's first packet was.
std::uint64_t packed_icmp(const IcmpFields &icmp) {
    return icmp.identifier | std::uint64_t{icmp.code} << 16 | std::uint64_t{icmp.type} << 24;
}
IcmpSummary unpacked_icmp(std::uint64_t packed) {
    return {.type = static_cast<std::uint8_t>(packed >> 24),
            .code = static_cast<std::uint8_t>(packed >> 16),
            .identifier = static_cast<std::uint16_t>(packed)};
}

bool is_icmp(Transport transport) { return transport == Transport::icmp || transport == Transport::icmpv6; }

FlowTableOptions bounded(FlowTableOptions options) {
    options.max_flows = std::clamp<std::size_t>(options.max_flows, 1, no_flow / FlowUnits::max_lines_per_flow);
    return options;
}

std::size_t everyday_index(Everyday everyday, bool has_payload) {
    return (std::size_t{std::to_underlying(everyday)} << 1) | (has_payload ? 1 : 0);
}

} // namespace

class FlowTable::Impl {
  public:
    Impl(FlowTableOptions options, OnEnd on_end)
        : options_(bounded(options)), is_keyed_(options.key.any()),
          asks_every_packet_(is_keyed_ || options.active > Duration::zero()), on_end_(std::move(on_end)),
          units_(options_.max_flows) {
        ask_of_everyday({});
    }

    void ask_of_everyday(const EverydayFlow &flow) {
        everyday_packets_ = flow.packets;
        for (const std::uint64_t payload : {0U, 1U}) {
            const std::uint64_t flags =
                flag_alive | flag_interface_0 | (flow.is_inspected && payload != 0 ? flag_inspected : 0);
            everyday_flags_[everyday_index(Everyday::datagram, payload)] = flags;
            everyday_flags_[everyday_index(Everyday::segment, payload)] = flags | flag_packed;
        }
    }

    void arrive(Arrival &arrival) {
        // Whether there is a key or not: asking would cost as much.
        if (is_keyed_) complete_key(arrival);
        index_.prefetch_slot(arrival.key.hash);
    }

    void fetch_flow(Arrival &arrival) const {
        arrival.likely = index_.likely(arrival.key.hash);
        if (arrival.likely == no_flow) return;
        units_.fetch(arrival.likely, arrival.key.transport() == Transport::tcp, arrival.key.is_ipv6());
    }

    void fetch_tracker(const Arrival &arrival) const {
        if (arrival.likely != no_flow) connections_.fetch(arrival.likely);
    }

    // Everything is asked before anything is done.
    [[gnu::always_inline]] FlowNumber add_everyday(const Arrival &arrival) {
        const FlowNumber number = arrival.likely;
        if (number == no_flow || asks_every_packet_) return no_flow;
        advance(arrival.packet->time);
        FlowUnit &unit = units_.unit(number);
        const std::uint64_t flags =
            everyday_flags_[everyday_index(arrival.everyday, arrival.traffic.payload_bytes > 0)];
        constexpr std::uint64_t without = flag_followed;
        if ((unit.rest & (PackedKey::rest_mask | flags | without)) != (arrival.key.rest | flags) ||
            unit.addresses != arrival.key.addresses ||
            (arrival.key.is_ipv6() && units_.ipv6(number) != arrival.key.ipv6) || unit.late_by_ns != 0 ||
            ns_since_epoch(arrival.packet->time) < now_ || packets_of(unit) < everyday_packets_) {
            return no_flow;
        }
        const Side from = arrival.key.source_is_low == is(unit, flag_low_begins) ? Side::initiator : Side::responder;
        FlowUnit::Counters &traffic = unit.traffic[index_of(from)];
        if (arrival.everyday == Everyday::segment) {
            FlowBase &base = units_.base(number);
            if (!Connections::can_go_on(base, from, arrival.segment) || !traffic.add(arrival.traffic)) return no_flow;
            Connections::go_on(base, from, arrival.segment);
        } else if (!UdpHistory(unit.tracker).has(from) || !traffic.add(arrival.traffic)) {
            return no_flow;
        }
        unit.last_active_ns = now_;
        note_direction(unit, arrival.packet->direction);
        return number;
    }

    [[gnu::always_inline]] Update add(const Arrival &arrival, std::uint64_t parent) {
        const Packet &packet = *arrival.packet;
        const Dissection &dissection = *arrival.dissection;
        advance(packet.time);
        if (!dissection.flow_ready) [[unlikely]] {
            const bool is_fragment = dissection.fragment && dissection.fragment->offset > 0;
            return is_fragment ? add_fragment(arrival) : Update{};
        }

        FlowNumber number = find(arrival);
        std::uint32_t bits = 0;
        if (number == no_flow || may_end_flow(dissection) || options_.active > Duration::zero()) {
            if (goes_elsewhere(number, arrival)) {
                bits = number == no_flow ? Update::new_bit : Update::new_bit | Update::continuation_bit;
                number = number == no_flow ? begin(arrival, parent) : cut(number, arrival);
            }
        }

        FlowUnit &unit = units_.unit(number);
        const Side from = side_of(unit, arrival.key.source_is_low, dissection);
        const bool over = follow(number, from, arrival);
        count(number, unit, from, packet, arrival.traffic);
        if (dissection.fragment && dissection.fragment->more) claim_fragments(number, from, dissection);
        if (over) close(number);
        if (from == Side::responder) bits |= Update::responder_bit;
        if (is(unit, flag_followed)) bits |= Update::followed_bit;
        return {number, bits};
    }

    [[gnu::always_inline]] void advance(Timestamp time) {
        now_ = std::max(now_, ns_since_epoch(time));
        if (!wheel_.is_quiet_until(now_)) end_due();
        if (!fragments_.empty()) fragments_.advance(timestamp_from_ns(now_));
    }

    void finish() {
        for (const FlowNumber number : numbers_in_order()) {
            hand_on(number, is_over(units_.unit(number)) ? FlowEndReason::end_detected : FlowEndReason::forced_end);
        }
        // All at once: one by one they would be looked for in the index again.
        index_ = {};
        units_.clear();
        connections_.clear();
        details_.clear();
        wheel_ = {};
        fragments_.clear();
        paths_ = {};
    }

    void for_each(const std::function<void(const View &)> &visit) const {
        for (const FlowNumber number : numbers_in_order()) visit(View(*this, number, FlowEndReason::forced_end));
    }

    [[nodiscard]] std::size_t size() const { return index_.size(); }
    [[nodiscard]] std::uint64_t orphan_fragments() const { return fragments_.orphans() + ownerless_fragments_; }
    [[nodiscard]] std::uint64_t overlapping_fragments() const { return fragments_.overlapping(); }
    [[nodiscard]] std::uint64_t timed_out_fragments() const { return fragments_.timed_out(); }
    [[nodiscard]] std::uint64_t evicted() const { return evicted_; }

    [[nodiscard]] std::uint64_t id(FlowNumber number) const { return units_.base(number).id; }
    [[nodiscard]] Transport transport(FlowNumber number) const { return transport_of(units_.unit(number)); }
    [[nodiscard]] std::uint8_t level(FlowNumber number) const { return key_of(number).level; }
    [[nodiscard]] Evidence initiator_evidence(FlowNumber number) const { return evidence_of(units_.unit(number)); }
    [[nodiscard]] PerSide<Endpoint> ends(FlowNumber number) const {
        const FlowKey key = key_of(number);
        if (is(units_.unit(number), flag_low_begins)) return {key.low, key.high};
        return {key.high, key.low};
    }
    [[nodiscard]] TrafficCounters traffic(FlowNumber number, Side side) const {
        TrafficCounters sum = widened(units_.unit(number).traffic[index_of(side)]);
        if (const FlowDetail *detail = detail_if_any(number)) add_to(sum, detail->traffic[side]);
        return sum;
    }

    [[nodiscard]] bool is_inspected(FlowNumber number) const { return is(units_.unit(number), flag_inspected); }
    void set_inspected(FlowNumber number) { units_.unit(number).rest |= flag_inspected; }

    void set_followed(FlowNumber number, bool followed) {
        std::uint64_t &rest = units_.unit(number).rest;
        rest = followed ? rest | flag_followed : rest & ~flag_followed;
    }
    void set_channel(FlowNumber number, const DataChannel &channel) {
        detail(number).channel = std::make_shared<const DataChannel>(channel);
    }

    [[nodiscard]] Flow flow(FlowNumber number) const {
        const FlowUnit &unit = units_.unit(number);
        const FlowBase &base = units_.base(number);
        Flow flow;
        flow.id = base.id;
        flow.key = key_of(number);
        flow.ends = ends(number);
        flow.initiator_evidence = evidence_of(unit);
        flow.start = timestamp_from_ns(base.start_ns);
        flow.end = end_of(unit);
        flow.traffic = {traffic(number, Side::initiator), traffic(number, Side::responder)};
        flow.tcp = connections_.summary(number);
        if (flow.key.transport == Transport::udp) {
            flow.udp.emplace().history = UdpHistory(unit.tracker).text();
            flow.udp->state = udp_state(flow.udp->history);
        }
        if (is_icmp(flow.key.transport)) flow.icmp = unpacked_icmp(base.extra);
        flow.seen_inbound = is(unit, flag_inbound);
        flow.seen_outbound = is(unit, flag_outbound);
        if (base.interface != listed_interfaces) flow.interfaces.push_back(base.interface);
        if (const FlowDetail *detail = detail_if_any(number)) {
            flow.key.context = detail->context;
            flow.further_fragments = detail->further_fragments;
            flow.vlans = detail->vlans;
            flow.mpls = detail->mpls;
            flow.tunnel = detail->tunnel;
            flow.tunnel_id = detail->tunnel_id;
            flow.parent_id = detail->parent_id;
            if (detail->channel) flow.channel = *detail->channel;
            if (flow.icmp) {
                flow.icmp->quoted = detail->quoted;
                flow.icmp->about_id = detail->about_id;
            }
            if (detail->sctp) flow.sctp = detail->sctp->summary();
            if (base.interface == listed_interfaces) flow.interfaces = detail->interfaces;
            if (detail->end_ns) flow.end = timestamp_from_ns(*detail->end_ns);
        }
        return flow;
    }

  private:
    // What is rare is not inlined: the path of the everyday packet stays short, and needs few registers.
    [[gnu::noinline]] void end_due() {
        while (true) {
            const FlowNumber number = next_due(now_);
            if (number == no_flow) return;
            end(number, is_over(units_.unit(number)) ? FlowEndReason::end_detected : FlowEndReason::idle_timeout);
        }
    }

    [[nodiscard]] FlowKey key_of(FlowNumber number) const {
        const FlowUnit &unit = units_.unit(number);
        return unpacked_key(unit.addresses, unit.rest,
                            is_ipv6(unit) ? units_.ipv6(number) : std::array<std::uint64_t, 4>{});
    }

    [[nodiscard]] const FlowDetail *detail_if_any(FlowNumber number) const {
        const std::uint32_t detail = units_.base(number).detail;
        return detail == no_detail ? nullptr : &details_[detail];
    }
    [[gnu::noinline]] FlowDetail &detail(FlowNumber number) {
        std::uint32_t &detail = units_.base(number).detail;
        if (detail == no_detail) detail = details_.take();
        return details_[detail];
    }

    // `number` is of a place that a flow has or had.
    [[nodiscard]] bool is_flow_of(const PackedKey &key, FlowNumber number) const {
        const FlowUnit &unit = units_.unit(number);
        if (unit.addresses != key.addresses || (unit.rest & PackedKey::rest_mask) != key.rest) return false;
        if (!is(unit, flag_alive)) return false;
        if (key.is_ipv6() && units_.ipv6(number) != key.ipv6) return false;
        if (!is_keyed_) return true;
        const FlowDetail *detail = detail_if_any(number);
        return key.context == (detail == nullptr ? 0 : detail->context);
    }
    [[nodiscard]] FlowNumber find(const PackedKey &key) const {
        return index_.find(key.hash, [&](FlowNumber number) { return is_flow_of(key, number); });
    }
    [[nodiscard]] FlowNumber find(const Arrival &arrival) const {
        if (arrival.likely != no_flow && is_flow_of(arrival.key, arrival.likely)) [[likely]]
            return arrival.likely;
        return find(arrival.key);
    }

    // Is the packet in another flow than `number`? If that is over it is ended, and becomes no_flow; else it is cut.
    [[gnu::noinline]] bool goes_elsewhere(FlowNumber &number, const Arrival &arrival) {
        if (number == no_flow) return true;
        if (begins_another(number, arrival)) {
            end(number, FlowEndReason::end_detected);
            number = no_flow;
            return true;
        }
        return is_too_long(number);
    }

    [[gnu::noinline]] void complete_key(Arrival &arrival) {
        const Dissection &dissection = *arrival.dissection;
        if (!dissection.flow_ready && !dissection.fragment) return;
        PackedKey &key = arrival.key;
        key.context = context_of(*arrival.packet, dissection);
        key.hash = packed_key_hash(key.addresses, key.rest, key.context);
    }

    // Numbers the combinations of what --key asks for, in the order seen; 0 is for those that have none of it.
    std::uint32_t context_of(const Packet &packet, const Dissection &dissection) {
        Context context{};
        if (options_.key.vlan) {
            std::copy_n(dissection.vlans.begin(), dissection.vlan_count, context.vlans.begin());
            context.vlan_count = dissection.vlan_count;
        }
        if (options_.key.mpls) std::copy_n(dissection.mpls.begin(), dissection.mpls_count, context.mpls.begin());
        if (options_.key.tunnel) {
            context.tunnel = dissection.tunnel;
            context.tunnel_id = dissection.tunnel_id.value_or(0);
        }
        if (options_.key.interface) context.interface = packet.interface;
        if (context == Context{}) return 0;
        if (contexts_.size() >= max_contexts && !contexts_.contains(context)) return max_contexts;
        return contexts_.try_emplace(context, static_cast<std::uint32_t>(contexts_.size() + 1)).first->second;
    }

    [[nodiscard]] Duration patience(Waiting waiting) const {
        switch (waiting) {
        case Waiting::tcp: return options_.tcp_inactive;
        case Waiting::udp: return options_.udp_inactive;
        case Waiting::other: return options_.other_inactive;
        case Waiting::closed: break;
        }
        return options_.closed_linger;
    }

    // What comes after the end does not put it off (Zeek's tcp_close_delay).
    [[nodiscard]] std::int64_t deadline(FlowNumber number) const {
        const FlowUnit &unit = units_.unit(number);
        return after(is_over(unit) ? connections_.ended_ns(number) : unit.last_active_ns, patience(waiting_of(unit)));
    }
    auto keep_bucket() {
        return [this](FlowNumber number, std::uint16_t bucket) { units_.base(number).bucket = bucket; };
    }
    FlowNumber next_due(std::int64_t now_ns) {
        const auto ask = [this](FlowNumber number, std::uint16_t bucket) {
            const FlowBase &base = units_.base(number);
            const bool is_here = is(units_.unit(number), flag_alive) && base.bucket == bucket;
            return TimeoutWheel::Waiting{is_here, is_here ? deadline(number) : 0, base.id};
        };
        return wheel_.next(now_ns, ask, keep_bucket());
    }
    void wait(FlowNumber number) { wheel_.wait(number, deadline(number), units_.base(number).id, keep_bucket()); }

    [[nodiscard]] std::vector<FlowNumber> numbers_in_order() const {
        std::vector<FlowNumber> numbers;
        numbers.reserve(index_.size());
        units_.walk([&](FlowNumber number) {
            const FlowUnit &unit = units_.unit(number);
            if (is(unit, flag_alive)) numbers.push_back(number);
            return is_ipv6(unit);
        });
        const auto id = [this](FlowNumber number) { return units_.base(number).id; };
        // Mostly they are, as long as no place was used again.
        if (std::ranges::is_sorted(numbers, {}, id)) return numbers;
        std::vector<std::pair<std::uint64_t, FlowNumber>> flows(numbers.size());
        std::ranges::transform(numbers, flows.begin(),
                               [&](FlowNumber number) { return std::pair(id(number), number); });
        std::ranges::sort(flows);
        std::ranges::transform(flows, numbers.begin(), [](const auto &flow) { return flow.second; });
        return numbers;
    }

    [[nodiscard]] bool begins_another(FlowNumber number, const Arrival &arrival) const {
        const Dissection &dissection = *arrival.dissection;
        if (!may_end_flow(dissection)) return false;
        const FlowUnit &unit = units_.unit(number);
        if (dissection.tcp) {
            const Side from = side_of(unit, arrival.key.source_is_low, dissection);
            return connections_.is_reused_by(number, from, *dissection.tcp);
        }
        return is_over(unit);
    }

    [[nodiscard]] bool is_too_long(FlowNumber number) const {
        if (options_.active <= Duration::zero() || is_over(units_.unit(number))) return false;
        const FlowDetail *detail = detail_if_any(number);
        const std::int64_t began =
            detail != nullptr && detail->began_ns ? *detail->began_ns : units_.base(number).start_ns;
        return now_ - began >= options_.active.count();
    }

    // Ends the flow and begins its continuation, which knows what was known of the roles and of the connection.
    [[gnu::noinline]] FlowNumber cut(FlowNumber old, const Arrival &arrival) {
        const std::uint64_t kept = units_.unit(old).rest & (flag_low_begins | 7ULL << evidence_shift);
        const std::uint64_t icmp = units_.base(old).extra;
        std::optional<FlowDetail> inherited;
        if (const FlowDetail *detail = detail_if_any(old)) inherited = detail->of_continuation();
        hand_on(old, FlowEndReason::active_timeout);
        std::optional<TcpTracker> tcp = connections_.take(old);
        forget_paths(old);
        std::unique_ptr<SctpTracker> sctp;
        if (inherited) sctp = std::move(detail(old).sctp);
        release(old);

        const FlowNumber number = take(arrival, kept);
        if (is_icmp(arrival.dissection->transport)) units_.base(number).extra = icmp;
        if (inherited) {
            FlowDetail &detail = this->detail(number);
            inherited->interfaces = std::move(detail.interfaces);
            inherited->end_ns = detail.end_ns;
            inherited->began_ns = detail.began_ns;
            detail = std::move(*inherited);
        }
        if (tcp) {
            tcp->restart_counts();
            connections_.keep(number, std::move(*tcp));
        }
        if (sctp) {
            sctp->restart_counts();
            detail(number).sctp = std::move(sctp);
            find_other_path(number);
        }
        return number;
    }

    [[gnu::noinline]] FlowNumber begin(const Arrival &arrival, std::uint64_t parent) {
        const Dissection &dissection = *arrival.dissection;
        const Beginning beginning = beginning_of(dissection);
        const bool low_begins = beginning.from_initiator == arrival.key.source_is_low;
        const FlowNumber number = take(arrival, (low_begins ? flag_low_begins : 0) | evidence_bits(beginning.evidence));
        if (dissection.icmp) units_.base(number).extra = packed_icmp(*dissection.icmp);
        if (dissection.vlan_count > 0 || dissection.mpls_count > 0 || dissection.tunnel != TunnelKind::none ||
            parent != 0 || arrival.key.context != 0) {
            FlowDetail &detail = this->detail(number);
            detail.vlans.assign(dissection.vlans.begin(), dissection.vlans.begin() + dissection.vlan_count);
            detail.mpls.assign(dissection.mpls.begin(), dissection.mpls.begin() + dissection.mpls_count);
            detail.tunnel = dissection.tunnel;
            detail.tunnel_id = dissection.tunnel_id;
            if (parent != 0) detail.parent_id = parent;
            detail.context = arrival.key.context;
        }
        if (const auto quoted = dissection.icmp ? quoted_packet(dissection) : std::nullopt) {
            FlowDetail &detail = this->detail(number);
            detail.quoted = quoted;
            FlowKey about = FlowKey::between(quoted->transport, quoted->source, quoted->destination);
            about.level = unpacked_key(arrival.key.addresses, arrival.key.rest, arrival.key.ipv6).level;
            about.context = arrival.key.context;
            const FlowNumber found = find(packed_key(about));
            if (found != no_flow) detail.about_id = units_.base(found).id;
        }
        return number;
    }

    // A place for a new flow, empty but for what the arrival tells.
    FlowNumber take(const Arrival &arrival, std::uint64_t flags) {
        while (index_.size() >= options_.max_flows) evict();
        const PackedKey &key = arrival.key;
        const FlowNumber number = units_.take(key.is_ipv6());
        FlowUnit &unit = units_.unit(number);
        unit = {};
        unit.addresses = key.addresses;
        unit.rest = key.rest | flags | flag_alive;
        unit.last_active_ns = now_;
        if (key.is_ipv6()) units_.set_ipv6(number, key.ipv6);
        set_waiting(unit, waiting_class(arrival.dissection->transport));

        FlowBase &base = units_.base(number);
        base = {};
        base.id = ++last_id_;
        base.detail = no_detail;
        base.start_ns = ns_since_epoch(arrival.packet->time);
        if (base.start_ns < now_) {
            set_late(number, base.start_ns);
            if (options_.active > Duration::zero()) detail(number).began_ns = now_;
        }
        if (arrival.packet->interface == 0) {
            unit.rest |= flag_interface_0;
        } else if (arrival.packet->interface < listed_interfaces) {
            base.interface = static_cast<std::uint16_t>(arrival.packet->interface);
        } else {
            base.interface = listed_interfaces;
            detail(number).interfaces.push_back(arrival.packet->interface);
        }
        index_.insert(key.hash, number);
        wait(number);
        return number;
    }

    // Nothing is lost of a flow that is over and only waits for what may come late.
    void evict() {
        const FlowNumber number = next_due(std::numeric_limits<std::int64_t>::max());
        if (is_over(units_.unit(number))) {
            end(number, FlowEndReason::end_detected);
        } else {
            ++evicted_;
            end(number, FlowEndReason::lack_of_resources);
        }
    }

    void end(FlowNumber number, FlowEndReason reason) {
        hand_on(number, reason);
        release(number);
    }
    void hand_on(FlowNumber number, FlowEndReason reason) const { on_end_(View(*this, number, reason)); }
    void release(FlowNumber number) {
        forget_paths(number);
        FlowUnit &unit = units_.unit(number);
        const FlowDetail *detail = detail_if_any(number);
        const std::uint32_t context = detail == nullptr ? 0 : detail->context;
        index_.erase(packed_key_hash(unit.addresses, unit.rest & PackedKey::rest_mask, context), number);
        connections_.release(number);
        if (detail != nullptr) details_.free(units_.base(number).detail);
        unit.rest &= ~flag_alive;
        units_.free(number, is_ipv6(unit));
    }

    static Side side_of(const FlowUnit &unit, bool source_is_low, const Dissection &dissection) {
        // Who talks to itself has one end only; ICMP still tells requests from replies.
        if (dissection.icmp && dissection.source == dissection.destination) {
            return icmp_role(dissection).from_initiator ? Side::initiator : Side::responder;
        }
        return source_is_low == is(unit, flag_low_begins) ? Side::initiator : Side::responder;
    }

    [[gnu::always_inline]] void count(FlowNumber number, FlowUnit &unit, Side from, const Packet &packet,
                                      const FlowUnit::Counters &traffic) {
        if (!unit.traffic[index_of(from)].add(traffic)) [[unlikely]]
            count_widened(number, from, traffic);
        if (is_over(unit)) [[unlikely]]
            connections_.note_packet_behind_end(number, now_);
        const std::int64_t time_ns = ns_since_epoch(packet.time);
        if (time_ns >= now_ && unit.late_by_ns == 0) [[likely]] {
            unit.last_active_ns = now_;
        } else {
            extend(number, time_ns);
        }
        if (packet.interface != 0 || !is(unit, flag_interface_0)) note_interface(number, packet.interface);
        note_direction(unit, packet.direction);
    }
    static void note_direction(FlowUnit &unit, PacketDirection direction) {
        if (direction == PacketDirection::inbound) unit.rest |= flag_inbound;
        if (direction == PacketDirection::outbound) unit.rest |= flag_outbound;
    }

    // The small counters are emptied into the large ones.
    [[gnu::noinline]] void count_widened(FlowNumber number, Side from, const FlowUnit::Counters &traffic) {
        FlowUnit::Counters &small = units_.unit(number).traffic[index_of(from)];
        TrafficCounters &sum = detail(number).traffic[from];
        add_to(sum, widened(small));
        add_to(sum, widened(traffic));
        small = {};
    }

    // A packet's time, which need not be the clock's.
    [[gnu::noinline]] void extend(FlowNumber number, std::int64_t time_ns) {
        const FlowUnit &unit = units_.unit(number);
        FlowBase &base = units_.base(number);
        if (time_ns < base.start_ns) {
            connections_.unpack(number); // its times are told from the start
            base.start_ns = time_ns;
        }
        const FlowDetail *known = detail_if_any(number);
        const std::int64_t end_ns =
            known != nullptr && known->end_ns ? *known->end_ns : unit.last_active_ns - unit.late_by_ns;
        set_late(number, std::max(end_ns, time_ns));
    }

    // The clock is at now_, the flow's newest packet at `end_ns`.
    void set_late(FlowNumber number, std::int64_t end_ns) {
        FlowUnit &unit = units_.unit(number);
        unit.last_active_ns = now_;
        const bool far = now_ - end_ns > std::numeric_limits<std::uint32_t>::max();
        unit.late_by_ns = far ? std::numeric_limits<std::uint32_t>::max() : static_cast<std::uint32_t>(now_ - end_ns);
        if (far) {
            detail(number).end_ns = end_ns;
        } else if (detail_if_any(number) != nullptr) {
            detail(number).end_ns.reset();
        }
    }

    [[gnu::noinline]] void note_interface(FlowNumber number, std::uint32_t interface) {
        FlowUnit &unit = units_.unit(number);
        FlowBase &base = units_.base(number);
        if (base.interface == interface) return;
        if (base.interface != listed_interfaces) {
            detail(number).interfaces.assign(1, base.interface);
            base.interface = listed_interfaces;
            unit.rest &= ~flag_interface_0;
        }
        std::vector<std::uint32_t> &interfaces = detail(number).interfaces;
        if (interfaces.size() < max_interfaces && std::ranges::find(interfaces, interface) == interfaces.end()) {
            interfaces.push_back(interface);
        }
    }

    // True if the flow is over.
    [[gnu::always_inline]] bool follow(FlowNumber number, Side from, const Arrival &arrival) {
        const Dissection &dissection = *arrival.dissection;
        if (dissection.tcp) return connections_.add(number, from, arrival);
        if (dissection.transport == Transport::udp) note_datagram(number, from, dissection);
        return dissection.sctp && follow_association(number, from, dissection);
    }

    [[gnu::noinline]] bool follow_association(FlowNumber number, Side from, const Dissection &dissection) {
        std::unique_ptr<SctpTracker> &tracker = detail(number).sctp;
        if (!tracker) tracker = std::make_unique<SctpTracker>(ends(number));
        const PerSide<std::optional<std::uint32_t>> tags = tracker->tags();
        tracker->add(from, dissection);
        if (tracker->tags() != tags) {
            forget_paths(number, tags);
            find_other_path(number);
        }
        return tracker->is_over();
    }

    [[nodiscard]] SctpPaths::Key path_key(FlowNumber number, Side side, std::uint32_t tag) const {
        const PerSide<Endpoint> ends = this->ends(number);
        return {.tag = tag,
                .own_port = ends[side].port,
                .other_port = ends[other(side)].port,
                .level = key_of(number).level,
                .context = detail_if_any(number)->context};
    }
    [[nodiscard]] SctpPathEnds path_ends(FlowNumber number) const {
        const PerSide<Endpoint> ends = this->ends(number);
        return {*detail_if_any(number)->sctp, {ends.initiator.address, ends.responder.address}};
    }
    void find_other_path(FlowNumber number) {
        SctpTracker &tracker = *detail(number).sctp;
        for (const Side side : {Side::initiator, Side::responder}) {
            const auto tag = tracker.tags()[side];
            if (!tag) continue;
            const auto known = paths_.find_or_add(path_key(number, side, *tag), {number, side});
            if (!known || known->flow == number || tracker.summary().other_path_id) continue;
            if (is_one_association(path_ends(known->flow), known->side, path_ends(number), side))
                tracker.set_other_path(id(known->flow));
        }
    }
    void forget_paths(FlowNumber number, const PerSide<std::optional<std::uint32_t>> &tags) {
        for (const Side side : {Side::initiator, Side::responder}) {
            if (tags[side]) paths_.forget(number, path_key(number, side, *tags[side]));
        }
    }
    void forget_paths(FlowNumber number) {
        const FlowDetail *detail = detail_if_any(number);
        if (detail != nullptr && detail->sctp) forget_paths(number, detail->sctp->tags());
    }

    void note_datagram(FlowNumber number, Side from, const Dissection &dissection) {
        FlowUnit &unit = units_.unit(number);
        UdpHistory history(unit.tracker);
        if (dissection.transport_checksum == Checksum::bad) {
            history.note_bad_checksum(from, ++detail(number).bad_checksums[from]);
        } else {
            history.note(from);
        }
        unit.tracker = history.packed();
    }

    [[gnu::noinline]] void close(FlowNumber number) {
        FlowUnit &unit = units_.unit(number);
        if (is_over(unit)) return;
        set_waiting(unit, Waiting::closed);
        connections_.note_end(number, now_);
        wait(number);
    }

    [[gnu::noinline]] void claim_fragments(FlowNumber number, Side from, const Dissection &dissection) {
        if (dissection.transport == Transport::tcp) {
            connections_.stop_gaps(number);
        }
        const bool from_low = (from == Side::initiator) == is(units_.unit(number), flag_low_begins);
        FlowKey key = key_of(number);
        if (const FlowDetail *detail = detail_if_any(number)) key.context = detail->context;
        const auto held = fragments_.first(dissection, {key, from_low}, timestamp_from_ns(now_));
        if (!held) return;
        add_to(detail(number).traffic[from], held->traffic);
        detail(number).further_fragments += held->traffic.packets;
        extend(number, ns_since_epoch(held->first));
        extend(number, ns_since_epoch(held->last));
    }

    [[gnu::noinline]] Update add_fragment(const Arrival &arrival) {
        const Packet &packet = *arrival.packet;
        const Dissection &dissection = *arrival.dissection;
        const auto owner = fragments_.further(dissection, {arrival.level, arrival.key.context},
                                              widened(arrival.traffic), packet.time, timestamp_from_ns(now_));
        if (!owner) return {};
        const FlowNumber number = find(packed_key(owner->key));
        if (number == no_flow) {
            ++ownerless_fragments_;
            return {};
        }
        const bool low_begins = is(units_.unit(number), flag_low_begins);
        const Side from = owner->from_low == low_begins ? Side::initiator : Side::responder;
        count(number, units_.unit(number), from, packet, arrival.traffic);
        ++detail(number).further_fragments;
        return {number, from == Side::responder ? Update::responder_bit : 0};
    }

    struct Context {
        std::array<std::uint16_t, max_vlan_tags> vlans{};
        std::uint8_t vlan_count = 0;
        std::array<std::uint32_t, max_mpls_labels> mpls{};
        TunnelKind tunnel = TunnelKind::none;
        std::uint64_t tunnel_id = 0;
        std::uint32_t interface = 0;

        friend auto operator<=>(const Context &, const Context &) = default;
    };

    FlowTableOptions options_;
    bool is_keyed_;
    // No packet is an everyday one.
    bool asks_every_packet_;
    std::array<std::uint64_t, 6> everyday_flags_{}; // see everyday_index()
    std::uint32_t everyday_packets_ = 0;
    OnEnd on_end_;
    std::int64_t now_ = std::numeric_limits<std::int64_t>::min();
    std::uint64_t last_id_ = 0;
    std::uint64_t evicted_ = 0;
    // Fragments whose flow had ended before they came.
    std::uint64_t ownerless_fragments_ = 0;

    FlowIndex index_;
    FlowUnits units_;
    Connections connections_{units_};
    Pool<FlowDetail> details_;
    TimeoutWheel wheel_;
    FragmentTable fragments_;
    SctpPaths paths_;
    std::map<Context, std::uint32_t> contexts_;
};

std::uint64_t FlowTable::View::id() const { return table_.id(number_); }
Transport FlowTable::View::transport() const { return table_.transport(number_); }
PerSide<Endpoint> FlowTable::View::ends() const { return table_.ends(number_); }
std::uint64_t FlowTable::View::frame_bytes() const {
    return table_.traffic(number_, Side::initiator).frame_bytes + table_.traffic(number_, Side::responder).frame_bytes;
}
Flow FlowTable::View::flow() const {
    Flow flow = table_.flow(number_);
    flow.end_reason = reason_;
    return flow;
}

FlowTable::FlowTable(FlowTableOptions options, OnEnd on_end)
    : impl_(std::make_unique<Impl>(options, std::move(on_end))) {}
FlowTable::~FlowTable() = default;

void FlowTable::arrive(Arrival &arrival) { impl_->arrive(arrival); }
void FlowTable::fetch_flow(Arrival &arrival) const { impl_->fetch_flow(arrival); }
void FlowTable::fetch_tracker(const Arrival &arrival) const { impl_->fetch_tracker(arrival); }
FlowNumber FlowTable::add_everyday(const Arrival &arrival) { return impl_->add_everyday(arrival); }
void FlowTable::ask_of_everyday(const EverydayFlow &flow) { impl_->ask_of_everyday(flow); }
FlowTable::Update FlowTable::add(const Arrival &arrival, std::uint64_t parent) { return impl_->add(arrival, parent); }
std::uint64_t FlowTable::id(FlowNumber number) const { return impl_->id(number); }
std::uint64_t FlowTable::packets(FlowNumber number) const {
    return impl_->traffic(number, Side::initiator).packets + impl_->traffic(number, Side::responder).packets;
}
Transport FlowTable::transport(FlowNumber number) const { return impl_->transport(number); }
PerSide<Endpoint> FlowTable::ends(FlowNumber number) const { return impl_->ends(number); }
std::uint8_t FlowTable::level(FlowNumber number) const { return impl_->level(number); }
Evidence FlowTable::initiator_evidence(FlowNumber number) const { return impl_->initiator_evidence(number); }
Flow FlowTable::flow(FlowNumber number) const { return impl_->flow(number); }
bool FlowTable::is_inspected(FlowNumber number) const { return impl_->is_inspected(number); }
void FlowTable::set_inspected(FlowNumber number) { impl_->set_inspected(number); }
void FlowTable::set_followed(FlowNumber number, bool followed) { impl_->set_followed(number, followed); }
void FlowTable::set_channel(FlowNumber number, const DataChannel &channel) { impl_->set_channel(number, channel); }
void FlowTable::advance(Timestamp now) { impl_->advance(now); }
void FlowTable::finish() { impl_->finish(); }
void FlowTable::for_each(const std::function<void(const View &)> &visit) const { impl_->for_each(visit); }
std::size_t FlowTable::size() const { return impl_->size(); }
std::uint64_t FlowTable::orphan_fragments() const { return impl_->orphan_fragments(); }
std::uint64_t FlowTable::overlapping_fragments() const { return impl_->overlapping_fragments(); }
std::uint64_t FlowTable::timed_out_fragments() const { return impl_->timed_out_fragments(); }
std::uint64_t FlowTable::evicted() const { return impl_->evicted(); }

} // namespace doorplate

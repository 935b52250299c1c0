#include "analyze/flow_table.h"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyze/fragments.h"
#include "analyze/icmp_exchange.h"
#include "analyze/tcp_tracker.h"

namespace doorplate {
namespace {

using Slot = std::uint32_t;
constexpr Slot no_slot = std::numeric_limits<Slot>::max();

// More interfaces than this for one flow are not noted: a file may claim millions.
constexpr std::size_t max_interfaces = 64;

// Flows of one class wait in one list, in the order in which they will end.
enum class Waiting : std::uint8_t { tcp, udp, other, closed };
constexpr std::size_t waiting_count = 4;

// Saturates: a file may have times at the very end of what can be counted.
Timestamp after(Timestamp time, Duration wait) {
    wait = std::max(wait, Duration::zero());
    return time > Timestamp::max() - wait ? Timestamp::max() : time + wait;
}

// A place in a doubly linked list of slots.
struct Link {
    Slot previous = no_slot;
    Slot next = no_slot;
};

struct Record {
    Flow flow;
    std::unique_ptr<TcpTracker> tcp;
    // How the tracker has the roles; Flow::flip on a flow that is alive turns them under it.
    bool low_is_initiator = true;
    // Time of the table, not of the packet, which may go backwards.
    Timestamp began;
    Timestamp last_active;
    Timestamp deadline;
    Waiting waiting = Waiting::other;
    Link by_activity;
    Link by_deadline;
};

// A list threaded through the records.
template <Link Record::*link> class SlotList {
  public:
    explicit SlotList(std::deque<Record> &records) : records_(&records) {}

    [[nodiscard]] Slot front() const { return front_; }

    void push_back(Slot slot) {
        Link &own = (*records_)[slot].*link;
        own = {back_, no_slot};
        (back_ == no_slot ? front_ : ((*records_)[back_].*link).next) = slot;
        back_ = slot;
    }
    void remove(Slot slot) {
        const Link own = std::exchange((*records_)[slot].*link, Link{});
        (own.previous == no_slot ? front_ : ((*records_)[own.previous].*link).next) = own.next;
        (own.next == no_slot ? back_ : ((*records_)[own.next].*link).previous) = own.previous;
    }

  private:
    std::deque<Record> *records_;
    Slot front_ = no_slot;
    Slot back_ = no_slot;
};

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
        if (dissection.sctp->init) return {true, Evidence::sctp_init};
        if (dissection.sctp->init_ack) return {false, Evidence::sctp_init};
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

TrafficCounters counted(const Packet &packet, const Dissection &dissection) {
    return {1, packet.original_length, dissection.ip_bytes, dissection.payload_bytes};
}

void add_traffic(TrafficCounters &to, const TrafficCounters &more) {
    to.packets += more.packets;
    to.frame_bytes += more.frame_bytes;
    to.ip_bytes += more.ip_bytes;
    to.payload_bytes += more.payload_bytes;
}

void extend(Flow &flow, Timestamp first, Timestamp last) {
    flow.start = std::min(flow.start, first);
    flow.end = std::max(flow.end, last);
}

void note_source(Flow &flow, const Packet &packet) {
    auto &interfaces = flow.interfaces;
    if (interfaces.size() < max_interfaces && std::ranges::find(interfaces, packet.interface) == interfaces.end()) {
        interfaces.push_back(packet.interface);
    }
    if (packet.direction == PacketDirection::inbound) flow.seen_inbound = true;
    if (packet.direction == PacketDirection::outbound) flow.seen_outbound = true;
}

} // namespace

class FlowTable::Impl {
  public:
    Impl(FlowTableOptions options, OnEnd on_end)
        : options_(options), on_end_(std::move(on_end)), by_activity_(records_),
          by_deadline_{ByDeadline{records_}, ByDeadline{records_}, ByDeadline{records_}, ByDeadline{records_}} {
        options_.max_flows = std::clamp<std::size_t>(options_.max_flows, 1, no_slot);
    }

    std::optional<Update> add(const Packet &packet, const Dissection &dissection) {
        advance(packet.time);
        if (dissection.kind != PacketKind::ip) return std::nullopt;
        if (dissection.fragment && dissection.fragment->offset > 0) return add_fragment(packet, dissection);
        if (!dissection.flow_ready) return std::nullopt;

        const Endpoint source{dissection.source, dissection.source_port};
        const Endpoint destination{dissection.destination, dissection.destination_port};
        FlowKey key = FlowKey::between(dissection.transport, source, destination);
        if (dissection.icmp) key.icmp = icmp_exchange(dissection, source <= destination);

        Slot slot = find(key);
        if (slot != no_slot && begins_another(records_[slot], dissection)) {
            end(slot, FlowEndReason::end_detected);
            slot = no_slot;
        }
        const bool is_cut = slot != no_slot && is_too_long(records_[slot]);
        const bool is_new = slot == no_slot || is_cut;
        if (is_cut) {
            slot = cut(slot, packet);
        } else if (is_new) {
            slot = begin(key, source, destination, packet, dissection);
        }

        Record &record = records_[slot];
        const Side from = side_of(record, source, dissection);
        count(record, from, packet, counted(packet, dissection));
        if (dissection.fragment && dissection.fragment->more) claim_fragments(record, from, dissection);
        const bool over = follow(record, from, packet, dissection);
        touch(slot, over);
        return Update{&record.flow, is_new, from};
    }

    void advance(Timestamp now) {
        now_ = std::max(now_, now);
        fragments_.advance(now_);
        for (;;) {
            const Slot next = first_to_end();
            if (next == no_slot || records_[next].deadline > now_) return;
            end(next, is_over(records_[next]) ? FlowEndReason::end_detected : FlowEndReason::idle_timeout);
        }
    }

    void finish() {
        for (const Slot slot : slots_in_order()) {
            end(slot, is_over(records_[slot]) ? FlowEndReason::end_detected : FlowEndReason::forced_end);
        }
        fragments_.clear();
    }

    void for_each(const std::function<void(const Flow &)> &visit) {
        for (const Slot slot : slots_in_order()) {
            summarize(records_[slot]);
            visit(records_[slot].flow);
        }
    }

    [[nodiscard]] std::size_t size() const { return table_.size(); }
    [[nodiscard]] std::uint64_t orphan_fragments() const { return fragments_.orphans() + ownerless_fragments_; }
    [[nodiscard]] std::uint64_t evicted() const { return evicted_; }

  private:
    using ByActivity = SlotList<&Record::by_activity>;
    using ByDeadline = SlotList<&Record::by_deadline>;

    static bool is_over(const Record &record) { return record.waiting == Waiting::closed; }

    [[nodiscard]] Slot find(const FlowKey &key) const {
        const auto found = table_.find(key);
        return found == table_.end() ? no_slot : found->second;
    }

    ByDeadline &list_of(Waiting waiting) { return by_deadline_[static_cast<std::size_t>(waiting)]; }

    [[nodiscard]] Duration patience(Waiting waiting) const {
        switch (waiting) {
        case Waiting::tcp: return options_.tcp_inactive;
        case Waiting::udp: return options_.udp_inactive;
        case Waiting::other: return options_.other_inactive;
        case Waiting::closed: break;
        }
        return options_.closed_linger;
    }

    // Deadlines only grow within a list, so the heads are enough. Equal deadlines end in the order of first packets.
    [[nodiscard]] Slot first_to_end() const {
        Slot first = no_slot;
        for (const ByDeadline &list : by_deadline_) {
            const Slot head = list.front();
            if (head == no_slot) continue;
            if (first == no_slot) {
                first = head;
                continue;
            }
            const Record &a = records_[head];
            const Record &b = records_[first];
            if (a.deadline < b.deadline || (a.deadline == b.deadline && a.flow.id < b.flow.id)) first = head;
        }
        return first;
    }

    [[nodiscard]] std::vector<Slot> slots_in_order() const {
        std::vector<Slot> slots;
        slots.reserve(table_.size());
        for (const auto &[key, slot] : table_) slots.push_back(slot);
        std::ranges::sort(slots, {}, [this](Slot slot) { return records_[slot].flow.id; });
        return slots;
    }

    static bool begins_another(const Record &record, const Dissection &dissection) {
        if (record.tcp && dissection.tcp) return record.tcp->is_reused_by(*dissection.tcp);
        return dissection.sctp && dissection.sctp->init && is_over(record);
    }

    [[nodiscard]] bool is_too_long(const Record &record) const {
        return options_.active > Duration::zero() && !is_over(record) && now_ - record.began >= options_.active;
    }

    // Ends the flow and begins its continuation, which knows what was known of the roles and of the connection.
    Slot cut(Slot slot, const Packet &packet) {
        follow_flip(records_[slot]);
        const Flow &old = records_[slot].flow;
        Flow flow;
        flow.key = old.key;
        flow.ends = old.ends;
        flow.initiator_evidence = old.initiator_evidence;
        flow.vlans = old.vlans;
        flow.icmp = old.icmp;
        flow.start = flow.end = packet.time;
        const bool low_is_initiator = records_[slot].low_is_initiator;
        std::unique_ptr<TcpTracker> tcp;
        if (records_[slot].tcp) tcp = std::make_unique<TcpTracker>(*records_[slot].tcp);
        end(slot, FlowEndReason::active_timeout);

        const Slot next = take_slot(std::move(flow));
        Record &record = records_[next];
        record.low_is_initiator = low_is_initiator;
        record.tcp = std::move(tcp);
        if (record.tcp) record.tcp->restart_counts();
        return next;
    }

    Slot begin(const FlowKey &key, const Endpoint &source, const Endpoint &destination, const Packet &packet,
               const Dissection &dissection) {
        const Beginning beginning = beginning_of(dissection);
        Flow flow;
        flow.key = key;
        flow.ends =
            beginning.from_initiator ? PerSide<Endpoint>{source, destination} : PerSide<Endpoint>{destination, source};
        flow.initiator_evidence = beginning.evidence;
        flow.start = flow.end = packet.time;
        flow.vlans.assign(dissection.vlans.begin(), dissection.vlans.begin() + dissection.vlan_count);
        if (dissection.icmp) {
            flow.icmp = IcmpSummary{dissection.icmp->type, dissection.icmp->code, dissection.icmp->identifier};
        }
        const Slot slot = take_slot(std::move(flow));
        Record &record = records_[slot];
        record.low_is_initiator = record.flow.ends.initiator == key.low;
        if (dissection.tcp) record.tcp = std::make_unique<TcpTracker>(!beginning.from_initiator);
        return slot;
    }

    Slot take_slot(Flow flow) {
        while (table_.size() >= options_.max_flows) evict();
        Slot slot = no_slot;
        if (free_.empty()) {
            slot = static_cast<Slot>(records_.size());
            records_.emplace_back();
        } else {
            slot = free_.back();
            free_.pop_back();
        }
        Record &record = records_[slot];
        record.flow = std::move(flow);
        record.flow.id = ++last_id_;
        record.began = record.last_active = now_;
        record.waiting = waiting_class(record.flow.key.transport);
        record.deadline = after(now_, patience(record.waiting));
        by_activity_.push_back(slot);
        list_of(record.waiting).push_back(slot);
        table_.emplace(record.flow.key, slot);
        return slot;
    }

    // Nothing is lost of a flow that is over and only waits for what may come late.
    void evict() {
        const Slot slot = by_activity_.front();
        if (is_over(records_[slot])) {
            end(slot, FlowEndReason::end_detected);
        } else {
            ++evicted_;
            end(slot, FlowEndReason::lack_of_resources);
        }
    }

    void end(Slot slot, FlowEndReason reason) {
        Record &record = records_[slot];
        summarize(record);
        table_.erase(record.flow.key);
        by_activity_.remove(slot);
        list_of(record.waiting).remove(slot);
        Flow flow = std::move(record.flow);
        record = Record{};
        free_.push_back(slot);
        flow.end_reason = reason;
        on_end_(std::move(flow));
    }

    // The tracker follows if the flow was turned round since.
    static void follow_flip(Record &record) {
        const bool low_is_initiator = record.flow.ends.initiator == record.flow.key.low;
        if (low_is_initiator == record.low_is_initiator) return;
        record.low_is_initiator = low_is_initiator;
        if (record.tcp) record.tcp->flip();
    }

    static void summarize(Record &record) {
        follow_flip(record);
        if (record.tcp) record.flow.tcp = record.tcp->summary();
    }

    static Side side_of(Record &record, const Endpoint &source, const Dissection &dissection) {
        follow_flip(record);
        // Who talks to itself has one end only; ICMP still tells requests from replies.
        const bool with_itself = record.flow.key.low == record.flow.key.high;
        if (with_itself && dissection.icmp) {
            return icmp_role(dissection).from_initiator ? Side::initiator : Side::responder;
        }
        return source == record.flow.ends.initiator ? Side::initiator : Side::responder;
    }

    static void count(Record &record, Side from, const Packet &packet, const TrafficCounters &traffic) {
        add_traffic(record.flow.traffic[from], traffic);
        extend(record.flow, packet.time, packet.time);
        note_source(record.flow, packet);
    }

    // True if the flow is over.
    static bool follow(Record &record, Side from, const Packet &packet, const Dissection &dissection) {
        if (record.tcp && dissection.tcp) {
            record.tcp->add(from, {.tcp = *dissection.tcp,
                                   .payload_bytes = dissection.payload_bytes,
                                   .payload_captured = dissection.payload.size() >= dissection.payload_bytes,
                                   .time = packet.time});
            return record.tcp->closed();
        }
        return dissection.sctp && (dissection.sctp->shutdown_complete || dissection.sctp->abort);
    }

    void touch(Slot slot, bool over) {
        Record &record = records_[slot];
        record.last_active = now_;
        by_activity_.remove(slot);
        by_activity_.push_back(slot);
        // What comes after the end does not put it off (Zeek's tcp_close_delay).
        if (is_over(record)) return;
        list_of(record.waiting).remove(slot);
        if (over) record.waiting = Waiting::closed;
        record.deadline = after(now_, patience(record.waiting));
        list_of(record.waiting).push_back(slot);
    }

    void claim_fragments(Record &record, Side from, const Dissection &dissection) {
        if (record.tcp) record.tcp->stop_gaps();
        const auto held = fragments_.first(dissection, {record.flow.key, from_low(record, from)}, now_);
        if (!held) return;
        add_traffic(record.flow.traffic[from], held->traffic);
        record.flow.further_fragments += held->traffic.packets;
        extend(record.flow, held->first, held->last);
    }

    std::optional<Update> add_fragment(const Packet &packet, const Dissection &dissection) {
        const TrafficCounters traffic = counted(packet, dissection);
        const auto owner = fragments_.further(dissection, traffic, packet.time, now_);
        if (!owner) return std::nullopt;
        const Slot slot = find(owner->key);
        if (slot == no_slot) {
            ++ownerless_fragments_;
            return std::nullopt;
        }
        Record &record = records_[slot];
        follow_flip(record);
        const Side from = owner->from_low == record.low_is_initiator ? Side::initiator : Side::responder;
        count(record, from, packet, traffic);
        ++record.flow.further_fragments;
        touch(slot, false);
        return Update{&record.flow, false, from};
    }

    static bool from_low(const Record &record, Side from) {
        return (from == Side::initiator) == record.low_is_initiator;
    }

    FlowTableOptions options_;
    OnEnd on_end_;
    Timestamp now_ = Timestamp::min();
    std::uint64_t last_id_ = 0;
    std::uint64_t evicted_ = 0;
    // Fragments whose flow had ended before they came.
    std::uint64_t ownerless_fragments_ = 0;

    std::unordered_map<FlowKey, Slot, FlowKeyHash> table_;
    std::deque<Record> records_; // stable in memory; slots are used again
    std::vector<Slot> free_;
    ByActivity by_activity_; // idle longest first
    std::array<ByDeadline, waiting_count> by_deadline_;
    FragmentTable fragments_;
};

FlowTable::FlowTable(FlowTableOptions options, OnEnd on_end)
    : impl_(std::make_unique<Impl>(options, std::move(on_end))) {}
FlowTable::~FlowTable() = default;

std::optional<FlowTable::Update> FlowTable::add(const Packet &packet, const Dissection &dissection) {
    return impl_->add(packet, dissection);
}
void FlowTable::advance(Timestamp now) { impl_->advance(now); }
void FlowTable::finish() { impl_->finish(); }
void FlowTable::for_each(const std::function<void(const Flow &)> &visit) { impl_->for_each(visit); }
std::size_t FlowTable::size() const { return impl_->size(); }
std::uint64_t FlowTable::orphan_fragments() const { return impl_->orphan_fragments(); }
std::uint64_t FlowTable::evicted() const { return impl_->evicted(); }

} // namespace doorplate

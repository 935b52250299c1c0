#include "analyze/observer.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "analyze/channels/data_channels.h"
#include "analyze/conclude.h"
#include "analyze/detect/flow_inspector.h"
#include "analyze/door_counts.h"
#include "analyze/kept_flows.h"
#include "analyze/pressure.h"
#include "analyze/reassembly.h"
#include "analyze/socket_history.h"
#include "capture/prefetch.h"

namespace doorplate {
namespace {

// The packets of a flow at which an owner that is still unknown is asked for again: at first there may be only the
// listener, a little later the accepted socket.
constexpr std::array<std::uint32_t, 3> ask_at_packets{1, 4, 12};

// The outermost one.
std::optional<Malformation> bad_checksum(const Dissection &dissection) {
    if (dissection.ip_checksum == Checksum::bad) return Malformation::bad_ip_checksum;
    if (dissection.transport_checksum == Checksum::bad) return Malformation::bad_transport_checksum;
    return std::nullopt;
}

// One branch for everything that hardly any packet has.
bool is_flawless(const Dissection &dissection) {
    const bool has_flaw = dissection.malformation.has_value() | dissection.truncated |
                          (dissection.ip_checksum == Checksum::bad) | (dissection.transport_checksum == Checksum::bad);
    return !has_flaw;
}

// A look at the socket table could not tell more.
bool is_settled(const Attribution &who) { return who.match == MatchQuality::exact || who.match == MatchQuality::event; }

bool is_certain(Evidence evidence) { return evidence != Evidence::first_seen; }

} // namespace

class Observer::Impl {
  public:
    Impl(AnalysisOptions options, OnFlow on_flow)
        : options_(options), on_flow_(std::move(on_flow)), ended_(options.kept_flows, options.keep),
          table_(options.flows, [this](const FlowTable::View &flow) { end(flow); }) {
        if (options_.detect_protocols) inspector_.emplace();
        table_.ask_of_everyday({.packets = 0, .is_inspected = inspector_.has_value()});
        if (options_.link_data_channels) channels_.emplace();
    }

    void ingest(const HostFacts &host) {
        host_ = host;
        table_.ask_of_everyday({.packets = ask_at_packets.back(), .is_inspected = inspector_.has_value()});
    }
    void ingest(const SocketFacts &facts) { history_.ingest(facts); }

    void ingest(std::span<const Packet> packets, std::span<const CaptureInterface> interfaces, Bytes upcoming) {
        upcoming_ = LinesMeanwhile(upcoming, packets.size());
        for (; !packets.empty(); packets = packets.subspan(std::min(packets.size(), own_batch_size))) {
            own_batch_.dissect(packets.first(std::min(packets.size(), own_batch_size)), options_.dissect);
            ingest(own_batch_, interfaces);
        }
    }

    void ingest(DissectedBatch &batch, std::span<const CaptureInterface> interfaces) {
        for (std::size_t i = interface_names_.size(); i < interfaces.size(); ++i) {
            interface_names_.push_back(interfaces[i].name);
        }
        // Each goes through four stages, and between two of its own come those of others: what one stage asks memory
        // for has come when the next one looks at it. One packet at a time, for memory takes only so many requests at
        // once.
        const std::span<Arrival> arrivals = batch.arrivals();
        const std::size_t count = arrivals.size();
        for (std::size_t i = 0; i < count + last_stage; ++i) {
            if (i < count) table_.arrive(arrivals[i]);
            if (i - stage_distance < count) table_.fetch_flow(arrivals[i - stage_distance]);
            if (i - 2 * stage_distance < count) table_.fetch_tracker(arrivals[i - 2 * stage_distance]);
            if (i - last_stage < count) {
                ingest(arrivals[i - last_stage]);
                upcoming_.step();
            }
        }
    }

    void advance(Timestamp now) { table_.advance(now); }

    std::vector<LookUp> take_look_ups() { return std::exchange(look_ups_, {}); }

    Observation observe() {
        Observation observation = summary();
        observation.flows = ended_.flows();
        table_.for_each([&](const FlowTable::View &flow) {
            FlowRecord record = judge(flow.flow());
            if (inspector_) describe(record, inspector_->decided(record.flow.id));
            observation.totals.add(record);
            observation.flows.push_back(std::move(record));
        });
        finish_flows(observation);
        return observation;
    }

    Observation finish() {
        reassembly_.give_up_all();
        table_.finish();
        Observation observation = summary();
        observation.flows = ended_.take();
        finish_flows(observation);
        return observation;
    }

  private:
    // In packets.
    static constexpr std::size_t stage_distance = 6;
    static constexpr std::size_t last_stage = 3 * stage_distance;
    // How many packets are dissected in one go if nobody did it before.
    static constexpr std::size_t own_batch_size = 128;

    // What is known of a packet while it and the packets inside it are ingested.
    struct Current {
        const Dissection *outermost = nullptr;
        // Some level is in a flow, or its lack is counted elsewhere.
        bool accounted_for = false;
        // Dropped, or a fragment: what is inside waits until all is there.
        bool done = false;
        // The flow that carries what is inside, or 0.
        std::uint64_t parent = 0;
    };

    void ingest(const Arrival &arrival) {
        if (arrival.everyday != Everyday::no && table_.add_everyday(arrival) != no_flow) [[likely]] {
            count_packet(*arrival.packet);
            return;
        }
        if (arrival.level == 0) begin_packet(arrival);
        if (!current_.done) ingest_level(arrival);
        if (!arrival.innermost) return;
        if (!current_.accounted_for) [[unlikely]] {
            ++losses_.packets_without_flow[packet_kind_name(arrival.packet->link_type, *current_.outermost)];
        }
        if (arrival.more_frames != nullptr && !current_.done) [[unlikely]]
            ingest_more_frames(*arrival.packet, *arrival.more_frames);
    }

    void begin_packet(const Arrival &arrival) {
        count_packet(*arrival.packet);
        current_ = {.outermost = arrival.dissection};
        if (!reassembly_.empty()) reassembly_.advance(arrival.packet->time);
    }
    void count_packet(const Packet &packet) {
        ++packets_;
        frame_bytes_ += packet.original_length;
        first_packet_ = std::min(first_packet_, packet.time);
        last_packet_ = std::max(last_packet_, packet.time);
    }

    void ingest_level(const Arrival &arrival) {
        const Dissection &dissection = *arrival.dissection;
        if (!is_flawless(dissection)) [[unlikely]] {
            count_flaws(dissection, *arrival.packet);
            if (current_.done) return;
        }
        FlowTable::Update update = table_.add(arrival, current_.parent);
        const bool is_alone = arrival.level == 0 && arrival.innermost;
        if (!is_alone || dissection.fragment) [[unlikely]] {
            current_.parent = update.number != no_flow ? table_.id(update.number) : 0;
            flow_at_[arrival.level] = current_.parent;
        }
        if (update.number != no_flow) {
            current_.accounted_for = true;
            if (update.is_new()) meet_flow(update, dissection, arrival.packet->time);
            if (host_) ask_for_owners(update);
            if (update.is_followed()) read_control(update, dissection, arrival.packet->time);
            if (inspector_ && !dissection.payload.empty()) inspect(update, dissection, arrival.packet->time);
        }
        if (dissection.fragment) [[unlikely]]
            ingest_fragment(arrival);
    }

    // What is inside waits until all is there.
    void ingest_fragment(const Arrival &arrival) {
        const Dissection &dissection = *arrival.dissection;
        // A stray fragment is counted by the table.
        if (dissection.fragment->offset > 0) current_.accounted_for = true;
        current_.done = true;
        const bool carries = !arrival.innermost || may_carry_packets(dissection);
        const auto whole = reassembly_.add(dissection, {arrival.level, arrival.key.context}, carries, current_.parent,
                                           arrival.packet->time);
        if (whole) ingest_whole(*whole, *arrival.packet, arrival.level);
    }

    // What is inside a packet that was put together; its last fragment was in `frame`.
    void ingest_whole(const Reassembly::Whole &whole, const Packet &frame, std::size_t depth) {
        Packet packet = frame;
        packet.bytes = whole.bytes;
        packet.original_length = whole.length;
        packet.link_type = LinkType::raw_ip;
        DissectedPacket dissected;
        dissect(packet, dissected, options_.dissect);
        if (dissected.levels.front().transport_checksum == Checksum::bad) {
            ++malformations_[static_cast<std::size_t>(Malformation::bad_transport_checksum)];
            if (options_.drop_bad_checksums) return;
        }
        ingest_inside(frame, dissected.all().subspan(1), depth + 1, whole.flow_id);
        if (const MoreFrames &more = dissected.more_frames; !more.bytes.empty()) {
            ingest_more_frames(frame, {more.bytes, depth + more.level});
        }
    }

    // The rest of an aggregate. They share the frame, so each counts with its own length.
    void ingest_more_frames(const Packet &packet, const MoreFrames &more) {
        if (more.level >= max_levels) {
            ++malformations_[static_cast<std::size_t>(Malformation::too_many_tunnels)];
            return;
        }
        const std::uint64_t parent = more.level > 0 ? flow_at_[more.level - 1] : 0;
        Packet frame = packet;
        for (Bytes rest = more.bytes; !rest.empty();) {
            frame.bytes = rest;
            frame.original_length = static_cast<std::uint32_t>(rest.size());
            DissectedPacket next;
            dissect_next_frame(frame, next, options_.dissect);
            frame.original_length -= static_cast<std::uint32_t>(next.more_frames.bytes.size());
            ingest_inside(frame, next.all(), more.level, parent);
            rest = {};
            if (next.more_frames.level == 0) {
                rest = next.more_frames.bytes;
            } else { // of an aggregate inside this one
                ingest_more_frames(frame, {next.more_frames.bytes, more.level + next.more_frames.level});
            }
        }
    }

    // Packets that nobody announced, with `depth` tunnels around them, in which `parent` flows (0: none).
    void ingest_inside(const Packet &packet, std::span<const Dissection> levels, std::size_t depth,
                       std::uint64_t parent) {
        if (depth + levels.size() > max_levels) {
            ++malformations_[static_cast<std::size_t>(Malformation::too_many_tunnels)];
            levels = levels.first(max_levels - std::min(depth, max_levels));
        }
        const Current around = std::exchange(current_, {.parent = parent});
        for (const Dissection &dissection : levels) {
            Arrival arrival;
            announce(packet, dissection, static_cast<std::uint8_t>(depth++), &dissection == &levels.back(), arrival);
            table_.arrive(arrival);
            if (!current_.done) ingest_level(arrival);
        }
        current_ = around;
    }

    void count_flaws(const Dissection &dissection, const Packet &packet) {
        if (dissection.malformation) ++malformations_[static_cast<std::size_t>(*dissection.malformation)];
        if (dissection.truncated && packet.bytes.size() < packet.original_length) ++losses_.truncated_packets;
        const auto bad = bad_checksum(dissection);
        if (!bad) return;
        ++malformations_[static_cast<std::size_t>(*bad)];
        if (options_.drop_bad_checksums) drop(*bad);
    }

    void drop(Malformation bad) {
        ++losses_.packets_without_flow[bad == Malformation::bad_ip_checksum ? "bad_ip_checksum"
                                                                            : "bad_transport_checksum"];
        current_.accounted_for = true;
        current_.done = true;
    }

    void count_doors(const FlowTable::Update &update) {
        const Transport transport = table_.transport(update.number);
        if (!has_ports(transport)) return;
        const PerSide<Endpoint> ends = table_.ends(update.number);
        doors_.add(transport, ends.responder);
        if (!is_certain(table_.initiator_evidence(update.number))) doors_.add(transport, ends.initiator);
    }

    void ask_for_owners(const FlowTable::Update &update) {
        if (!has_ports(table_.transport(update.number))) return;
        if (std::ranges::find(ask_at_packets, table_.packets(update.number)) == ask_at_packets.end()) return;
        const Flow flow = table_.flow(update.number);
        for (const Side side : {Side::initiator, Side::responder}) {
            const Endpoint &local = flow.ends[side];
            if (!host_->is_local(local.address)) continue;
            if (is_settled(history_.who(socket_question(flow, side, &*host_)).attribution)) continue;
            look_ups_.push_back({flow.key.transport, local, flow.ends[other(side)]});
        }
    }

    void inspect(const FlowTable::Update &update, const Dissection &dissection, Timestamp time) {
        if (table_.is_inspected(update.number)) return;
        const std::uint64_t id = table_.id(update.number);
        if (!inspector_->packet(id, dissection, time)) return;
        table_.set_inspected(update.number);
        if (!channels_ || update.is_followed()) return;
        const auto detection = inspector_->decided(id);
        const auto protocol = detection ? control_by_name(detection->protocol) : std::nullopt;
        if (protocol) follow(update, {*protocol, Side::responder});
    }

    [[nodiscard]] FlowEnds flow_ends(const FlowTable::Update &update) const {
        return {table_.id(update.number), table_.transport(update.number), table_.ends(update.number),
                table_.level(update.number)};
    }

    void follow(const FlowTable::Update &update, ControlRole role) {
        channels_->follow(flow_ends(update), role);
        table_.set_followed(update.number, true);
    }

    void meet_flow(FlowTable::Update &update, const Dissection &dissection, Timestamp time) {
        // The rest of a flow that was cut comes to the same door once more.
        if (!update.is_continuation()) count_doors(update);
        if (channels_) look_for_channels(update, dissection, time);
    }

    // Was the new flow announced, or may it announce others?
    void look_for_channels(FlowTable::Update &update, const Dissection &dissection, Timestamp time) {
        const Transport transport = table_.transport(update.number);
        if (transport != Transport::tcp && transport != Transport::udp) return;
        if (channels_->expects_any()) {
            if (const auto channel = channels_->claim(flow_ends(update), time)) {
                table_.set_channel(update.number, *channel);
                return;
            }
        }
        const PerSide<Endpoint> ends = table_.ends(update.number);
        auto role = control_by_port(transport, {ends.initiator.port, ends.responder.port});
        if (!role && transport == Transport::udp) {
            if (const auto protocol = control_by_first_datagram(dissection.payload))
                role = ControlRole{*protocol, Side::responder};
        }
        if (!role) return;
        follow(update, *role);
        update.bits |= FlowTable::Update::followed_bit;
    }

    void read_control(const FlowTable::Update &update, const Dissection &dissection, Timestamp time) {
        if (channels_->read(table_.id(update.number), dissection, time)) return;
        table_.set_followed(update.number, false);
    }

    // What the payloads told: the name within the flow itself is nearer than DNS.
    void describe(FlowRecord &record, std::optional<Detection> detection) const {
        record.detection = std::move(detection);
        if (record.detection) record.responder.name = record.detection->server_name;
        if (!record.responder.name) {
            record.responder.name = inspector_->names().name_of(record.initiator.endpoint.address,
                                                                record.responder.endpoint.address, record.flow.start);
        }
    }

    void end(const FlowTable::View &view) {
        std::optional<Detection> detection;
        if (inspector_) detection = inspector_->take(view.id());
        if (channels_) channels_->forget(view.id());
        // Of a file's many flows few are shown; the others need no conclusions.
        const std::uint64_t frame_bytes = view.frame_bytes();
        if (!host_ && !on_flow_ && !ended_.wants(frame_bytes, view.id())) {
            totals_.add_bare(view.transport(), view.ends(), frame_bytes);
            ended_.leave_out();
            return;
        }
        FlowRecord record = judge(view.flow());
        if (inspector_) describe(record, std::move(detection));
        totals_.add(record);
        if (on_flow_) on_flow_(record);
        if (ended_.wants(frame_bytes, view.id())) {
            ended_.keep(std::move(record));
        } else {
            ended_.leave_out();
        }
    }

    FlowRecord judge(Flow flow) const {
        const PerSide<std::uint64_t> fan_in{other_flows_at(flow, Side::initiator),
                                            other_flows_at(flow, Side::responder)};
        FlowRecord record = conclude(std::move(flow), host_ ? &*host_ : nullptr, history_, fan_in);
        for (const std::uint32_t index : record.flow.interfaces) {
            if (index < interface_names_.size() && !interface_names_[index].empty()) {
                record.interface_names.push_back(interface_names_[index]);
            }
        }
        return record;
    }

    std::uint64_t other_flows_at(const Flow &flow, Side side) const {
        const std::uint64_t flows = doors_.count(flow.key.transport, flow.ends[side]);
        return flows == 0 ? 0 : flows - 1;
    }

    Observation summary() const {
        Observation observation;
        observation.host = host_;
        if (packets_ > 0) {
            observation.source.first_packet = first_packet_;
            observation.source.last_packet = last_packet_;
        }
        observation.packets = packets_;
        observation.frame_bytes = frame_bytes_;
        observation.processes = history_.processes();
        observation.listeners = history_.listeners();
        if (host_) observation.pressure = ephemeral_pressure(history_, *host_);
        observation.totals = totals_;
        observation.losses = losses_;
        observation.losses.flows_left_out = ended_.left_out();
        observation.losses.orphan_fragments = table_.orphan_fragments();
        observation.losses.overlapping_fragments = table_.overlapping_fragments();
        observation.losses.timed_out_fragments = table_.timed_out_fragments();
        observation.losses.evicted_flows = table_.evicted();
        if (channels_) {
            observation.losses.announcements_not_believed = channels_->not_believed();
            observation.losses.forgotten_announcements = channels_->forgotten();
        }
        if (inspector_) {
            observation.losses.detections_cut_short = inspector_->cut_short();
            observation.losses.forgotten_names = inspector_->names().forgotten();
            if (!inspector_->detects()) {
                observation.degradations.push_back(
                    {"protocols", "no protocols are detected: the nDPI library here is not the one doorplate was built "
                                  "with"});
            }
        }
        observation.malformations = malformations_;
        observation.malformations[static_cast<std::size_t>(Malformation::tunnel_incomplete)] += reassembly_.given_up();
        return observation;
    }

    static void finish_flows(Observation &observation) {
        std::ranges::sort(observation.flows, {}, [](const FlowRecord &record) { return record.flow.id; });
        for (const FlowRecord &record : observation.flows) {
            if (record.initiator.local.value_or(false) && record.responder.local.value_or(false))
                observation.relations.push_back({RelationKind::loopback_pair, {record.flow.id}});
            if (const auto &parent = record.flow.parent_id)
                observation.relations.push_back({RelationKind::tunnel, {*parent, record.flow.id}});
            if (record.flow.sctp && record.flow.sctp->other_path_id)
                observation.relations.push_back(
                    {RelationKind::multihomed, {*record.flow.sctp->other_path_id, record.flow.id}});
            if (const auto &channel = record.flow.channel)
                observation.relations.push_back({RelationKind::data_channel, {channel->control_id, record.flow.id}});
        }
    }

    AnalysisOptions options_;
    OnFlow on_flow_;
    std::optional<HostFacts> host_;
    SocketHistory history_;
    std::vector<std::string> interface_names_;
    std::optional<FlowInspector> inspector_; // absent with --no-dpi
    std::optional<DataChannels> channels_;   // likewise
    DoorCounts doors_;
    std::vector<LookUp> look_ups_;
    KeptFlows ended_;
    FlowTotals totals_;
    DissectedBatch own_batch_;
    LinesMeanwhile upcoming_;
    Current current_;
    Reassembly reassembly_;
    // The flows of the last packet's levels, as far as something is inside them, or 0.
    std::array<std::uint64_t, max_levels> flow_at_{};
    std::uint64_t packets_ = 0;
    std::uint64_t frame_bytes_ = 0;
    // Of no meaning before the first packet.
    Timestamp first_packet_ = Timestamp::max();
    Timestamp last_packet_ = Timestamp::min();
    Losses losses_;
    std::array<std::uint64_t, malformation_count> malformations_{};
    // Last: it ends its flows into the members above.
    FlowTable table_;
};

Observer::Observer(AnalysisOptions options, OnFlow on_flow)
    : impl_(std::make_unique<Impl>(options, std::move(on_flow))) {}
Observer::~Observer() = default;

void Observer::ingest(const HostFacts &host) { impl_->ingest(host); }
void Observer::ingest(const SocketFacts &facts) { impl_->ingest(facts); }
void Observer::ingest(std::span<const Packet> packets, std::span<const CaptureInterface> interfaces, Bytes upcoming) {
    impl_->ingest(packets, interfaces, upcoming);
}
void Observer::ingest(DissectedBatch &batch, std::span<const CaptureInterface> interfaces) {
    impl_->ingest(batch, interfaces);
}
void Observer::advance(Timestamp now) { impl_->advance(now); }
std::vector<LookUp> Observer::take_look_ups() { return impl_->take_look_ups(); }
Observation Observer::observe() { return impl_->observe(); }
Observation Observer::finish() { return impl_->finish(); }

} // namespace doorplate

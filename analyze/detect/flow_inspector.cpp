#include "analyze/detect/flow_inspector.h"

#include <algorithm>
#include <utility>

namespace doorplate {

FlowInspector::FlowInspector(InspectorOptions options) : options_(options), names_(options.names) {
    options_.open_flows = std::max<std::size_t>(options_.open_flows, 1);
}
FlowInspector::~FlowInspector() = default;

bool FlowInspector::detects() const { return !detector_ || detector_->works(); }

bool FlowInspector::packet(std::uint64_t flow_id, const Dissection &packet, Timestamp time) {
    const bool brings_names = NameBook::may_bring_names(packet.transport, packet.source_port, packet.destination_port);
    if (brings_names) names_.read(packet, time);
    if (!ProtocolDetector::can_tell(packet)) return false;

    forget_idle(time);
    const auto found = flows_.find(flow_id);
    Entry &entry = found != flows_.end() ? found->second : begin(flow_id, time);
    if (entry.open &&
        (time - entry.open->began > options_.longest || detector_->feed(*entry.open->state, packet, time)))
        decide(entry);
    return !entry.open && !brings_names;
}

// Those that get no more packets would stay for as long as their flow does. Twice as long, so that times that are a
// little out of order decide nothing.
void FlowInspector::forget_idle(Timestamp time) {
    now_ = std::max(now_, time);
    while (!by_age_.empty() && now_ - flows_.at(by_age_.front()).open->began > 2 * options_.longest) decide_oldest();
}

FlowInspector::Entry &FlowInspector::begin(std::uint64_t flow_id, Timestamp time) {
    if (!detector_) detector_ = std::make_unique<ProtocolDetector>(options_.packets);
    if (by_age_.size() >= options_.open_flows) {
        decide_oldest();
        ++cut_short_;
    }
    Entry &entry = flows_[flow_id];
    if (auto state = detector_->begin()) {
        entry.open = std::make_unique<Open>(Open{std::move(state), time, by_age_.insert(by_age_.end(), flow_id)});
    }
    return entry;
}

void FlowInspector::decide(Entry &entry) {
    if (auto detection = detector_->conclude(*entry.open->state)) {
        entry.result = std::make_unique<Detection>(std::move(*detection));
    }
    by_age_.erase(entry.open->age);
    entry.open.reset();
}

void FlowInspector::decide_oldest() { decide(flows_.at(by_age_.front())); }

std::optional<Detection> FlowInspector::take(std::uint64_t flow_id) {
    const auto found = flows_.find(flow_id);
    if (found == flows_.end()) return std::nullopt;
    if (found->second.open) decide(found->second);
    std::optional<Detection> detection;
    if (found->second.result) detection = std::move(*found->second.result);
    flows_.erase(found);
    return detection;
}

std::optional<Detection> FlowInspector::decided(std::uint64_t flow_id) const {
    const auto found = flows_.find(flow_id);
    if (found == flows_.end() || !found->second.result) return std::nullopt;
    return *found->second.result;
}

} // namespace doorplate

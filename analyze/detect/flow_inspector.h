#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>

#include "analyze/detect/detection.h"
#include "analyze/detect/name_book.h"
#include "analyze/detect/protocol_detector.h"
#include "analyze/dissection.h"
#include "capture/timestamp.h"

namespace doorplate {

struct InspectorOptions {
    DetectorLimits packets;
    // Flows under detection at once; beyond it the oldest one is decided with what was seen of it, and counted.
    std::size_t open_flows = 65'536;
    // After this long a flow is decided with what was seen of it.
    Duration longest = std::chrono::seconds(30);
    NameBookLimits names;
};

// What the payloads of flows say: the protocol they speak, and the names that DNS gave to addresses. A flow's answer
// depends on its own packets only, unless open_flows is reached.
//
// A flow costs nothing here before its first payload; then about 1 KiB while it is open, and 48 bytes and the answer
// until take().
class FlowInspector {
  public:
    explicit FlowInspector(InspectorOptions options = {});
    ~FlowInspector();
    FlowInspector(const FlowInspector &) = delete;
    FlowInspector &operator=(const FlowInspector &) = delete;

    // A packet of this flow. True when it wants no more of the flow's packets; it does no harm to go on.
    bool packet(std::uint64_t flow_id, const Dissection &packet, Timestamp time);

    // What was found, now that the flow has ended. Forgets the flow.
    [[nodiscard]] std::optional<Detection> take(std::uint64_t flow_id);
    // What is decided already of a flow that goes on.
    [[nodiscard]] std::optional<Detection> decided(std::uint64_t flow_id) const;

    [[nodiscard]] const NameBook &names() const { return names_; }
    // Flows that were decided early because too many were open.
    [[nodiscard]] std::uint64_t cut_short() const { return cut_short_; }
    // False if the nDPI at hand is not the one this was built for: no protocols are detected.
    [[nodiscard]] bool detects() const;

  private:
    struct Open {
        ProtocolDetector::StatePtr state;
        Timestamp began;
        std::list<std::uint64_t>::iterator age;
    };
    // One of the two, or neither: decided, and nothing found.
    struct Entry {
        std::unique_ptr<Open> open;
        std::unique_ptr<Detection> result;
    };

    void forget_idle(Timestamp time);
    Entry &begin(std::uint64_t flow_id, Timestamp time);
    void decide(Entry &entry);
    void decide_oldest();

    InspectorOptions options_;
    // Made for the first payload: to make one takes some milliseconds.
    std::unique_ptr<ProtocolDetector> detector_;
    NameBook names_;
    std::unordered_map<std::uint64_t, Entry> flows_;
    std::list<std::uint64_t> by_age_; // the open ones, the oldest first
    Timestamp now_;
    std::uint64_t cut_short_ = 0;
};

} // namespace doorplate

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "analyze/flow_unit.h"
#include "analyze/sctp_tracker.h"

namespace doorplate {

// Finds the flow that had an association's tag first: an association of hosts with several addresses is one flow for
// each pair of them. Bounded; what does not fit finds no other flow.
class SctpPaths {
  public:
    // Whose tag, and at which ports; the same in all flows of the association.
    struct Key {
        std::uint32_t tag = 0;
        std::uint16_t own_port = 0;
        std::uint16_t other_port = 0;
        std::uint8_t level = 0;
        std::uint32_t context = 0;

        friend auto operator<=>(const Key &, const Key &) = default;
    };
    struct Path {
        FlowNumber flow = no_flow;
        Side side = Side::initiator; // whose tag it is
    };

    // The flow that has it already; else `path` has it from now on.
    [[nodiscard]] std::optional<Path> find_or_add(const Key &key, const Path &path) {
        const auto found = paths_.find(key);
        if (found != paths_.end()) return found->second;
        if (paths_.size() < most_paths) paths_.emplace(key, path);
        return std::nullopt;
    }
    void forget(FlowNumber flow, const Key &key) {
        const auto found = paths_.find(key);
        if (found != paths_.end() && found->second.flow == flow) paths_.erase(found);
    }

  private:
    static constexpr std::size_t most_paths = 1 << 16;
    std::map<Key, Path> paths_;
};

// A flow as another one's possible path.
struct SctpPathEnds {
    const SctpTracker &tracker;
    PerSide<IpAddress> addresses;
};

// Are these two flows of one association? A tag of `side` in `first` and of `other_side` in `second` and both ports are
// the same. Sure enough if each address of the second flow is one that the first one's ends have or announced; or, if
// no beginning was captured, if the other tags are the same as well. Two flows that both have a beginning are two
// associations.
[[nodiscard]] bool is_one_association(const SctpPathEnds &first, Side side, const SctpPathEnds &second,
                                      Side other_side);

} // namespace doorplate

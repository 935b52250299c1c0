#include "analyze/sctp_paths.h"

#include <algorithm>

namespace doorplate {
namespace {

bool has_beginning(const SctpTracker &tracker) {
    return tracker.has_introduced_itself(Side::initiator) || tracker.has_introduced_itself(Side::responder);
}

bool is_known(const SctpPathEnds &path, Side side, const IpAddress &address) {
    if (path.addresses[side] == address) return true;
    const std::vector<IpAddress> &announced = path.tracker.summary().facts[side].addresses;
    return std::ranges::find(announced, address) != announced.end();
}

} // namespace

bool is_one_association(const SctpPathEnds &first, Side side, const SctpPathEnds &second, Side other_side) {
    const Side opposite = other(side);
    const Side other_opposite = other(other_side);
    if (has_beginning(second.tracker)) return false;
    if (has_beginning(first.tracker)) {
        return is_known(first, side, second.addresses[other_side]) &&
               is_known(first, opposite, second.addresses[other_opposite]);
    }
    const auto &facts = first.tracker.summary().facts;
    const auto &other_facts = second.tracker.summary().facts;
    return facts[opposite].tag && facts[opposite].tag == other_facts[other_opposite].tag &&
           facts[opposite].tag != facts[side].tag && facts[side].tag == other_facts[other_side].tag;
}

} // namespace doorplate

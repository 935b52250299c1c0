#include "analyze/fragments.h"

#include <algorithm>
#include <utility>

namespace doorplate {

FragmentKey fragment_key(const Dissection &fragment, FragmentPlace place) {
    return {fragment.source, fragment.destination, fragment.transport, fragment.fragment->identification, place};
}

std::optional<FragmentTraffic> FragmentTable::first(const Dissection &dissection, const Owner &owner, Timestamp now) {
    Entry &entry = find_or_make(fragment_key(dissection, {owner.key.level, owner.key.context}), now);
    note(entry, *dissection.fragment);
    entry.owner = owner;
    // Of an identification that is used again, only the newest packet can still have fragments under way.
    entry.since = now;
    by_age_.splice(by_age_.end(), by_age_, entry.age);
    return std::exchange(entry.held, std::nullopt);
}

std::optional<FragmentTable::Owner> FragmentTable::further(const Dissection &dissection, FragmentPlace place,
                                                           const TrafficCounters &counted, Timestamp time,
                                                           Timestamp now) {
    Entry &entry = find_or_make(fragment_key(dissection, place), now);
    note(entry, *dissection.fragment);
    if (entry.owner) return entry.owner;
    if (!entry.held) entry.held = FragmentTraffic{{}, time, time};
    FragmentTraffic &held = *entry.held;
    held.traffic.packets += counted.packets;
    held.traffic.frame_bytes += counted.frame_bytes;
    held.traffic.ip_bytes += counted.ip_bytes;
    held.traffic.payload_bytes += counted.payload_bytes;
    held.first = std::min(held.first, time);
    held.last = std::max(held.last, time);
    return std::nullopt;
}

void FragmentTable::advance(Timestamp now) {
    while (!by_age_.empty()) {
        const auto oldest = entries_.find(by_age_.front());
        if (now - oldest->second.since < timeout) return;
        if (!is_complete(oldest->second)) timed_out_ += oldest->second.fragments;
        forget(oldest);
    }
}

void FragmentTable::clear() {
    while (!entries_.empty()) forget(entries_.begin());
}

FragmentTable::Entry &FragmentTable::find_or_make(const FragmentKey &key, Timestamp now) {
    const auto [found, is_new] = entries_.try_emplace(key);
    if (is_new) {
        found->second.since = now;
        found->second.age = by_age_.insert(by_age_.end(), key);
        if (entries_.size() > max_packets) forget(entries_.find(by_age_.front()));
    }
    return found->second;
}

void FragmentTable::note(Entry &entry, const FragmentFields &fragment) {
    ++entry.fragments;
    const Part part{fragment.offset, fragment.offset + fragment.length, !fragment.more};
    if (entry.parts.size() == max_parts || std::ranges::find(entry.parts, part) != entry.parts.end()) return;
    if (std::ranges::any_of(entry.parts,
                            [&](const Part &old) { return part.begin < old.end && old.begin < part.end; })) {
        ++overlapping_;
    }
    entry.parts.push_back(part);
}

bool FragmentTable::is_complete(const Entry &entry) {
    std::vector<Part> parts = entry.parts;
    std::ranges::sort(parts, {}, &Part::begin);
    std::uint32_t reached = 0;
    for (const Part &part : parts) {
        if (part.begin > reached) return false;
        reached = std::max(reached, part.end);
        if (part.is_last) return true;
    }
    return false;
}

void FragmentTable::forget(Entries::iterator entry) {
    if (entry->second.held) orphans_ += entry->second.held->traffic.packets;
    by_age_.erase(entry->second.age);
    entries_.erase(entry);
}

} // namespace doorplate

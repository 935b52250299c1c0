#include "analyze/reassembly.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace doorplate {
namespace {

void append_be16(std::vector<std::uint8_t> &bytes, std::size_t value) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value));
}

void append_address(std::vector<std::uint8_t> &bytes, const IpAddress &address) {
    const auto raw = address.bytes();
    bytes.insert(bytes.end(), raw.begin(), raw.end());
}

// RFC 791 section 3.1, without options; RFC 8200 section 3. Of the checksum nobody asks.
std::vector<std::uint8_t> ip_header(const IpAddress &source, const IpAddress &destination, Transport transport,
                                    std::size_t payload) {
    constexpr std::size_t ipv4_header_length = 20;
    constexpr std::uint8_t hops = 64;
    const auto protocol = static_cast<std::uint8_t>(transport);
    std::vector<std::uint8_t> bytes;
    if (source.family() == Family::ipv4) {
        bytes = {0x45, 0};
        append_be16(bytes, ipv4_header_length + payload);
        bytes.insert(bytes.end(), {0, 0, 0, 0, hops, protocol, 0, 0});
    } else {
        bytes = {0x60, 0, 0, 0};
        append_be16(bytes, payload);
        bytes.insert(bytes.end(), {protocol, hops});
    }
    append_address(bytes, source);
    append_address(bytes, destination);
    return bytes;
}

std::size_t digest(Bytes bytes) {
    return std::hash<std::string_view>()({reinterpret_cast<const char *>(bytes.data()), bytes.size()}); // NOLINT
}

// What the length fields of both can tell.
constexpr std::size_t longest_payload = 65535 - 20;

} // namespace

std::optional<Reassembly::Whole> Reassembly::add(const Dissection &fragment, FragmentPlace place, bool carries,
                                                 std::uint64_t flow_id, Timestamp now) {
    const FragmentFields &fields = *fragment.fragment;
    const FragmentKey key = fragment_key(fragment, place);
    Entry &entry = find_or_make(key, now);
    if (entry.kind == Kind::ignored && fields.offset > 0) return std::nullopt;
    const Part part{
        fields.offset, fields.offset + fields.length, !fields.more, {fields.bytes.begin(), fields.bytes.end()}};
    const bool is_again = std::ranges::any_of(entry.parts, [&](const Part &old) {
        return old.begin == part.begin && old.end == part.end && old.bytes == part.bytes;
    });
    if (is_again) return std::nullopt;
    if (part.begin == 0 && entry.done == digest(fields.bytes)) return std::nullopt;
    if (part.begin == 0) begin(entry, carries, flow_id, now);
    if (entry.kind == Kind::ignored) return std::nullopt;

    const bool overlaps =
        std::ranges::any_of(entry.parts, [&](const Part &old) { return part.begin < old.end && old.begin < part.end; });
    if (overlaps || part.end > longest_payload || entry.parts.size() == max_parts) {
        give_up(entry);
        return std::nullopt;
    }
    bytes_ += part.bytes.size();
    entry.parts.insert(std::ranges::upper_bound(entry.parts, part.begin, {}, &Part::begin), part);
    if (is_complete(entry)) {
        Whole whole = build(key, entry);
        entry.kind = Kind::ignored;
        entry.done = digest(entry.parts.front().bytes);
        drop_parts(entry);
        return whole;
    }
    while (bytes_ > max_bytes) forget(entries_.find(by_age_.front()));
    return std::nullopt;
}

void Reassembly::begin(Entry &entry, bool carries, std::uint64_t flow_id, Timestamp now) {
    // An identification that is used again.
    if (entry.kind != Kind::unknown) give_up(entry);
    entry.kind = carries ? Kind::carries : Kind::ignored;
    if (!carries) drop_parts(entry);
    entry.flow_id = flow_id;
    entry.done.reset();
    entry.since = now;
    by_age_.splice(by_age_.end(), by_age_, entry.age);
}

void Reassembly::advance(Timestamp now) {
    while (!by_age_.empty()) {
        const auto oldest = entries_.find(by_age_.front());
        if (now - oldest->second.since < FragmentTable::timeout) return;
        forget(oldest);
    }
}

void Reassembly::give_up_all() {
    while (!entries_.empty()) forget(entries_.begin());
}

Reassembly::Entry &Reassembly::find_or_make(const FragmentKey &key, Timestamp now) {
    if (entries_.size() == max_packets && !entries_.contains(key)) forget(entries_.find(by_age_.front()));
    const auto [found, is_new] = entries_.try_emplace(key);
    if (is_new) {
        found->second.since = now;
        found->second.age = by_age_.insert(by_age_.end(), key);
    }
    return found->second;
}

bool Reassembly::is_complete(const Entry &entry) {
    if (entry.kind != Kind::carries) return false;
    std::uint32_t reached = 0;
    for (const Part &part : entry.parts) {
        if (part.begin != reached) return false;
        reached = part.end;
    }
    return entry.parts.back().is_last;
}

Reassembly::Whole Reassembly::build(const FragmentKey &key, const Entry &entry) {
    const std::uint32_t payload = entry.parts.back().end;
    Whole whole{.bytes = ip_header(key.source, key.destination, key.transport, payload), .flow_id = entry.flow_id};
    whole.length = static_cast<std::uint32_t>(whole.bytes.size()) + payload;
    for (const Part &part : entry.parts) {
        whole.bytes.insert(whole.bytes.end(), part.bytes.begin(), part.bytes.end());
        if (part.bytes.size() < part.end - part.begin) break;
    }
    return whole;
}

void Reassembly::give_up(Entry &entry) {
    if (entry.kind == Kind::carries) ++given_up_;
    entry.kind = Kind::ignored;
    drop_parts(entry);
}

void Reassembly::drop_parts(Entry &entry) {
    for (const Part &part : entry.parts) bytes_ -= part.bytes.size();
    entry.parts.clear();
}

void Reassembly::forget(Entries::iterator entry) {
    give_up(entry->second);
    by_age_.erase(entry->second.age);
    entries_.erase(entry);
}

} // namespace doorplate

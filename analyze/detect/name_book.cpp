#include "analyze/detect/name_book.h"

#include <algorithm>
#include <array>
#include <utility>

namespace doorplate {
namespace {

constexpr std::uint16_t dns_port = 53;
constexpr std::array<std::uint16_t, 3> naming_ports{dns_port, 5353, 5355}; // DNS, mDNS, LLMNR

bool is_naming_port(std::uint16_t port) { return std::ranges::find(naming_ports, port) != naming_ports.end(); }

// A client may use an answer for a while after it ran out.
constexpr Duration grace = std::chrono::minutes(1);

Timestamp end_of(Timestamp time, std::uint32_t ttl_seconds) {
    const Duration wait = std::chrono::seconds(ttl_seconds) + grace;
    return time > Timestamp::max() - wait ? Timestamp::max() : time + wait;
}

} // namespace

NameBook::NameBook(NameBookLimits limits) : limits_(limits), streams_(std::max<std::size_t>(limits.streams, 1)) {
    limits_.addresses = std::max<std::size_t>(limits_.addresses, 1);
    limits_.names_each = std::max<std::size_t>(limits_.names_each, 1);
}

bool NameBook::may_bring_names(Transport transport, std::uint16_t port, std::uint16_t other_port) {
    if (transport == Transport::tcp) return port == dns_port || other_port == dns_port;
    return transport == Transport::udp && (is_naming_port(port) || is_naming_port(other_port));
}

bool NameBook::may_name(const Dissection &packet) {
    if (packet.payload.empty() || packet.kind != PacketKind::ip) return false;
    if (packet.transport == Transport::tcp) return packet.source_port == dns_port;
    return packet.transport == Transport::udp && packet.payload.size() >= 12 && is_naming_port(packet.source_port);
}

void NameBook::read(const Dissection &packet, Timestamp time) {
    if (!may_name(packet)) return;
    std::optional<IpAddress> client = packet.destination;
    if (packet.destination.is_multicast()) client.reset();
    if (packet.transport == Transport::udp) {
        read_message(client, packet.payload, time);
        return;
    }
    streams_.add(packet, [&](Bytes message) { read_message(client, message, time); });
}

void NameBook::read_message(const std::optional<IpAddress> &client, Bytes message, Timestamp time) {
    for (const NamedAddress &answer : addresses_in_answer(message)) learn(client, answer, time);
}

void NameBook::learn(const std::optional<IpAddress> &client, const NamedAddress &answer, Timestamp time) {
    const auto [found, is_new] = entries_.try_emplace(Key{answer.address, client});
    Entry &entry = found->second;
    if (is_new) {
        entry.age = by_age_.insert(by_age_.end(), found->first);
    } else {
        by_age_.splice(by_age_.end(), by_age_, entry.age);
    }
    const Timestamp expires = end_of(time, answer.ttl_seconds);
    const auto known = std::ranges::find(entry.answers, answer.name, &Answer::name);
    if (known != entry.answers.end()) {
        known->last = std::max(known->last, time);
        known->expires = std::max(known->expires, expires);
        return;
    }
    if (entry.answers.size() == limits_.names_each) {
        entry.answers.erase(std::ranges::min_element(entry.answers, {}, &Answer::last));
        ++forgotten_;
    }
    entry.answers.push_back({answer.name, time, time, expires});
    if (entries_.size() > limits_.addresses) {
        entries_.erase(by_age_.front());
        by_age_.pop_front();
        ++forgotten_;
    }
}

const NameBook::Entry *NameBook::find(const IpAddress &address, const std::optional<IpAddress> &client) const {
    const auto found = entries_.find({address, client});
    return found == entries_.end() ? nullptr : &found->second;
}

std::optional<EndpointName> NameBook::name_of(const IpAddress &client, const IpAddress &address, Timestamp time) const {
    if (entries_.empty()) return std::nullopt;
    const Entry *entry = find(address, client);
    if (entry == nullptr) entry = find(address, std::nullopt);
    if (entry == nullptr) return std::nullopt;

    // The last time before `time`, as far as that is kept.
    const auto told = [&](const Answer &answer) { return answer.last <= time ? answer.last : answer.first; };
    const Answer *best = nullptr;
    std::uint32_t valid = 0;
    for (const Answer &answer : entry->answers) {
        if (answer.first > time) continue;
        if (answer.expires >= time) ++valid;
        if (best == nullptr || told(answer) >= told(*best)) best = &answer;
    }
    if (best == nullptr) return std::nullopt;
    const std::uint32_t others = valid - (best->expires >= time ? 1U : 0U);
    return EndpointName{best->name, NameSource::dns_answer, others};
}

} // namespace doorplate

#include "analyze/channels/data_channels.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace doorplate {
namespace {

// Said on behalf of others as well: a call's controller and an IRC server pass on where somebody else listens.
bool is_passed_on(AnnouncedIn method) {
    return method == AnnouncedIn::sdp || method == AnnouncedIn::skinny || method == AnnouncedIn::irc_dcc;
}

// One announcement, one connection. Others are good for as many flows as come.
bool is_for_one_flow(AnnouncedIn method) {
    switch (method) {
    case AnnouncedIn::ftp_port:
    case AnnouncedIn::ftp_eprt:
    case AnnouncedIn::ftp_lprt:
    case AnnouncedIn::ftp_pasv:
    case AnnouncedIn::ftp_epsv:
    case AnnouncedIn::ftp_lpsv:
    case AnnouncedIn::irc_dcc: return true;
    default: return false;
    }
}

// A private address from a host that is seen under a public one: NAT is between, and did not change the announcement.
// "0.0.0.0" is what some servers say that listen everywhere.
bool means_the_speaker(const IpAddress &announced, const IpAddress &speaker) {
    return announced == speaker || announced.is_unspecified() || (announced.is_private() && !speaker.is_private());
}

} // namespace

void DataChannels::follow(const FlowEnds &flow, ControlRole role) {
    if (controls_.contains(flow.id)) return;
    while (controls_.size() >= limits_.control_flows) {
        controls_.erase(controls_.begin());
        ++forgotten_;
    }
    Control &control = controls_[flow.id];
    control.flow = flow;
    control.server = role.server;
    control.reader = make_reader(role.protocol, flow.transport);
}

void DataChannels::forget(std::uint64_t flow_id) { controls_.erase(flow_id); }

bool DataChannels::read(std::uint64_t flow_id, const Dissection &packet, Timestamp time) {
    const auto found = controls_.find(flow_id);
    if (found == controls_.end()) return false;
    advance(time);
    Control &control = found->second;
    if (packet.transport_checksum == Checksum::bad) return true;
    const Endpoint source{packet.source, packet.source_port};
    const Speaker from = source == control.flow.ends[control.server] ? Speaker::server : Speaker::client;
    Announcements announcements;
    if (packet.tcp) {
        read_segment(control, from, packet, announcements);
    } else {
        read_datagram(control, from, packet, announcements);
    }
    for (const Announcement &announcement : announcements) expect(control, from, announcement);
    if (!control.reader->is_over()) return true;
    controls_.erase(found);
    return false;
}

void DataChannels::read_segment(Control &control, Speaker from, const Dissection &packet, Announcements &out) {
    OrderedBytes &stream = control.streams[from];
    const std::uint32_t first = packet.tcp->sequence + (packet.tcp->syn ? 1U : 0U);
    if (packet.tcp->syn) stream.begin_at(first);
    if (packet.payload_bytes == 0) return;
    stream.add(
        {first, packet.payload_bytes, packet.payload}, [&](Bytes bytes) { control.reader->read(from, bytes, out); },
        [&] { control.reader->lost(from); });
    control.reader->pause(from, out);
}

void DataChannels::read_datagram(Control &control, Speaker from, const Dissection &packet, Announcements &out) {
    control.reader->lost(from);
    control.reader->read(from, packet.payload, out);
    control.reader->pause(from, out);
}

void DataChannels::expect(Control &control, Speaker from, const Announcement &announcement) {
    const Side side = from == Speaker::server ? control.server : other(control.server);
    const Endpoint &speaker = control.flow.ends[side];
    const IpAddress &listener = control.flow.ends[other(side)].address;
    Endpoint where{announcement.address.value_or(speaker.address), announcement.port.value_or(speaker.port)};
    std::optional<IpAddress> peer = listener;
    if (is_passed_on(announcement.method)) {
        if (where.address == speaker.address) peer.reset();
    } else if (means_the_speaker(where.address, speaker.address)) {
        where.address = speaker.address;
    } else {
        ++not_believed_;
        return;
    }
    Expectation expectation;
    expectation.channel = {.control_id = control.flow.id,
                           .method = announcement.method,
                           .announcer = speaker.address,
                           .announced = now_,
                           .negotiated = {}};
    expectation.peer = peer;
    expectation.until = end_of_wait();
    add(control, {control.flow.level, announcement.transport, where}, expectation);
}

void DataChannels::add(Control &control, const Door &door, Expectation expectation) {
    const auto is_same = [&](const Expectation &known) {
        return known.channel.control_id == expectation.channel.control_id && known.peer == expectation.peer &&
               known.channel.method == expectation.channel.method;
    };
    if (Expectation *known = newest(door, is_same)) {
        expectation.number = known->number;
        *known = expectation;
        return;
    }
    while (!due_.empty() && due_.size() >= limits_.expectations) {
        if (remove(due_.front().waiting)) ++forgotten_;
        due_.pop_front();
    }
    while (!control.announced.empty() && control.announced.size() >= limits_.per_control_flow) {
        if (remove(control.announced.front())) ++forgotten_;
        control.announced.pop_front();
    }
    expectation.number = ++last_number_;
    const Waiting waiting{door, expectation.number};
    Expectations &expectations = doors_[door];
    if (expectations.size() >= limits_.per_endpoint) {
        expectations.erase(expectations.begin());
        ++forgotten_;
    }
    due_.push_back({expectation.until, waiting});
    control.announced.push_back(waiting);
    expectations.push_back(expectation);
}

DataChannels::Expectation *DataChannels::find(const Waiting &waiting) {
    return newest(waiting.door, [&](const Expectation &known) { return known.number == waiting.number; });
}

bool DataChannels::remove(const Waiting &waiting) {
    const auto door = doors_.find(waiting.door);
    if (door == doors_.end()) return false;
    const auto removed =
        std::erase_if(door->second, [&](const Expectation &known) { return known.number == waiting.number; });
    if (door->second.empty()) doors_.erase(door);
    return removed != 0;
}

template <typename Condition> DataChannels::Expectation *DataChannels::newest(const Door &door, Condition condition) {
    const auto found = doors_.find(door);
    if (found == doors_.end()) return nullptr;
    // One that was renewed may be over while its Due stands behind others that wait longer.
    const auto match = std::find_if(found->second.rbegin(), found->second.rend(),
                                    [&](const Expectation &known) { return known.until >= now_ && condition(known); });
    return match == found->second.rend() ? nullptr : &*match;
}

// Saturates: a file may have times at the very end of what can be counted.
Timestamp DataChannels::end_of_wait() const {
    return now_ > Timestamp::max() - limits_.lifetime ? Timestamp::max() : now_ + limits_.lifetime;
}

void DataChannels::advance(Timestamp time) {
    now_ = std::max(now_, time);
    while (!due_.empty() && due_.front().at < now_) {
        const Due due = due_.front();
        due_.pop_front();
        if (const Expectation *renewed = find(due.waiting)) {
            due_.push_back({renewed->until, due.waiting});
        } else {
            remove(due.waiting);
        }
    }
}

bool DataChannels::may_come_from(const Expectation &expectation, const Endpoint &peer) {
    constexpr std::uint16_t tftp_port = 69;
    // A request once more is no answer.
    if (expectation.channel.method == AnnouncedIn::tftp_request && peer.port == tftp_port) return false;
    return !expectation.peer || *expectation.peer == peer.address;
}

std::optional<DataChannel> DataChannels::claim(const FlowEnds &flow, Timestamp time) {
    advance(time);
    const auto door = [&](Side side) { return Door{flow.level, flow.transport, flow.ends[side]}; };
    // What a host says of its own port counts for more than what was passed on.
    Expectation *found = nullptr;
    Side side = Side::responder;
    for (const bool passed_on : {false, true}) {
        for (const Side candidate : {Side::responder, Side::initiator}) {
            if (found != nullptr) break;
            side = candidate;
            const Endpoint &own = flow.ends[side];
            const Endpoint &peer = flow.ends[other(side)];
            found = newest(door(side), [&](const Expectation &known) {
                return (known.channel.announcer != own.address) == passed_on && may_come_from(known, peer);
            });
        }
    }
    const auto announced_with = [&](Side at, std::uint64_t control_id) {
        return newest(door(at), [&](const Expectation &known) {
            return known.channel.control_id == control_id && is_passed_on(known.channel.method);
        });
    };
    if (found == nullptr) { // neither end's own host said it, but both ends were announced together
        side = Side::responder;
        found = newest(door(side), [&](const Expectation &known) {
            return is_passed_on(known.channel.method) &&
                   announced_with(other(side), known.channel.control_id) != nullptr;
        });
    }
    if (found == nullptr) return std::nullopt;

    DataChannel channel = found->channel;
    const bool is_tftp = channel.method == AnnouncedIn::tftp_request;
    channel.negotiated[is_tftp ? other(side) : side] = true;
    if (is_media(channel.method) && newest(door(other(side)), [&](const Expectation &known) {
                                        return known.channel.control_id == channel.control_id &&
                                               is_media(known.channel.method);
                                    }) != nullptr)
        channel.negotiated[other(side)] = true;
    if (is_for_one_flow(channel.method)) {
        remove({door(side), found->number});
    } else {
        found->until = end_of_wait();
    }
    return channel;
}

} // namespace doorplate

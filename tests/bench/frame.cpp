#include "tests/bench/frame.h"

#include <algorithm>
#include <cassert>

namespace doorplate {
namespace {

constexpr std::size_t filler_bytes = 1 << 16;
constexpr std::size_t largest_payload = 1500;
constexpr std::size_t smallest_frame = 60; // without the frame check sequence

constexpr std::array<std::uint8_t, 20> syn_options{2, 4,  0x05, 0xB4,                   // maximum segment size 1460
                                                   4, 2,                                // selective acknowledgments
                                                   8, 10, 0,    0,    0, 0, 0, 0, 0, 0, // timestamps
                                                   1,                                   // nothing
                                                   3, 3,  7};                           // window scale
constexpr std::size_t timestamps_in_syn = 8;
constexpr std::array<std::uint8_t, 12> data_options{1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0};
constexpr std::size_t timestamps_in_data = 4;

void store16(std::uint8_t *at, std::uint32_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}

void store32(std::uint8_t *at, std::uint32_t value) {
    store16(at, value >> 16);
    store16(at + 2, value & 0xFFFF);
}

// RFC 1071: sums of 16-bit words, carries folded in when all are added up.
std::uint64_t word_sum(std::span<const std::uint8_t> bytes) {
    std::uint64_t sum = 0;
    std::size_t at = 0;
    for (; at + 4 <= bytes.size(); at += 4) {
        sum += static_cast<std::uint32_t>(bytes[at] << 8 | bytes[at + 1]);
        sum += static_cast<std::uint32_t>(bytes[at + 2] << 8 | bytes[at + 3]);
    }
    for (; at < bytes.size(); ++at) sum += at % 2 == 0 ? std::uint64_t{bytes[at]} << 8 : bytes[at];
    return sum;
}

std::uint32_t checksum(std::uint64_t sum) {
    while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
    return static_cast<std::uint32_t>(~sum & 0xFFFF);
}

std::uint32_t milliseconds(Timestamp time) {
    return static_cast<std::uint32_t>(time.time_since_epoch() / std::chrono::milliseconds(1));
}

std::size_t checksum_offset(Transport transport) {
    switch (transport) {
    case Transport::tcp: return 16;
    case Transport::udp: return 6;
    default: return 2; // ICMP, ICMPv6
    }
}

} // namespace

FrameBuilder::FrameBuilder(Dice &dice) : filler_(filler_bytes + largest_payload) {
    for (std::uint8_t &byte : filler_) byte = static_cast<std::uint8_t>(dice.below(256));
}

std::span<const std::uint8_t> FrameBuilder::next(GeneratedFlow &flow, Timestamp time, const Segment &segment) {
    assert(segment.payload_bytes <= largest_payload);
    GeneratedEnd &sender = flow.ends[segment.from];
    size_ = 0;
    ethernet(flow, segment.from);

    const bool is_ipv6 = sender.endpoint.address.family() == Family::ipv6;
    std::size_t header = 8;
    if (flow.transport == Transport::tcp) {
        header = 20;
        if (segment.tcp_options) header += segment.flags.has(syn) ? syn_options.size() : data_options.size();
    }
    const std::size_t transport_bytes = header + segment.payload_bytes;
    ip(flow, segment.from, transport_bytes);

    const std::size_t start = size_;
    switch (flow.transport) {
    case Transport::tcp: tcp(flow, time, segment); break;
    case Transport::udp: udp(flow, segment); break;
    default: echo(flow, segment); break;
    }
    payload(flow, segment);

    std::uint64_t sum = word_sum({frame_.data() + start, size_ - start});
    if (is_ipv6 || flow.transport != Transport::icmp) { // the pseudo header
        for (const GeneratedEnd &end : flow.ends) sum += word_sum(end.endpoint.address.bytes());
        sum += transport_bytes + static_cast<std::uint8_t>(flow.transport);
    }
    std::uint32_t check = checksum(sum);
    if (flow.transport == Transport::udp && check == 0) check = 0xFFFF; // RFC 768: 0 means none
    store16(&frame_[start + checksum_offset(flow.transport)], check);

    while (size_ < smallest_frame) put8(0);
    sender.next_sequence += segment.payload_bytes;
    if (segment.flags.has(syn) || segment.flags.has(fin)) ++sender.next_sequence;
    if (flow.ends[client].packets + flow.ends[server].packets == 0) flow.first = time;
    flow.last = time;
    ++sender.packets;
    sender.frame_bytes += size_;
    return {frame_.data(), size_};
}

void FrameBuilder::ethernet(const GeneratedFlow &flow, std::size_t from) {
    for (const std::size_t end : {1 - from, from}) { // destination first
        const auto address = flow.ends[end].endpoint.address.bytes();
        put16(0x0200); // locally administered
        put(address.last(4));
    }
    if (flow.vlan_tags == 2) {
        put16(0x88A8);
        put16(flow.vlan);
    }
    if (flow.vlan_tags >= 1) {
        put16(0x8100);
        put16(flow.vlan + flow.vlan_tags - 1U);
    }
}

void FrameBuilder::ip(GeneratedFlow &flow, std::size_t from, std::size_t transport_bytes) {
    GeneratedEnd &sender = flow.ends[from];
    const auto source = sender.endpoint.address.bytes();
    const auto destination = flow.ends[1 - from].endpoint.address.bytes();
    const auto length = static_cast<std::uint32_t>(transport_bytes);
    if (sender.endpoint.address.family() == Family::ipv6) {
        put16(0x86DD);
        put32(0x6000'0000);
        put16(length);
        put8(static_cast<std::uint8_t>(flow.transport));
        put8(64);
        put(source);
        put(destination);
        return;
    }
    put16(0x0800);
    const std::size_t start = size_;
    put16(0x4500);
    put16(20 + length);
    put16(sender.next_identification++);
    put16(0x4000); // don't fragment
    put8(64);
    put8(static_cast<std::uint8_t>(flow.transport));
    put16(0);
    put(source);
    put(destination);
    store16(&frame_[start + 10], checksum(word_sum({frame_.data() + start, 20})));
}

void FrameBuilder::tcp(const GeneratedFlow &flow, Timestamp time, const Segment &segment) {
    const GeneratedEnd &sender = flow.ends[segment.from];
    const GeneratedEnd &receiver = flow.ends[1 - segment.from];
    const std::size_t start = size_;
    put16(sender.endpoint.port);
    put16(receiver.endpoint.port);
    put32(sender.next_sequence);
    put32(segment.flags.has(ack) ? receiver.next_sequence : 0);
    put8(0); // the data offset, set below
    put8(segment.flags.bits);
    put16(0xFAF0);
    put16(0); // checksum
    put16(0);
    if (segment.tcp_options) {
        const bool opens = segment.flags.has(syn);
        put(opens ? std::span<const std::uint8_t>(syn_options) : std::span<const std::uint8_t>(data_options));
        std::uint8_t *stamps = &frame_[start + 20 + (opens ? timestamps_in_syn : timestamps_in_data)];
        store32(stamps, milliseconds(time));
        if (segment.flags.has(ack)) store32(stamps + 4, milliseconds(flow.last));
    }
    frame_[start + 12] = static_cast<std::uint8_t>((size_ - start) / 4 << 4);
}

void FrameBuilder::udp(const GeneratedFlow &flow, const Segment &segment) {
    put16(flow.ends[segment.from].endpoint.port);
    put16(flow.ends[1 - segment.from].endpoint.port);
    put16(8 + segment.payload_bytes);
    put16(0);
}

// RFC 792, RFC 4443: a request from the client, a reply from the server.
void FrameBuilder::echo(const GeneratedFlow &flow, const Segment &segment) {
    const bool asks = segment.from == client;
    if (flow.transport == Transport::icmp) {
        put8(asks ? 8 : 0);
    } else {
        put8(asks ? 128 : 129);
    }
    put8(0);
    put16(0);
    put16(flow.ends[client].endpoint.port);
    put16(static_cast<std::uint32_t>(flow.ends[segment.from].packets) & 0xFFFF);
}

void FrameBuilder::payload(const GeneratedFlow &flow, const Segment &segment) {
    const std::size_t head = std::min<std::size_t>(segment.payload_bytes, segment.payload_head.size());
    for (const char letter : segment.payload_head.substr(0, head)) put8(static_cast<std::uint8_t>(letter));
    const GeneratedEnd &sender = flow.ends[segment.from];
    const std::size_t from = (sender.next_sequence + sender.endpoint.port) % filler_bytes;
    put({filler_.data() + from, segment.payload_bytes - head});
}

void FrameBuilder::put(std::span<const std::uint8_t> bytes) {
    std::copy(bytes.begin(), bytes.end(), frame_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += bytes.size();
}

void FrameBuilder::put16(std::uint32_t value) {
    store16(&frame_[size_], value);
    size_ += 2;
}

void FrameBuilder::put32(std::uint32_t value) {
    store32(&frame_[size_], value);
    size_ += 4;
}

} // namespace doorplate

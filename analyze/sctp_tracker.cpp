#include "analyze/sctp_tracker.h"

#include <algorithm>

namespace doorplate {
namespace {

constexpr std::size_t most_tags = 8;

// Parameters of INIT, INIT ACK (RFC 9260 section 3.3.2.1) and ASCONF (RFC 5061 section 4.2).
constexpr std::uint16_t ipv4_parameter = 5;
constexpr std::uint16_t ipv6_parameter = 6;
constexpr std::uint16_t ecn_parameter = 0x8000;
constexpr std::uint16_t add_address_parameter = 0xc001;

// ABORT and SHUTDOWN COMPLETE of somebody who does not know the receiver's tag have their own instead (section 8.5.1).
bool reflects_tag(const SctpChunkBytes &chunk) {
    return (chunk.kind == SctpChunk::abort || chunk.kind == SctpChunk::shutdown_complete) && (chunk.flags & 1) != 0;
}

// Only an association that is established has these.
bool needs_association(SctpChunk kind) {
    switch (kind) {
    case SctpChunk::data:
    case SctpChunk::i_data:
    case SctpChunk::sack:
    case SctpChunk::heartbeat:
    case SctpChunk::heartbeat_ack:
    case SctpChunk::ecne:
    case SctpChunk::cwr:
    case SctpChunk::re_config:
    case SctpChunk::forward_tsn:
    case SctpChunk::i_forward_tsn:
    case SctpChunk::asconf:
    case SctpChunk::asconf_ack: return true;
    default: return false;
    }
}

LayerBytes chunks_of(const Dissection &packet) {
    Packet captured;
    captured.bytes = packet.payload;
    return LayerBytes(captured);
}

} // namespace

bool SctpTracker::is_meant_for_receiver(Side from, const Dissection &packet) const {
    const SctpFields &sctp = *packet.sctp;
    // It should have 0, and ends nothing if it has not.
    if (sctp.has(SctpChunk::init)) return true;
    const auto gave_out = [&](Side side) {
        return given_out_[side].empty() || gave_out_more_[side] ||
               std::ranges::find(given_out_[side], sctp.verification_tag) != given_out_[side].end();
    };
    bool reflected = false;
    walk_sctp_chunks(chunks_of(packet), [&](const SctpChunkBytes &chunk) { reflected |= reflects_tag(chunk); });
    return gave_out(reflected ? from : other(from));
}

void SctpTracker::add(Side from, const Dissection &packet) {
    SctpEndFacts &sender = summary_.facts[from];
    if (packet.transport_checksum == Checksum::bad) {
        ++sender.bad_checksums;
        return;
    }
    walk_sctp_chunks(chunks_of(packet), [&](const SctpChunkBytes &chunk) { count(from, chunk.kind); });
    if (!is_meant_for_receiver(from, packet)) {
        ++sender.wrong_tags;
        return;
    }
    // 0 is nobody's.
    bool tells_tag = packet.sctp->verification_tag != 0 && !packet.sctp->has(SctpChunk::init);
    walk_sctp_chunks(chunks_of(packet), [&](const SctpChunkBytes &chunk) {
        follow(from, chunk);
        tells_tag = tells_tag && !reflects_tag(chunk);
    });
    if (tells_tag) summary_.facts[other(from)].tag = packet.sctp->verification_tag;
}

void SctpTracker::restart_counts() {
    for (const Side side : {Side::initiator, Side::responder}) {
        summary_.facts[side].chunks.clear();
        summary_.facts[side].wrong_tags = 0;
        summary_.facts[side].bad_checksums = 0;
    }
    summary_.payload_protocols.clear();
}

void SctpTracker::count(Side from, SctpChunk kind) {
    std::vector<SctpChunkCount> &chunks = summary_.facts[from].chunks;
    const auto at = std::ranges::lower_bound(chunks, kind, {}, &SctpChunkCount::chunk);
    if (at != chunks.end() && at->chunk == kind) {
        ++at->count;
    } else {
        chunks.insert(at, {kind, 1});
    }
}

void SctpTracker::follow(Side from, const SctpChunkBytes &chunk) {
    SctpState &state = summary_.state;
    // Packets are captured out of order, and sent again: nothing but an ending takes a state back.
    const auto reach = [&](SctpState next) { state = std::max(state, next); };
    switch (chunk.kind) {
    case SctpChunk::init:
    case SctpChunk::init_ack:
        // An INIT of somebody else changes nothing before its cookie comes back (section 5.2.2).
        if (state >= SctpState::cookie_echoed && chunk.kind == SctpChunk::init) return;
        reach(SctpState::cookie_wait);
        introduce(from, chunk.bytes);
        return;
    case SctpChunk::cookie_echo: return reach(SctpState::cookie_echoed);
    case SctpChunk::cookie_ack: return reach(SctpState::established);
    case SctpChunk::shutdown: return reach(SctpState::shutdown_sent);
    case SctpChunk::shutdown_ack: return reach(SctpState::shutdown_ack_sent);
    case SctpChunk::shutdown_complete: return reach(SctpState::closed);
    case SctpChunk::abort:
        if (state != SctpState::closed) state = SctpState::aborted;
        return;
    default: break;
    }
    // Data may be sent along with a COOKIE ECHO (section 5.1).
    const bool may_be_early = chunk.kind == SctpChunk::data || chunk.kind == SctpChunk::i_data;
    if (needs_association(chunk.kind) && !(may_be_early && state == SctpState::cookie_echoed))
        reach(SctpState::established);
    if (may_be_early) note_payload_protocol(chunk);
    // Serial number, then the address that the sender is known by, then what is to be changed (RFC 5061).
    if (chunk.kind == SctpChunk::asconf) note_parameters(from, chunk.bytes.behind(8), 0);
}

//    +---------------+---------------+-------------------------------+
//    |   Type 1, 2   |     Flags     |            Length             |
//    +---------------+---------------+-------------------------------+
//    |                         Initiate Tag                          |
//    +---------------------------------------------------------------+
//    |               Advertised Receiver Window Credit               |
//    +-------------------------------+-------------------------------+
//    |       Outbound Streams        |        Inbound Streams        |
//    +-------------------------------+-------------------------------+
//    |                          Initial TSN                          |
//    +---------------------------------------------------------------+
//    |                           Parameters                          |

void SctpTracker::introduce(Side side, LayerBytes init) {
    constexpr std::size_t fixed_length = 20;
    if (init.captured().size() < fixed_length) return;
    SctpEndFacts &facts = summary_.facts[side];
    const std::uint32_t tag = init.be32(4);
    std::vector<std::uint32_t> &tags = given_out_[side];
    if (std::ranges::find(tags, tag) == tags.end()) {
        if (tags.size() < most_tags) {
            tags.push_back(tag);
        } else {
            gave_out_more_[side] = true;
        }
    }
    if (tag != 0) facts.tag = tag;
    facts.streams = init.be16(12);
    note_parameters(side, init.behind(fixed_length), 0);
}

// Type and length, which includes both and not what fills up to 4 bytes.
void SctpTracker::note_parameters(Side side, LayerBytes parameters, int depth) {
    constexpr std::size_t header_length = 4;
    while (parameters.captured().size() >= header_length) {
        const std::uint16_t type = parameters.be16(0);
        const std::size_t length = parameters.be16(2);
        if (length < header_length) return;
        const LayerBytes parameter = parameters.first(length);
        const bool is_whole = parameter.captured().size() == length;
        if (type == ipv4_parameter && is_whole && length == 8) note_address(side, parameter.ipv4_address(4));
        if (type == ipv6_parameter && is_whole && length == 20) note_address(side, parameter.ipv6_address(4));
        if (type == ecn_parameter) summary_.facts[side].ecn_capable = true;
        // Behind a number of its own there is an address as above.
        if (type == add_address_parameter && depth == 0) note_parameters(side, parameter.behind(8), 1);
        parameters = parameters.behind((length + 3) / 4 * 4);
    }
}

void SctpTracker::note_address(Side side, const IpAddress &address) {
    std::vector<IpAddress> &addresses = summary_.facts[side].addresses;
    if (address == own_[side] || addresses.size() >= max_sctp_addresses) return;
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
}

void SctpTracker::note_payload_protocol(const SctpChunkBytes &chunk) {
    // In I-DATA the field has it only in a message's first piece (RFC 8260 section 2.1).
    constexpr std::uint8_t first_piece = 2;
    const std::size_t at = chunk.kind == SctpChunk::data ? 12 : 16;
    if (chunk.bytes.captured().size() < at + 4 || (chunk.flags & first_piece) == 0) return;
    const std::uint32_t protocol = chunk.bytes.be32(at);
    std::vector<std::uint32_t> &protocols = summary_.payload_protocols;
    // 0: not said.
    if (protocol == 0 || protocols.size() >= max_sctp_payload_protocols) return;
    if (std::ranges::find(protocols, protocol) == protocols.end()) protocols.push_back(protocol);
}

} // namespace doorplate

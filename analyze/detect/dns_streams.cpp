#include "analyze/detect/dns_streams.h"

#include <algorithm>
#include <utility>

#include "capture/byte_reader.h"

namespace doorplate {
namespace {

constexpr std::size_t length_field = 2;
constexpr std::size_t header_length = 12;

// Can this go on to be an answer's length and header, as far as it is there? Else the stream's place is lost.
bool may_begin_an_answer(Bytes bytes) {
    ByteReader reader(bytes);
    const auto length = reader.be16();
    if (!length) return true;
    if (*length < header_length) return false;
    if (!reader.skip(2)) return true;
    const auto flags = reader.be16();
    const auto questions = reader.be16();
    constexpr unsigned response_and_operation = 0xf800;
    constexpr unsigned answer_to_a_query = 0x8000;
    if (flags && (*flags & response_and_operation) != answer_to_a_query) return false;
    return !questions || *questions <= 1;
}

// Shows whole messages; returns what is left.
Bytes cut_messages(Bytes bytes, const std::function<void(Bytes)> &visit) {
    while (true) {
        ByteReader reader(bytes);
        const auto length = reader.be16();
        if (!length) return bytes;
        const auto message = reader.take(*length);
        if (!message) return bytes;
        visit(*message);
        bytes = bytes.subspan(length_field + *length);
    }
}

} // namespace

void DnsStreams::add(const Dissection &segment, const std::function<void(Bytes)> &visit) {
    if (!segment.tcp || segment.payload.empty() || segment.transport_checksum == Checksum::bad) return;
    const Key key{{segment.source, segment.source_port}, {segment.destination, segment.destination_port}};
    const std::uint32_t first = segment.tcp->sequence + (segment.tcp->syn ? 1 : 0);
    const std::uint32_t next = first + segment.payload_bytes;
    const bool is_whole = segment.payload.size() >= segment.payload_bytes;

    const auto found = streams_.find(key);
    if (found == streams_.end()) {
        const Bytes rest = cut_messages(segment.payload, visit);
        if (is_whole && !rest.empty() && may_begin_an_answer(rest)) keep(key, rest, next);
        return;
    }

    // Numbers go round (RFC 9293 section 3.4): what is less than half of them behind is old.
    Stream &stream = found->second;
    const std::uint32_t old = stream.next - first;
    const bool begins_behind_a_hole = old > UINT32_MAX / 2;
    if (begins_behind_a_hole) {
        forget(found);
        add(segment, visit);
        return;
    }
    if (old >= segment.payload_bytes) return; // sent again
    const Bytes fresh = segment.payload.subspan(std::min<std::size_t>(old, segment.payload.size()));
    std::vector<std::uint8_t> bytes = std::move(stream.begun);
    bytes.insert(bytes.end(), fresh.begin(), fresh.end());
    const Bytes rest = cut_messages(bytes, visit);
    if (!is_whole || rest.empty() || !may_begin_an_answer(rest)) {
        forget(found);
        return;
    }
    stream.begun.assign(rest.begin(), rest.end());
    stream.next = next;
}

void DnsStreams::keep(const Key &key, Bytes rest, std::uint32_t next) {
    if (streams_.size() >= most_) forget(streams_.find(by_age_.front()));
    Stream &stream = streams_[key];
    stream.begun.assign(rest.begin(), rest.end());
    stream.next = next;
    stream.age = by_age_.insert(by_age_.end(), key);
}

void DnsStreams::forget(std::map<Key, Stream>::iterator stream) {
    by_age_.erase(stream->second.age);
    streams_.erase(stream);
}

} // namespace doorplate

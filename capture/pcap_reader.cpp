#include "capture/pcap_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "capture/pcap_format.h"
#include "capture/prefetch.h"

namespace doorplate {

using namespace pcap_format;

namespace {

// What libpcap bounds snapshot lengths by.
constexpr std::uint32_t most_captured = 262144;
// Behind damage so many records have to follow each other, or two and the end of the file.
constexpr std::size_t records_in_chain = 4;
constexpr std::size_t records_to_the_end = 2;
// And be this near to each other and to the last packet in front of the damage.
constexpr std::uint32_t near_seconds = 24 * 60 * 60;

static_assert(records_in_chain * (most_captured + kuznetzov_record_header_bytes) < search_bytes);

bool is_magic(std::uint32_t number) {
    return number == magic_microseconds || number == magic_nanoseconds || number == magic_kuznetzov;
}

std::optional<std::endian> byte_order_of(Bytes beginning) {
    for (const std::endian order : {std::endian::little, std::endian::big}) {
        const auto number = ByteReader(beginning).u32(order);
        if (number && is_magic(*number)) return order;
    }
    return std::nullopt;
}

// Reserved space that was never written, or a hole where a disk was full.
bool is_empty(const PcapReader::RecordHeader &header) {
    return (header.seconds | header.fraction | header.captured | header.original) == 0;
}

// Whether a whole file header is here that was joined on (cat a.pcap b.pcap). As a record it would have no bytes at
// all: where the lengths are, it has zeros.
bool begins_file(Bytes bytes) {
    constexpr std::size_t reserved = 8;
    if (bytes.size() < 2 * reserved || !byte_order_of(bytes)) return false;
    return std::ranges::all_of(bytes.subspan(reserved, reserved), [](std::uint8_t byte) { return byte == 0; });
}

std::uint32_t seconds_of(const Packet &packet) {
    return static_cast<std::uint32_t>(ns_since_epoch(packet.time) / 1'000'000'000);
}

bool are_near(std::uint32_t one, std::uint32_t other) {
    return std::max(one, other) - std::min(one, other) <= near_seconds;
}

} // namespace

bool PcapReader::recognises(Bytes beginning) { return byte_order_of(beginning).has_value(); }

std::string PcapReader::read_file_header(Bytes bytes) {
    const auto order = byte_order_of(bytes);
    if (!order) return "the magic number of a pcap file is missing";

    ByteReader reader(bytes);
    const auto magic = reader.u32(*order);
    const auto major = reader.u16(*order);
    const auto minor = reader.u16(*order);
    const bool reserved = reader.skip(8);
    const auto snapshot_length = reader.u32(*order);
    const auto link_type = reader.u32(*order);
    if (!magic || !major || !minor || !reserved || !snapshot_length || !link_type)
        return "the file header is cut short";

    if (*major != major_version && *major != major_version_dgux)
        return fmt::format("version {}.{} of the pcap format is unknown (2.4 is what everyone writes)", *major, *minor);
    order_ = *order;
    length_order_ = LengthOrder::captured_first;
    if (*major == major_version && *minor < minor_version_lengths_unclear) length_order_ = LengthOrder::original_first;
    if (*major == major_version && *minor == minor_version_lengths_unclear) length_order_ = LengthOrder::unclear;
    fractions_per_second_ = *magic == magic_nanoseconds ? 1'000'000'000 : 1'000'000;
    record_header_bytes_ = *magic == magic_kuznetzov ? kuznetzov_record_header_bytes : record_header_bytes;
    link_type_ = static_cast<LinkType>(*link_type & link_type_mask);
    // Some writers say 2^32-1 for "all".
    usual_length_ = *snapshot_length <= max_record_bytes ? std::max(*snapshot_length, most_captured) : most_captured;
    if (interfaces_.empty() || interfaces_.back().link_type != link_type_ ||
        interfaces_.back().snapshot_length != *snapshot_length)
        interfaces_.push_back({.name = {}, .link_type = link_type_, .snapshot_length = *snapshot_length});
    return {};
}

Parsed PcapReader::parse(Bytes bytes, bool complete, std::span<Packet> room) {
    Parsed parsed;
    if (interfaces_.empty()) {
        if (bytes.size() < file_header_bytes) {
            parsed.needed = file_header_bytes;
            return parsed;
        }
        parsed.damage = read_file_header(bytes.first(file_header_bytes));
        if (!parsed.damage.empty()) return parsed;
        parsed.consumed = file_header_bytes;
    }
    if (order_ == std::endian::native) {
        read_records<false>(bytes, complete, room, parsed);
    } else {
        read_records<true>(bytes, complete, room, parsed);
    }
    return parsed;
}

template <bool swapped> PcapReader::RecordHeader PcapReader::header_at(const std::uint8_t *place) const {
    RecordHeader header{.seconds = load<std::uint32_t>(place, swapped),
                        .fraction = load<std::uint32_t>(place + 4, swapped),
                        .captured = load<std::uint32_t>(place + 8, swapped),
                        .original = load<std::uint32_t>(place + 12, swapped)};
    if (length_order_ != LengthOrder::captured_first &&
        (length_order_ == LengthOrder::original_first || header.captured > header.original))
        std::swap(header.captured, header.original);
    return header;
}

PcapReader::RecordHeader PcapReader::header_at(Bytes bytes) const {
    return order_ == std::endian::native ? header_at<false>(bytes.data()) : header_at<true>(bytes.data());
}

template <bool swapped>
void PcapReader::read_records(Bytes bytes, bool complete, std::span<Packet> room, Parsed &parsed) {
    const std::size_t header_bytes = record_header_bytes_;
    const std::int64_t ns_per_fraction = 1'000'000'000 / fractions_per_second_;
    const auto interface = static_cast<std::uint32_t>(interfaces_.size() - 1);
    std::size_t position = parsed.consumed;
    LinesAhead lines(bytes);
    Packet *packet = room.data();
    Packet *const end = packet + room.size();
    for (; packet != end; ++packet) {
        const std::size_t rest = bytes.size() - position;
        if (rest < header_bytes) {
            parsed.needed = header_bytes;
            break;
        }
        lines.move_to(position);
        RecordHeader header = header_at<swapped>(bytes.data() + position);
        if (is_odd(header)) [[unlikely]] {
            if (packet != room.data()) last_seconds_ = seconds_of(packet[-1]);
            if (!accept(bytes.subspan(position), complete, parsed)) break;
            header = header_at<swapped>(bytes.data() + position);
        }
        const std::size_t record_bytes = header_bytes + header.captured;
        if (rest < record_bytes) {
            parsed.needed = record_bytes;
            break;
        }
        // 2^32 seconds and as many microseconds stay below 2^63 nanoseconds, so a fraction of more than a second,
        // which is odd but readable, needs no care.
        const std::int64_t ns =
            std::int64_t{header.seconds} * 1'000'000'000 + std::int64_t{header.fraction} * ns_per_fraction;
        *packet = {.bytes = bytes.subspan(position + header_bytes, header.captured),
                   .original_length = header.original,
                   .time = timestamp_from_ns(ns),
                   .link_type = link_type_,
                   .interface = interface};
        position += record_bytes;
    }
    parsed.packets = static_cast<std::size_t>(packet - room.data());
    if (parsed.packets > 0) last_seconds_ = seconds_of(packet[-1]);
    parsed.consumed = position;
}

bool PcapReader::is_odd(const RecordHeader &header) const {
    // No captured bytes are odd, too: 0 - 1 is a large number.
    return header.captured - 1 >= usual_length_ || header.fraction >= fractions_per_second_ ||
           header.captured > header.original;
}

bool PcapReader::accept(Bytes bytes, bool complete, Parsed &parsed) {
    const RecordHeader header = header_at(bytes);
    const Verdict verdict = judge(bytes, complete, header);
    if (verdict == Verdict::damaged) complain(bytes, header, parsed);
    if (verdict == Verdict::undecided) parsed.needed = 2 * record_header_bytes_ + header.captured;
    return verdict == Verdict::sound;
}

PcapReader::Verdict PcapReader::judge(Bytes bytes, bool complete, const RecordHeader &header) const {
    if (begins_file(bytes) && bytes.size() < file_header_bytes && !complete) return Verdict::undecided;
    if (header.captured > max_record_bytes || is_empty(header) || begins_file(bytes)) return Verdict::damaged;
    const std::size_t end = record_header_bytes_ + header.captured;
    if (bytes.size() < end + record_header_bytes_) return complete ? Verdict::sound : Verdict::undecided;
    const RecordHeader next = header_at(bytes.subspan(end));
    const bool follows = !is_empty(next) && next.captured <= usual_length_ &&
                         are_near(next.seconds, last_seconds_.value_or(header.seconds));
    if (follows) return Verdict::sound;
    // The times may be wrong from here on, but lengths that lead from record to record are no accident.
    return chain(bytes.subspan(end), complete, {.to_the_end = 1, .near = false});
}

void PcapReader::complain(Bytes bytes, const RecordHeader &header, Parsed &parsed) {
    if (header.captured > max_record_bytes) {
        parsed.damage = fmt::format("captured length {} is more than any packet has", header.captured);
    } else if (is_empty(header)) {
        parsed.damage = "there are zeros where a record should begin";
    } else if (begins_file(bytes)) {
        parsed.damage = "another capture file begins here";
        if (bytes.size() >= file_header_bytes && read_file_header(bytes.first(file_header_bytes)).empty())
            parsed.damaged_bytes = file_header_bytes;
    } else {
        parsed.damage = fmt::format("what should be a record says {} bytes captured of {}, and no record follows it",
                                    header.captured, header.original);
    }
}

Searched PcapReader::search(Bytes bytes, bool complete) {
    Searched searched;
    for (; bytes.size() - searched.passed >= record_header_bytes_; ++searched.passed) {
        const Bytes rest = bytes.subspan(searched.passed);
        const Verdict verdict = chain(rest, complete, {.to_the_end = records_to_the_end, .near = true});
        if (verdict == Verdict::damaged) continue;
        searched.found = verdict == Verdict::sound;
        return searched;
    }
    if (complete) searched.passed = bytes.size();
    return searched;
}

PcapReader::Verdict PcapReader::chain(Bytes bytes, bool complete, Links links) const {
    const Verdict cut = complete ? Verdict::damaged : Verdict::undecided;
    std::optional<std::uint32_t> seconds = last_seconds_;
    for (std::size_t records = 0; records < records_in_chain; ++records) {
        if (bytes.empty() && complete) return records >= links.to_the_end ? Verdict::sound : Verdict::damaged;
        if (bytes.size() < record_header_bytes_) return cut;
        const RecordHeader header = header_at(bytes);
        if (is_odd(header) || header.captured > most_captured || header.original > max_record_bytes ||
            (links.near && !are_near(header.seconds, seconds.value_or(header.seconds))))
            return Verdict::damaged;
        if (bytes.size() < record_header_bytes_ + header.captured) return cut;
        bytes = bytes.subspan(record_header_bytes_ + header.captured);
        seconds = header.seconds;
    }
    return Verdict::sound;
}

} // namespace doorplate

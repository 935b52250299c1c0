#include "capture/snoop_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "capture/snoop_format.h"

namespace doorplate {

using namespace snoop_format;

namespace {

std::optional<LinkType> link_type_of_snoop(std::uint32_t number) {
    switch (number) {
    case ieee802_3:
    case snoop_format::ethernet: return LinkType::ethernet;
    case ieee802_5: return LinkType::token_ring;
    case snoop_format::fddi: return LinkType::fddi;
    case atm: return LinkType::sun_atm;
    default: return std::nullopt;
    }
}

} // namespace

bool SnoopReader::recognises(Bytes beginning) {
    return beginning.size() >= magic.size() && std::ranges::equal(beginning.first(magic.size()), magic);
}

std::string SnoopReader::read_file_header(Bytes bytes) {
    ByteReader reader(bytes);
    const bool is_recognised = reader.skip(magic.size());
    const auto number = reader.be32();
    const auto link_type = reader.be32();
    if (!is_recognised || !number || !link_type) return "the file header is cut short";
    if (*number != version) return fmt::format("version {} of the snoop format is unknown (2 is RFC 1761's)", *number);
    const auto known = link_type_of_snoop(*link_type);
    if (!known) return fmt::format("link type {} of the snoop format is unknown", *link_type);
    interfaces_.push_back({.name = {}, .link_type = *known, .snapshot_length = 0});
    return {};
}

Parsed SnoopReader::parse(Bytes bytes, bool /*complete*/, std::span<Packet> room) {
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
    for (; parsed.packets < room.size(); ++parsed.packets) {
        const Bytes rest = bytes.subspan(parsed.consumed);
        if (rest.size() < record_header_bytes) {
            parsed.needed = record_header_bytes;
            break;
        }
        ByteReader reader(rest);
        const std::uint32_t original = *reader.be32();
        const std::uint32_t captured = *reader.be32();
        const std::uint32_t record = *reader.be32();
        const std::uint32_t lost = *reader.be32();
        const std::uint32_t seconds = *reader.be32();
        const std::uint32_t microseconds = *reader.be32();
        if (record > max_record_bytes || record < record_header_bytes || captured > record - record_header_bytes) {
            parsed.damage =
                fmt::format("what should be a record says {} bytes captured and {} in all", captured, record);
            break;
        }
        if (rest.size() < record) {
            parsed.needed = record;
            break;
        }
        lost_ = lost;
        room[parsed.packets] = {
            .bytes = rest.subspan(record_header_bytes, captured),
            .original_length = original,
            .time = timestamp_from_ns(std::int64_t{seconds} * 1'000'000'000 + std::int64_t{microseconds} * 1'000),
            .link_type = interfaces_.front().link_type};
        parsed.consumed += record;
    }
    return parsed;
}

Searched SnoopReader::search(Bytes bytes, bool /*complete*/) { return {.passed = bytes.size(), .found = false}; }

CaptureStats SnoopReader::stats() const {
    CaptureStats stats;
    stats.dropped_by_kernel = lost_;
    return stats;
}

} // namespace doorplate

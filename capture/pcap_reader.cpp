#include "capture/pcap_reader.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "capture/pcap_format.h"

namespace doorplate {

namespace {

bool is_magic(std::uint32_t number) {
    return number == pcap_format::magic_microseconds || number == pcap_format::magic_nanoseconds ||
           number == pcap_format::magic_kuznetzov;
}

std::optional<std::endian> byte_order_of(Bytes beginning) {
    for (const std::endian order : {std::endian::little, std::endian::big}) {
        const auto number = ByteReader(beginning).u32(order);
        if (number && is_magic(*number)) return order;
    }
    return std::nullopt;
}

} // namespace

bool PcapReader::recognises(Bytes beginning) { return byte_order_of(beginning).has_value(); }

std::string PcapReader::read_file_header(Bytes bytes) {
    using namespace pcap_format;
    const auto order = byte_order_of(bytes);
    if (!order) return "the magic number of a pcap file is missing";
    order_ = *order;

    ByteReader reader(bytes);
    const auto magic = reader.u32(order_);
    const auto major = reader.u16(order_);
    const auto minor = reader.u16(order_);
    const bool reserved = reader.skip(8);
    const auto snapshot_length = reader.u32(order_);
    const auto link_type = reader.u32(order_);
    if (!magic || !major || !minor || !reserved || !snapshot_length || !link_type)
        return "the file header is cut short";

    if (*major != major_version && *major != major_version_dgux)
        return fmt::format("version {}.{} of the pcap format is unknown (2.4 is what everyone writes)", *major, *minor);
    if (*major == major_version && *minor < minor_version_lengths_unclear) length_order_ = LengthOrder::original_first;
    if (*major == major_version && *minor == minor_version_lengths_unclear) length_order_ = LengthOrder::unclear;
    ns_per_fraction_ = *magic == magic_nanoseconds ? 1 : 1000;
    record_header_bytes_ = *magic == magic_kuznetzov ? kuznetzov_record_header_bytes : record_header_bytes;
    link_type_ = static_cast<LinkType>(*link_type & link_type_mask);
    interfaces_.push_back({.name = {}, .link_type = link_type_, .snapshot_length = *snapshot_length});
    return {};
}

Parsed PcapReader::parse(Bytes bytes, std::span<Packet> room) {
    Parsed parsed;
    if (interfaces_.empty()) {
        if (bytes.size() < pcap_format::file_header_bytes) {
            parsed.needed = pcap_format::file_header_bytes;
            return parsed;
        }
        parsed.damage = read_file_header(bytes.first(pcap_format::file_header_bytes));
        if (!parsed.damage.empty()) return parsed;
        parsed.consumed = pcap_format::file_header_bytes;
    }

    for (; parsed.packets < room.size(); ++parsed.packets) {
        const Bytes rest = bytes.subspan(parsed.consumed);
        ByteReader reader(rest);
        const auto seconds = reader.u32(order_);
        const auto fraction = reader.u32(order_);
        auto captured = reader.u32(order_);
        auto original = reader.u32(order_);
        if (!seconds || !fraction || !captured || !original) {
            parsed.needed = record_header_bytes_;
            return parsed;
        }
        if (length_order_ == LengthOrder::original_first ||
            (length_order_ == LengthOrder::unclear && *captured > *original))
            std::swap(captured, original);
        if (*captured > max_record_bytes) {
            parsed.damage = fmt::format("captured length {} is more than any packet has", *captured);
            return parsed;
        }
        const std::size_t record_bytes = record_header_bytes_ + *captured;
        if (rest.size() < record_bytes) {
            parsed.needed = record_bytes;
            return parsed;
        }
        // 2^32 seconds and as many microseconds stay below 2^63 nanoseconds, so a fraction of more than a second,
        // which is odd but readable, needs no care.
        const std::int64_t ns = std::int64_t{*seconds} * 1'000'000'000 + std::int64_t{*fraction} * ns_per_fraction_;
        room[parsed.packets] = {.bytes = rest.subspan(record_header_bytes_, *captured),
                                .original_length = *original,
                                .time = timestamp_from_ns(ns),
                                .link_type = link_type_};
        parsed.consumed += record_bytes;
    }
    return parsed;
}

} // namespace doorplate

#include "capture/pcapng_reader.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "capture/pcapng_format.h"

namespace doorplate {

using namespace pcapng_format;

namespace {

// Interfaces stay for good, and a hostile stream of descriptions never ends; mergecap and friends stay far below.
constexpr std::size_t max_interfaces = 1U << 18;
// Names longer than this are cut: Linux ends at 15 bytes, Windows at some 50.
constexpr std::size_t max_name_bytes = 255;

constexpr std::size_t padding_behind(std::size_t length) { return (4 - length % 4) % 4; }

// Calls `visit(code, value)` for each option. An option that overruns its block ends the walk: the options say nothing
// that a packet needs, so the packet is worth more than the complaint.
template <typename Visit> void for_each_option(ByteReader reader, std::endian order, Visit visit) {
    while (true) {
        const auto code = reader.u16(order);
        const auto length = reader.u16(order);
        if (!code || !length || static_cast<Option>(*code) == Option::end) return;
        const auto value = reader.take(*length);
        if (!value) return;
        visit(*code, *value);
        if (!reader.skip(padding_behind(*length))) return;
    }
}

PacketDirection direction_of(std::uint32_t flags) {
    switch (flags & direction_mask) {
    case direction_inbound: return PacketDirection::inbound;
    case direction_outbound: return PacketDirection::outbound;
    default: return PacketDirection::unknown;
    }
}

bool is_packet(std::uint32_t type) {
    switch (static_cast<BlockType>(type)) {
    case BlockType::packet:
    case BlockType::simple_packet:
    case BlockType::enhanced_packet: return true;
    default: return false;
    }
}

std::unexpected<Error> too_short(std::string_view what, std::uint32_t length) {
    return failure(fmt::format("block length {} is too small for {}", length, what));
}

} // namespace

bool PcapngReader::recognises(Bytes beginning) {
    const auto type = ByteReader(beginning).be32();
    return type && static_cast<BlockType>(*type) == BlockType::section_header;
}

Parsed PcapngReader::parse(Bytes bytes, std::span<Packet> room) {
    Parsed parsed;
    while (true) {
        const Bytes rest = bytes.subspan(parsed.consumed);
        ByteReader reader(rest);
        const auto raw_type = reader.u32(order_);
        if (!raw_type || reader.remaining() < sizeof(std::uint32_t)) {
            parsed.needed = block_header_bytes;
            return parsed;
        }
        Block block;
        block.type = *raw_type;
        if (static_cast<BlockType>(block.type) == BlockType::section_header) {
            // Its length can be read only when its byte order is known.
            const auto magic = ByteReader(rest.subspan(block_header_bytes)).be32();
            if (!magic) {
                parsed.needed = block_header_bytes + sizeof(byte_order_magic);
                return parsed;
            }
            if (*magic != byte_order_magic && *magic != std::byteswap(byte_order_magic)) {
                parsed.damage = fmt::format("a section's byte-order magic is {:#010x}", *magic);
                return parsed;
            }
            order_ = *magic == byte_order_magic ? std::endian::big : std::endian::little;
        } else if (!in_section_) {
            parsed.damage = "a pcapng file begins with a section header, this one does not";
            return parsed;
        }
        if (is_packet(block.type) && parsed.packets == room.size()) return parsed;

        block.length = reader.u32(order_).value_or(0);
        if (block.length < min_block_bytes || block.length > max_record_bytes) {
            parsed.damage = fmt::format("block length {} is too {}", block.length,
                                        block.length < min_block_bytes ? "small" : "large");
            return parsed;
        }
        // Some writers forget to count the padding. The length at the block's end is there for walking backwards; if it
        // disagrees with the one in front, that one is right in practice.
        const std::size_t padded_length = block.length + padding_behind(block.length);
        if (rest.size() < padded_length) {
            parsed.needed = padded_length;
            return parsed;
        }
        block.body = rest.subspan(block_header_bytes, padded_length - min_block_bytes);

        Result<void> read;
        if (is_packet(block.type)) {
            read = read_packet(block, room[parsed.packets]);
        } else if (static_cast<BlockType>(block.type) == BlockType::section_header) {
            read = read_section_header(block);
        } else if (static_cast<BlockType>(block.type) == BlockType::interface_description) {
            read = read_interface(block);
        }
        if (!read) {
            parsed.damage = std::move(read.error().message);
            return parsed;
        }
        if (is_packet(block.type)) ++parsed.packets;
        parsed.consumed += padded_length;
    }
}

//    0  byte-order magic                32
//    4  major version                   16
//    6  minor version                   16
//    8  length of the section           64   not needed by those who read from the front, and often wrong
Result<void> PcapngReader::read_section_header(const Block &block) {
    ByteReader reader(block.body);
    const auto magic = reader.u32(order_);
    const auto major = reader.u16(order_);
    const auto minor = reader.u16(order_);
    const auto section_length = reader.u64(order_);
    if (!magic || !major || !minor || !section_length) return too_short("a section header", block.length);
    if (*major != major_version || (*minor != minor_version && *minor != minor_version_alias))
        return failure(
            fmt::format("version {}.{} of the pcapng format is unknown (1.0 is what everyone writes)", *major, *minor));
    in_section_ = true;
    section_begin_ = interfaces_.size();
    clocks_.clear();
    return {};
}

//    0  link type                       16
//    2  reserved                        16
//    4  snapshot length                 32
Result<void> PcapngReader::read_interface(const Block &block) {
    ByteReader reader(block.body);
    const auto link_type = reader.u16(order_);
    const auto reserved = reader.u16(order_);
    const auto snapshot_length = reader.u32(order_);
    if (!link_type || !reserved || !snapshot_length) return too_short("an interface description", block.length);
    if (interfaces_.size() == max_interfaces)
        return failure(fmt::format("more than {} interfaces are described", max_interfaces));

    CaptureInterface interface{
        .name = {}, .link_type = static_cast<LinkType>(*link_type), .snapshot_length = *snapshot_length};
    std::optional<std::uint8_t> resolution;
    std::int64_t offset_seconds = 0;
    for_each_option(reader, order_, [&](std::uint16_t code, Bytes value) {
        switch (static_cast<InterfaceOption>(code)) {
        case InterfaceOption::name:
            value = value.first(std::min(value.size(), max_name_bytes));
            interface.name.assign(value.begin(), value.end());
            break;
        case InterfaceOption::time_resolution:
            if (value.size() == sizeof(std::uint8_t)) resolution = ByteReader(value).u8();
            break;
        case InterfaceOption::time_offset:
            if (value.size() == sizeof(std::int64_t))
                offset_seconds = static_cast<std::int64_t>(ByteReader(value).u64(order_).value_or(0));
            break;
        }
    });
    constexpr std::uint8_t microseconds = 6;
    clocks_.emplace_back(resolution.value_or(microseconds), offset_seconds);
    interfaces_.push_back(std::move(interface));
    return {};
}

Result<void> PcapngReader::read_packet(const Block &block, Packet &packet) {
    return static_cast<BlockType>(block.type) == BlockType::simple_packet ? read_simple_packet(block, packet)
                                                                          : read_stamped_packet(block, packet);
}

//    0  original length                 32
//    4  the packet, of the section's first interface
Result<void> PcapngReader::read_simple_packet(const Block &block, Packet &packet) {
    ByteReader reader(block.body);
    const auto original = reader.u32(order_);
    if (!original) return too_short("a simple packet", block.length);
    if (auto known = check_interface(0); !known) return known;

    // Section 4.4: the captured length is not written; the snapshot length and the block tell.
    const CaptureInterface &interface = interfaces_[section_begin_];
    std::size_t captured = std::min<std::size_t>(*original, reader.remaining());
    if (interface.snapshot_length != 0) captured = std::min<std::size_t>(captured, interface.snapshot_length);
    // It has no time either, and gets the one that libpcap and Wireshark give it.
    packet = {.bytes = reader.rest().first(captured),
              .original_length = *original,
              .time = timestamp_from_ns(0),
              .link_type = interface.link_type,
              .interface = static_cast<std::uint32_t>(section_begin_)};
    return {};
}

//   enhanced packet block                            obsolete packet block
//    0  interface                       32            0  interface                    16
//                                                     2  drops                        16
//    4  time, upper half                32            4  the same from here
//    8  time, lower half                32
//   12  captured length                 32
//   16  original length                 32
//   20  the packet, padded to a multiple of 4, then options
Result<void> PcapngReader::read_stamped_packet(const Block &block, Packet &packet) {
    ByteReader reader(block.body);
    std::optional<std::uint32_t> id;
    if (static_cast<BlockType>(block.type) == BlockType::packet) {
        id = reader.u16(order_);
        if (!reader.skip(sizeof(std::uint16_t))) id.reset();
    } else {
        id = reader.u32(order_);
    }
    const auto time_high = reader.u32(order_);
    const auto time_low = reader.u32(order_);
    const auto captured = reader.u32(order_);
    const auto original = reader.u32(order_);
    if (!id || !time_high || !time_low || !captured || !original) return too_short("a packet", block.length);
    if (auto known = check_interface(*id); !known) return known;
    const auto bytes = reader.take(*captured);
    if (!bytes)
        return failure(fmt::format("captured length {} does not fit its block of {} bytes", *captured, block.length));

    const ClockReading reading = clocks_[*id].read(std::uint64_t{*time_high} << 32 | *time_low);
    if (!reading.in_range) ++times_out_of_range_;
    packet = {.bytes = *bytes,
              .original_length = *original,
              .time = reading.time,
              .link_type = interfaces_[section_begin_ + *id].link_type,
              .interface = static_cast<std::uint32_t>(section_begin_ + *id)};
    if (reader.skip(padding_behind(*captured))) {
        for_each_option(reader, order_, [&](std::uint16_t code, Bytes value) {
            if (static_cast<PacketOption>(code) == PacketOption::flags && value.size() == sizeof(std::uint32_t))
                packet.direction = direction_of(ByteReader(value).u32(order_).value_or(0));
        });
    }
    return {};
}

Result<void> PcapngReader::check_interface(std::uint32_t id) const {
    if (id < clocks_.size()) return {};
    return failure(fmt::format("a packet is said to come from interface {}, but its section describes {} so far", id,
                               clocks_.size()));
}

} // namespace doorplate

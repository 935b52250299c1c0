#include "capture/pcapng_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "capture/pcapng_format.h"
#include "capture/prefetch.h"

namespace doorplate {

using namespace pcapng_format;

namespace {

// Interfaces stay for good, and a hostile stream of descriptions never ends; mergecap and friends stay far below.
constexpr std::size_t max_interfaces = 1U << 18;
// Names longer than this are cut: Linux ends at 15 bytes, Windows at some 50.
constexpr std::size_t max_name_bytes = 255;

// Behind damage so many blocks have to follow each other, or at least one and the end of the file; none longer than
// this. A block's length stands at both its ends, which no accident repeats.
constexpr std::size_t blocks_in_chain = 3;
constexpr std::size_t longest_in_chain = std::size_t{1} << 20;
static_assert(blocks_in_chain * longest_in_chain < search_bytes);

constexpr std::size_t padding_behind(std::size_t length) { return (4 - length % 4) % 4; }

std::string text_of(Bytes value) {
    value = value.first(std::min(value.size(), max_name_bytes));
    return {value.begin(), value.end()};
}

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

// The byte order of the section that begins with this magic number (read as big endian).
std::optional<std::endian> byte_order_of(std::uint32_t magic) {
    if (magic == byte_order_magic) return std::endian::big;
    if (magic == std::byteswap(byte_order_magic)) return std::endian::little;
    return std::nullopt;
}

bool is_known(std::uint32_t type) {
    switch (static_cast<BlockType>(type)) {
    case BlockType::interface_description:
    case BlockType::packet:
    case BlockType::simple_packet:
    case BlockType::name_resolution:
    case BlockType::interface_statistics:
    case BlockType::enhanced_packet:
    case BlockType::decryption_secrets:
    case BlockType::custom:
    case BlockType::custom_not_to_copy:
    case BlockType::section_header: return true;
    }
    return false;
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

Parsed PcapngReader::parse(Bytes bytes, bool complete, std::span<Packet> room) {
    Parsed parsed;
    LinesAhead lines(bytes);
    do {
        read_enhanced_packets(bytes, lines, room, parsed);
    } while (read_block(bytes, complete, room, parsed));
    return parsed;
}

void PcapngReader::read_enhanced_packets(Bytes bytes, LinesAhead &lines, std::span<Packet> room, Parsed &parsed) {
    constexpr std::size_t least = min_block_bytes + enhanced_packet_header_bytes;
    if (!in_section_) return;
    const bool swapped = order_ != std::endian::native;
    while (parsed.packets < room.size() && bytes.size() - parsed.consumed >= least) {
        lines.move_to(parsed.consumed);
        const std::uint8_t *const block = bytes.data() + parsed.consumed;
        const auto number_at = [&](std::size_t offset) { return load<std::uint32_t>(block + offset, swapped); };
        const std::size_t length = number_at(4);
        if (static_cast<BlockType>(number_at(0)) != BlockType::enhanced_packet || length < least || length % 4 != 0 ||
            length > max_record_bytes || length > bytes.size() - parsed.consumed || number_at(length - 4) != length)
            return;
        const std::uint32_t interface = number_at(8);
        const std::size_t captured = number_at(20);
        if (interface >= origins_.size() || captured > length - least) return;

        const Origin &origin = origins_[interface];
        Packet &packet = room[parsed.packets];
        packet = {.bytes = Bytes(block + block_header_bytes + enhanced_packet_header_bytes, captured),
                  .original_length = number_at(24),
                  .time = read_clock(origin.clock, std::uint64_t{number_at(12)} << 32 | number_at(16)),
                  .link_type = origin.link_type,
                  .interface = static_cast<std::uint32_t>(section_begin_) + interface};
        const std::size_t padded = captured + padding_behind(captured);
        if (padded < length - least)
            read_packet_options(Bytes(packet.bytes.data() + padded, length - least - padded), packet);
        ++parsed.packets;
        parsed.consumed += length;
    }
}

bool PcapngReader::read_block(Bytes bytes, bool complete, std::span<Packet> room, Parsed &parsed) {
    const Bytes rest = bytes.subspan(parsed.consumed);
    ByteReader reader(rest);
    const auto raw_type = reader.u32(order_);
    if (!raw_type || reader.remaining() < sizeof(std::uint32_t)) {
        parsed.needed = block_header_bytes;
        return false;
    }
    Block block;
    block.type = *raw_type;
    const bool is_section = static_cast<BlockType>(block.type) == BlockType::section_header;
    // Without these two nothing of the section can be read, or not with certainty.
    const bool is_vital = is_section || static_cast<BlockType>(block.type) == BlockType::interface_description;
    const auto damaged = [&](std::string what, std::size_t damaged_bytes) {
        parsed.damage = std::move(what);
        parsed.damaged_bytes = is_vital ? 0 : damaged_bytes;
        if (is_vital) in_section_ = false;
        return false;
    };

    if (is_section) {
        // Its length can be read only when its byte order is known.
        const auto magic = ByteReader(rest.subspan(block_header_bytes)).be32();
        if (!magic) {
            parsed.needed = block_header_bytes + sizeof(byte_order_magic);
            return false;
        }
        const auto order = byte_order_of(*magic);
        if (!order) return damaged(fmt::format("a section's byte-order magic is {:#010x}", *magic), 0);
        order_ = *order;
    } else if (!in_section_) {
        return damaged("a pcapng file begins with a section header, this one does not", 0);
    }
    if (is_packet(block.type) && parsed.packets == room.size()) return false;

    block.length = reader.u32(order_).value_or(0);
    if (block.length < min_block_bytes || block.length > max_record_bytes)
        return damaged(
            fmt::format("block length {} is too {}", block.length, block.length < min_block_bytes ? "small" : "large"),
            0);
    // Some writers forget to count the padding.
    const std::size_t padded_length = block.length + padding_behind(block.length);
    if (rest.size() < padded_length) {
        parsed.needed = padded_length;
        return false;
    }
    // The length at the block's end is there for walking backwards; if it disagrees with the one in front, that one is
    // right in practice, but not blindly.
    const auto length_at_end = ByteReader(rest.subspan(padded_length - block_trailer_bytes)).u32(order_);
    if (length_at_end != block.length) {
        const Verdict verdict = is_followed(rest.subspan(padded_length), complete);
        if (verdict == Verdict::undecided) {
            parsed.needed = padded_length + block_header_bytes;
            return false;
        }
        if (verdict == Verdict::damaged)
            return damaged(fmt::format("block length {} is {} at the block's end, and no block follows it",
                                       block.length, length_at_end.value_or(0)),
                           0);
    }
    block.body = rest.subspan(block_header_bytes, padded_length - min_block_bytes);
    if (auto read = read_body(block, room, parsed); !read)
        return damaged(std::move(read.error().message), padded_length);
    parsed.consumed += padded_length;
    return true;
}

Result<void> PcapngReader::read_body(const Block &block, std::span<Packet> room, Parsed &parsed) {
    switch (static_cast<BlockType>(block.type)) {
    case BlockType::section_header: return read_section_header(block);
    case BlockType::interface_description: return read_interface(block);
    case BlockType::interface_statistics: read_statistics(block); return {};
    case BlockType::packet:
    case BlockType::simple_packet:
    case BlockType::enhanced_packet: {
        auto read = read_packet(block, room[parsed.packets]);
        if (read) ++parsed.packets;
        return read;
    }
    default: return {};
    }
}

Searched PcapngReader::search(Bytes bytes, bool complete) {
    numbers_doubtful_ = true;
    Searched searched;
    // Not all writers keep blocks at multiples of 4, and garbage does not either.
    for (; bytes.size() - searched.passed >= min_block_bytes; ++searched.passed) {
        const Verdict verdict = chain(bytes.subspan(searched.passed), complete);
        if (verdict == Verdict::damaged) continue;
        searched.found = verdict == Verdict::sound;
        return searched;
    }
    if (complete) searched.passed = bytes.size();
    return searched;
}

PcapngReader::Verdict PcapngReader::is_followed(Bytes behind, bool complete) const {
    if (behind.size() < block_header_bytes) return complete ? Verdict::sound : Verdict::undecided;
    ByteReader reader(behind);
    const auto type = reader.u32(order_);
    const auto length = reader.u32(order_);
    if (static_cast<BlockType>(type.value_or(0)) == BlockType::section_header) return Verdict::sound;
    const bool fits = length && *length >= min_block_bytes && *length <= longest_in_chain;
    return fits && (is_known(*type) || *length % 4 == 0) ? Verdict::sound : Verdict::damaged;
}

PcapngReader::Verdict PcapngReader::chain(Bytes bytes, bool complete) const {
    const Verdict cut = complete ? Verdict::damaged : Verdict::undecided;
    std::endian order = order_;
    bool in_section = in_section_;
    std::size_t interfaces = origins_.size();
    for (std::size_t blocks = 0; blocks < blocks_in_chain; ++blocks) {
        if (bytes.empty() && complete) return blocks > 0 ? Verdict::sound : Verdict::damaged;
        if (bytes.size() < min_block_bytes) return cut;
        const auto type = static_cast<BlockType>(load<std::uint32_t>(bytes.data(), order != std::endian::native));
        if (type == BlockType::section_header) {
            const auto found = byte_order_of(ByteReader(bytes.subspan(block_header_bytes)).be32().value_or(0));
            if (!found) return Verdict::damaged;
            order = *found;
            in_section = true;
            interfaces = 0;
        } else if (!in_section || (blocks == 0 && !is_known(static_cast<std::uint32_t>(type)))) {
            return Verdict::damaged;
        }
        if (type == BlockType::interface_description) ++interfaces;
        const auto number_at = [&](std::size_t offset) {
            return load<std::uint32_t>(bytes.data() + offset, order != std::endian::native);
        };
        const std::size_t length = number_at(4);
        if (length < min_block_bytes || length % 4 != 0 || length > longest_in_chain) return Verdict::damaged;
        if (length > bytes.size()) return cut;
        if (number_at(length - block_trailer_bytes) != length) return Verdict::damaged;
        if (type == BlockType::enhanced_packet) {
            constexpr std::size_t least = min_block_bytes + enhanced_packet_header_bytes;
            if (length < least || number_at(8) >= interfaces || number_at(20) > length - least) return Verdict::damaged;
        }
        bytes = bytes.subspan(length);
    }
    return Verdict::sound;
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
    numbers_doubtful_ = false;
    section_begin_ = interfaces_.size();
    origins_.clear();
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
    if (numbers_doubtful_) return failure("an interface is described behind damage, where its number is not certain");
    if (interfaces_.size() == max_interfaces)
        return failure(fmt::format("more than {} interfaces are described", max_interfaces));

    CaptureInterface interface{
        .name = {}, .link_type = static_cast<LinkType>(*link_type), .snapshot_length = *snapshot_length};
    std::optional<std::uint8_t> resolution;
    std::int64_t offset_seconds = 0;
    for_each_option(reader, order_, [&](std::uint16_t code, Bytes value) {
        switch (static_cast<InterfaceOption>(code)) {
        case InterfaceOption::name: interface.name = text_of(value); break;
        case InterfaceOption::description: interface.description = text_of(value); break;
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
    origins_.push_back(
        {.clock = PcapngClock(resolution.value_or(microseconds), offset_seconds), .link_type = interface.link_type});
    interfaces_.push_back(std::move(interface));
    return {};
}

//    0  interface                       32
//    4  time                            64
//   12  options
void PcapngReader::read_statistics(const Block &block) {
    ByteReader reader(block.body);
    const auto id = reader.u32(order_);
    if (!id || *id >= origins_.size() || !reader.skip(sizeof(std::uint64_t))) return;
    Losses &losses = losses_[section_begin_ + *id];
    for_each_option(reader, order_, [&](std::uint16_t code, Bytes value) {
        if (value.size() != sizeof(std::uint64_t)) return;
        const auto count = ByteReader(value).u64(order_);
        switch (static_cast<StatisticsOption>(code)) {
        case StatisticsOption::passed_filter: losses.received_by_filter = count; break;
        case StatisticsOption::dropped_by_kernel: losses.dropped_by_kernel = count; break;
        case StatisticsOption::dropped_by_interface: losses.dropped_by_interface = count; break;
        }
    });
}

CaptureStats PcapngReader::stats() const {
    CaptureStats stats;
    stats.times_out_of_range = times_out_of_range_;
    for (const auto &[interface, losses] : losses_) {
        add_if_known(stats.received_by_filter, losses.received_by_filter);
        add_if_known(stats.dropped_by_kernel, losses.dropped_by_kernel);
        add_if_known(stats.dropped_by_interface, losses.dropped_by_interface);
    }
    return stats;
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
    // It has no time either. 0, which others give it, would make a flow of it and others last for decades.
    packet = {.bytes = reader.rest().first(captured),
              .original_length = *original,
              .time = newest_,
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

    const Origin &origin = origins_[*id];
    packet = {.bytes = *bytes,
              .original_length = *original,
              .time = read_clock(origin.clock, std::uint64_t{*time_high} << 32 | *time_low),
              .link_type = origin.link_type,
              .interface = static_cast<std::uint32_t>(section_begin_) + *id};
    if (reader.skip(padding_behind(*captured))) read_packet_options(reader.rest(), packet);
    return {};
}

void PcapngReader::read_packet_options(Bytes options, Packet &packet) const {
    for_each_option(ByteReader(options), order_, [&](std::uint16_t code, Bytes value) {
        if (static_cast<PacketOption>(code) == PacketOption::flags && value.size() == sizeof(std::uint32_t))
            packet.direction = direction_of(ByteReader(value).u32(order_).value_or(0));
    });
}

Timestamp PcapngReader::read_clock(const PcapngClock &clock, std::uint64_t ticks) {
    const ClockReading reading = clock.read(ticks);
    if (!reading.in_range) ++times_out_of_range_;
    newest_ = std::max(newest_, reading.time);
    return reading.time;
}

Result<void> PcapngReader::check_interface(std::uint32_t id) const {
    if (id < origins_.size()) return {};
    return failure(fmt::format("a packet is said to come from interface {}, but its section describes {} so far", id,
                               origins_.size()));
}

} // namespace doorplate

#pragma once

#include <cstddef>
#include <cstdint>

// The pcapng format (draft-ietf-opsawg-pcapng). A file is a row of blocks, each in the byte order of its section:
//
//    0  block type                      32
//    4  length of the whole block       32   a multiple of 4
//    8  body, then options
//   -4  the length again                32
//
// A section header block begins a section. It has its own byte order, and the interfaces described behind it are
// numbered from 0. Options are a code (16), a length (16) and a value padded to a multiple of 4.
namespace doorplate::pcapng_format {

enum class BlockType : std::uint32_t {
    interface_description = 1,
    packet = 2, // obsolete; the enhanced packet block took its place
    simple_packet = 3,
    name_resolution = 4,
    interface_statistics = 5,
    enhanced_packet = 6,
    decryption_secrets = 10,
    custom = 0xbad,
    custom_not_to_copy = 0x40000bad,
    section_header = 0x0a0d0d0a, // the same in either byte order
};

inline constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;

inline constexpr std::size_t block_header_bytes = 8;
inline constexpr std::size_t block_trailer_bytes = 4;
// An empty block: header and trailer.
inline constexpr std::size_t min_block_bytes = block_header_bytes + block_trailer_bytes;
// Of an enhanced packet block, in front of the packet: interface, time, the two lengths.
inline constexpr std::size_t enhanced_packet_header_bytes = 20;

// Section 4.1: 1.0 is the version, and 1.2, which some wrote, is the same.
inline constexpr std::uint16_t major_version = 1;
inline constexpr std::uint16_t minor_version = 0;
inline constexpr std::uint16_t minor_version_alias = 2;

enum class Option : std::uint16_t { end = 0 };
enum class InterfaceOption : std::uint16_t { name = 2, description = 3, time_resolution = 9, time_offset = 14 };
// Section 4.6. All are 64-bit counters, as they stood at the end of the capture.
enum class StatisticsOption : std::uint16_t { dropped_by_interface = 5, passed_filter = 6, dropped_by_kernel = 7 };
// The same code for enhanced and obsolete packet blocks.
enum class PacketOption : std::uint16_t { flags = 2 };

// Packet flags, bits 0 and 1.
inline constexpr std::uint32_t direction_mask = 3;
inline constexpr std::uint32_t direction_inbound = 1;
inline constexpr std::uint32_t direction_outbound = 2;

// if_tsresol: the lower bits are a negative exponent, of 2 if the highest bit is set, else of 10.
inline constexpr std::uint8_t resolution_base_two = 0x80;

} // namespace doorplate::pcapng_format

#pragma once

#include <cstddef>
#include <cstdint>

// The pcap savefile format (draft-ietf-opsawg-pcap, pcap-savefile(5)). Every number is in the byte order of the
// machine that wrote the file; the magic number tells which.
//
//   file header                                      record header
//    0  magic number                    32            0  seconds since 1970           32
//    4  major version (2)               16            4  micro- or nanoseconds        32
//    6  minor version (4)               16            8  captured length              32
//    8  reserved, once a time zone      32           12  original length              32
//   12  reserved, once an accuracy      32           16  the packet, not padded
//   16  snapshot length                 32
//   20  link type and FCS length        32
namespace doorplate::pcap_format {

inline constexpr std::uint32_t magic_microseconds = 0xa1b2c3d4;
inline constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d;
// Alexey Kuznetzov's patched libpcap of 1998: the record header is followed by the interface's index (32), the
// protocol (16), the packet type (8) and a byte of padding.
inline constexpr std::uint32_t magic_kuznetzov = 0xa1b2cd34;

inline constexpr std::size_t file_header_bytes = 24;
inline constexpr std::size_t record_header_bytes = 16;
inline constexpr std::size_t kuznetzov_record_header_bytes = 24;

inline constexpr std::uint16_t major_version = 2;
// Up to version 2.2 the two lengths of a record stand the other way round; in 2.3 they may.
inline constexpr std::uint16_t minor_version_lengths_unclear = 3;
// What DG/UX's tcpdump wrote, with the fields of 2.4.
inline constexpr std::uint16_t major_version_dgux = 543;

// The bits above these say whether frames end in a check sequence, and how long it is. We need neither: no layer that
// doorplate reads looks for its end there.
inline constexpr std::uint32_t link_type_mask = 0xffff;

} // namespace doorplate::pcap_format

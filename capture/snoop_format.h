#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

// The format of Solaris' snoop (RFC 1761, version 2). Every number is of 32 bits, in network byte order.
//
//   file header                     record header
//    0  "snoop", then three zeros    0  original length
//    8  version (2)                  4  captured length
//   12  link type                    8  length of the record, this header and padding included
//                                   12  packets lost so far
//                                   16  seconds since 1970
//                                   20  microseconds
//                                   24  the packet, then padding
namespace doorplate::snoop_format {

inline constexpr std::array<std::uint8_t, 8> magic{'s', 'n', 'o', 'o', 'p', 0, 0, 0};
inline constexpr std::uint32_t version = 2;
inline constexpr std::size_t file_header_bytes = 16;
inline constexpr std::size_t record_header_bytes = 24;

// Its own numbers of link types, those that there are captures of.
inline constexpr std::uint32_t ieee802_3 = 0;
inline constexpr std::uint32_t ieee802_5 = 2;
inline constexpr std::uint32_t ethernet = 4;
inline constexpr std::uint32_t fddi = 8;
inline constexpr std::uint32_t atm = 18;

} // namespace doorplate::snoop_format

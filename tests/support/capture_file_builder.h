#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/link_type.h"

namespace doorplate {

using FileBytes = std::vector<std::uint8_t>;

// Writes numbers as a capture file has them.
class FileWriter {
  public:
    explicit FileWriter(std::endian order) : order_(order) {}

    FileWriter &u8(std::uint8_t value);
    FileWriter &u16(std::uint16_t value);
    FileWriter &u32(std::uint32_t value);
    FileWriter &u64(std::uint64_t value);
    FileWriter &text(std::string_view text);
    FileWriter &bytes(const FileBytes &bytes);
    FileWriter &pad();

    [[nodiscard]] const FileBytes &written() const { return bytes_; }

  private:
    std::endian order_;
    FileBytes bytes_;
};

// pcap files, honest and damaged, as in
//
//     PcapFile().nanoseconds().big_endian().packet("first", {.seconds = 7}).packet("second").bytes()
//
// The settings come before the first packet.
class PcapFile {
  public:
    // What a record says. An absent length is the true one.
    struct Record {
        std::uint32_t seconds = 1'700'000'000;
        std::uint32_t fraction = 0;
        std::int64_t captured_length = -1;
        std::int64_t original_length = -1;
    };

    PcapFile &big_endian() { return order_ = std::endian::big, *this; }
    PcapFile &nanoseconds() { return magic_ = 0xa1b23c4d, *this; }
    PcapFile &kuznetzov() { return magic_ = 0xa1b2cd34, *this; }
    PcapFile &magic(std::uint32_t value) { return magic_ = value, *this; }
    PcapFile &version(std::uint16_t major, std::uint16_t minor) { return major_ = major, minor_ = minor, *this; }
    PcapFile &snapshot_length(std::uint32_t value) { return snapshot_length_ = value, *this; }
    PcapFile &link_type(LinkType type) { return link_type_ = static_cast<std::uint32_t>(type), *this; }
    // All 32 bits of the field.
    PcapFile &link_type_field(std::uint32_t value) { return link_type_ = value, *this; }

    PcapFile &packet(std::string_view bytes, const Record &record);
    PcapFile &packet(std::string_view bytes) { return packet(bytes, Record{}); }
    // Bytes where a record should be.
    PcapFile &garbage(std::string_view bytes);

    [[nodiscard]] FileBytes bytes() const;

  private:
    std::endian order_ = std::endian::little;
    std::uint32_t magic_ = 0xa1b2c3d4;
    std::uint16_t major_ = 2;
    std::uint16_t minor_ = 4;
    std::uint32_t snapshot_length_ = 262144;
    std::uint32_t link_type_ = 1;
    FileBytes records_;
};

// pcapng files, block by block, as in
//
//     PcapngFile().section().interface(LinkType::ethernet).packet(0, "hello").bytes()
class PcapngFile {
  public:
    struct Option {
        std::uint16_t code = 0;
        FileBytes value;
    };
    struct Stamp {
        std::uint64_t ticks = 1'700'000'000'000'000;
        std::int64_t captured_length = -1;
        std::int64_t original_length = -1;
        std::vector<Option> options = {};
    };

    // Of the blocks that follow, until the next change.
    PcapngFile &big_endian() { return order_ = std::endian::big, *this; }
    PcapngFile &little_endian() { return order_ = std::endian::little, *this; }

    PcapngFile &section(std::uint16_t major = 1, std::uint16_t minor = 0);
    PcapngFile &interface(LinkType type, const std::vector<Option> &options = {}, std::uint32_t snapshot_length = 0);
    PcapngFile &packet(std::uint32_t interface, std::string_view bytes, const Stamp &stamp);
    PcapngFile &packet(std::uint32_t interface, std::string_view bytes) { return packet(interface, bytes, Stamp{}); }
    PcapngFile &obsolete_packet(std::uint16_t interface, std::string_view bytes);
    // The block holds `bytes`, and says that the packet had `original_length`.
    PcapngFile &simple_packet(std::string_view bytes, std::uint32_t original_length);
    // Any block; the body is padded.
    PcapngFile &block(std::uint32_t type, const FileBytes &body);
    // A block that says of itself whatever it likes.
    PcapngFile &lying_block(std::uint32_t type, std::uint32_t length, const FileBytes &body, std::uint32_t trailer);
    PcapngFile &garbage(std::string_view bytes);

    [[nodiscard]] FileWriter writer() const { return FileWriter(order_); }
    // An option's value in the byte order of the blocks that follow.
    [[nodiscard]] Option option(std::uint16_t code, std::string_view text) const;
    [[nodiscard]] Option option_u32(std::uint16_t code, std::uint32_t value) const;
    [[nodiscard]] Option option_u64(std::uint16_t code, std::uint64_t value) const;

    [[nodiscard]] FileBytes bytes() const { return file_; }

  private:
    void write_options(FileWriter &to, const std::vector<Option> &options) const;

    std::endian order_ = std::endian::little;
    FileBytes file_;
};

// The first `count` bytes.
[[nodiscard]] FileBytes cut_to(FileBytes file, std::size_t count);
// All but the last `count` bytes.
[[nodiscard]] FileBytes without_last(FileBytes file, std::size_t count);
[[nodiscard]] FileBytes joined(FileBytes first, const FileBytes &second);

} // namespace doorplate

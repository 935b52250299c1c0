#include "tests/support/capture_file_builder.h"

#include <type_traits>

namespace doorplate {

namespace {

template <typename T> void append_number(FileBytes &to, T value, std::endian order) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        const std::size_t byte = order == std::endian::little ? i : sizeof(T) - 1 - i;
        to.push_back(static_cast<std::uint8_t>(std::uint64_t{value} >> 8 * byte));
    }
}

std::uint32_t stated_or(std::int64_t stated, std::size_t truth) {
    return static_cast<std::uint32_t>(stated < 0 ? static_cast<std::int64_t>(truth) : stated);
}

} // namespace

FileWriter &FileWriter::u8(std::uint8_t value) { return append_number(bytes_, value, order_), *this; }
FileWriter &FileWriter::u16(std::uint16_t value) { return append_number(bytes_, value, order_), *this; }
FileWriter &FileWriter::u32(std::uint32_t value) { return append_number(bytes_, value, order_), *this; }
FileWriter &FileWriter::u64(std::uint64_t value) { return append_number(bytes_, value, order_), *this; }
FileWriter &FileWriter::text(std::string_view text) {
    return bytes_.insert(bytes_.end(), text.begin(), text.end()), *this;
}
FileWriter &FileWriter::bytes(const FileBytes &bytes) {
    return bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()), *this;
}
FileWriter &FileWriter::pad() { return bytes_.resize((bytes_.size() + 3) / 4 * 4), *this; }

PcapFile &PcapFile::packet(std::string_view bytes, const Record &record) {
    FileWriter to(order_);
    to.u32(record.seconds).u32(record.fraction);
    to.u32(stated_or(record.captured_length, bytes.size())).u32(stated_or(record.original_length, bytes.size()));
    constexpr std::uint32_t some_interface = 2;
    constexpr std::uint16_t ethertype_ipv4 = 0x0800;
    if (magic_ == 0xa1b2cd34) to.u32(some_interface).u16(ethertype_ipv4).u8(0).u8(0);
    to.text(bytes);
    records_.insert(records_.end(), to.written().begin(), to.written().end());
    return *this;
}

PcapFile &PcapFile::garbage(std::string_view bytes) {
    return records_.insert(records_.end(), bytes.begin(), bytes.end()), *this;
}

FileBytes PcapFile::bytes() const {
    FileWriter to(order_);
    to.u32(magic_).u16(major_).u16(minor_).u32(0).u32(0).u32(snapshot_length_).u32(link_type_).bytes(records_);
    return to.written();
}

void PcapngFile::write_options(FileWriter &to, const std::vector<Option> &options) const {
    for (const Option &option : options)
        to.u16(option.code).u16(static_cast<std::uint16_t>(option.value.size())).bytes(option.value).pad();
    if (!options.empty()) to.u32(0);
}

PcapngFile &PcapngFile::section(std::uint16_t major, std::uint16_t minor) {
    constexpr std::uint64_t length_unknown = ~std::uint64_t{0};
    return block(0x0a0d0d0a, writer().u32(0x1a2b3c4d).u16(major).u16(minor).u64(length_unknown).written());
}

PcapngFile &PcapngFile::interface(LinkType type, const std::vector<Option> &options, std::uint32_t snapshot_length) {
    FileWriter body = writer();
    body.u16(static_cast<std::uint16_t>(type)).u16(0).u32(snapshot_length);
    write_options(body, options);
    return block(1, body.written());
}

PcapngFile &PcapngFile::packet(std::uint32_t interface, std::string_view bytes, const Stamp &stamp) {
    FileWriter body = writer();
    body.u32(interface).u32(static_cast<std::uint32_t>(stamp.ticks >> 32)).u32(static_cast<std::uint32_t>(stamp.ticks));
    body.u32(stated_or(stamp.captured_length, bytes.size())).u32(stated_or(stamp.original_length, bytes.size()));
    body.text(bytes).pad();
    write_options(body, stamp.options);
    return block(6, body.written());
}

PcapngFile &PcapngFile::obsolete_packet(std::uint16_t interface, std::string_view bytes) {
    const Stamp stamp;
    const auto length = static_cast<std::uint32_t>(bytes.size());
    constexpr std::uint16_t no_drops = 0;
    FileWriter body = writer();
    body.u16(interface).u16(no_drops);
    body.u32(static_cast<std::uint32_t>(stamp.ticks >> 32)).u32(static_cast<std::uint32_t>(stamp.ticks));
    return block(2, body.u32(length).u32(length).text(bytes).pad().written());
}

PcapngFile &PcapngFile::simple_packet(std::string_view bytes, std::uint32_t original_length) {
    return block(3, writer().u32(original_length).text(bytes).pad().written());
}

PcapngFile &PcapngFile::block(std::uint32_t type, const FileBytes &body) {
    const FileBytes padded = writer().bytes(body).pad().written();
    const auto length = static_cast<std::uint32_t>(padded.size() + 12);
    return lying_block(type, length, padded, length);
}

PcapngFile &PcapngFile::lying_block(std::uint32_t type, std::uint32_t length, const FileBytes &body,
                                    std::uint32_t trailer) {
    const FileBytes block = writer().u32(type).u32(length).bytes(body).u32(trailer).written();
    file_.insert(file_.end(), block.begin(), block.end());
    return *this;
}

PcapngFile &PcapngFile::garbage(std::string_view bytes) {
    return file_.insert(file_.end(), bytes.begin(), bytes.end()), *this;
}

PcapngFile::Option PcapngFile::option(std::uint16_t code, std::string_view text) const {
    return {code, writer().text(text).written()};
}
PcapngFile::Option PcapngFile::option_u32(std::uint16_t code, std::uint32_t value) const {
    return {code, writer().u32(value).written()};
}
PcapngFile::Option PcapngFile::option_u64(std::uint16_t code, std::uint64_t value) const {
    return {code, writer().u64(value).written()};
}

FileBytes cut_to(FileBytes file, std::size_t count) {
    file.resize(count);
    return file;
}

FileBytes without_last(FileBytes file, std::size_t count) {
    const std::size_t left = file.size() - count;
    return cut_to(std::move(file), left);
}

FileBytes joined(FileBytes first, const FileBytes &second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

} // namespace doorplate

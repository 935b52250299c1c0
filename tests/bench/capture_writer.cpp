#include "tests/bench/capture_writer.h"

#include "capture/pcap_format.h"
#include "capture/pcapng_format.h"

namespace doorplate {
namespace {

constexpr std::size_t flush_at = 1 << 20;
constexpr std::uint32_t snapshot_length = 262'144;
constexpr std::uint32_t link_type_ethernet = 1;

} // namespace

CaptureWriter::CaptureWriter(const std::string &path, CaptureFormat format)
    : file_(path, std::ios::binary), format_(format) {
    buffer_.reserve(flush_at + snapshot_length);
    if (format_.pcapng) {
        write_pcapng_head();
        return;
    }
    put32(format_.nanoseconds ? pcap_format::magic_nanoseconds : pcap_format::magic_microseconds);
    put16(pcap_format::major_version);
    put16(4);
    put32(0);
    put32(0);
    put32(snapshot_length);
    put32(link_type_ethernet);
}

// A section of unknown length with one interface.
void CaptureWriter::write_pcapng_head() {
    using namespace pcapng_format;
    put32(static_cast<std::uint32_t>(BlockType::section_header));
    put32(28);
    put32(byte_order_magic);
    put16(major_version);
    put16(minor_version);
    put32(UINT32_MAX);
    put32(UINT32_MAX);
    put32(28);

    const std::uint32_t options = format_.nanoseconds ? 12 : 0;
    put32(static_cast<std::uint32_t>(BlockType::interface_description));
    put32(20 + options);
    put16(link_type_ethernet);
    put16(0);
    put32(snapshot_length);
    if (format_.nanoseconds) {
        put16(static_cast<std::uint32_t>(InterfaceOption::time_resolution));
        put16(1);
        put32(9); // 10^-9 s, and padding
        put32(static_cast<std::uint32_t>(Option::end));
    }
    put32(20 + options);
}

void CaptureWriter::write(Timestamp time, std::span<const std::uint8_t> frame) {
    const auto length = static_cast<std::uint32_t>(frame.size());
    const auto nanoseconds = static_cast<std::uint64_t>(time.time_since_epoch().count());
    const std::uint64_t ticks = format_.nanoseconds ? nanoseconds : nanoseconds / 1'000;
    if (format_.pcapng) {
        const std::uint32_t block = 32 + (length + 3) / 4 * 4;
        put32(static_cast<std::uint32_t>(pcapng_format::BlockType::enhanced_packet));
        put32(block);
        put32(0);
        put32(static_cast<std::uint32_t>(ticks >> 32));
        put32(static_cast<std::uint32_t>(ticks));
        put32(length);
        put32(length);
        buffer_.insert(buffer_.end(), frame.begin(), frame.end());
        buffer_.resize(buffer_.size() + block - 32 - length);
        put32(block);
    } else {
        const std::uint64_t per_second = format_.nanoseconds ? 1'000'000'000 : 1'000'000;
        put32(static_cast<std::uint32_t>(ticks / per_second));
        put32(static_cast<std::uint32_t>(ticks % per_second));
        put32(length);
        put32(length);
        buffer_.insert(buffer_.end(), frame.begin(), frame.end());
    }
    ++packets_;
    if (buffer_.size() >= flush_at) flush();
}

bool CaptureWriter::close() {
    flush();
    file_.close();
    return !file_.fail();
}

void CaptureWriter::put16(std::uint32_t value) {
    for (const int shift : {0, 8}) buffer_.push_back(static_cast<char>(value >> shift & 0xFF));
}

void CaptureWriter::put32(std::uint32_t value) {
    put16(value & 0xFFFF);
    put16(value >> 16);
}

void CaptureWriter::flush() {
    file_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    buffer_.clear();
}

} // namespace doorplate

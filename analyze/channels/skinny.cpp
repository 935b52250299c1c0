#include "analyze/channels/skinny.h"

#include <bit>
#include <cstdint>
#include <optional>

#include "analyze/channels/record_buffer.h"

namespace doorplate {
namespace {

//  0               4                8             12
// +---------------+----------------+-------------+------
// | length from 8 | header version | message id  | ...        all little-endian
// +---------------+----------------+-------------+------
constexpr std::size_t header_length = 12;
constexpr std::uint32_t open_receive_channel_ack = 0x22;
constexpr std::uint32_t start_media_transmission = 0x8a;
// From this version on addresses have their family in front and 16 bytes.
constexpr std::uint32_t first_version_with_ipv6 = 17;

std::optional<std::uint64_t> message_length(Bytes header) {
    ByteReader reader(header);
    const auto length = reader.u32(std::endian::little);
    constexpr std::uint32_t longest = 4096;
    if (!length || *length < 4 || *length > longest) return std::nullopt;
    return std::uint64_t{*length} + 8;
}

std::optional<IpAddress> read_address(ByteReader &reader, std::uint32_t version) {
    if (version < first_version_with_ipv6) {
        const auto bytes = reader.take(4);
        return bytes ? std::optional(IpAddress::from_bytes(*bytes)) : std::nullopt;
    }
    const auto family = reader.u32(std::endian::little);
    const auto bytes = reader.take(16);
    if (!family || !bytes || *family > 1) return std::nullopt;
    return IpAddress::from_bytes(*family == 0 ? bytes->first(4) : *bytes);
}

void read_message(Bytes message, Announcements &out) {
    ByteReader reader(message);
    (void)reader.skip(4);
    const auto version = reader.u32(std::endian::little);
    const auto id = reader.u32(std::endian::little);
    if (!version || !id) return;
    std::optional<std::uint32_t> status = 0;
    if (*id == open_receive_channel_ack) {
        status = reader.u32(std::endian::little);
    } else if (*id == start_media_transmission) {
        if (!reader.skip(8)) return; // numbers of the conference and of the party
    } else {
        return;
    }
    const auto address = read_address(reader, *version);
    const auto port = reader.u32(std::endian::little);
    if (status != 0U || !address || !port || *port == 0 || *port > UINT16_MAX) return;
    if (address->is_unspecified() || address->is_loopback() || address->is_multicast()) return;
    out.push_back({AnnouncedIn::skinny, Transport::udp, address, static_cast<std::uint16_t>(*port)});
}

class SkinnyReader final : public ControlReader {
  public:
    void read(Speaker from, Bytes bytes, Announcements &out) override {
        messages_[from].messages.add(bytes, [&](Bytes message) { read_message(message, out); });
    }
    void lost(Speaker from) override { messages_[from].messages.lost(); }

  private:
    struct Messages {
        RecordBuffer messages{header_length, message_length};
    };
    PerSpeaker<Messages> messages_;
};

} // namespace

std::unique_ptr<ControlReader> make_skinny_reader() { return std::make_unique<SkinnyReader>(); }

} // namespace doorplate

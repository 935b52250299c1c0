#include "capture/savefile_source.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "capture/bpf_filter.h"
#include "capture/cooked_header.h"
#include "capture/pcap_reader.h"
#include "capture/pcapng_reader.h"
#include "capture/savefile_reader.h"

namespace doorplate {

namespace {

constexpr std::size_t block_bytes = std::size_t{256} << 10;
constexpr std::size_t batch_packets = 256;
// Enough to tell every format that we know by its first bytes.
constexpr std::size_t magic_bytes = 4;

struct Compression {
    std::string_view name;
    std::string_view reader;
    std::array<std::uint8_t, 3> magic;
};
constexpr std::array<Compression, 5> compressions{{{"gzip", "zcat", {0x1f, 0x8b, 0x08}},
                                                   {"zstd", "zstdcat", {0x28, 0xb5, 0x2f}},
                                                   {"lz4", "lz4cat", {0x04, 0x22, 0x4d}},
                                                   {"bzip2", "bzcat", {'B', 'Z', 'h'}},
                                                   {"xz", "xzcat", {0xfd, '7', 'z'}}}};

std::string not_a_capture(std::string_view name, Bytes beginning) {
    for (const Compression &compression : compressions)
        if (beginning.size() >= compression.magic.size() &&
            std::ranges::equal(beginning.first(compression.magic.size()), compression.magic))
            return fmt::format("{}: is compressed with {}, which cannot be read directly yet; try: {} FILE | doorplate "
                               "replay -",
                               name, compression.name, compression.reader);
    return fmt::format("{}: is not a pcap or pcapng capture: it begins with {:02x}{}", name,
                       fmt::join(beginning.first(std::min(beginning.size(), magic_bytes)), " "),
                       beginning.size() < magic_bytes ? ", and ends there" : "");
}

std::string packets_in_front(std::uint64_t count) {
    if (count == 0) return "there is no packet in front of it";
    if (count == 1) return "the packet in front of it was read";
    return fmt::format("the {} packets in front of it were read", count);
}

class SavefileSource final : public PacketSource {
  public:
    SavefileSource(std::unique_ptr<ByteStream> stream, std::string name, std::string filter)
        : stream_(std::move(stream)), name_(std::move(name)), filter_(std::move(filter)), buffer_(block_bytes) {}

    // Reads as far as the first packet, so that what is no capture fails here.
    [[nodiscard]] Result<void> begin();

    [[nodiscard]] Result<PacketBatch> read(Duration wait) override;
    [[nodiscard]] const std::vector<CaptureInterface> &interfaces() const override { return reader_->interfaces(); }
    [[nodiscard]] CaptureStats stats() override {
        CaptureStats stats;
        stats.packets = handed_out_;
        stats.filtered_out = filtered_out_;
        stats.times_out_of_range = reader_->times_out_of_range();
        return stats;
    }

  private:
    enum class Fill { more, nothing_more, interrupted };

    [[nodiscard]] Bytes unread() const { return Bytes(buffer_).subspan(begin_, end_ - begin_); }
    [[nodiscard]] Result<void> recognise();
    [[nodiscard]] Result<Fill> fill();
    void consume(std::size_t count);
    [[nodiscard]] Error damage(std::string_view what) const;
    [[nodiscard]] Error cut_short(std::size_t needed) const;

    // As the capturing kernel had them, where the file does not say so itself.
    static void note_directions(std::span<Packet> packets) {
        for (Packet &packet : packets) {
            if (packet.direction == PacketDirection::unknown) {
                packet.direction = read_cooked_header(packet.link_type, packet.bytes).direction;
            }
        }
    }
    // Keeps those of the first `count` packets that pass, in front.
    [[nodiscard]] std::span<const Packet> filtered(std::size_t count);
    // Compiled when first asked for.
    [[nodiscard]] Result<const BpfFilter *> filter_for(LinkType link_type);

    std::unique_ptr<ByteStream> stream_;
    std::string name_;
    std::string filter_;
    std::unique_ptr<SavefileReader> reader_;
    std::map<LinkType, BpfFilter> filters_;

    // What was read from the stream and not yet consumed is [begin_, end_); `offset_` is where in the file it begins.
    std::vector<std::uint8_t> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint64_t offset_ = 0;

    std::array<Packet, batch_packets> packets_;
    // Whether they pass the filter or not.
    std::uint64_t packets_read_ = 0;
    std::uint64_t handed_out_ = 0;
    std::uint64_t filtered_out_ = 0;
    // Found while packets in front of it were still to be handed out.
    std::optional<Error> pending_;
    bool finished_ = false;
};

Result<void> SavefileSource::begin() {
    if (auto recognised = recognise(); !recognised) return recognised;
    while (true) {
        const Parsed parsed = reader_->parse(unread(), {});
        consume(parsed.consumed);
        if (!parsed.damage.empty()) return std::unexpected(damage(parsed.damage));
        if (parsed.needed == 0) break;
        const auto filled = fill();
        if (!filled) return std::unexpected(filled.error());
        if (*filled == Fill::interrupted) return failure(fmt::format("{}: interrupted in front of any packet", name_));
        if (*filled == Fill::nothing_more) {
            if (!unread().empty()) return std::unexpected(cut_short(parsed.needed));
            break;
        }
    }
    if (filter_.empty()) return {};
    // Without an interface there is no packet, but the user wants to know of a typing error all the same.
    const auto filter = filter_for(interfaces().empty() ? LinkType::ethernet : interfaces().front().link_type);
    if (!filter) return std::unexpected(filter.error());
    return {};
}

Result<void> SavefileSource::recognise() {
    while (unread().size() < magic_bytes) {
        const auto filled = fill();
        if (!filled) return std::unexpected(filled.error());
        if (*filled == Fill::interrupted) return failure(fmt::format("{}: interrupted in front of any packet", name_));
        if (*filled == Fill::nothing_more) break;
    }
    const Bytes beginning = unread();
    if (beginning.empty()) return failure(fmt::format("{}: is empty; a capture without packets has a header", name_));
    if (PcapReader::recognises(beginning)) {
        reader_ = std::make_unique<PcapReader>();
    } else if (PcapngReader::recognises(beginning)) {
        reader_ = std::make_unique<PcapngReader>();
    } else {
        return failure(not_a_capture(name_, beginning));
    }
    return {};
}

Result<PacketBatch> SavefileSource::read(Duration /*wait*/) {
    if (pending_) return std::unexpected(*std::exchange(pending_, std::nullopt));
    while (!finished_) {
        const Parsed parsed = reader_->parse(unread(), packets_);
        consume(parsed.consumed);
        packets_read_ += parsed.packets;
        if (parsed.packets > 0) {
            note_directions(std::span(packets_).first(parsed.packets));
            const std::span<const Packet> passing = filtered(parsed.packets);
            handed_out_ += passing.size();
            return PacketBatch{.packets = passing, .at_end = false};
        }
        if (!parsed.damage.empty()) {
            finished_ = true;
            return std::unexpected(damage(parsed.damage));
        }
        assert(parsed.needed > 0);
        const auto filled = fill();
        if (!filled) {
            finished_ = true;
            return std::unexpected(filled.error());
        }
        // Even if there is more to parse now: between blocks that hold no packets, too, the caller may want to stop.
        if (*filled != Fill::nothing_more) return PacketBatch{};
        finished_ = true;
        if (!unread().empty()) return std::unexpected(cut_short(parsed.needed));
    }
    return PacketBatch{.packets = {}, .at_end = true};
}

Result<SavefileSource::Fill> SavefileSource::fill() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    // What the reader needs is at most max_record_bytes and a header, so this ends; and it grows with what is really
    // there, not with what a record says of itself.
    if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    const auto read = stream_->read(std::span(buffer_).subspan(end_));
    if (!read)
        return failure(fmt::format("{}: cannot be read from byte {} on: {}; {}", name_, offset_ + end_,
                                   read.error().message, packets_in_front(packets_read_)));
    end_ += read->bytes;
    if (read->bytes > 0) return Fill::more;
    return read->at_end ? Fill::nothing_more : Fill::interrupted;
}

void SavefileSource::consume(std::size_t count) {
    begin_ += count;
    offset_ += count;
}

Error SavefileSource::damage(std::string_view what) const {
    return {.message =
                fmt::format("{}: damaged at byte {}: {}; {}", name_, offset_, what, packets_in_front(packets_read_))};
}

Error SavefileSource::cut_short(std::size_t needed) const {
    return {.message = fmt::format("{}: damaged at byte {}: cut short, only {} of at least {} bytes are there; {}",
                                   name_, offset_, unread().size(), needed, packets_in_front(packets_read_))};
}

std::span<const Packet> SavefileSource::filtered(std::size_t count) {
    if (filter_.empty()) return std::span(packets_).first(count);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto filter = filter_for(packets_[i].link_type);
        if (!filter) {
            pending_ = filter.error();
            finished_ = true;
            break;
        }
        if ((*filter)->matches(packets_[i])) {
            packets_[kept] = packets_[i];
            ++kept;
        } else {
            ++filtered_out_;
        }
    }
    return std::span(packets_).first(kept);
}

Result<const BpfFilter *> SavefileSource::filter_for(LinkType link_type) {
    auto known = filters_.find(link_type);
    if (known == filters_.end()) {
        auto compiled = BpfFilter::compile(filter_, link_type);
        if (!compiled) {
            compiled.error().message.insert(0, name_ + ": ");
            return std::unexpected(std::move(compiled.error()));
        }
        known = filters_.emplace(link_type, std::move(*compiled)).first;
    }
    return &known->second;
}

} // namespace

Result<std::unique_ptr<PacketSource>> read_savefile(std::unique_ptr<ByteStream> stream, std::string name,
                                                    std::string filter) {
    auto source = std::make_unique<SavefileSource>(std::move(stream), std::move(name), std::move(filter));
    if (auto begun = source->begin(); !begun) return std::unexpected(std::move(begun.error()));
    return source;
}

Result<std::unique_ptr<PacketSource>> open_savefile(const SavefileOptions &options) {
    auto stream = open_byte_stream(options.path);
    if (!stream) return std::unexpected(std::move(stream.error()));
    return read_savefile(std::move(*stream), options.path == "-" ? "standard input" : options.path, options.filter);
}

} // namespace doorplate

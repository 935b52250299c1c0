#include "capture/savefile_source.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "capture/bpf_filter.h"
#include "capture/byte_window.h"
#include "capture/cooked_header.h"
#include "capture/pcap_reader.h"
#include "capture/pcapng_reader.h"
#include "capture/savefile_reader.h"
#include "capture/snoop_reader.h"

namespace doorplate {

namespace {

constexpr std::size_t batch_packets = 256;
// What begins a file. Enough to tell every format that we know is snoop's.
constexpr std::size_t magic_bytes = 4;
constexpr std::size_t longest_magic = 8;

struct Compression {
    std::string_view name;
    std::string_view reader;
    std::array<std::uint8_t, 3> magic;
};
// Those that have to be decompressed by others.
constexpr std::array<Compression, 3> compressions{{{"bzip2", "bzcat", {'B', 'Z', 'h'}},
                                                   {"xz", "xzcat", {0xfd, '7', 'z'}},
                                                   {"lz4's legacy format", "lz4cat", {0x02, 0x21, 0x4c}}}};

std::string not_a_capture(std::string_view name, Bytes beginning) {
    for (const Compression &compression : compressions)
        if (beginning.size() >= compression.magic.size() &&
            std::ranges::equal(beginning.first(compression.magic.size()), compression.magic))
            return fmt::format("{}: is compressed with {}, which cannot be read directly; try: {} FILE | doorplate "
                               "replay -",
                               name, compression.name, compression.reader);
    return fmt::format("{}: is not a pcap, pcapng or snoop capture: it begins with {:02x}{}", name,
                       fmt::join(beginning.first(std::min(beginning.size(), magic_bytes)), " "),
                       beginning.size() < magic_bytes ? ", and ends there" : "");
}

std::string packets_in_front(std::uint64_t count) {
    if (count == 0) return "there is no packet in front of it";
    if (count == 1) return "the packet in front of it was read";
    return fmt::format("the {} packets in front of it were read", count);
}

// What is wrong with a file: where it begins, and how much more there is.
struct Damage {
    // Of the first place.
    std::string message;
    std::uint64_t packets_in_front = 0;
    std::uint64_t places = 0;
    std::uint64_t skipped_bytes = 0;

    void add(std::string what, std::uint64_t packets_read) {
        if (places == 0) {
            message = std::move(what);
            packets_in_front = packets_read;
        }
        ++places;
    }
};

std::string words_for(const Damage &damage, std::uint64_t packets_read) {
    std::string words = fmt::format("{}; {}", damage.message, packets_in_front(damage.packets_in_front));
    const std::uint64_t behind = packets_read - damage.packets_in_front;
    if (behind > 0) words += fmt::format(", and {} behind it", behind);
    if (damage.places > 1) {
        words += fmt::format("; {} bytes in {} places were skipped", damage.skipped_bytes, damage.places);
    } else if (behind > 0) {
        words +=
            fmt::format("; {} byte{} skipped", damage.skipped_bytes, damage.skipped_bytes == 1 ? " was" : "s were");
    }
    return words;
}

class SavefileSource final : public PacketSource {
  public:
    SavefileSource(std::unique_ptr<ByteWindow> window, std::string name, std::string filter)
        : window_(std::move(window)), name_(std::move(name)), filter_(std::move(filter)) {}

    // Reads as far as the first packet, so that what is no capture fails here.
    [[nodiscard]] Result<void> begin();

    [[nodiscard]] Result<PacketBatch> read(Duration wait) override;
    [[nodiscard]] const std::vector<CaptureInterface> &interfaces() const override { return reader_->interfaces(); }
    [[nodiscard]] CaptureStats stats() override {
        CaptureStats stats = reader_->stats();
        stats.packets = handed_out_;
        stats.filtered_out = filtered_out_;
        stats.damaged_places = damage_.places;
        stats.damaged_bytes = damage_.skipped_bytes;
        return stats;
    }
    [[nodiscard]] bool bytes_stay() const override { return window_->bytes_stay(); }
    void wake() override { window_->wake(); }

  private:
    [[nodiscard]] Result<void> recognise();
    // As much as was parsed last.
    [[nodiscard]] Bytes upcoming() const {
        if (!window_->bytes_stay()) return {};
        return window_->unread().first(std::min(window_->unread().size(), parsed_bytes_));
    }
    // What can be parsed now goes to the front of packets_; how many there are.
    [[nodiscard]] std::size_t parse();
    // What is to be done about what stopped the reader.
    void act_on(const Parsed &parsed);
    // One step towards the next sound record.
    void search();
    void wait_for_more();

    void skip(std::size_t count);
    void note_damage(std::string_view what);
    [[nodiscard]] std::string cut_short(std::size_t needed) const;
    [[nodiscard]] std::string cannot_be_read(std::string_view reason) const;

    void note_directions(std::span<Packet> packets);
    // Keeps those of the first `count` packets that pass, in front.
    [[nodiscard]] std::span<const Packet> filtered(std::size_t count);
    // Compiled when first asked for.
    [[nodiscard]] Result<const BpfFilter *> filter_for(LinkType link_type);

    std::unique_ptr<ByteWindow> window_;
    std::string name_;
    std::string filter_;
    std::unique_ptr<SavefileReader> reader_;
    std::map<LinkType, BpfFilter> filters_;

    std::array<Packet, batch_packets> packets_;
    std::size_t parsed_bytes_ = 0;
    // Whether they pass the filter or not.
    std::uint64_t packets_read_ = 0;
    std::uint64_t handed_out_ = 0;
    std::uint64_t filtered_out_ = 0;
    // Interfaces that were looked at, and whether one of them is a cooked one.
    std::size_t interfaces_seen_ = 0;
    bool has_cooked_ = false;

    Damage damage_;
    // Reading goes on where sound records begin again, if anywhere.
    bool searching_ = false;
    // A filter that does not fit; ends the file.
    std::optional<Error> misfit_;
    bool finished_ = false;
    bool told_ = false;
};

Result<void> SavefileSource::begin() {
    if (auto recognised = recognise(); !recognised) return recognised;
    while (true) {
        const Parsed parsed = reader_->parse(window_->unread(), window_->complete(), {});
        window_->consume(parsed.consumed);
        if (parsed.needed == 0 || window_->complete()) {
            act_on(parsed);
            break;
        }
        const auto arrival = window_->wait_for_more();
        if (!arrival) return failure(name_ + ": " + cannot_be_read(arrival.error().message));
        if (*arrival == ByteWindow::Arrival::interrupted)
            return failure(fmt::format("{}: interrupted in front of any packet", name_));
    }
    if (damage_.places > 0 && interfaces().empty()) return failure(fmt::format("{}: {}", name_, words_for(damage_, 0)));
    if (filter_.empty()) return {};
    // Without an interface there is no packet, but the user wants to know of a typing error all the same.
    const auto filter = filter_for(interfaces().empty() ? LinkType::ethernet : interfaces().front().link_type);
    if (!filter) return std::unexpected(filter.error());
    return {};
}

Result<void> SavefileSource::recognise() {
    while (window_->unread().size() < longest_magic) {
        const auto arrival = window_->wait_for_more();
        if (!arrival) return failure(name_ + ": " + cannot_be_read(arrival.error().message));
        if (*arrival == ByteWindow::Arrival::interrupted)
            return failure(fmt::format("{}: interrupted in front of any packet", name_));
        if (*arrival == ByteWindow::Arrival::nothing_more) break;
    }
    const Bytes beginning = window_->unread();
    if (beginning.empty()) return failure(fmt::format("{}: is empty; a capture without packets has a header", name_));
    if (PcapReader::recognises(beginning)) {
        reader_ = std::make_unique<PcapReader>();
    } else if (PcapngReader::recognises(beginning)) {
        reader_ = std::make_unique<PcapngReader>();
    } else if (SnoopReader::recognises(beginning)) {
        reader_ = std::make_unique<SnoopReader>();
    } else {
        return failure(not_a_capture(name_, beginning));
    }
    return {};
}

Result<PacketBatch> SavefileSource::read(Duration /*wait*/) {
    if (misfit_) return std::unexpected(*std::exchange(misfit_, std::nullopt));
    window_->release();
    if (!finished_) {
        // One step at a time: where there are no packets for long, too, the caller may want to stop.
        if (searching_) {
            search();
            return PacketBatch{};
        }
        const std::size_t parsed = parse();
        const std::span<const Packet> passing = filtered(parsed);
        handed_out_ += passing.size();
        const bool more_at_hand = parsed == packets_.size() || window_->complete();
        if (!passing.empty() || !finished_)
            return PacketBatch{.packets = passing, .more_at_hand = more_at_hand, .upcoming = upcoming()};
        if (misfit_) return std::unexpected(*std::exchange(misfit_, std::nullopt));
    }
    if (damage_.places > 0 && !std::exchange(told_, true))
        return failure(fmt::format("{}: {}", name_, words_for(damage_, packets_read_)));
    return PacketBatch{.packets = {}, .at_end = true};
}

std::size_t SavefileSource::parse() {
    const Bytes shown = window_->unread();
    const std::uint64_t offset = window_->offset();
    const Parsed parsed = reader_->parse(shown, window_->complete(), packets_);
    window_->consume(parsed.consumed);
    parsed_bytes_ = parsed.consumed;
    std::size_t packets = parsed.packets;

    const std::uint64_t sound = window_->sound_until();
    const bool is_cut = sound < window_->offset() + window_->unread().size();
    if (sound < window_->offset() || (is_cut && (parsed.needed > 0 || !parsed.damage.empty()))) {
        // Zeros have taken the place of what is gone, and records are not to be made of them.
        const auto is_whole = [&](const Packet &packet) {
            return offset + static_cast<std::size_t>(packet.bytes.data() - shown.data()) + packet.bytes.size() <= sound;
        };
        while (packets > 0 && !is_whole(packets_[packets - 1])) --packets;
        packets_read_ += packets;
        damage_.add(fmt::format("was cut short to {} bytes while it was read", sound), packets_read_);
        finished_ = true;
    } else {
        packets_read_ += packets;
        act_on(parsed);
        // Packets show what is in the window; waiting would take it from them.
        if (packets == 0 && parsed.needed > 0 && !window_->complete()) wait_for_more();
    }
    note_directions(std::span(packets_).first(packets));
    return packets;
}

void SavefileSource::act_on(const Parsed &parsed) {
    const bool cut = parsed.needed > 0 && window_->complete();
    if (!parsed.damage.empty()) {
        note_damage(parsed.damage);
        skip(parsed.damaged_bytes);
        searching_ = parsed.damaged_bytes == 0;
    } else if (cut && !window_->unread().empty()) {
        note_damage(cut_short(parsed.needed));
        searching_ = true;
    } else if (cut) {
        finished_ = true;
    }
    // What is damaged is not where the search begins.
    if (searching_ && !window_->unread().empty()) skip(1);
}

void SavefileSource::search() {
    const Bytes unread = window_->unread();
    // As much as a step may take.
    const Bytes shown = unread.first(std::min(unread.size(), search_bytes));
    const bool complete = window_->complete() && shown.size() == unread.size();
    const Searched searched = reader_->search(shown, complete);
    skip(searched.passed);
    if (searched.found) {
        searching_ = false;
    } else if (complete) {
        finished_ = true;
    } else if (searched.passed == 0 || shown.size() == unread.size()) {
        wait_for_more();
    }
}

void SavefileSource::wait_for_more() {
    if (const auto arrival = window_->wait_for_more(); !arrival) {
        damage_.add(cannot_be_read(arrival.error().message), packets_read_);
        finished_ = true;
    }
}

void SavefileSource::skip(std::size_t count) {
    window_->consume(count);
    damage_.skipped_bytes += count;
}

void SavefileSource::note_damage(std::string_view what) {
    damage_.add(fmt::format("damaged at byte {}: {}", window_->offset(), what), packets_read_);
}

std::string SavefileSource::cut_short(std::size_t needed) const {
    return fmt::format("cut short, only {} of at least {} bytes are there", window_->unread().size(), needed);
}

std::string SavefileSource::cannot_be_read(std::string_view reason) const {
    return fmt::format("cannot be read from byte {} on: {}", window_->offset() + window_->unread().size(), reason);
}

// As the capturing kernel had them, where the file does not say so itself.
void SavefileSource::note_directions(std::span<Packet> packets) {
    const auto &interfaces = reader_->interfaces();
    for (; interfaces_seen_ < interfaces.size(); ++interfaces_seen_) {
        const LinkType type = interfaces[interfaces_seen_].link_type;
        if (type == LinkType::linux_cooked || type == LinkType::linux_cooked_v2) has_cooked_ = true;
    }
    if (!has_cooked_) return;
    for (Packet &packet : packets) {
        if (packet.direction == PacketDirection::unknown)
            packet.direction = read_cooked_header(packet.link_type, packet.bytes).direction;
    }
}

std::span<const Packet> SavefileSource::filtered(std::size_t count) {
    if (filter_.empty()) return std::span(packets_).first(count);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto filter = filter_for(packets_[i].link_type);
        if (!filter) {
            misfit_ = filter.error();
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

namespace {

Result<std::unique_ptr<PacketSource>> begin_savefile(std::unique_ptr<ByteWindow> window, std::string name,
                                                     std::string filter) {
    auto source = std::make_unique<SavefileSource>(std::move(window), std::move(name), std::move(filter));
    if (auto begun = source->begin(); !begun) return std::unexpected(std::move(begun.error()));
    return source;
}

} // namespace

Result<std::unique_ptr<PacketSource>> read_savefile(std::unique_ptr<ByteStream> stream, std::string name,
                                                    std::string filter) {
    return begin_savefile(window_onto(std::move(stream)), std::move(name), std::move(filter));
}

Result<std::unique_ptr<PacketSource>> open_savefile(const SavefileOptions &options) {
    auto window = open_byte_window(options.path);
    if (!window) return std::unexpected(std::move(window.error()));
    return begin_savefile(std::move(*window), options.path == "-" ? "standard input" : options.path, options.filter);
}

} // namespace doorplate

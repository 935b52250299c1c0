#include "capture/chained_source.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace doorplate {
namespace {

template <typename T> void add(std::optional<T> &sum, const std::optional<T> &value) {
    if (value) sum = sum.value_or(0) + *value;
}

class ChainedSource final : public PacketSource {
  public:
    explicit ChainedSource(std::vector<std::unique_ptr<PacketSource>> sources) : sources_(std::move(sources)) {}

    Result<PacketBatch> read(Duration wait) override {
        const bool last = current_ + 1 == sources_.size();
        Result<PacketBatch> batch = sources_[current_]->read(wait);
        if (!batch) {
            if (!damage_) damage_ = batch.error();
            batch = PacketBatch{.packets = {}, .at_end = true};
        }
        const auto &known = sources_[current_]->interfaces();
        interfaces_.resize(first_interface_);
        interfaces_.insert(interfaces_.end(), known.begin(), known.end());
        packets_.assign(batch->packets.begin(), batch->packets.end());
        for (Packet &packet : packets_) packet.interface += static_cast<std::uint32_t>(first_interface_);
        if (batch->at_end && last && damage_) return std::unexpected(*damage_);
        if (batch->at_end && !last) {
            ++current_;
            first_interface_ = interfaces_.size();
        }
        return PacketBatch{packets_, batch->at_end && last, batch->more_at_hand};
    }

    const std::vector<CaptureInterface> &interfaces() const override { return interfaces_; }

    CaptureStats stats() override {
        CaptureStats sum;
        for (const auto &source : sources_) {
            const CaptureStats one = source->stats();
            sum.packets += one.packets;
            sum.filtered_out += one.filtered_out;
            sum.times_out_of_range += one.times_out_of_range;
            add(sum.received_by_filter, one.received_by_filter);
            add(sum.dropped_by_kernel, one.dropped_by_kernel);
            add(sum.dropped_by_interface, one.dropped_by_interface);
        }
        return sum;
    }

    bool bytes_stay() const override {
        return std::ranges::all_of(sources_, [](const auto &source) { return source->bytes_stay(); });
    }
    void wake() override {
        for (const auto &source : sources_) source->wake();
    }

  private:
    std::vector<std::unique_ptr<PacketSource>> sources_;
    std::size_t current_ = 0;
    // The first one's; told when the rest has been read, so that one damaged file does not hide the others.
    std::optional<Error> damage_;
    // Where the current source's interfaces begin in interfaces_.
    std::size_t first_interface_ = 0;
    std::vector<CaptureInterface> interfaces_;
    std::vector<Packet> packets_;
};

} // namespace

std::unique_ptr<PacketSource> chain(std::vector<std::unique_ptr<PacketSource>> sources) {
    assert(!sources.empty());
    if (sources.size() == 1) return std::move(sources.front());
    return std::make_unique<ChainedSource>(std::move(sources));
}

} // namespace doorplate

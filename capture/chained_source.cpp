#include "capture/chained_source.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "capture/joined_damage.h"
#include "capture/joined_interfaces.h"

namespace doorplate {
namespace {

class ChainedSource final : public PacketSource {
  public:
    explicit ChainedSource(std::vector<std::unique_ptr<PacketSource>> sources)
        : sources_(std::move(sources)), interfaces_(sources_.size(), JoinedInterfaces::Same::one) {}

    Result<PacketBatch> read(Duration wait) override {
        if (current_ == sources_.size()) {
            if (auto damage = damage_.tell()) return std::unexpected(std::move(*damage));
            return PacketBatch{.packets = {}, .at_end = true};
        }
        PacketSource &source = *sources_[current_];
        const Result<PacketBatch> batch = source.read(wait);
        interfaces_.update(current_, source.interfaces());
        if (!batch) damage_.note(batch.error());
        if (!batch || (batch->at_end && batch->packets.empty())) {
            ++current_;
            return PacketBatch{};
        }
        if (interfaces_.are_unchanged(current_)) return *batch;
        packets_.assign(batch->packets.begin(), batch->packets.end());
        for (Packet &packet : packets_) packet.interface = interfaces_.number(current_, packet.interface);
        return PacketBatch{.packets = packets_, .more_at_hand = batch->more_at_hand, .upcoming = batch->upcoming};
    }

    const std::vector<CaptureInterface> &interfaces() const override { return interfaces_.all(); }

    CaptureStats stats() override {
        CaptureStats sum;
        for (const auto &source : sources_) add(sum, source->stats());
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
    JoinedDamage damage_;
    JoinedInterfaces interfaces_;
    std::vector<Packet> packets_;
};

} // namespace

std::unique_ptr<PacketSource> chain(std::vector<std::unique_ptr<PacketSource>> sources) {
    assert(!sources.empty());
    if (sources.size() == 1) return std::move(sources.front());
    return std::make_unique<ChainedSource>(std::move(sources));
}

} // namespace doorplate

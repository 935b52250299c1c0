#include "capture/merged_source.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <utility>

#include "capture/joined_damage.h"
#include "capture/joined_interfaces.h"

namespace doorplate {
namespace {

constexpr std::size_t batch_packets = 256;

class MergedSource final : public PacketSource {
  public:
    explicit MergedSource(std::vector<std::unique_ptr<PacketSource>> sources)
        : interfaces_(sources.size(), JoinedInterfaces::Same::each) {
        for (auto &source : sources) inputs_.push_back({.source = std::move(source)});
    }

    Result<PacketBatch> read(Duration wait) override {
        // Nobody looks at the last batch any more, so those whose packets were all in it may go on.
        for (std::size_t i = 0; i < inputs_.size(); ++i)
            if (inputs_[i].is_awaited()) refill(i, wait);
        if (std::ranges::none_of(inputs_, [](const Input &input) { return input.is_open; })) {
            if (auto damage = damage_.tell()) return std::unexpected(std::move(*damage));
            return PacketBatch{.packets = {}, .at_end = true};
        }
        // Any packet may be the first while one source has not shown its next one.
        PacketBatch batch;
        if (std::ranges::none_of(inputs_, &Input::is_awaited)) batch.packets = take();
        batch.more_at_hand = std::ranges::none_of(
            inputs_, [](const Input &input) { return input.is_awaited() && !input.has_more_at_hand; });
        return batch;
    }

    const std::vector<CaptureInterface> &interfaces() const override { return interfaces_.all(); }

    CaptureStats stats() override {
        CaptureStats sum;
        for (const Input &input : inputs_) add(sum, input.source->stats());
        return sum;
    }

    bool bytes_stay() const override {
        return std::ranges::all_of(inputs_, [](const Input &input) { return input.source->bytes_stay(); });
    }
    void wake() override {
        for (const Input &input : inputs_) input.source->wake();
    }

  private:
    struct Input {
        std::unique_ptr<PacketSource> source;
        // Not yet handed out.
        std::span<const Packet> packets = {};
        bool is_open = true;
        bool has_more_at_hand = true;

        [[nodiscard]] bool is_awaited() const { return is_open && packets.empty(); }
    };
    struct Head {
        Timestamp time;
        std::size_t input = 0;

        // The heap of the standard library has its greatest element in front.
        friend bool operator<(const Head &one, const Head &other) {
            return one.time != other.time ? one.time > other.time : one.input > other.input;
        }
    };

    void refill(std::size_t index, Duration wait) {
        Input &input = inputs_[index];
        const auto batch = input.source->read(wait);
        interfaces_.update(index, input.source->interfaces());
        if (!batch) damage_.note(batch.error());
        input.is_open = batch && !(batch->at_end && batch->packets.empty());
        if (!input.is_open) return;
        input.packets = batch->packets;
        input.has_more_at_hand = batch->more_at_hand;
    }

    // The first packets of all, until the batch is full or one of the inputs has to be asked for more.
    std::span<const Packet> take() {
        heads_.clear();
        for (std::size_t i = 0; i < inputs_.size(); ++i)
            if (!inputs_[i].packets.empty()) heads_.push_back({inputs_[i].packets.front().time, i});
        std::make_heap(heads_.begin(), heads_.end());
        std::size_t count = 0;
        while (count < batch_packets) {
            std::pop_heap(heads_.begin(), heads_.end());
            Head &first = heads_.back();
            Input &input = inputs_[first.input];
            // Packets of one source often come in a row.
            do {
                packets_[count] = input.packets.front();
                packets_[count].interface = interfaces_.number(first.input, packets_[count].interface);
                ++count;
                input.packets = input.packets.subspan(1);
                if (input.packets.empty()) return std::span(packets_).first(count);
                first.time = input.packets.front().time;
            } while (count < batch_packets && (heads_.size() == 1 || heads_.front() < first));
            std::push_heap(heads_.begin(), heads_.end());
        }
        return std::span(packets_).first(count);
    }

    std::vector<Input> inputs_;
    std::vector<Head> heads_;
    JoinedDamage damage_;
    JoinedInterfaces interfaces_;
    std::array<Packet, batch_packets> packets_;
};

} // namespace

std::unique_ptr<PacketSource> merge(std::vector<std::unique_ptr<PacketSource>> sources) {
    assert(!sources.empty());
    if (sources.size() == 1) return std::move(sources.front());
    return std::make_unique<MergedSource>(std::move(sources));
}

} // namespace doorplate

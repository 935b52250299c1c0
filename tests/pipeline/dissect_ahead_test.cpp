#include "analyze/dissect_ahead.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace doorplate {
namespace {

// Hands out `total` UDP packets, from the ports 1, 2, 3 ..., a few at a time, from one buffer that it uses again.
class CountingSource : public PacketSource {
  public:
    explicit CountingSource(std::size_t total) : total_(total) {}

    Result<PacketBatch> read(Duration /*wait*/) override {
        built_.clear();
        views_.clear();
        const std::size_t most = std::min<std::size_t>(1 + sent_ % 7, total_ - sent_);
        for (std::size_t i = 0; i < most; ++i) {
            PacketBuilder packet;
            packet.ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(static_cast<std::uint16_t>(++sent_), 53);
            built_.push_back(packet.build());
        }
        for (const BuiltPacket &packet : built_) views_.push_back(packet.view());
        if (fails_ && most == 0) return failure("damaged");
        return PacketBatch{views_, sent_ == total_ && !fails_};
    }
    const std::vector<CaptureInterface> &interfaces() const override { return interfaces_; }
    CaptureStats stats() override { return {}; }
    void fail_at_the_end() { fails_ = true; }

  private:
    std::size_t total_;
    std::size_t sent_ = 0;
    bool fails_ = false;
    std::vector<BuiltPacket> built_;
    std::vector<Packet> views_;
    std::vector<CaptureInterface> interfaces_{{"eth0", LinkType::ethernet, 0}};
};

// Has nothing to say until it is woken.
class SilentSource : public PacketSource {
  public:
    Result<PacketBatch> read(Duration /*wait*/) override {
        std::unique_lock lock(mutex_);
        woken_.wait(lock, [this] { return awake_; });
        return PacketBatch{};
    }
    const std::vector<CaptureInterface> &interfaces() const override { return interfaces_; }
    CaptureStats stats() override { return {}; }
    void wake() override {
        const std::lock_guard lock(mutex_);
        awake_ = true;
        woken_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable woken_;
    bool awake_ = false;
    std::vector<CaptureInterface> interfaces_;
};

std::vector<std::uint16_t> ports_of(DissectedBatch &batch) {
    std::vector<std::uint16_t> ports;
    for (const Arrival &arrival : batch.arrivals()) ports.push_back(arrival.dissection->source_port);
    return ports;
}

class DissectAheadTest : public testing::TestWithParam<unsigned> {};

TEST_P(DissectAheadTest, KeepsTheOrderOfPacketsWhateverTheThreadsDo) {
    constexpr std::size_t total = 20'000;
    CountingSource source(total);
    DissectAhead ahead(source, {}, GetParam());
    std::uint16_t expected = 0;
    bool at_end = false;
    while (!at_end) {
        ReadAhead &next = ahead.next();
        for (const std::uint16_t port : ports_of(next.batch)) ASSERT_EQ(++expected, port);
        ASSERT_EQ(next.packets.size(), next.batch.arrivals().size());
        at_end = next.at_end;
    }
    EXPECT_EQ(total, expected);
}

TEST_P(DissectAheadTest, HandsOverWhatWasReadInFrontOfAnError) {
    CountingSource source(3'000);
    source.fail_at_the_end();
    DissectAhead ahead(source, {}, GetParam());
    std::size_t packets = 0;
    std::optional<Error> error;
    while (!error) {
        ReadAhead &next = ahead.next();
        packets += next.packets.size();
        error = next.error;
    }
    EXPECT_EQ(3'000U, packets);
    EXPECT_EQ("damaged", error->message);
}

TEST_P(DissectAheadTest, StopsAtItsLimit) {
    CountingSource source(20'000);
    DissectAhead ahead(source, {}, GetParam(), 1'500);
    std::size_t packets = 0;
    bool at_end = false;
    while (!at_end) {
        ReadAhead &next = ahead.next();
        packets += next.packets.size();
        at_end = next.at_end;
    }
    EXPECT_EQ(1'500U, packets);
}

TEST_P(DissectAheadTest, TellsOfInterfacesOnce) {
    CountingSource source(5'000);
    DissectAhead ahead(source, {}, GetParam());
    ReadAhead &first = ahead.next();
    ASSERT_TRUE(first.interfaces);
    EXPECT_EQ("eth0", first.interfaces->front().name);
    EXPECT_FALSE(ahead.next().interfaces);
}

TEST_P(DissectAheadTest, EndsWhileNobodyTakesWhatIsReady) {
    CountingSource source(1'000'000);
    DissectAhead ahead(source, {}, GetParam());
    EXPECT_GT(ahead.next().packets.size(), 0U);
}

TEST_P(DissectAheadTest, EndsWhileTheSourceHasNothingToSay) {
    SilentSource source;
    const DissectAhead ahead(source, {}, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Threads, DissectAheadTest, testing::Values(1U, 2U, 5U));

} // namespace
} // namespace doorplate

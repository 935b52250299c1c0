// What dissecting costs, in nanoseconds of processor time for each packet of a capture that is in memory already.
//
//     dissect_bench FILE

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <vector>

#include <fmt/format.h>

#include "analyze/dissection.h"
#include "capture/packet_source.h"

namespace doorplate {
namespace {

// Packets that fit into a core's second cache: it is dissecting that is measured, not memory.
constexpr std::size_t most_bytes = 512 << 10;
constexpr std::size_t rounds = 100;
constexpr std::size_t packets_in_a_round = 50'000;

struct Sample {
    std::vector<Packet> packets;
    std::vector<std::uint8_t> bytes;
};

Result<Sample> load(const char *path) {
    auto source = open_savefile({.path = path, .filter = ""});
    if (!source) return std::unexpected(source.error());
    Sample sample;
    sample.bytes.reserve(most_bytes); // so that views into it stay valid
    while (true) {
        const auto batch = (*source)->read(Duration::zero());
        if (!batch) return std::unexpected(batch.error());
        for (Packet packet : batch->packets) {
            if (sample.bytes.size() + packet.bytes.size() > most_bytes) return sample;
            const std::size_t at = sample.bytes.size();
            sample.bytes.insert(sample.bytes.end(), packet.bytes.begin(), packet.bytes.end());
            packet.bytes = Bytes(sample.bytes).subspan(at);
            sample.packets.push_back(packet);
        }
        if (batch->at_end) return sample;
    }
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Of the quickest round: whatever else runs on the machine only adds.
double nanoseconds_a_packet(const std::vector<Packet> &packets, DissectOptions options, std::uint64_t &seen) {
    DissectedPacket dissected;
    std::vector<double> times;
    const std::size_t sweeps = packets_in_a_round / packets.size() + 1;
    for (std::size_t round = 0; round < rounds; ++round) {
        const double begin = processor_seconds();
        for (std::size_t sweep = 0; sweep < sweeps; ++sweep) {
            for (const Packet &packet : packets) {
                dissect(packet, dissected, options);
                seen += dissected.count + dissected.levels[0].payload_bytes;
            }
        }
        times.push_back((processor_seconds() - begin) * 1e9 / static_cast<double>(sweeps * packets.size()));
    }
    return *std::ranges::min_element(times);
}

int run(const char *path) {
    const auto sample = load(path);
    if (!sample || sample->packets.empty()) {
        fmt::print(stderr, "dissect_bench: {}\n", sample ? "no packets" : sample.error().message);
        return 1;
    }
    std::uint64_t seen = 0;
    const double plain = nanoseconds_a_packet(sample->packets, {}, seen);
    const double verified = nanoseconds_a_packet(sample->packets, {.verify_checksums = true}, seen);
    fmt::print("{} packets of {} bytes: {:.1f} ns each, {:.1f} with checksums ({:x})\n", sample->packets.size(),
               sample->bytes.size() / sample->packets.size(), plain, verified, seen & 0xffff);
    return 0;
}

} // namespace
} // namespace doorplate

int main(int argc, char **argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: dissect_bench FILE\n");
        return 2;
    }
    return doorplate::run(argv[1]);
}

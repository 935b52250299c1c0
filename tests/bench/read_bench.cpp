// What reading alone costs: read_bench FILE [ROUNDS] reads a capture and drops its packets, and prints for each round
// the packets, the processor time and what that is a packet. Compare it in the same run with something that is known.

#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

#include "capture/packet_source.h"

namespace {

double processor_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

} // namespace

int main(int argc, char **argv) {
    using namespace doorplate;
    if (argc < 2) {
        fmt::print(stderr, "usage: read_bench FILE [ROUNDS]\n");
        return 2;
    }
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 1;
    for (int round = 0; round < rounds; ++round) {
        const double begin = processor_seconds();
        const auto source = open_savefile({.path = argv[1], .filter = {}});
        if (!source) {
            fmt::print(stderr, "{}\n", source.error().message);
            return 1;
        }
        std::uint64_t packets = 0;
        std::uint64_t bytes = 0;
        while (true) {
            const auto batch = (*source)->read(Duration::zero());
            if (!batch) {
                fmt::print(stderr, "{}\n", batch.error().message);
                return 1;
            }
            if (batch->at_end) break;
            packets += batch->packets.size();
            // As much of each packet as nobody can do without.
            for (const Packet &packet : batch->packets) bytes += packet.original_length;
        }
        const double seconds = processor_seconds() - begin;
        fmt::print("packets={} bytes={} cpu_s={:.4f} ns_pkt={:.2f}\n", packets, bytes, seconds,
                   packets == 0 ? 0.0 : seconds * 1e9 / static_cast<double>(packets));
    }
}

// Writes a capture for the benchmark: TCP connections with handshake, data and close, and UDP questions with answers,
// over IPv4 and IPv6, as many flows at once as asked for. The same arguments give the same bytes on any machine.
//
//     generate_capture FILE PACKETS FLOWS SEED

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tests/support/packet_builder.h"

namespace doorplate {
namespace {

// Uniform enough, and unlike the standard distributions the same in every library.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(engine_() % limit); }

  private:
    std::mt19937_64 engine_;
};

// One conversation, played packet by packet.
class Conversation {
  public:
    explicit Conversation(Dice &dice)
        : is_ipv6_(dice.below(4) == 0), is_tcp_(dice.below(4) != 0), client_(host(1 + dice.below(60'000))),
          server_(host(60'001 + dice.below(2'000))),
          client_port_(static_cast<std::uint16_t>(32'768 + dice.below(28'232))),
          server_port_(is_tcp_ ? (dice.below(3) == 0 ? 80 : 443) : 53), packets_(is_tcp_ ? 7 + dice.below(40) : 2),
          client_sequence_(dice.below(UINT32_MAX)), server_sequence_(dice.below(UINT32_MAX)) {}

    [[nodiscard]] bool over() const { return played_ == packets_; }

    BuiltPacket next(Dice &dice, Timestamp time) {
        const std::uint32_t step = played_++;
        if (!is_tcp_) return packet(step == 0, time).payload_of(30 + dice.below(200)).build();
        switch (step) {
        case 0: return segment(true, "S", 0, time);
        case 1: return segment(false, "S.", 0, time);
        case 2: return segment(true, ".", 0, time);
        default: break;
        }
        switch (packets_ - step) {
        case 3: return segment(true, "F.", 0, time);
        case 2: return segment(false, "F.", 0, time);
        case 1: return segment(true, ".", 0, time);
        default: break;
        }
        // Mostly the server talks, and the client acknowledges.
        const bool asks = step == 3 || dice.below(8) == 0;
        return segment(asks, "P.", asks ? 100 + dice.below(300) : 200 + dice.below(1'200), time);
    }

  private:
    // From the ranges that are set aside for benchmarks (RFC 2544, RFC 5180).
    [[nodiscard]] std::string host(std::uint32_t number) const {
        if (is_ipv6_) return fmt::format("2001:2::{:x}", number);
        return fmt::format("198.18.{}.{}", number >> 8, number & 0xFF);
    }

    [[nodiscard]] PacketBuilder packet(bool from_client, Timestamp time) const {
        const std::string &source = from_client ? client_ : server_;
        const std::string &destination = from_client ? server_ : client_;
        const std::uint16_t source_port = from_client ? client_port_ : server_port_;
        const std::uint16_t destination_port = from_client ? server_port_ : client_port_;
        PacketBuilder builder;
        builder.ethernet();
        is_ipv6_ ? builder.ipv6(source, destination) : builder.ipv4(source, destination);
        is_tcp_ ? builder.tcp(source_port, destination_port) : builder.udp(source_port, destination_port);
        builder.at(time);
        return builder;
    }

    BuiltPacket segment(bool from_client, std::string_view flags, std::uint32_t bytes, Timestamp time) {
        std::uint32_t &own = from_client ? client_sequence_ : server_sequence_;
        const std::uint32_t other = from_client ? server_sequence_ : client_sequence_;
        PacketBuilder builder = packet(from_client, time);
        builder.flags(flags).seq(own);
        if (flags != "S") builder.ack(other);
        own += bytes + (flags.find_first_of("SF") != std::string_view::npos ? 1 : 0);
        return builder.payload_of(bytes).build();
    }

    bool is_ipv6_;
    bool is_tcp_;
    std::string client_, server_;
    std::uint16_t client_port_, server_port_;
    std::uint32_t packets_;
    std::uint32_t played_ = 0;
    std::uint32_t client_sequence_, server_sequence_;
};

// pcap with nanoseconds, in this machine's byte order.
class PcapFile {
  public:
    explicit PcapFile(const std::string &path) : file_(path, std::ios::binary) {
        number(0xa1b23c4d);
        number(std::endian::native == std::endian::little ? 2 | 4 << 16 : 2 << 16 | 4); // version 2.4
        number(0);
        number(0);
        number(262'144);
        number(1); // Ethernet
    }

    void write(const BuiltPacket &packet) {
        const auto nanoseconds = static_cast<std::uint64_t>(packet.time.time_since_epoch().count());
        number(static_cast<std::uint32_t>(nanoseconds / 1'000'000'000));
        number(static_cast<std::uint32_t>(nanoseconds % 1'000'000'000));
        number(static_cast<std::uint32_t>(packet.bytes.size()));
        number(static_cast<std::uint32_t>(packet.bytes.size()));
        file_.write(reinterpret_cast<const char *>(packet.bytes.data()),
                    static_cast<std::streamsize>(packet.bytes.size()));
    }

    [[nodiscard]] bool close() {
        file_.close();
        return !file_.fail();
    }

  private:
    void number(std::uint32_t value) { file_.write(reinterpret_cast<const char *>(&value), sizeof value); }

    std::ofstream file_;
};

bool generate(const std::string &path, std::uint32_t packets, std::uint32_t flows, std::uint32_t seed) {
    Dice dice(seed);
    PcapFile file(path);
    std::vector<Conversation> conversations;
    conversations.reserve(flows);
    for (std::uint32_t i = 0; i < flows; ++i) conversations.emplace_back(dice);
    Timestamp time = first_packet_time;
    for (std::uint32_t i = 0; i < packets; ++i) {
        Conversation &conversation = conversations[dice.below(flows)];
        file.write(conversation.next(dice, time));
        if (conversation.over()) conversation = Conversation(dice);
        time += std::chrono::nanoseconds(1 + dice.below(20'000));
    }
    return file.close();
}

// 0 if it is not a number.
std::uint32_t number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

} // namespace
} // namespace doorplate

int main(int count, char **arguments) {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    const bool complete = words.size() == 4;
    const std::uint32_t packets = complete ? doorplate::number(words[1]) : 0;
    const std::uint32_t flows = complete ? doorplate::number(words[2]) : 0;
    const std::uint32_t seed = complete ? doorplate::number(words[3]) : 0;
    if (packets == 0 || flows == 0 || seed == 0) {
        fmt::print(stderr, "usage: generate_capture FILE PACKETS FLOWS SEED (numbers from 1)\n");
        return 2;
    }
    if (doorplate::generate(words[0], packets, flows, seed)) return 0;
    fmt::print(stderr, "generate_capture: cannot write {}\n", words[0]);
    return 1;
}

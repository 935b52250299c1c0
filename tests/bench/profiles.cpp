#include "tests/bench/profiles.h"

#include <algorithm>
#include <vector>

#include "capture/address.h"

namespace doorplate {
namespace {

using std::chrono::nanoseconds;

constexpr Timestamp beginning{std::chrono::seconds(1'700'000'000)};

constexpr Segment from(std::size_t end, TcpFlags flags, std::uint32_t payload_bytes = 0) {
    return {.from = end, .flags = flags, .payload_bytes = payload_bytes};
}

constexpr Segment small_segment(std::size_t end, TcpFlags flags, std::uint32_t payload_bytes = 0) {
    return {.from = end, .flags = flags, .tcp_options = false, .payload_bytes = payload_bytes};
}

IpAddress ipv4(std::uint32_t number) {
    return IpAddress::v4({static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
                          static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}

struct SmallPlay {
    std::uint32_t flow = 0; // index
    std::uint32_t step = 0;
    std::uint32_t length = 0; // packets, first to last
};

Segment small_step(const SmallPlay &play, Transport transport) {
    constexpr std::uint32_t shortest_that_closes = 10;
    const std::size_t turn = play.step % 2 == 0 ? client : server;
    if (transport == Transport::udp) return small_segment(turn, {}, 18);
    switch (play.step) {
    case 0: return small_segment(client, syn);
    case 1: return small_segment(server, syn | ack);
    case 2: return small_segment(client, ack);
    default: break;
    }
    if (play.length >= shortest_that_closes) {
        switch (play.length - play.step) {
        case 3: return small_segment(client, fin | ack);
        case 2: return small_segment(server, fin | ack);
        case 1: return small_segment(client, ack);
        default: break;
        }
    }
    return small_segment(turn, psh | ack, 6);
}

} // namespace

Endpoint client_endpoint(std::uint64_t index, Family family) {
    constexpr std::uint64_t clients = 60'000;
    constexpr std::uint64_t ports = 64'512; // 1024 to 65535; 7919 has no factor in common with it
    const std::uint64_t client_number = index % clients;
    const std::uint64_t turn = index / clients;
    const auto port = static_cast<std::uint16_t>(1024 + (turn * 7919 + client_number * 31) % ports);
    // Scattered over 10.0.0.0/10: an odd factor maps no two numbers of 22 bits to the same.
    const auto scattered = static_cast<std::uint32_t>(client_number * 0x9E37'79B1 & 0x3F'FFFF);
    if (family == Family::ipv4) return {ipv4(0x0A00'0000 + scattered), port};
    const auto byte = [&](int shift) { return static_cast<std::uint8_t>(scattered >> shift); };
    return {IpAddress::v6({0x20, 0x01, 0x0D, 0xB8, 0, 0x0A, 0, byte(16), 0, 0, 0, 0, 0, 0, byte(8), byte(0)}), port};
}

void play_small(Amount amount, Stage &stage, GeneratedFlows &flows) {
    Dice &dice = stage.dice;
    std::vector<SmallPlay> alive;
    alive.reserve(amount.flows);
    for (std::uint64_t i = 0; i < amount.flows; ++i) {
        GeneratedFlow &flow = flows.emplace_back();
        flow.transport = dice.percent(70) ? Transport::tcp : Transport::udp;
        const bool is_tcp = flow.transport == Transport::tcp;
        const auto server_port =
            static_cast<std::uint16_t>(is_tcp ? (dice.percent(60) ? 443 : 80) : (dice.percent(50) ? 443 : 9));
        flow.ends[client].endpoint = client_endpoint(i, Family::ipv4);
        flow.ends[server].endpoint = {ipv4(0xC633'6400 + dice.below(200)), server_port}; // 198.51.100.0/24
        for (GeneratedEnd &end : flow.ends) end.next_sequence = static_cast<std::uint32_t>(dice.roll());
        const std::uint64_t length = amount.packets / amount.flows + (i < amount.packets % amount.flows ? 1 : 0);
        alive.push_back({static_cast<std::uint32_t>(i), 0, static_cast<std::uint32_t>(length)});
    }
    std::erase_if(alive, [](const SmallPlay &play) { return play.length == 0; });
    Timestamp time = beginning;
    while (!alive.empty()) {
        SmallPlay &play = alive[dice.below(static_cast<std::uint32_t>(alive.size()))];
        time += nanoseconds(dice.between(100, 700));
        GeneratedFlow &flow = flows[play.flow];
        stage.send(flow, time, small_step(play, flow.transport));
        if (++play.step < play.length) continue;
        play = alive.back();
        alive.pop_back();
    }
}

void play_elephants(Amount amount, Stage &stage, GeneratedFlows &flows) {
    constexpr std::uint32_t full_segment = 1'448;
    constexpr nanoseconds pause{20'000};
    constexpr nanoseconds wire_time{1'200}; // of a full segment at 10 Gbit/s
    Dice &dice = stage.dice;
    Timestamp time = beginning;
    for (std::uint64_t i = 0; i < amount.flows; ++i) {
        GeneratedFlow &flow = flows.emplace_back();
        flow.ends[client].endpoint = client_endpoint(i, Family::ipv4);
        flow.ends[server].endpoint = {ipv4(0xC633'6400 + static_cast<std::uint32_t>(i % 16)), 443};
        for (GeneratedEnd &end : flow.ends) end.next_sequence = static_cast<std::uint32_t>(dice.roll());
        stage.send(flow, time += pause, from(client, syn));
        stage.send(flow, time += pause, from(server, syn | ack));
        stage.send(flow, time += pause, from(client, ack));
    }
    while (stage.packets() + 3 * amount.flows < amount.packets) {
        GeneratedFlow &flow = flows[dice.below(static_cast<std::uint32_t>(flows.size()))];
        const std::size_t sender = dice.percent(85) ? server : client;
        const std::uint64_t room = amount.packets - 3 * amount.flows - stage.packets();
        const std::uint64_t train = std::min<std::uint64_t>(dice.between(1, 32), room);
        for (std::uint64_t i = 0; i < train; ++i) stage.send(flow, time += wire_time, from(sender, ack, full_segment));
    }
    for (GeneratedFlow &flow : flows) {
        stage.send(flow, time += pause, from(client, fin | ack));
        stage.send(flow, time += pause, from(server, fin | ack));
        stage.send(flow, time += pause, from(client, ack));
    }
}

void play_synflood(Amount amount, Stage &stage, GeneratedFlows &flows) {
    Dice &dice = stage.dice;
    Timestamp time = beginning;
    for (std::uint64_t i = 0; i < amount.packets; ++i) {
        GeneratedFlow &flow = flows.emplace_back();
        // An odd factor: no address comes twice.
        const auto address = static_cast<std::uint32_t>((i + 1) * 0x9E37'79B1);
        flow.ends[client].endpoint = {ipv4(address), static_cast<std::uint16_t>(dice.between(1'024, 65'535))};
        flow.ends[client].next_sequence = static_cast<std::uint32_t>(dice.roll());
        flow.ends[server].endpoint = {ipv4(0xC633'6407), 80};
        stage.send(flow, time += nanoseconds(dice.between(50, 350)), small_segment(client, syn));
    }
}

} // namespace doorplate

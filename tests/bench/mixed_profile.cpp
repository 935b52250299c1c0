// The profile `mixed`: every flow follows a script, and the next frame is that of the flow which is due first.
#include "tests/bench/profiles.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/messages.h"

namespace doorplate {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Timestamp beginning{seconds(1'700'000'000)};
constexpr std::uint32_t mean_time_between_flows_ns = 400'000;

enum class Script : std::uint8_t { web, upload, shell, name_lookup, quic, call, ping, scan, refused };

// In thousandths of all flows.
struct Share {
    Script script;
    std::uint32_t thousandths;
};
constexpr Share shares[]{{Script::web, 560},         {Script::upload, 40}, {Script::shell, 40},
                         {Script::name_lookup, 210}, {Script::quic, 60},   {Script::call, 10},
                         {Script::ping, 20},         {Script::scan, 30},   {Script::refused, 30}};

Script draw_script(Dice &dice) {
    std::uint32_t mark = dice.below(1'000);
    for (const Share &share : shares) {
        if (mark < share.thousandths) return share.script;
        mark -= share.thousandths;
    }
    return Script::web;
}

Transport transport_of(Script script, Family family) {
    switch (script) {
    case Script::name_lookup:
    case Script::quic:
    case Script::call: return Transport::udp;
    case Script::ping: return family == Family::ipv4 ? Transport::icmp : Transport::icmpv6;
    default: return Transport::tcp;
    }
}

// How far a flow is in its script.
struct Play {
    Script script = Script::web;
    std::uint32_t step = 0;
    std::uint32_t left = 0;      // bytes, or frames, until the end
    std::uint32_t after_end = 0; // steps
    std::uint32_t answer_bytes = 0;
    bool ends_with_reset = false;
    nanoseconds round_trip{};
    nanoseconds pace{}; // of a sender's train
};

class Mixed {
  public:
    Mixed(std::uint64_t packets, Stage &stage, GeneratedFlows &flows)
        : packets_(packets), stage_(stage), dice_(stage.dice), flows_(flows) {}

    void play() {
        Timestamp arrival = beginning;
        while (stage_.packets() < packets_) {
            if (due_.empty() || arrival <= due_.top().time) {
                begin_flow(arrival);
                arrival += nanoseconds(dice_.between(1, 2 * mean_time_between_flows_ns));
                continue;
            }
            const Due due = due_.top();
            due_.pop();
            if (const auto wait = step(due.flow, due.time)) due_.push({due.time + *wait, due.flow});
        }
    }

  private:
    struct Due {
        Timestamp time;
        std::size_t flow; // index
        // The queue's top is its greatest: the earliest, and of those the oldest flow.
        bool operator<(const Due &other) const { return time != other.time ? time > other.time : flow > other.flow; }
    };
    // Until the flow's next frame; nothing after its last.
    using Wait = std::optional<nanoseconds>;

    void begin_flow(Timestamp time) {
        GeneratedFlow flow;
        Play play;
        play.script = draw_script(dice_);
        const Family family = dice_.percent(20) ? Family::ipv6 : Family::ipv4;
        if (dice_.percent(5)) flow.vlan_tags = dice_.percent(10) ? 2 : 1;
        flow.vlan = static_cast<std::uint16_t>(dice_.between(100, 120));
        flow.transport = transport_of(play.script, family);
        flow.ends[client].endpoint = client_endpoint(flows_.size(), family);
        flow.ends[server].endpoint = {server_address(family), server_port(play.script)};
        for (GeneratedEnd &end : flow.ends) end.next_sequence = static_cast<std::uint32_t>(dice_.roll());
        play.round_trip = nanoseconds(dice_.heavy(20, 28)); // 1 ms to 0.3 s
        play.pace = nanoseconds(dice_.between(6'000, 60'000));
        play.ends_with_reset = dice_.percent(8);
        play.answer_bytes = dice_.heavy(10, 28);
        switch (play.script) {
        case Script::shell: play.left = dice_.heavy(4, 12); break;
        case Script::call: play.left = dice_.between(500, 3'000); break;
        case Script::ping: play.left = dice_.between(1, 10); break;
        case Script::name_lookup: play.left = dice_.between(1, 20); break; // addresses
        default: play.left = play.answer_bytes; break;
        }
        flows_.push_back(flow);
        plays_.push_back(play);
        due_.push({time, flows_.size() - 1});
    }

    // Some servers are asked far more often than others.
    IpAddress server_address(Family family) {
        const std::uint32_t number = dice_.heavy(0, 12);
        const auto high = static_cast<std::uint8_t>(number >> 8);
        const auto low = static_cast<std::uint8_t>(number);
        if (family == Family::ipv4) return IpAddress::v4({198, 18, high, low}); // RFC 2544
        return IpAddress::v6({0x20, 0x01, 0x0D, 0xB8, 0, 0x0B, 0, 0, 0, 0, 0, 0, 0, 0, high, low});
    }

    std::uint16_t server_port(Script script) {
        switch (script) {
        case Script::web: return dice_.percent(25) ? 80 : 443;
        case Script::name_lookup: return 53;
        case Script::shell: return 22;
        case Script::call: return 5'004;
        case Script::ping: return 0;
        default: return 443;
        }
    }

    Wait step(std::size_t index, Timestamp time) {
        GeneratedFlow &flow = flows_[index];
        Play &play = plays_[index];
        const auto send = [&](std::size_t from, TcpFlags flags, std::uint32_t bytes, std::string_view head = {}) {
            stage_.send(flow, time, {.from = from, .flags = flags, .payload_bytes = bytes, .payload_head = head});
        };
        const std::uint32_t number = play.step++;
        const std::size_t turn = number % 2 == 0 ? client : server;
        switch (play.script) {
        case Script::name_lookup: {
            const std::string name = fmt::format("host-{}.example.com", index % 10'000);
            const std::string message = number == 0 ? dns_question(name) : dns_answer(name, play.left);
            send(turn, {}, static_cast<std::uint32_t>(message.size()), message);
            return number == 0 ? Wait(play.round_trip) : std::nullopt;
        }
        case Script::quic: {
            if (number % 8 == 0) {
                send(client, {}, number == 0 ? 1'200 : dice_.between(30, 80));
                return play.round_trip;
            }
            const std::uint32_t bytes = dice_.between(1'200, 1'350);
            send(server, {}, bytes);
            play.left -= std::min(play.left, bytes);
            return play.left > 0 ? Wait(play.pace) : std::nullopt;
        }
        case Script::call: send(turn, {}, 172); return --play.left > 0 ? Wait(milliseconds(10)) : std::nullopt;
        case Script::ping:
            send(turn, {}, 56);
            if (turn == client) return play.round_trip;
            return --play.left > 0 ? Wait(seconds(1)) : std::nullopt;
        case Script::scan: // the same SYN again, as Linux repeats it
            flow.ends[client].next_sequence -= number > 0 ? 1 : 0;
            send(client, syn, 0);
            return number < 2 ? Wait(seconds(1U << number)) : std::nullopt;
        case Script::refused:
            if (number == 0) {
                send(client, syn, 0);
                return play.round_trip;
            }
            stage_.send(flow, time, {.from = server, .flags = rst | ack, .tcp_options = false});
            return std::nullopt;
        default: break;
        }
        switch (number) {
        case 0: send(client, syn, 0); return play.round_trip / 2;
        case 1: send(server, syn | ack, 0); return play.round_trip / 2;
        case 2: send(client, ack, 0); return play.pace;
        default: break;
        }
        if (play.left == 0) return close(play, flow, time);
        return play.script == Script::shell ? keystroke(play, flow, time) : transfer(index, time);
    }

    Wait keystroke(Play &play, GeneratedFlow &flow, Timestamp time) {
        const std::size_t sender = play.step % 2 == 0 ? client : server;
        stage_.send(flow, time, {.from = sender, .flags = psh | ack, .payload_bytes = dice_.between(36, 120)});
        --play.left;
        return sender == client ? play.round_trip : nanoseconds(dice_.between(20'000'000, 400'000'000));
    }

    // Bulk in one direction; in the other an ACK for every second segment.
    Wait transfer(std::size_t index, Timestamp time) {
        constexpr std::uint32_t ask = 3; // the step
        constexpr std::uint32_t answer = 4;
        GeneratedFlow &flow = flows_[index];
        Play &play = plays_[index];
        const std::uint32_t number = play.step - 1;
        const std::size_t sender = play.script == Script::web ? server : client;
        const bool plain = flow.ends[server].endpoint.port == 80;
        if (number == ask && play.script == Script::web) {
            const std::string name = fmt::format("www{}.example.com", index % 1'000);
            const std::string request = plain ? http_request(name) : tls_client_hello(name);
            const auto bytes = static_cast<std::uint32_t>(request.size());
            stage_.send(flow, time,
                        {.from = client, .flags = psh | ack, .payload_bytes = bytes, .payload_head = request});
            return play.round_trip;
        }
        if (number % 3 == 0) {
            stage_.send(flow, time, {.from = 1 - sender, .flags = ack});
            return dice_.percent(4) ? play.round_trip : play.pace; // the window stalls now and then
        }
        const bool is_ipv6 = flow.ends[server].endpoint.address.family() == Family::ipv6;
        const std::uint32_t bytes = std::min(play.left, is_ipv6 ? 1'428U : 1'448U);
        const std::string head = number == answer && play.script == Script::web
                                     ? (plain ? http_response(play.answer_bytes) : tls_server_hello())
                                     : std::string();
        const TcpFlags flags = play.left == bytes ? psh | ack : ack;
        stage_.send(flow, time, {.from = sender, .flags = flags, .payload_bytes = bytes, .payload_head = head});
        if (dice_.below(1'000) < 3) { // lost behind us: it comes again
            flow.ends[sender].next_sequence -= bytes;
            --play.step;
            return play.round_trip;
        }
        play.left -= bytes;
        return play.left > 0 ? play.pace : play.round_trip;
    }

    Wait close(Play &play, GeneratedFlow &flow, Timestamp time) {
        if (play.ends_with_reset) {
            stage_.send(flow, time, {.from = client, .flags = rst | ack, .tcp_options = false});
            return std::nullopt;
        }
        switch (play.after_end++) {
        case 0: stage_.send(flow, time, {.from = client, .flags = fin | ack}); return play.round_trip / 2;
        case 1: stage_.send(flow, time, {.from = server, .flags = fin | ack}); return play.round_trip / 2;
        default: stage_.send(flow, time, {.from = client, .flags = ack}); return std::nullopt;
        }
    }

    std::uint64_t packets_;
    Stage &stage_;
    Dice &dice_;
    GeneratedFlows &flows_;
    std::deque<Play> plays_; // of the flows with the same indices
    std::priority_queue<Due> due_;
};

} // namespace

void play_mixed(Amount amount, Stage &stage, GeneratedFlows &flows) { Mixed(amount.packets, stage, flows).play(); }

} // namespace doorplate

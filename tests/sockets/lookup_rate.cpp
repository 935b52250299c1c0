// Measures how often a look-up finds the owner of a short-lived process: `lookup_rate [processes] [hold in ms]
// [tcp|udp]`. In a network namespace of its own, processes connect (TCP) or send (UDP) one after the other to a server
// on loopback, hold the socket for a while and exit; a packet socket sees their first packet and asks. Needs root. Not
// a test: its result depends on the machine.

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "capture/byte_reader.h"
#include "capture/sockets/socket_provider.h"
#include "tests/sockets/real_sockets.h"
#include "tests/support/network_namespace.h"

namespace {

using namespace doorplate;

struct Load {
    int processes = 500;
    int hold_ms = 20;
    int type = SOCK_STREAM;
};

// Owners by source port, as told by the processes themselves and as found.
using Owners = std::map<std::uint16_t, pid_t>;

// One process after the other, four at a time, as a script would.
Owners run_processes(const Load &load, const Endpoint &server) {
    std::map<std::uint16_t, std::vector<pid_t>> ports;
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) std::abort();
    int running = 0;
    for (int i = 0; i < load.processes; ++i) {
        if (running == 4) {
            wait(nullptr);
            --running;
        }
        const pid_t child = fork();
        if (child == 0) {
            const FileDescriptor socket = open_socket(load.type, server.address);
            connect_socket(socket, server);
            static_cast<void>(!send(socket.get(), "x", 1, 0));
            const std::array<std::uint32_t, 2> told{static_cast<std::uint32_t>(getpid()), local_of(socket).port};
            static_cast<void>(!write(ends[1], told.data(), sizeof(told)));
            if (load.hold_ms > 0) poll(nullptr, 0, load.hold_ms);
            _exit(0);
        }
        ++running;
        std::array<std::uint32_t, 2> told{};
        if (read(ends[0], told.data(), sizeof(told)) == static_cast<ssize_t>(sizeof(told)))
            ports[static_cast<std::uint16_t>(told[1])].push_back(static_cast<pid_t>(told[0]));
    }
    while (running-- > 0) wait(nullptr);
    close(ends[0]);
    close(ends[1]);
    // A port that came twice in so short a time proves nothing.
    Owners truth;
    for (const auto &[port, pids] : ports)
        if (pids.size() == 1) truth[port] = pids.front();
    return truth;
}

void measure(const Load &load) {
    const FileDescriptor server =
        load.type == SOCK_STREAM ? tcp_listener(loopback4) : bound_socket(SOCK_DGRAM, {loopback4, 0});
    const Endpoint door = local_of(server);
    const FileDescriptor wire(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)));
    auto provider = open_socket_provider({.method = AttributionMethod::netlink});
    if (!provider) std::abort();
    provider.value()->refresh();

    std::atomic<bool> done = false;
    Owners found;
    std::map<std::uint16_t, double> delay_ms;
    std::map<std::uint16_t, std::chrono::steady_clock::time_point> asked;
    const auto take = [&] {
        for (const SocketFacts &facts : provider.value()->drain())
            for (const SocketFact &fact : facts.sockets) {
                const std::uint16_t port = fact.socket.local.port;
                if (fact.socket.remote.port != door.port || fact.holders.empty() || found.contains(port)) continue;
                found[port] = fact.holders.front().process.pid;
                if (asked.contains(port))
                    delay_ms[port] =
                        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - asked[port])
                            .count();
            }
    };
    std::jthread sniffer([&] {
        while (!done) {
            pollfd waiting{wire.get(), POLLIN, 0};
            poll(&waiting, 1, 1);
            std::array<std::uint8_t, 2048> packet{};
            ssize_t length = 0;
            while ((length = recv(wire.get(), packet.data(), packet.size(), MSG_DONTWAIT)) > 0) {
                ByteReader reader(Bytes(packet.data(), static_cast<std::size_t>(length)));
                if (!reader.skip(20)) continue;
                const auto source = reader.be16();
                const auto destination = reader.be16();
                if (!destination || *destination != door.port || asked.contains(*source)) continue;
                asked[*source] = std::chrono::steady_clock::now();
                provider.value()->look_up(load.type == SOCK_STREAM ? Transport::tcp : Transport::udp,
                                          {loopback4, *source}, door);
            }
            take();
        }
    });
    // Each accepted connection is read to its end: closing one with unread bytes would reset it and take the client's
    // socket away.
    std::jthread acceptor([&] {
        std::vector<FileDescriptor> accepted;
        while (!done && load.type == SOCK_STREAM) {
            pollfd waiting{server.get(), POLLIN, 0};
            if (poll(&waiting, 1, 1) == 1) accepted.push_back(accept_one(server));
            std::erase_if(accepted, [](const FileDescriptor &connection) {
                std::array<char, 16> bytes{};
                return recv(connection.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) == 0;
            });
        }
    });
    const auto begun = std::chrono::steady_clock::now();
    const Owners truth = run_processes(load, door);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    done = true;
    sniffer.join();
    acceptor.join();
    provider.value()->refresh();
    take();

    int right = 0;
    int wrong = 0;
    std::vector<double> delays;
    for (const auto &[port, pid] : truth) {
        if (!found.contains(port)) continue;
        (found[port] == pid ? right : wrong) += 1;
        if (delay_ms.contains(port)) delays.push_back(delay_ms[port]);
    }
    std::ranges::sort(delays);
    const auto percentile = [&](std::size_t p) { return delays.empty() ? 0.0 : delays[(delays.size() - 1) * p / 100]; };
    fmt::print("{} {} processes, {} ms hold, {:.0f}/s: asked {}, right {} ({:.1f} %), wrong {}; answer after p50 "
               "{:.2f} ms, p99 {:.2f} ms\n",
               truth.size(), load.type == SOCK_STREAM ? "TCP" : "UDP", load.hold_ms,
               static_cast<double>(truth.size()) / seconds, asked.size(), right,
               100.0 * right / static_cast<double>(truth.size()), wrong, percentile(50), percentile(99));
}

} // namespace

int main(int count, char **arguments) {
    Load load;
    if (count > 1) load.processes = std::atoi(arguments[1]);
    if (count > 2) load.hold_ms = std::atoi(arguments[2]);
    if (count > 3 && std::string_view(arguments[3]) == "udp") load.type = SOCK_DGRAM;
    if (const auto reason = doorplate::why_no_network_namespace()) {
        fmt::print(stderr, "{}\n", *reason);
        return 1;
    }
    doorplate::in_network_namespace([&] { measure(load); });
}

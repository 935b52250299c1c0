#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "capture/sockets/socket_provider.h"
#include "tests/support/packet_builder.h"

namespace doorplate {

// Facts as a sentence:
//
//     look_at_ms(5).listening("0.0.0.0", 80).held_by(12, "nginx").connected("10.0.0.1", 80, "10.0.0.2",
//     5000).held_by(13)
class LookBuilder {
  public:
    explicit LookBuilder(std::int64_t ms) {
        facts_.begun = facts_.ended = first_packet_time + std::chrono::milliseconds(ms);
        facts_.whole_table = true;
    }

    LookBuilder &listening(std::string_view address, std::uint16_t port) {
        return socket(Transport::tcp, SocketState::listen, end(address, port), wildcard_like(address));
    }
    LookBuilder &bound(std::string_view address, std::uint16_t port) {
        return socket(Transport::udp, SocketState::close, end(address, port), wildcard_like(address));
    }
    LookBuilder &connected(std::string_view address, std::uint16_t port, std::string_view peer, std::uint16_t peer_port,
                           SocketState state = SocketState::established) {
        return socket(Transport::tcp, state, end(address, port), end(peer, peer_port));
    }
    // The socket named last.
    LookBuilder &held_by(std::int32_t pid, std::string_view name = "program") {
        facts_.sockets.back().holders.push_back({{pid, 1}, 3});
        facts_.sockets.back().socket.inode = next_inode_++;
        Process process;
        process.key = {pid, 1};
        process.name = name;
        process.start = first_packet_time - std::chrono::hours(1);
        facts_.processes.push_back(process);
        return *this;
    }

    // The process named last.
    LookBuilder &began_at_ms(std::int64_t ms) {
        facts_.processes.back().start = first_packet_time + std::chrono::milliseconds(ms);
        return *this;
    }

    [[nodiscard]] SocketFacts facts() const { return facts_; }

  private:
    static Endpoint end(std::string_view address, std::uint16_t port) {
        return {IpAddress::parse(address).value(), port};
    }
    static Endpoint wildcard_like(std::string_view address) {
        return end(IpAddress::parse(address)->family() == Family::ipv6 ? "::" : "0.0.0.0", 0);
    }
    LookBuilder &socket(Transport transport, SocketState state, Endpoint local, Endpoint remote) {
        SocketRecord record;
        record.transport = transport;
        record.state = state;
        record.local = local;
        record.remote = remote;
        record.cookie = next_cookie_++;
        facts_.sockets.push_back({record, {}, HolderSearch::complete});
        return *this;
    }

    SocketFacts facts_;
    std::uint64_t next_inode_ = 1000;
    std::uint64_t next_cookie_ = 1;
};

[[nodiscard]] inline LookBuilder look_at_ms(std::int64_t ms) { return LookBuilder{ms}; }

// 192.0.2.1 and 2001:db8::1, with Linux's default port rules.
[[nodiscard]] inline HostFacts linux_host() {
    HostFacts host;
    host.hostname = "host";
    host.ephemeral_ports = PortRange{32768, 60999};
    host.unprivileged_port_start = 1024;
    host.local_addresses = {{IpAddress::parse("192.0.2.1").value(), 24}, {IpAddress::parse("2001:db8::1").value(), 64}};
    return host;
}

} // namespace doorplate

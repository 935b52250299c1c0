#include "capture/sockets/socket_table.h"

#include <algorithm>
#include <tuple>

namespace doorplate {

namespace {

auto order(const SocketRecord &socket) {
    return std::tie(socket.transport, socket.local, socket.remote, socket.state, socket.inode, socket.cookie,
                    socket.interface_index, socket.netns, socket.ipv6_only, socket.uid);
}

bool same_endpoint(const Endpoint &a, const Endpoint &b) {
    return a.port == b.port && a.address.unmapped() == b.address.unmapped();
}

// Without a peer, and its local endpoint is `local` or the wildcard in front of it.
bool waits_on(const SocketRecord &socket, const Endpoint &local) {
    if (socket.has_peer() || socket.local.port != local.port) return false;
    const IpAddress bound = socket.local.address.unmapped();
    const IpAddress asked = local.address.unmapped();
    if (!bound.is_unspecified()) return bound == asked;
    return bound.family() == asked.family() || (bound.family() == Family::ipv6 && !socket.ipv6_only);
}

} // namespace

void sort_sockets(std::vector<SocketRecord> &sockets) {
    std::ranges::sort(sockets, {}, order);
    const auto repeated = std::ranges::unique(sockets);
    sockets.erase(repeated.begin(), repeated.end());
}

std::vector<SocketRecord> select_sockets(const std::vector<SocketRecord> &sockets, const SocketTuple &tuple) {
    std::vector<SocketRecord> exact;
    std::vector<SocketRecord> waiting;
    for (const SocketRecord &socket : sockets) {
        if (socket.transport != tuple.transport) continue;
        if (socket.has_peer()) {
            if (same_endpoint(socket.local, tuple.local) && same_endpoint(socket.remote, tuple.remote))
                exact.push_back(socket);
        } else if (waits_on(socket, tuple.local)) {
            waiting.push_back(socket);
        }
    }
    std::vector<SocketRecord> &selected = exact.empty() ? waiting : exact;
    sort_sockets(selected);
    return std::move(selected);
}

} // namespace doorplate

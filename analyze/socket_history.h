#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "analyze/attribution.h"
#include "capture/sockets/socket_provider.h"

namespace doorplate {

// The question of one end of a flow: who held this, then?
struct SocketQuestion {
    Transport transport = Transport::tcp;
    Endpoint local;
    Endpoint remote;
    // The flow's first and (so far) last packet.
    Timestamp start;
    Timestamp end;
    // The flow's first packets were seen (a handshake), so a socket of before cannot be meant.
    bool began_in_capture = false;
    // `local` certainly opened the connection: a listener on its port cannot be meant.
    bool opened_by_local = false;
    // The network namespace that is meant; absent: any.
    std::optional<std::uint64_t> netns;
};

// What the socket table says of an endpoint's number, which is evidence for roles as well as for owners.
struct SocketAnswer {
    Attribution attribution;
    // At some time of the flow a socket was listening (TCP) or bound without a peer (UDP) on this local endpoint.
    bool listener_seen = false;
    // The exact five-tuple was seen, and no listener had its local port at that time: the socket must have connected.
    bool connected_out = false;
    // The kernel told of it as it began: true if the program had asked for this port, false if the kernel chose it.
    std::optional<bool> port_asked_for;
};

// A listener or bound socket, for the port map.
struct ListeningSocket {
    SocketRecord socket;
    Timestamp first_seen;
    Attribution attribution;
};

// Keeps socket facts as intervals: which socket existed from when to when, and who held it. Bounded: closed sockets are
// forgotten after `memory`.
class SocketHistory {
  public:
    explicit SocketHistory(Duration memory = std::chrono::minutes(10));
    ~SocketHistory();

    void ingest(const SocketFacts &facts);

    // Nothing has come in yet: every answer would be no_socket_facts.
    [[nodiscard]] bool empty() const;

    // `local` must be an address of this host; whether it is, the caller knows.
    [[nodiscard]] SocketAnswer who(const SocketQuestion &question) const;

    // Listening and bound sockets now, sorted by transport, port, address.
    [[nodiscard]] std::vector<ListeningSocket> listeners() const;

    // Sockets with a peer now (TIME_WAIT included), for ephemeral pressure. Sorted.
    [[nodiscard]] std::vector<SocketRecord> connected() const;

    // Every process that held a socket, sorted by pid and start.
    [[nodiscard]] std::vector<std::shared_ptr<const Process>> processes() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace doorplate

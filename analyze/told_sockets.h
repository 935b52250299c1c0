#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "analyze/socket_history.h"
#include "analyze/socket_place.h"
#include "capture/sockets/socket_event.h"

namespace doorplate {

// A process that the kernel named as a socket's user.
struct ToldHolder {
    std::shared_ptr<const Process> process;
    std::int32_t tid = 0;
    std::string thread_name;
    Timestamp since;
};

// One socket's conversation with one peer, as the kernel told of it: exact where looks at the socket table see what is
// left over.
struct ToldSocket {
    SocketRecord socket;
    Place place;
    Timestamp begun;
    std::optional<Timestamp> closed;
    // What made it known.
    SocketEventKind how = SocketEventKind::held;
    bool port_asked_for = false;
    // In the order in which they began to use it; at least one, unless nobody has used it since it was accepted.
    std::vector<ToldHolder> users;
    // Whose listener a connection came in through.
    std::optional<ToldHolder> accepted_by;

    // The local program began the conversation.
    [[nodiscard]] bool went_out() const { return how == SocketEventKind::connected || how == SocketEventKind::sent; }
};

// What the kernel told of connections and datagrams. Bounded; whoever asks too late gets the socket table's answer.
class ToldSockets {
  public:
    explicit ToldSockets(std::size_t most = 200'000) : most_(most) {}

    // Events of sockets without a peer say nothing here.
    void hear(const SocketEvent &event);
    void forget_closed_before(Timestamp oldest);

    // The sockets that carried a flow, in the order in which they did: one for a connection, perhaps several for
    // datagrams, whose port may have changed hands meanwhile. Valid until the next event.
    [[nodiscard]] std::vector<const ToldSocket *> who(const SocketQuestion &question) const;

    // Adds the processes that are named here.
    void collect_processes(std::set<ProcessKey> &named) const;

  private:
    using Sockets = std::list<ToldSocket>;
    // Namespace, transport, cookie.
    using Cookie = std::tuple<std::uint64_t, Transport, std::uint64_t>;

    [[nodiscard]] static Cookie cookie_of(const SocketRecord &socket);
    [[nodiscard]] Sockets::iterator find_or_open(const SocketEvent &event, const Place &place);
    void close(const SocketEvent &event);
    void forget(Sockets &sockets, Sockets::iterator socket);

    std::size_t most_;
    Sockets open_;
    Sockets closed_; // in the order in which they were closed
    std::map<Place, std::vector<Sockets::iterator>> places_;
    // Open ones only: a socket without a peer of its own has one for each.
    std::map<std::pair<Cookie, Place>, Sockets::iterator> conversations_;
};

} // namespace doorplate

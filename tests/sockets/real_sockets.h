#pragma once

#include <cstdint>
#include <functional>

#include <sys/types.h>

#include "capture/address.h"
#include "capture/file_descriptor.h"
#include "capture/sockets/socket_table.h"

namespace doorplate {

inline const IpAddress loopback4 = IpAddress::v4({127, 0, 0, 1});
inline const IpAddress loopback6 = IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
inline const IpAddress any4 = IpAddress::v4({});
inline const IpAddress any6 = IpAddress::v6({});

// Sockets of this kernel. What cannot be made throws std::system_error. `type` is SOCK_STREAM or SOCK_DGRAM; without a
// port, the kernel picks one.
[[nodiscard]] FileDescriptor open_socket(int type, const IpAddress &address);
[[nodiscard]] FileDescriptor bound_socket(int type, const Endpoint &local);
[[nodiscard]] FileDescriptor tcp_listener(const IpAddress &address);
[[nodiscard]] FileDescriptor accept_one(const FileDescriptor &listener);
void set_option(const FileDescriptor &socket, int level, int option, int value);
void bind_socket(const FileDescriptor &socket, const Endpoint &local);
// `scope` is the interface of a link-local address.
void connect_socket(const FileDescriptor &socket, const Endpoint &remote, unsigned scope = 0);

[[nodiscard]] Endpoint local_of(const FileDescriptor &socket);
[[nodiscard]] Endpoint remote_of(const FileDescriptor &socket);
[[nodiscard]] std::uint64_t inode_of(const FileDescriptor &socket);
[[nodiscard]] std::uint64_t cookie_of(const FileDescriptor &socket);

// Both ends of a TCP connection and the listener that it came through.
struct TcpPair {
    FileDescriptor listener;
    FileDescriptor initiator;
    FileDescriptor responder;
};
[[nodiscard]] TcpPair tcp_pair(const IpAddress &address);
[[nodiscard]] SocketTuple tuple_of(const FileDescriptor &socket, Transport transport);

// A forked process. The body runs until it returns, then the child waits to be killed. In a program with threads the
// body may only do what is safe in a signal handler.
class ForkedChild {
  public:
    explicit ForkedChild(const std::function<void()> &body);
    ForkedChild(const ForkedChild &) = delete;
    ForkedChild &operator=(const ForkedChild &) = delete;
    ~ForkedChild();

    // Returns when the body has returned.
    void wait_until_ready() const;
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    pid_t pid_ = -1;
    FileDescriptor ready_;
};

} // namespace doorplate

#include "tests/sockets/real_sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <system_error>

namespace doorplate {

namespace {

void must(bool succeeded, const char *what) {
    if (!succeeded) throw std::system_error(errno, std::generic_category(), what);
}

struct SocketAddress {
    sockaddr_storage bytes{};
    socklen_t length = sizeof(sockaddr_storage);

    [[nodiscard]] sockaddr *get() { return reinterpret_cast<sockaddr *>(&bytes); }
    [[nodiscard]] const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&bytes); }
};

SocketAddress as_sockaddr(const Endpoint &endpoint, unsigned scope) {
    SocketAddress address;
    const auto bytes = endpoint.address.bytes();
    if (endpoint.address.family() == Family::ipv4) {
        sockaddr_in ipv4{};
        ipv4.sin_family = AF_INET;
        ipv4.sin_port = htons(endpoint.port);
        std::memcpy(&ipv4.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&address.bytes, &ipv4, sizeof(ipv4));
        address.length = sizeof(ipv4);
    } else {
        sockaddr_in6 ipv6{};
        ipv6.sin6_family = AF_INET6;
        ipv6.sin6_port = htons(endpoint.port);
        ipv6.sin6_scope_id = scope;
        std::memcpy(&ipv6.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&address.bytes, &ipv6, sizeof(ipv6));
        address.length = sizeof(ipv6);
    }
    return address;
}

Endpoint as_endpoint(const SocketAddress &address) {
    if (address.bytes.ss_family == AF_INET) {
        sockaddr_in ipv4{};
        std::memcpy(&ipv4, &address.bytes, sizeof(ipv4));
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &ipv4.sin_addr, bytes.size());
        return {IpAddress::v4(bytes), ntohs(ipv4.sin_port)};
    }
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &address.bytes, sizeof(ipv6));
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &ipv6.sin6_addr, bytes.size());
    return {IpAddress::v6(bytes), ntohs(ipv6.sin6_port)};
}

} // namespace

FileDescriptor open_socket(int type, const IpAddress &address) {
    FileDescriptor socket(::socket(address.family() == Family::ipv4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0));
    must(static_cast<bool>(socket), "socket");
    return socket;
}

FileDescriptor bound_socket(int type, const Endpoint &local) {
    FileDescriptor socket = open_socket(type, local.address);
    bind_socket(socket, local);
    return socket;
}

FileDescriptor tcp_listener(const IpAddress &address) {
    FileDescriptor socket = bound_socket(SOCK_STREAM, {address, 0});
    must(::listen(socket.get(), 4096) == 0, "listen");
    return socket;
}

FileDescriptor accept_one(const FileDescriptor &listener) {
    FileDescriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    must(static_cast<bool>(socket), "accept");
    return socket;
}

void set_option(const FileDescriptor &socket, int level, int option, int value) {
    must(::setsockopt(socket.get(), level, option, &value, sizeof(value)) == 0, "setsockopt");
}

void bind_socket(const FileDescriptor &socket, const Endpoint &local) {
    const SocketAddress address = as_sockaddr(local, 0);
    must(::bind(socket.get(), address.get(), address.length) == 0, "bind");
}

void connect_socket(const FileDescriptor &socket, const Endpoint &remote, unsigned scope) {
    const SocketAddress address = as_sockaddr(remote, scope);
    must(::connect(socket.get(), address.get(), address.length) == 0, "connect");
}

Endpoint local_of(const FileDescriptor &socket) {
    SocketAddress address;
    must(::getsockname(socket.get(), address.get(), &address.length) == 0, "getsockname");
    return as_endpoint(address);
}

Endpoint remote_of(const FileDescriptor &socket) {
    SocketAddress address;
    must(::getpeername(socket.get(), address.get(), &address.length) == 0, "getpeername");
    return as_endpoint(address);
}

std::uint64_t inode_of(const FileDescriptor &socket) {
    struct stat status{};
    must(::fstat(socket.get(), &status) == 0, "fstat");
    return status.st_ino;
}

std::uint64_t cookie_of(const FileDescriptor &socket) {
    std::uint64_t cookie = 0;
    socklen_t length = sizeof(cookie);
    must(::getsockopt(socket.get(), SOL_SOCKET, SO_COOKIE, &cookie, &length) == 0, "getsockopt");
    return cookie;
}

TcpPair tcp_pair(const IpAddress &address) {
    TcpPair pair{tcp_listener(address), open_socket(SOCK_STREAM, address), {}};
    connect_socket(pair.initiator, local_of(pair.listener));
    pair.responder = accept_one(pair.listener);
    return pair;
}

SocketTuple tuple_of(const FileDescriptor &socket, Transport transport) {
    return {transport, local_of(socket), remote_of(socket)};
}

ForkedChild::ForkedChild(const std::function<void()> &body) {
    std::array<int, 2> ends{};
    must(::pipe(ends.data()) == 0, "pipe");
    ready_ = FileDescriptor(ends[0]);
    const FileDescriptor done(ends[1]);
    pid_ = ::fork();
    must(pid_ >= 0, "fork");
    if (pid_ != 0) return;
    try {
        body();
    } catch (const std::exception &error) {
        // It must not go on as a second run of the tests.
        std::fputs(error.what(), stderr);
        ::_exit(1);
    }
    ::close(done.get());
    while (true) ::pause();
}

void ForkedChild::wait_until_ready() const {
    char nothing = 0;
    static_cast<void>(::read(ready_.get(), &nothing, 1)); // 0 when the child has closed its end
}

ForkedChild::~ForkedChild() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

} // namespace doorplate

#include "capture/sockets/netlink_sockets.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <expected>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

namespace doorplate {

namespace {

// The kernel fills at most 32 KiB per datagram of a dump.
constexpr std::size_t receive_bytes = 64 << 10;
constexpr std::uint32_t all_states = ~0U;
constexpr timeval patience{5, 0};

struct Kind {
    Transport transport;
    std::uint8_t family;
    // A kernel without it is of no use; the others are absent where the kernel does not have them.
    bool required;
};
constexpr std::array kinds{
    Kind{Transport::tcp, AF_INET, true},      Kind{Transport::tcp, AF_INET6, false},
    Kind{Transport::udp, AF_INET, true},      Kind{Transport::udp, AF_INET6, false},
    Kind{Transport::sctp, AF_INET, false},    Kind{Transport::sctp, AF_INET6, false},
    Kind{Transport::udplite, AF_INET, false}, Kind{Transport::udplite, AF_INET6, false},
};

using Outcome = std::expected<void, int>; // an errno value

bool kernel_lacks_it(int error) {
    return error == ENOENT || error == EOPNOTSUPP || error == EAFNOSUPPORT || error == EPROTONOSUPPORT ||
           error == EINVAL;
}

void put_address(std::uint32_t (&words)[4], const IpAddress &address) {
    std::ranges::fill(words, 0U);
    std::memcpy(words, address.bytes().data(), address.bytes().size());
}

// udp_diag's look-up of one socket takes source and destination the other way round than all others ("for historical
// reasons", net/ipv4/udp_diag.c); UDP-Lite shares its code.
bool swaps_ends(Transport transport) { return transport == Transport::udp || transport == Transport::udplite; }

inet_diag_req_v2 request_for(Transport transport, std::uint8_t family) {
    inet_diag_req_v2 request{};
    request.sdiag_family = family;
    request.sdiag_protocol = static_cast<std::uint8_t>(transport);
    request.idiag_states = all_states;
    request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return request;
}

inet_diag_req_v2 exact_request(const SocketTuple &tuple, std::uint32_t interface_index) {
    const IpAddress local = tuple.local.address.unmapped();
    const bool ipv4 = local.family() == Family::ipv4;
    IpAddress remote = tuple.remote.address.unmapped();
    if (remote.family() != local.family()) remote = ipv4 ? IpAddress::v4({}) : IpAddress::v6({});

    inet_diag_req_v2 request = request_for(tuple.transport, ipv4 ? AF_INET : AF_INET6);
    put_address(request.id.idiag_src, local);
    put_address(request.id.idiag_dst, remote);
    request.id.idiag_sport = htons(tuple.local.port);
    request.id.idiag_dport = htons(tuple.remote.port);
    request.id.idiag_if = interface_index;
    if (swaps_ends(tuple.transport)) {
        std::swap(request.id.idiag_src, request.id.idiag_dst);
        std::swap(request.id.idiag_sport, request.id.idiag_dport);
    }
    return request;
}

struct CloseSocket {
    void operator()(mnl_socket *socket) const { mnl_socket_close(socket); }
};

class NetlinkSockets final : public SocketTable {
  public:
    NetlinkSockets(mnl_socket *socket, std::uint64_t netns)
        : socket_(socket), netns_(netns), buffer_(receive_bytes / sizeof(std::uint32_t)) {}

    // Asks for a port that nobody listens on, which shows whether we may ask at all.
    Result<void> probe() {
        for (const Kind &kind : kinds) {
            if (!kind.required) continue;
            inet_diag_req_v2 request = request_for(kind.transport, kind.family);
            request.idiag_states = 1U << static_cast<unsigned>(SocketState::listen);
            request.id.idiag_sport = htons(1);
            std::vector<SocketRecord> ignored;
            if (const Outcome outcome = ask(request, NLM_F_DUMP, ignored); !outcome)
                return failure(refusal(kind.transport, outcome.error()));
        }
        return {};
    }

    Result<std::vector<SocketRecord>> dump() override {
        std::vector<SocketRecord> sockets;
        for (const Kind &kind : kinds) {
            const Outcome outcome = ask(request_for(kind.transport, kind.family), NLM_F_DUMP, sockets);
            if (!outcome && (kind.required || !kernel_lacks_it(outcome.error())))
                return failure(refusal(kind.transport, outcome.error()));
        }
        sort_sockets(sockets);
        return sockets;
    }

    Result<std::vector<SocketRecord>> find(const SocketTuple &tuple) override {
        std::vector<SocketRecord> found;
        if (const Outcome outcome = ask_exactly(tuple, found); !outcome)
            return failure(refusal(tuple.transport, outcome.error()));
        const bool connected = std::ranges::any_of(found, &SocketRecord::has_peer);
        // The kernel names one of the sockets bound to a UDP port; several may share it, and get the same multicast.
        if (swaps_ends(tuple.transport) && !connected) {
            for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
                inet_diag_req_v2 request = request_for(tuple.transport, family);
                request.id.idiag_sport = htons(tuple.local.port);
                const Outcome outcome = ask(request, NLM_F_DUMP, found);
                if (!outcome && !kernel_lacks_it(outcome.error()))
                    return failure(refusal(tuple.transport, outcome.error()));
            }
        }
        return select_sockets(found, tuple);
    }

    [[nodiscard]] std::uint64_t malformed() const override { return malformed_; }

  private:
    // A connection between link-local addresses is bound to its interface and only found with it (RFC 4007).
    Outcome ask_exactly(const SocketTuple &tuple, std::vector<SocketRecord> &found) {
        const bool scoped = tuple.local.address.is_link_local() && tuple.local.address.family() == Family::ipv6;
        std::vector<std::uint32_t> interfaces{0};
        if (scoped) {
            const std::unique_ptr<struct if_nameindex, void (*)(struct if_nameindex *)> list(if_nameindex(),
                                                                                             if_freenameindex);
            for (const struct if_nameindex *entry = list.get(); entry != nullptr && entry->if_index != 0; ++entry)
                interfaces.push_back(entry->if_index);
        }
        for (const std::uint32_t interface_index : interfaces) {
            const Outcome outcome = ask(exact_request(tuple, interface_index), 0, found);
            if (!outcome && !kernel_lacks_it(outcome.error())) return outcome;
        }
        sort_sockets(found);
        return {};
    }

    // Sends one request and appends the answers to `sockets`.
    Outcome ask(const inet_diag_req_v2 &request, std::uint16_t flags, std::vector<SocketRecord> &sockets) {
        const std::uint32_t sequence = ++sequence_;
        nlmsghdr *header = mnl_nlmsg_put_header(buffer_.data());
        header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
        header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
        header->nlmsg_seq = sequence;
        std::memcpy(mnl_nlmsg_put_extra_header(header, sizeof(request)), &request, sizeof(request));
        if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) return std::unexpected(errno);

        while (true) {
            const ssize_t received =
                mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size() * sizeof(std::uint32_t));
            if (received < 0 && errno == EINTR) continue;
            if (received < 0) return std::unexpected(errno);
            int left = static_cast<int>(received);
            for (const auto *message = reinterpret_cast<const nlmsghdr *>(buffer_.data()); mnl_nlmsg_ok(message, left);
                 message = mnl_nlmsg_next(message, &left)) {
                // An answer to a request that we gave up.
                if (message->nlmsg_seq != sequence) continue;
                const Bytes payload(static_cast<const std::uint8_t *>(mnl_nlmsg_get_payload(message)),
                                    mnl_nlmsg_get_payload_len(message));
                if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) return end_of(payload);
                if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY) continue;
                const auto transport = static_cast<Transport>(request.sdiag_protocol);
                if (const auto socket = parse_diag_message(payload, transport, netns_))
                    sockets.push_back(*socket);
                else
                    ++malformed_;
                if ((flags & NLM_F_DUMP) == 0) return {};
            }
        }
    }

    // Both messages begin with 0 or a negative errno value.
    static Outcome end_of(Bytes payload) {
        ByteReader reader(payload);
        const auto error = static_cast<std::int32_t>(reader.u32(std::endian::native).value_or(0));
        if (error < 0 && error > -4096) return std::unexpected(-error);
        return {};
    }

    static std::string refusal(Transport transport, int error) {
        const std::string reason = std::generic_category().message(error);
        const char *advice = kernel_lacks_it(error) ? "load the kernel modules tcp_diag and udp_diag, or use procfs"
                                                    : "allow AF_NETLINK sockets in this sandbox, or use procfs";
        return fmt::format("the kernel does not answer sock_diag questions about {} sockets ({}); {}",
                           transport_token(transport), reason, advice);
    }

    std::unique_ptr<mnl_socket, CloseSocket> socket_;
    std::uint64_t netns_;
    // Words, because netlink messages are aligned to four bytes.
    std::vector<std::uint32_t> buffer_;
    std::uint32_t sequence_ = 0;
    std::uint64_t malformed_ = 0;
};

} // namespace

std::optional<SocketRecord> parse_diag_message(Bytes message, Transport transport, std::uint64_t netns) {
    constexpr auto native = std::endian::native;
    ByteReader reader(message);
    const auto family = reader.u8();
    const auto state = reader.u8();
    if (!reader.skip(2)) return std::nullopt; // timer, retransmissions
    const auto local_port = reader.be16();
    const auto remote_port = reader.be16();
    const auto local = reader.take(16);
    const auto remote = reader.take(16);
    const auto interface_index = reader.u32(native);
    const auto cookie_low = reader.u32(native);
    const auto cookie_high = reader.u32(native);
    if (!reader.skip(12)) return std::nullopt; // expiry, receive and send queue
    const auto uid = reader.u32(native);
    const auto inode = reader.u32(native);
    if (!inode || (*family != AF_INET && *family != AF_INET6) || !is_socket_state(*state)) return std::nullopt;

    const std::size_t address_bytes = *family == AF_INET ? 4 : 16;
    SocketRecord socket;
    socket.netns = netns;
    socket.transport = transport;
    socket.state = static_cast<SocketState>(*state);
    socket.local = {IpAddress::from_bytes(local->first(address_bytes)), *local_port};
    socket.remote = {IpAddress::from_bytes(remote->first(address_bytes)), *remote_port};
    socket.inode = *inode;
    socket.cookie = (static_cast<std::uint64_t>(*cookie_high) << 32) | *cookie_low;
    socket.uid = *uid;
    socket.interface_index = *interface_index;

    // Attributes: length (with these four bytes) and type, padded to four bytes.
    while (const auto length = reader.u16(native)) {
        const auto type = reader.u16(native);
        if (!type || *length < 4) break;
        const auto value = reader.take(*length - std::size_t{4});
        if (!value) break;
        if (*type == INET_DIAG_SKV6ONLY && !value->empty()) socket.ipv6_only = value->front() != 0;
        if (!reader.skip(std::min<std::size_t>((4 - *length % 4U) % 4U, reader.remaining()))) break;
    }
    return socket;
}

Result<std::unique_ptr<SocketTable>> open_netlink_sockets(std::uint64_t netns) {
    mnl_socket *socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
    if (socket == nullptr)
        return failure(fmt::format("cannot open a NETLINK_SOCK_DIAG socket: {}; use procfs",
                                   std::generic_category().message(errno)));
    auto table = std::make_unique<NetlinkSockets>(socket, netns);
    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
        return failure(fmt::format("cannot bind a NETLINK_SOCK_DIAG socket: {}; use procfs",
                                   std::generic_category().message(errno)));
    // The kernel answers at once; a sandbox that swallows the question must not hold us for ever.
    ::setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (auto answer = table->probe(); !answer) return std::unexpected(answer.error());
    return table;
}

} // namespace doorplate

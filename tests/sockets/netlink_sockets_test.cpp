#include "capture/sockets/netlink_sockets.h"

#include <linux/inet_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <thread>

#include <gmock/gmock.h>

#include "tests/sockets/real_sockets.h"
#include "tests/support/network_namespace.h"

namespace doorplate {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::uint8_t> message_of(const inet_diag_msg &message) {
    std::vector<std::uint8_t> bytes(sizeof(message));
    std::memcpy(bytes.data(), &message, sizeof(message));
    return bytes;
}

inet_diag_msg ipv4_listener() {
    inet_diag_msg message{};
    message.idiag_family = AF_INET;
    message.idiag_state = 10;
    message.id.idiag_sport = htons(80);
    message.id.idiag_src[0] = htonl(0xC0000201);
    message.id.idiag_cookie[0] = 2;
    message.id.idiag_cookie[1] = 1;
    message.id.idiag_if = 3;
    message.idiag_uid = 33;
    message.idiag_inode = 777;
    return message;
}

TEST(DiagMessage, has_endpoints_state_owner_inode_cookie_and_device) {
    const auto socket = parse_diag_message(message_of(ipv4_listener()), Transport::tcp, 5);
    ASSERT_TRUE(socket);
    EXPECT_EQ("192.0.2.1:80", socket->local.to_string());
    EXPECT_EQ(SocketState::listen, socket->state);
    EXPECT_EQ(33U, socket->uid);
    EXPECT_EQ(777U, socket->inode);
    EXPECT_EQ(0x100000002U, socket->cookie);
    EXPECT_EQ(3U, socket->interface_index);
    EXPECT_EQ(5U, socket->netns);
}

TEST(DiagMessage, the_attribute_v6only_is_read_behind_others) {
    inet_diag_msg message = ipv4_listener();
    message.idiag_family = AF_INET6;
    std::vector<std::uint8_t> bytes = message_of(message);
    // Five bytes of another attribute, padded to eight, then SKV6ONLY.
    const std::array<std::uint16_t, 2> other{5, INET_DIAG_SHUTDOWN};
    const std::array<std::uint16_t, 2> v6only{5, INET_DIAG_SKV6ONLY};
    for (const auto &attribute : {other, v6only}) {
        const auto *raw = reinterpret_cast<const std::uint8_t *>(attribute.data());
        bytes.insert(bytes.end(), raw, raw + 4);
        bytes.insert(bytes.end(), {1, 0, 0, 0});
    }
    EXPECT_TRUE(parse_diag_message(bytes, Transport::tcp, 0)->ipv6_only);
}

TEST(DiagMessage, that_is_cut_is_refused) {
    const std::vector<std::uint8_t> bytes = message_of(ipv4_listener());
    for (std::size_t length = 0; length < bytes.size(); ++length)
        EXPECT_FALSE(parse_diag_message(Bytes(bytes).first(length), Transport::tcp, 0)) << length;
}

TEST(DiagMessage, with_broken_attributes_keeps_what_went_before) {
    for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 1, 3, 4, 200, 65535}) {
        std::vector<std::uint8_t> bytes = message_of(ipv4_listener());
        bytes.resize(bytes.size() + 5);
        std::memcpy(bytes.data() + sizeof(inet_diag_msg), &length, 2);
        EXPECT_TRUE(parse_diag_message(bytes, Transport::tcp, 0)) << length;
    }
}

TEST(DiagMessage, of_unknown_family_or_state_is_refused) {
    inet_diag_msg message = ipv4_listener();
    message.idiag_state = 99;
    EXPECT_FALSE(parse_diag_message(message_of(message), Transport::tcp, 0));
    message = ipv4_listener();
    message.idiag_family = AF_UNIX;
    EXPECT_FALSE(parse_diag_message(message_of(message), Transport::tcp, 0));
}

// What follows asks this kernel about sockets that the test has just opened.
class NetlinkSockets : public testing::Test {
  protected:
    void SetUp() override {
        auto opened = open_netlink_sockets(1);
        ASSERT_TRUE(opened) << opened.error().message;
        table = std::move(*opened);
    }

    [[nodiscard]] std::vector<SocketRecord> dumped(const FileDescriptor &socket) const {
        auto all = table->dump();
        EXPECT_TRUE(all);
        std::erase_if(*all, [inode = inode_of(socket)](const SocketRecord &record) { return record.inode != inode; });
        return *all;
    }
    [[nodiscard]] SocketRecord dumped_once(const FileDescriptor &socket) const {
        const auto records = dumped(socket);
        EXPECT_THAT(records, SizeIs(1));
        return records.empty() ? SocketRecord{} : records.front();
    }
    [[nodiscard]] std::vector<std::uint64_t> inodes_found(const SocketTuple &tuple) const {
        std::vector<std::uint64_t> inodes;
        const auto found = table->find(tuple);
        EXPECT_TRUE(found);
        for (const SocketRecord &record : *found) inodes.push_back(record.inode);
        return inodes;
    }

    std::unique_ptr<SocketTable> table;
};

TEST_F(NetlinkSockets, a_listener_is_dumped_with_all_its_facts) {
    for (const IpAddress &address : {loopback4, loopback6, any4, any6}) {
        const FileDescriptor listener = tcp_listener(address);
        const SocketRecord record = dumped_once(listener);
        EXPECT_EQ(SocketState::listen, record.state);
        EXPECT_EQ(Transport::tcp, record.transport);
        EXPECT_EQ(local_of(listener), record.local);
        EXPECT_FALSE(record.has_peer());
        EXPECT_EQ(cookie_of(listener), record.cookie);
        EXPECT_EQ(geteuid(), record.uid);
    }
}

TEST_F(NetlinkSockets, both_ends_of_a_connection_are_dumped) {
    for (const IpAddress &address : {loopback4, loopback6}) {
        const TcpPair pair = tcp_pair(address);
        for (const FileDescriptor *end : {&pair.initiator, &pair.responder}) {
            const SocketRecord record = dumped_once(*end);
            EXPECT_EQ(SocketState::established, record.state);
            EXPECT_EQ(local_of(*end), record.local);
            EXPECT_EQ(remote_of(*end), record.remote);
        }
    }
}

TEST_F(NetlinkSockets, a_dual_stack_socket_has_mapped_addresses_and_is_found_by_plain_ones) {
    const FileDescriptor listener = tcp_listener(any6);
    const FileDescriptor initiator = open_socket(SOCK_STREAM, loopback4);
    connect_socket(initiator, {loopback4, local_of(listener).port});
    const FileDescriptor responder = accept_one(listener);
    EXPECT_EQ("::ffff:127.0.0.1", dumped_once(responder).local.address.to_string());
    const SocketTuple tuple{Transport::tcp, remote_of(initiator), local_of(initiator)};
    EXPECT_THAT(inodes_found(tuple), testing::ElementsAre(inode_of(responder)));
    EXPECT_THAT(inodes_found(tuple_of(responder, Transport::tcp)), testing::ElementsAre(inode_of(responder)));
}

TEST_F(NetlinkSockets, ipv6_only_is_told_for_listeners_and_bound_udp_sockets) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
        for (const bool only : {true, false}) {
            const FileDescriptor socket = open_socket(type, any6);
            set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, only ? 1 : 0);
            bind_socket(socket, {any6, 0});
            ASSERT_TRUE(type == SOCK_DGRAM || listen(socket.get(), 1) == 0);
            EXPECT_EQ(only, dumped_once(socket).ipv6_only) << type;
        }
    }
}

TEST_F(NetlinkSockets, a_connection_that_was_closed_is_in_time_wait_without_inode) {
    TcpPair pair = tcp_pair(loopback4);
    const SocketTuple initiator = tuple_of(pair.initiator, Transport::tcp);
    ASSERT_EQ(0, shutdown(pair.initiator.get(), SHUT_WR));
    char byte = 0;
    ASSERT_EQ(0, read(pair.responder.get(), &byte, 1)) << "the end of the stream";
    pair.responder = FileDescriptor();
    ASSERT_EQ(0, read(pair.initiator.get(), &byte, 1)) << "the end of the other direction";
    pair.initiator = FileDescriptor();

    const auto found = table->find(initiator);
    ASSERT_TRUE(found);
    ASSERT_THAT(*found, SizeIs(1));
    EXPECT_EQ(SocketState::time_wait, found->front().state);
    EXPECT_EQ(0U, found->front().inode);
    EXPECT_THAT(*table->dump(), testing::Contains(found->front()));
}

TEST_F(NetlinkSockets, a_tcp_socket_is_found_by_its_tuple) {
    for (const IpAddress &address : {loopback4, loopback6}) {
        const TcpPair pair = tcp_pair(address);
        EXPECT_THAT(inodes_found(tuple_of(pair.initiator, Transport::tcp)),
                    testing::ElementsAre(inode_of(pair.initiator)));
        EXPECT_THAT(inodes_found(tuple_of(pair.responder, Transport::tcp)),
                    testing::ElementsAre(inode_of(pair.responder)));
    }
}

TEST_F(NetlinkSockets, without_a_connection_the_listener_is_found) {
    const FileDescriptor listener = tcp_listener(any6);
    const Endpoint stranger{IpAddress::v4({192, 0, 2, 1}), 1};
    const Endpoint local{loopback4, local_of(listener).port};
    EXPECT_THAT(inodes_found({Transport::tcp, local, stranger}), testing::ElementsAre(inode_of(listener)));
}

TEST_F(NetlinkSockets, a_connected_udp_socket_is_found_by_its_tuple) {
    for (const IpAddress &address : {loopback4, loopback6}) {
        const FileDescriptor server = bound_socket(SOCK_DGRAM, {address, 0});
        const FileDescriptor client = open_socket(SOCK_DGRAM, address);
        connect_socket(client, local_of(server));
        // Both are there, so an answer with the ends swapped would be the other one.
        EXPECT_THAT(inodes_found(tuple_of(client, Transport::udp)), testing::ElementsAre(inode_of(client)));
        const SocketTuple other_way{Transport::udp, local_of(server), local_of(client)};
        EXPECT_THAT(inodes_found(other_way), testing::ElementsAre(inode_of(server)));
        EXPECT_EQ(SocketState::established, dumped_once(client).state);
        EXPECT_EQ(SocketState::close, dumped_once(server).state);
    }
}

TEST_F(NetlinkSockets, an_unconnected_udp_socket_is_found_for_any_peer) {
    for (const IpAddress &address : {any4, any6}) {
        const FileDescriptor socket = bound_socket(SOCK_DGRAM, {address, 0});
        const Endpoint local{loopback4, local_of(socket).port};
        EXPECT_THAT(inodes_found({Transport::udp, local, {IpAddress::v4({192, 0, 2, 1}), 53}}),
                    testing::ElementsAre(inode_of(socket)));
    }
}

TEST_F(NetlinkSockets, all_that_share_a_udp_port_are_found) {
    const FileDescriptor first = open_socket(SOCK_DGRAM, any4);
    const FileDescriptor second = open_socket(SOCK_DGRAM, any4);
    for (const FileDescriptor *socket : {&first, &second}) set_option(*socket, SOL_SOCKET, SO_REUSEADDR, 1);
    bind_socket(first, {any4, 0});
    bind_socket(second, local_of(first));
    EXPECT_THAT(inodes_found({Transport::udp, {loopback4, local_of(first).port}, {loopback4, 9}}),
                testing::UnorderedElementsAre(inode_of(first), inode_of(second)));
}

TEST_F(NetlinkSockets, a_door_that_nobody_is_behind_has_no_socket) {
    std::uint16_t port = 0;
    {
        const FileDescriptor gone = bound_socket(SOCK_DGRAM, {loopback4, 0});
        port = local_of(gone).port;
    }
    EXPECT_THAT(inodes_found({Transport::udp, {loopback4, port}, {loopback4, 9}}), IsEmpty());
}

TEST_F(NetlinkSockets, a_transport_that_the_kernel_lacks_has_no_sockets) {
    EXPECT_THAT(inodes_found({Transport::dccp, {loopback4, 1}, {loopback4, 2}}), IsEmpty());
}

TEST_F(NetlinkSockets, a_dump_is_sorted) {
    const TcpPair pair = tcp_pair(loopback4);
    const auto dump = table->dump();
    ASSERT_TRUE(dump);
    EXPECT_TRUE(std::ranges::is_sorted(*dump, [](const SocketRecord &a, const SocketRecord &b) {
        return std::tie(a.transport, a.local, a.remote) < std::tie(b.transport, b.local, b.remote);
    }));
    EXPECT_EQ(0U, table->malformed());
}

TEST(NetlinkSocketsOfNamespace, connections_of_link_local_addresses_are_found) {
    if (const auto reason = why_no_network_namespace()) GTEST_SKIP() << *reason;
    in_network_namespace([] {
        run_command("ip addr add fe80::1/64 dev lo nodad");
        run_command("ip -6 route replace fe80::/64 dev lo");
        const auto table = open_netlink_sockets(1);
        ASSERT_TRUE(table);
        const FileDescriptor server = tcp_listener(any6);
        // The kernel takes a new address into use in its own time; until then there is no route, or another source.
        FileDescriptor client;
        bool connected = false;
        for (int attempt = 0; attempt < 200 && !connected; ++attempt) {
            client = open_socket(SOCK_STREAM, any6);
            try {
                connect_socket(client, {*IpAddress::parse("fe80::1"), local_of(server).port}, if_nametoindex("lo"));
                connected = local_of(client).address.is_link_local();
            } catch (const std::exception &) {
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
        }
        ASSERT_TRUE(connected);
        const auto found = table.value()->find(tuple_of(client, Transport::tcp));
        ASSERT_TRUE(found);
        ASSERT_THAT(*found, SizeIs(1));
        EXPECT_EQ(inode_of(client), found->front().inode);
        EXPECT_EQ(if_nametoindex("lo"), found->front().interface_index);
    });
}

TEST(NetlinkSocketsOfNamespace, only_the_sockets_of_one_namespace_are_dumped) {
    if (const auto reason = why_no_network_namespace()) GTEST_SKIP() << *reason;
    const FileDescriptor outside = tcp_listener(loopback4);
    in_network_namespace([] {
        const auto table = open_netlink_sockets(1);
        ASSERT_TRUE(table);
        const FileDescriptor inside = tcp_listener(loopback4);
        const auto dump = table.value()->dump();
        ASSERT_TRUE(dump);
        ASSERT_THAT(*dump, SizeIs(1));
        EXPECT_EQ(inode_of(inside), dump->front().inode);
    });
}

} // namespace
} // namespace doorplate

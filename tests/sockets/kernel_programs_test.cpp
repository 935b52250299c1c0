// The programs in the real kernel. They see the whole machine, so only what is of this process counts. Other kernels
// and other rights: skipped, with the reason.

#include "capture/sockets/ebpf/kernel_programs.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "capture/sockets/ebpf/event_decoder.h"
#include "tests/sockets/real_sockets.h"

namespace doorplate {
namespace {

class KernelProgramsTest : public testing::Test {
  protected:
    void load(const KernelProgramsOptions &options = {}) {
        auto loaded = load_kernel_programs(options);
        if (!loaded) GTEST_SKIP() << loaded.error().message;
        programs = std::move(*loaded);
    }
    bool keep(Bytes record) {
        auto event = decode_socket_event(record, clock);
        EXPECT_TRUE(event) << "what the kernel's side writes makes sense";
        if (event) ++all[event->event.kind];
        if (event && event->process && event->process->pid == getpid()) own.push_back(std::move(*event));
        return true;
    }
    void read() {
        programs.events->read_socket_events([this](Bytes record) { return keep(record); });
    }
    // The one event of this kind about this socket.
    const KernelSocketEvent *find(SocketEventKind kind, const FileDescriptor &socket) {
        const std::uint64_t cookie = cookie_of(socket);
        const auto found = std::ranges::find_if(own, [&](const KernelSocketEvent &event) {
            return event.event.kind == kind && event.event.socket.cookie == cookie;
        });
        return found == own.end() ? nullptr : &*found;
    }

    KernelClock clock = read_kernel_clock();
    KernelPrograms programs;
    std::vector<KernelSocketEvent> own;
    std::map<SocketEventKind, std::uint64_t> all;
};

TEST_F(KernelProgramsTest, says_who_connects_and_accepts_and_uses_with_the_kernels_numbers) {
    ASSERT_NO_FATAL_FAILURE(load());
    if (!programs.events) return;
    const TcpPair pair = tcp_pair(loopback6);
    const char byte = 'x';
    ASSERT_EQ(1, send(pair.initiator.get(), &byte, 1, 0));
    char got = 0;
    ASSERT_EQ(1, recv(pair.responder.get(), &got, 1, 0));
    read();
    const auto *listening = find(SocketEventKind::listening, pair.listener);
    ASSERT_NE(nullptr, listening);
    EXPECT_EQ(local_of(pair.listener), listening->event.socket.local);
    EXPECT_EQ(inode_of(pair.listener), listening->event.socket.inode);
    EXPECT_EQ(SocketState::listen, listening->event.socket.state);
    const auto *connected = find(SocketEventKind::connected, pair.initiator);
    ASSERT_NE(nullptr, connected);
    EXPECT_EQ(local_of(pair.initiator), connected->event.socket.local);
    EXPECT_EQ(remote_of(pair.initiator), connected->event.socket.remote);
    EXPECT_EQ(inode_of(pair.initiator), connected->event.socket.inode);
    EXPECT_EQ(syscall(SYS_gettid), connected->event.tid);
    EXPECT_EQ(geteuid(), connected->uid);
    EXPECT_FALSE(connected->event.port_asked_for);
    ASSERT_NE(nullptr, find(SocketEventKind::accepted, pair.responder));
    const auto *handled = find(SocketEventKind::handled, pair.responder);
    ASSERT_NE(nullptr, handled);
    EXPECT_EQ(local_of(pair.responder), handled->event.socket.local);
    EXPECT_EQ(nullptr, find(SocketEventKind::handled, pair.initiator)) << "whoever opened it uses it: no news";
}

TEST_F(KernelProgramsTest, knows_the_thread) {
    ASSERT_NO_FATAL_FAILURE(load());
    if (!programs.events) return;
    FileDescriptor socket;
    long tid = 0;
    std::jthread([&] {
        prctl(PR_SET_NAME, "door-thread");
        tid = syscall(SYS_gettid);
        socket = bound_socket(SOCK_DGRAM, {loopback4, 0});
    }).join();
    read();
    const auto *bound = find(SocketEventKind::bound, socket);
    ASSERT_NE(nullptr, bound);
    EXPECT_EQ(tid, bound->event.tid);
    EXPECT_EQ("door-thread", bound->event.thread_name);
    EXPECT_FALSE(bound->event.port_asked_for) << "0 asks for any";
}

TEST_F(KernelProgramsTest, lists_sockets_that_were_there_before) {
    const TcpPair pair = tcp_pair(loopback4);
    const FileDescriptor udp = bound_socket(SOCK_DGRAM, {loopback4, 0});
    ASSERT_NO_FATAL_FAILURE(load());
    if (!programs.events) return;
    ASSERT_TRUE(programs.events->list_files([this](Bytes record) { return keep(record); }));
    for (const FileDescriptor *socket : {&pair.listener, &pair.initiator, &pair.responder, &udp}) {
        const auto *held = find(SocketEventKind::held, *socket);
        ASSERT_NE(nullptr, held);
        EXPECT_EQ(local_of(*socket), held->event.socket.local);
    }
}

// A ring with room for some thirty events, and nobody who reads.
constexpr KernelProgramsOptions tiny_rings{4096, 4096};

void send_to(const FileDescriptor &socket, std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const char byte = 'x';
    static_cast<void>(sendto(socket.get(), &byte, 1, MSG_DONTWAIT, reinterpret_cast<sockaddr *>(&to), sizeof(to)));
}

TEST_F(KernelProgramsTest, what_finds_no_room_is_counted_and_told_at_the_next_datagram) {
    ASSERT_NO_FATAL_FAILURE(load(tiny_rings));
    if (!programs.events) return;
    const FileDescriptor sender = open_socket(SOCK_DGRAM, loopback4);
    constexpr std::uint16_t first_port = 20000;
    constexpr std::uint16_t peers = 500;
    for (std::uint16_t i = 0; i < peers; ++i) send_to(sender, static_cast<std::uint16_t>(first_port + i));
    read();
    const auto told = own.size();
    const std::uint64_t lost = programs.events->lost()[DOORPLATE_SENT];
    EXPECT_LT(told, peers);
    EXPECT_GE(all[SocketEventKind::sent] + lost, peers) << "others on this machine may add theirs";
    send_to(sender, first_port + peers - 1);
    read();
    EXPECT_EQ(told + 1, own.size());
    EXPECT_EQ(first_port + peers - 1, own.back().event.socket.remote.port);
}

TEST_F(KernelProgramsTest, owners_come_back_from_their_sockets_after_a_loss) {
    ASSERT_NO_FATAL_FAILURE(load(tiny_rings));
    if (!programs.events) return;
    std::vector<FileDescriptor> sockets;
    for (int i = 0; i < 100; ++i) sockets.push_back(bound_socket(SOCK_DGRAM, {loopback4, 0}));
    read();
    const auto told = [this](const FileDescriptor &socket) { return find(SocketEventKind::bound, socket) != nullptr; };
    EXPECT_LT(std::ranges::count_if(sockets, told), 100);
    EXPECT_GT(programs.events->lost()[DOORPLATE_BOUND], 0U);
    ASSERT_TRUE(programs.events->list_owners([this](Bytes record) { return keep(record); }));
    for (const FileDescriptor &socket : sockets) EXPECT_NE(nullptr, find(SocketEventKind::held, socket));
}

TEST_F(KernelProgramsTest, closes_are_told) {
    ASSERT_NO_FATAL_FAILURE(load());
    if (!programs.events) return;
    {
        const FileDescriptor udp = bound_socket(SOCK_DGRAM, {loopback4, 0});
    }
    read();
    EXPECT_GE(all[SocketEventKind::closed], 1U);
}

} // namespace
} // namespace doorplate

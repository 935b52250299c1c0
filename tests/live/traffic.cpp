// Clients that live for less than a millisecond, and servers of every shape, for the live tests. Each says who it is,
// so its word is the truth that doorplate's is compared with.
//
//   traffic clients COUNT AT_ONCE KIND ADDRESS PORT   COUNT processes, each of one flow: tcp, udp (connected), sendto
//   traffic client KIND ADDRESS PORT NUMBER           one of them
//   traffic threads COUNT KIND ADDRESS PORT           one process with COUNT threads, each of one flow
//   traffic serve KIND ADDRESS PORT                   until killed: single, fork, prefork, thread (TCP); udp
//
// Truth, one line for each flow: "client LOCAL_PORT PID TID NUMBER" or "server PEER_PORT PID TID".

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr int prefork_workers = 4;

struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;

    [[nodiscard]] const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&storage); }
};

[[noreturn]] void fail(const char *what) {
    std::perror(what);
    std::_Exit(1);
}

Address parse(const char *address, const char *port) {
    Address parsed;
    const auto number = htons(static_cast<std::uint16_t>(std::atoi(port)));
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = number;
        parsed.length = sizeof(v4);
        std::memcpy(&parsed.storage, &v4, sizeof(v4));
    } else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = number;
        parsed.length = sizeof(v6);
        std::memcpy(&parsed.storage, &v6, sizeof(v6));
    } else {
        fail(address);
    }
    return parsed;
}

int port_of(const sockaddr_storage &storage) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof(v4)); // at the same place in both families
    return ntohs(v4.sin_port);
}

int local_port(int socket) {
    sockaddr_storage storage{};
    socklen_t length = sizeof(storage);
    if (getsockname(socket, reinterpret_cast<sockaddr *>(&storage), &length) != 0) fail("getsockname");
    return port_of(storage);
}

// One write each, so that lines of several processes do not mix.
void say(const char *who, int port, const char *number) {
    std::array<char, 128> line{};
    const int length = std::snprintf(line.data(), line.size(), "%s %d %d %ld %.32s\n", who, port, getpid(),
                                     syscall(SYS_gettid), number);
    if (write(STDOUT_FILENO, line.data(), static_cast<std::size_t>(length)) != length) fail("write");
}

void one_flow(std::string_view kind, const Address &to, const char *number) {
    const bool tcp = kind == "tcp";
    const int client = socket(to.storage.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    if (client < 0) fail("socket");
    char byte = 'x';
    if (kind == "sendto") {
        if (sendto(client, &byte, 1, 0, to.get(), to.length) != 1) fail("sendto");
    } else {
        if (connect(client, to.get(), to.length) != 0) fail("connect");
        if (send(client, &byte, 1, 0) != 1) fail("send");
        if (tcp && recv(client, &byte, 1, 0) != 1) fail("recv");
    }
    say("client", local_port(client), number);
    close(client);
}

void clients(int count, int at_once, char **arguments) {
    int running = 0;
    for (int i = 0; i < count; ++i) {
        if (running == at_once) {
            wait(nullptr);
            --running;
        }
        const std::string number = std::to_string(i);
        const pid_t pid = fork();
        if (pid == 0) {
            execl("/proc/self/exe", "traffic", "client", arguments[0], arguments[1], arguments[2], number.c_str(),
                  nullptr);
            _exit(1);
        }
        ++running;
    }
    while (wait(nullptr) > 0) {
    }
}

void threads(int count, std::string_view kind, const Address &to) {
    std::vector<std::thread> all;
    for (int i = 0; i < count; ++i) {
        all.emplace_back([kind, &to, i] {
            const std::string name = "door-" + std::to_string(i);
            prctl(PR_SET_NAME, name.c_str());
            one_flow(kind, to, name.c_str());
        });
    }
    for (std::thread &thread : all) thread.join();
}

void answer(int connection, const sockaddr_storage &peer) {
    char byte = 0;
    if (recv(connection, &byte, 1, 0) == 1 && send(connection, &byte, 1, MSG_NOSIGNAL) == 1)
        say("server", port_of(peer), "-");
    close(connection);
}

void accept_for_ever(std::string_view kind, int listener) {
    for (;;) {
        sockaddr_storage peer{};
        socklen_t length = sizeof(peer);
        const int connection = accept(listener, reinterpret_cast<sockaddr *>(&peer), &length);
        if (connection < 0) fail("accept");
        if (kind == "thread") {
            std::thread(answer, connection, peer).detach();
        } else if (kind == "fork") {
            if (fork() == 0) {
                answer(connection, peer);
                _exit(0);
            }
            close(connection);
            while (waitpid(-1, nullptr, WNOHANG) > 0) {
            }
        } else {
            answer(connection, peer);
        }
    }
}

void serve(std::string_view kind, const Address &at) {
    const bool udp = kind == "udp";
    const int server = socket(at.storage.ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    const int one = 1;
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(server, at.get(), at.length) != 0) fail("bind");
    if (udp) {
        for (;;) {
            char byte = 0;
            recv(server, &byte, 1, 0);
        }
    }
    if (listen(server, 1024) != 0) fail("listen");
    if (kind == "prefork") {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int i = 1; i < prefork_workers; ++i)
            if (fork() == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                break;
            }
    }
    accept_for_ever(kind, server);
}

} // namespace

int main(int argc, char **argv) {
    const std::string_view mode = argc > 1 ? argv[1] : "";
    if (mode == "clients" && argc == 7) {
        clients(std::atoi(argv[2]), std::atoi(argv[3]), argv + 4);
    } else if (mode == "client" && argc == 6) {
        one_flow(argv[2], parse(argv[3], argv[4]), argv[5]);
    } else if (mode == "threads" && argc == 6) {
        threads(std::atoi(argv[2]), argv[3], parse(argv[4], argv[5]));
    } else if (mode == "serve" && argc == 5) {
        serve(argv[2], parse(argv[3], argv[4]));
    } else {
        std::fputs("traffic: see its source\n", stderr);
        return 2;
    }
    return 0;
}

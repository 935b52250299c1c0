#include "capture/sockets/procfs_sockets.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "capture/bounded_read.h"

namespace doorplate {

namespace {

// A row has 150 bytes: room for more sockets than there are ports on a host with thousands of addresses.
constexpr std::size_t table_limit = std::size_t{256} << 20;

struct TableFile {
    const char *name;
    Transport transport;
    Family family;
};
constexpr std::array tables{
    TableFile{"tcp", Transport::tcp, Family::ipv4},         TableFile{"tcp6", Transport::tcp, Family::ipv6},
    TableFile{"udp", Transport::udp, Family::ipv4},         TableFile{"udp6", Transport::udp, Family::ipv6},
    TableFile{"udplite", Transport::udplite, Family::ipv4}, TableFile{"udplite6", Transport::udplite, Family::ipv6},
};

template <typename T> std::optional<T> number(std::string_view text, int base) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// "0100007F:0035": each group of eight digits is a word as this machine has it in memory.
std::optional<Endpoint> endpoint(std::string_view text, Family family) {
    const std::size_t words = family == Family::ipv4 ? 1 : 4;
    if (text.size() != words * 8 + 5 || text[words * 8] != ':') return std::nullopt;
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < words; ++i) {
        const auto word = number<std::uint32_t>(text.substr(i * 8, 8), 16);
        if (!word) return std::nullopt;
        std::memcpy(bytes.data() + i * 4, &*word, 4);
    }
    const auto port = number<std::uint16_t>(text.substr(words * 8 + 1), 16);
    if (!port) return std::nullopt;
    return Endpoint{IpAddress::from_bytes({bytes.data(), words * 4}), *port};
}

std::string_view next_word(std::string_view &line) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return line = {};
    line.remove_prefix(begin);
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());
    return word;
}

// "sl: local remote state queues timer retransmits uid timeout inode", and more that we have no use for.
std::optional<SocketRecord> row(std::string_view line, Transport transport, Family family, std::uint64_t netns) {
    std::array<std::string_view, 10> words;
    for (std::string_view &word : words) word = next_word(line);
    const auto local = endpoint(words[1], family);
    const auto remote = endpoint(words[2], family);
    const auto state = number<std::uint8_t>(words[3], 16);
    const auto uid = number<std::uint32_t>(words[7], 10);
    const auto inode = number<std::uint64_t>(words[9], 10);
    if (!words[0].ends_with(':') || !local || !remote || !state || !uid || !inode) return std::nullopt;
    if (!is_socket_state(*state)) return std::nullopt;
    SocketRecord socket;
    socket.netns = netns;
    socket.transport = transport;
    socket.state = static_cast<SocketState>(*state);
    socket.local = *local;
    socket.remote = *remote;
    socket.inode = *inode;
    socket.uid = *uid;
    return socket;
}

class ProcfsSockets final : public SocketTable {
  public:
    ProcfsSockets(std::filesystem::path net, std::uint64_t netns) : net_(std::move(net)), netns_(netns) {}

    Result<std::vector<SocketRecord>> dump() override { return read(std::nullopt); }

    Result<std::vector<SocketRecord>> find(const SocketTuple &tuple) override {
        auto sockets = read(tuple.transport);
        if (sockets) *sockets = select_sockets(*sockets, tuple);
        return sockets;
    }

    [[nodiscard]] std::uint64_t malformed() const override { return malformed_; }

  private:
    // A table that is absent (no IPv6, no UDP-Lite) has no sockets; one that is there must be readable.
    Result<std::vector<SocketRecord>> read(std::optional<Transport> only) {
        std::vector<SocketRecord> sockets;
        bool any = false;
        for (const TableFile &table : tables) {
            if (only && *only != table.transport) continue;
            const std::filesystem::path path = net_ / table.name;
            const auto text = read_file(path, table_limit);
            if (!text && text.error() == ENOENT) continue;
            if (!text)
                return failure(
                    fmt::format("cannot read {}: {}", path.string(), std::generic_category().message(text.error())));
            any = true;
            const ParsedSockets parsed = parse_socket_table(*text, table.transport, table.family, netns_);
            malformed_ += parsed.malformed;
            sockets.insert(sockets.end(), parsed.sockets.begin(), parsed.sockets.end());
        }
        if (!any && !only)
            return failure(
                fmt::format("there are no socket tables in {}; is a proc file system mounted there?", net_.string()));
        sort_sockets(sockets);
        return sockets;
    }

    std::filesystem::path net_;
    std::uint64_t netns_;
    std::uint64_t malformed_ = 0;
};

} // namespace

ParsedSockets parse_socket_table(std::string_view text, Transport transport, Family family, std::uint64_t netns) {
    ParsedSockets parsed;
    bool heading = true;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (std::exchange(heading, false)) {
            std::string_view rest = line;
            if (next_word(rest) == "sl") continue;
        }
        if (const auto socket = row(line, transport, family, netns))
            parsed.sockets.push_back(*socket);
        else
            ++parsed.malformed;
    }
    return parsed;
}

Result<std::unique_ptr<SocketTable>> open_procfs_sockets(const std::filesystem::path &proc, std::uint64_t netns) {
    // PROC/net is the main thread's, which may be in another network namespace.
    std::error_code absent;
    const bool by_thread = std::filesystem::exists(proc / "thread-self" / "net" / "tcp", absent);
    auto table = std::make_unique<ProcfsSockets>(by_thread ? proc / "thread-self" / "net" : proc / "net", netns);
    if (auto first = table->dump(); !first) return std::unexpected(first.error());
    return table;
}

} // namespace doorplate

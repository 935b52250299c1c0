#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "analyze/observer.h"
#include "capture/packet_source.h"
#include "capture/sockets/socket_provider.h"
#include "report/report_set.h"

namespace doorplate {

struct LiveCommand {
    LiveOptions capture;
    SocketOptions sockets;
    AnalysisOptions analysis;
    ReportOptions reports;
    // Stop after this many packets.
    std::optional<std::uint64_t> count;
};
struct ReplayCommand {
    std::vector<std::string> files;
    // In the order of time, not one after another.
    bool merge = false;
    std::string filter;
    AnalysisOptions analysis;
    ReportOptions reports;
    std::optional<std::uint64_t> count;
    // Threads that work on it, this one included.
    unsigned jobs = 1;
};
// Only text and json of the reports are offered here.
struct PortsCommand {
    SocketOptions sockets;
    ReportOptions reports;
};
struct WhoCommand {
    std::string door;
    SocketOptions sockets;
    ReportOptions reports;
};
struct ExplainCommand {
    // A port, PORT/TRANSPORT, or a flow of this host.
    std::string what;
    SocketOptions sockets;
    ReportOptions reports;
};
struct InterfacesCommand {
    ReportOptions reports;
};

using Command = std::variant<LiveCommand, ReplayCommand, PortsCommand, WhoCommand, ExplainCommand, InterfacesCommand>;

// The command line was answered already (--help, --version) or is wrong.
struct ParseEnd {
    // To standard output with exit code 0, else to standard error.
    std::string message;
    int exit_code = 0;
};

// Reads no file but the one named with -F. The only place that knows the command line library.
[[nodiscard]] std::variant<Command, ParseEnd> parse_options(int argc, const char *const *argv);

} // namespace doorplate

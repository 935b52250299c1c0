#pragma once

#include <cstdint>

#include "analyze/sides.h"
#include "capture/address.h"
#include "capture/timestamp.h"

namespace doorplate {

// What announced the port of a data channel.
enum class AnnouncedIn : std::uint8_t {
    ftp_port, // FTP's commands, from the client: the server connects to the client (RFC 959, 2428, 1639)
    ftp_eprt,
    ftp_lprt,
    ftp_pasv, // FTP's replies 227, 229, 228: the client connects to the server
    ftp_epsv,
    ftp_lpsv,
    tftp_request, // a read or write request to port 69; the answer comes from a port of its own (RFC 1350 section 4)
    sdp,          // a session description, in SIP (RFC 8866, RFC 3261)
    rtsp_setup,   // RTSP's Transport header (RFC 2326 section 12.39)
    rpc_getport,  // the port mapper's answer (RFC 1833)
    rpc_getaddr,  // rpcbind's
    irc_dcc,      // a direct connection between two IRC clients
    skinny,       // Cisco's Skinny Client Control Protocol
};

// Two ends that agree on media ports: both may send first, and both may announce.
[[nodiscard]] constexpr bool is_media(AnnouncedIn method) {
    return method == AnnouncedIn::sdp || method == AnnouncedIn::rtsp_setup || method == AnnouncedIn::skinny;
}

// How a flow came about whose port was agreed on inside another flow.
struct DataChannel {
    // That other flow.
    std::uint64_t control_id = 0;
    AnnouncedIn method = AnnouncedIn::ftp_pasv;
    // Who sent the announcement, and when.
    IpAddress announcer;
    Timestamp announced;
    // Whose port was agreed on. TFTP: the one that the answer came from.
    PerSide<bool> negotiated;

    friend bool operator==(const DataChannel &, const DataChannel &) = default;
};

} // namespace doorplate

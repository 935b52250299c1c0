#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analyze/data_channel.h"
#include "capture/address.h"
#include "capture/transport.h"

namespace doorplate {

// What one end of a control flow said: here, or there, a data channel may begin.
struct Announcement {
    AnnouncedIn method = AnnouncedIn::ftp_pasv;
    Transport transport = Transport::tcp;
    // Absent: the address that the speaker speaks from.
    std::optional<IpAddress> address;
    // Absent: the port that the speaker speaks from.
    std::optional<std::uint16_t> port;

    friend bool operator==(const Announcement &, const Announcement &) = default;
};

using Announcements = std::vector<Announcement>;

} // namespace doorplate

#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "analyze/channels/control_reader.h"

namespace doorplate {

// IRC's direct client connections: "PRIVMSG bob :\1DCC SEND file 3232235777 5000 1024\1", whose numbers are the
// sender's IPv4 address and the port it listens on (no RFC; the CTCP specification). What the server passes on is
// another client's offer.
[[nodiscard]] std::unique_ptr<ControlReader> make_dcc_reader();

// One line of IRC, without its end.
[[nodiscard]] std::optional<Announcement> dcc_offer(std::string_view line);

} // namespace doorplate

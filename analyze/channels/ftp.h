#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "analyze/channels/control_reader.h"

namespace doorplate {

// FTP's control connection (RFC 959; EPRT and EPSV: RFC 2428; LPRT and LPSV: RFC 1639). It is over when it turns to TLS
// (RFC 4217): what is said then cannot be read.
[[nodiscard]] std::unique_ptr<ControlReader> make_ftp_reader();

// One line, without its end.
[[nodiscard]] std::optional<Announcement> ftp_command(std::string_view line);
[[nodiscard]] std::optional<Announcement> ftp_reply(std::string_view line);

} // namespace doorplate

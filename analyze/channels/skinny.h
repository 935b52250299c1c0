#pragma once

#include <memory>

#include "analyze/channels/control_reader.h"

namespace doorplate {

// Cisco's Skinny Client Control Protocol between phones and their call manager. A phone tells where it listens
// (OpenReceiveChannelAck), and is told whom to send to (StartMediaTransmission). There is no specification; Wireshark's
// epan/dissectors/packet-skinny.c has the messages.
[[nodiscard]] std::unique_ptr<ControlReader> make_skinny_reader();

} // namespace doorplate

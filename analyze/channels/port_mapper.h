#pragma once

#include <memory>

#include "analyze/channels/control_reader.h"
#include "capture/transport.h"

namespace doorplate {

// Sun RPC's port mapper and rpcbind (RFC 1833), which tell a client at which port a program answers: GETPORT of version
// 2, GETADDR and GETVERSADDR of versions 3 and 4. An answer says nothing of its question, so questions are remembered.
[[nodiscard]] std::unique_ptr<ControlReader> make_port_mapper_reader(Transport transport);

} // namespace doorplate

#pragma once

#include <memory>

#include "capture/sockets/socket_provider.h"
#include "capture/sockets/socket_search.h"

namespace doorplate {

// Looks at everything at intervals, and answers questions in between, on a thread of its own.
[[nodiscard]] std::unique_ptr<SocketProvider> make_polling_provider(SocketSearch search, Duration poll_interval);

} // namespace doorplate

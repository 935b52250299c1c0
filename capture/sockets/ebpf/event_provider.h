#pragma once

#include <memory>
#include <vector>

#include "capture/sockets/ebpf/kernel_events.h"
#include "capture/sockets/ebpf/process_book.h"
#include "capture/sockets/socket_provider.h"

namespace doorplate {

// Socket facts from the kernel's events, and from `looks` at the socket table, which see what no event tells: all who
// share a socket, and what was there before.
[[nodiscard]] std::unique_ptr<SocketProvider> make_event_provider(std::unique_ptr<KernelEvents> events,
                                                                  ProcessBook processes,
                                                                  std::unique_ptr<SocketProvider> looks,
                                                                  std::vector<Degradation> degradations);

} // namespace doorplate

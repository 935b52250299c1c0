#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "capture/byte_reader.h"
#include "capture/result.h"
#include "capture/sockets/ebpf/kernel_event.h"
#include "capture/sockets/socket_provider.h"

namespace doorplate {

// Gets one record; false: that is enough.
using TakeRecord = std::function<bool(Bytes)>;

// The records that BPF programs write in the kernel (kernel_event.h). For one thread.
class KernelEvents {
  public:
    KernelEvents() = default;
    KernelEvents(const KernelEvents &) = delete;
    KernelEvents &operator=(const KernelEvents &) = delete;
    virtual ~KernelEvents() = default;

    // Those that wait. Whatever happened before this call is there by then.
    virtual void read_socket_events(const TakeRecord &take) = 0;
    virtual void read_process_events(const TakeRecord &take) = 0;

    // Every socket that a process has, with one of those processes, as socket events of kind held; each is remembered
    // in the kernel from then on. Needs the rights of loading.
    [[nodiscard]] virtual Result<void> list_files(const TakeRecord &take) = 0;
    // Every socket of which an owner is remembered.
    [[nodiscard]] virtual Result<void> list_owners(const TakeRecord &take) = 0;

    // How many records of each kind there was no room for, so far.
    [[nodiscard]] virtual std::array<std::uint64_t, DOORPLATE_KINDS> lost() const = 0;
};

} // namespace doorplate

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/sockets/ebpf/kernel_events.h"

namespace doorplate {

struct KernelProgramsOptions {
    // Powers of two.
    std::size_t socket_ring_bytes = std::size_t{1} << 23;
    std::size_t process_ring_bytes = std::size_t{1} << 22;
};

struct KernelPrograms {
    std::unique_ptr<KernelEvents> events;
    // Programs that this kernel would not take, each with its reason and what is missing without it.
    std::vector<Degradation> refused;
};

// Loads the BPF programs and attaches them to the root of the cgroup2 hierarchy; they go when the object goes. What
// the kernel takes is found out by trying, program by program. Fails if it takes too little to be of use.
[[nodiscard]] Result<KernelPrograms> load_kernel_programs(const KernelProgramsOptions &options);

} // namespace doorplate

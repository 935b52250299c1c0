// In place of kernel_programs.cpp where clang, bpftool or libbpf is missing when doorplate is built.

#include "capture/sockets/ebpf/kernel_programs.h"

namespace doorplate {

Result<KernelPrograms> load_kernel_programs(const KernelProgramsOptions &) {
    return failure("this doorplate was built without eBPF: clang, bpftool or libbpf was missing then");
}

} // namespace doorplate

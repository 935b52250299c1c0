#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "capture/file_descriptor.h"
#include "capture/result.h"

namespace doorplate {

// Where the text of a mountinfo file (proc_pid_mountinfo(5)) has the root of the cgroup2 hierarchy.
[[nodiscard]] std::optional<std::string> find_cgroup2_root(std::string_view mountinfo);

// The root directory of the cgroup2 hierarchy. If it is not mounted here, through a mount of our own that appears
// nowhere and goes with the descriptor.
[[nodiscard]] Result<FileDescriptor> open_cgroup2_root();

} // namespace doorplate

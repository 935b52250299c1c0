#pragma once

#include <functional>
#include <optional>
#include <string>

namespace doorplate {

// Why this process cannot make a network namespace and capture in it; nothing if it can. For GTEST_SKIP.
[[nodiscard]] std::optional<std::string> why_no_network_namespace();

// Runs `body` on a thread of its own in a new network namespace where only lo is, and up. Expectations work inside;
// assertions leave `body` only. Other threads stay where they are, and the namespace goes with its last socket.
void in_network_namespace(const std::function<void()> &body);

// Runs a shell command, which must succeed, in the network namespace of the calling thread.
void run_command(const std::string &command);

} // namespace doorplate

#pragma once

#include <functional>
#include <string>

namespace doorplate {

// What `body` returns in a child process, whose rights, limits and namespaces it may spoil. Expectations inside are
// lost.
[[nodiscard]] std::string in_child(const std::function<std::string()> &body);

} // namespace doorplate

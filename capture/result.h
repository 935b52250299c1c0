#pragma once

#include <expected>
#include <string>
#include <utility>

namespace doorplate {

// What went wrong decides the exit code, and only main reads it: `usage` is 2, `runtime` is 1.
enum class ErrorKind { runtime, usage };

// The message is advice for a person: what failed, on what, and what would help.
struct Error {
    std::string message;
    ErrorKind kind = ErrorKind::runtime;
};

// What every operation that can fail returns. Odd traffic is not an error (see Malformation), and a broken promise
// between our own parts is an assertion.
template <typename T> using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> failure(std::string message) {
    return std::unexpected(Error{std::move(message), ErrorKind::runtime});
}

[[nodiscard]] inline std::unexpected<Error> usage_failure(std::string message) {
    return std::unexpected(Error{std::move(message), ErrorKind::usage});
}

} // namespace doorplate

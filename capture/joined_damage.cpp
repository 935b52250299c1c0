#include "capture/joined_damage.h"

#include <utility>

#include <fmt/format.h>

namespace doorplate {

void JoinedDamage::note(const Error &error) {
    if (first_) {
        ++more_;
    } else {
        first_ = error;
    }
}

std::optional<Error> JoinedDamage::tell() {
    auto told = std::exchange(first_, std::nullopt);
    if (told && more_ > 0)
        told->message += fmt::format("; {} more file{} damaged, too", more_, more_ == 1 ? " is" : "s are");
    return told;
}

} // namespace doorplate

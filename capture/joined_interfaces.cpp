#include "capture/joined_interfaces.h"

namespace doorplate {

void JoinedInterfaces::update(std::size_t source, const std::vector<CaptureInterface> &known) {
    Numbers &numbers = numbers_[source];
    for (std::size_t own = numbers.of.size(); own < known.size(); ++own) {
        const bool is_known = same_ == Same::one && own < all_.size() && all_[own] == known[own];
        const std::size_t number = is_known ? own : all_.size();
        if (!is_known) all_.push_back(known[own]);
        numbers.of.push_back(static_cast<std::uint32_t>(number));
        if (number != own) numbers.changed = true;
    }
}

} // namespace doorplate

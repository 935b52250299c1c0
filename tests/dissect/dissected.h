#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "analyze/dissection.h"
#include "tests/support/packet_builder.h"

namespace doorplate {

// "192.0.2.1:51000 > 198.51.100.2:443"
[[nodiscard]] inline std::string ends_of(const Dissection &dissection) {
    return Endpoint{dissection.source, dissection.source_port}.to_string() + " > " +
           Endpoint{dissection.destination, dissection.destination_port}.to_string();
}

// A built packet and what dissect() says of it, which is a view into it. Without saying which level it is the
// outermost.
class Dissected {
  public:
    explicit Dissected(BuiltPacket packet, DissectOptions options = {}) : packet_(std::move(packet)) {
        dissect(packet_.view(), dissected_, options);
    }
    explicit Dissected(const PacketBuilder &builder, DissectOptions options = {})
        : Dissected(builder.build(), options) {}
    Dissected(const Dissected &) = delete;
    Dissected &operator=(const Dissected &) = delete;

    [[nodiscard]] const Dissection *operator->() const { return &dissected_.levels.front(); }
    [[nodiscard]] std::size_t levels() const { return dissected_.count; }
    [[nodiscard]] const Dissection &level(std::size_t index) const { return dissected_.levels.at(index); }
    [[nodiscard]] const Dissection &innermost() const { return level(levels() - 1); }
    [[nodiscard]] std::string payload() const {
        const Bytes bytes = dissected_.levels.front().payload;
        return {bytes.begin(), bytes.end()};
    }
    [[nodiscard]] std::string ends() const { return ends_of(dissected_.levels.front()); }

  private:
    BuiltPacket packet_;
    DissectedPacket dissected_;
};

} // namespace doorplate

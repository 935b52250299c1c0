#pragma once

#include <string>
#include <utility>

#include "analyze/dissection.h"
#include "tests/support/packet_builder.h"

namespace doorplate {

// A built packet and what dissect() says of it, which is a view into it.
class Dissected {
  public:
    explicit Dissected(BuiltPacket packet) : packet_(std::move(packet)), dissection_(dissect(packet_.view())) {}
    explicit Dissected(const PacketBuilder &builder) : Dissected(builder.build()) {}
    Dissected(const Dissected &) = delete;
    Dissected &operator=(const Dissected &) = delete;

    [[nodiscard]] const Dissection *operator->() const { return &dissection_; }
    [[nodiscard]] std::string payload() const { return {dissection_.payload.begin(), dissection_.payload.end()}; }
    // "192.0.2.1:51000 > 198.51.100.2:443"
    [[nodiscard]] std::string ends() const {
        return Endpoint{dissection_.source, dissection_.source_port}.to_string() + " > " +
               Endpoint{dissection_.destination, dissection_.destination_port}.to_string();
    }

  private:
    BuiltPacket packet_;
    Dissection dissection_;
};

} // namespace doorplate

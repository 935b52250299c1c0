#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "analyze/dissection.h"

namespace doorplate {

// Some of nDPI's answers rest on so few bits that noise and other protocols pass for them: of 20,000 flows of random
// bytes 600 are "rtp", a SOCKS4 request is "cql", an LDAP bind "mqtt". These are looked at again, by the rules of the
// protocol's specification. Answers that are not listed here are taken as they are.
//
// `service` is the answer, `first` the beginning of the flow's first payload, `deciding` the payload at which nDPI
// decided. Returns the name to use, which may be a better one; nothing if the bytes do not bear the answer out.
[[nodiscard]] std::optional<std::string> second_look(const std::string &service, Transport transport, Bytes first,
                                                     Bytes deciding);

// Protocols of which nDPI 4.2 knows few forms, by the beginning of a flow's first payload: LDAP, and a request of
// Redis.
[[nodiscard]] std::optional<std::string> own_look(Bytes first);

// RTP (RFC 3550 section 5.1) has no mark of its own. One packet that could be it is none; three of one sender with the
// same synchronization source and sequence numbers that go on are.
class RtpWatch {
  public:
    // The payload of the packet that looked like RTP.
    explicit RtpWatch(const Dissection &packet);

    enum class Verdict : std::uint8_t { open, confirmed, refuted };
    Verdict next(const Dissection &packet);

  private:
    struct Header {
        std::uint16_t sequence = 0;
        std::uint32_t source = 0;
    };
    static std::optional<Header> read(Bytes payload);

    Endpoint sender_;
    std::optional<Header> last_;
    int confirmations_ = 0;
};

} // namespace doorplate

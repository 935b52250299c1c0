#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analyze/detect/detection.h"
#include "analyze/detect/dns_answers.h"
#include "analyze/detect/dns_streams.h"
#include "analyze/dissection.h"
#include "capture/timestamp.h"

namespace doorplate {

struct NameBookLimits {
    // Addresses as each client knows them; beyond it the one learned or refreshed longest ago is forgotten.
    std::size_t addresses = 100'000;
    // Names of one address.
    std::size_t names_each = 8;
    // TCP connections that are in the middle of an answer. Each keeps 64 KiB at most.
    std::size_t streams = 256;
};

// Which names led a client to an address: the answers of DNS, mDNS and LLMNR that the capture shows.
//
// It believes what it sees. Whoever can put a forged answer on the wire can put a name here, as he could with the
// client itself. Answers over TLS, HTTPS and QUIC are not seen; of those over TCP, what was captured in order.
class NameBook {
  public:
    explicit NameBook(NameBookLimits limits = {});

    // Can this packet be an answer? By its ports; cheap.
    [[nodiscard]] static bool may_name(const Dissection &packet);
    // Whether this is a flow whose packets may be answers, in either direction.
    [[nodiscard]] static bool may_bring_names(Transport transport, std::uint16_t port, std::uint16_t other_port);

    // Learns what the packet tells, if it is an answer.
    void read(const Dissection &packet, Timestamp time);

    // Nobody asked for what is told to a whole group (mDNS): then there is no client, and it holds for all.
    void learn(const std::optional<IpAddress> &client, const NamedAddress &answer, Timestamp time);

    // The name with which `client` came to `address` at `time`: the one it was told last before.
    [[nodiscard]] std::optional<EndpointName> name_of(const IpAddress &client, const IpAddress &address,
                                                      Timestamp time) const;

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    // Addresses and names that were dropped for room.
    [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

  private:
    struct Key {
        IpAddress address;
        std::optional<IpAddress> client;
        friend auto operator<=>(const Key &, const Key &) = default;
    };
    struct Answer {
        std::string name;
        Timestamp first;
        Timestamp last;
        Timestamp expires;
    };
    struct Entry {
        std::vector<Answer> answers; // in the order first told
        std::list<Key>::iterator age;
    };

    void read_message(const std::optional<IpAddress> &client, Bytes message, Timestamp time);
    [[nodiscard]] const Entry *find(const IpAddress &address, const std::optional<IpAddress> &client) const;

    NameBookLimits limits_;
    // A map, because its cost does not depend on what a sender chooses.
    std::map<Key, Entry> entries_;
    std::list<Key> by_age_; // the oldest first
    DnsStreams streams_;
    std::uint64_t forgotten_ = 0;
};

} // namespace doorplate

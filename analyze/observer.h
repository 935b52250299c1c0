#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "analyze/flow_table.h"
#include "analyze/observation.h"
#include "capture/packet.h"
#include "capture/sockets/socket_provider.h"

namespace doorplate {

struct AnalysisOptions {
    FlowTableOptions flows;
    // An Observation keeps this many ended flows; the rest only streams see, and it says how many.
    std::size_t kept_flows = 1'000'000;
};

// A new flow with a local end that no socket fact explains yet.
struct LookUp {
    Transport transport = Transport::tcp;
    Endpoint local;
    Endpoint remote;
};

// The stage: facts in, conclusions out. One thread; time is the packets'.
class Observer {
  public:
    // Gets every flow once, concluded, when it ends.
    using OnFlow = std::function<void(const FlowRecord &)>;

    Observer(AnalysisOptions options, OnFlow on_flow);
    ~Observer();

    void ingest(const HostFacts &host);
    void ingest(const SocketFacts &facts);
    // `interfaces` are the source's; flows keep names, not indices.
    void ingest(std::span<const Packet> packets, std::span<const CaptureInterface> interfaces);
    // Lets time pass without packets (live runs).
    void advance(Timestamp now);

    // The questions that have come up since the last call, each asked once.
    [[nodiscard]] std::vector<LookUp> take_look_ups();

    // Everything as of now, with flows that are still alive. `source` and `degradations` are the caller's knowledge.
    [[nodiscard]] Observation observe();
    // Ends every flow first. Nothing may be ingested afterwards.
    [[nodiscard]] Observation finish();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace doorplate

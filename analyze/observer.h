#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "analyze/dissected_batch.h"
#include "analyze/flow_table.h"
#include "analyze/observation.h"
#include "capture/packet.h"
#include "capture/sockets/socket_provider.h"

namespace doorplate {

struct AnalysisOptions {
    FlowTableOptions flows;
    DissectOptions dissect;
    // Look into payloads: protocols and names.
    bool detect_protocols = true;
    // Read control flows, and link the flows that they announce.
    bool link_data_channels = true;
    // A packet whose checksum was verified and is wrong is in no flow, nor is what is inside of it.
    bool drop_bad_checksums = false;
    // An Observation keeps this many ended flows: the first, or those with the most frame bytes. The rest only streams
    // see, and it says how many.
    std::size_t kept_flows = 1'000'000;
    enum class Keep : std::uint8_t { first, largest } keep = Keep::first;
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
    // Gets every flow once, concluded, when it ends. May be empty, which saves much if not all flows are kept.
    using OnFlow = std::function<void(const FlowRecord &)>;

    Observer(AnalysisOptions options, OnFlow on_flow);
    ~Observer();

    void ingest(const HostFacts &host);
    void ingest(const SocketFacts &facts);
    // `interfaces` are the source's; flows keep names, not indices. For `upcoming` see PacketBatch.
    void ingest(std::span<const Packet> packets, std::span<const CaptureInterface> interfaces, Bytes upcoming = {});
    // The same of packets that were dissected elsewhere, with options.dissect.
    void ingest(DissectedBatch &batch, std::span<const CaptureInterface> interfaces);
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

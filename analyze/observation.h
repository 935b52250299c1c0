#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyze/attribution.h"
#include "analyze/detect/detection.h"
#include "analyze/flow.h"
#include "analyze/flow_totals.h"
#include "analyze/port_role.h"
#include "analyze/socket_history.h"
#include "capture/host_facts.h"
#include "capture/packet_source.h"

namespace doorplate {

// How flows and sockets belong together.
enum class RelationKind : std::uint8_t {
    loopback_pair, // both ends of one flow are on this host: two programs talking to each other
    tunnel,        // the second flow's packets travel inside the first one's
    multihomed,    // one SCTP association, of which the second flow is another path than the first
    data_channel,  // the second flow's port was agreed on inside the first one
};

struct Relation {
    RelationKind kind = RelationKind::loopback_pair;
    std::vector<std::uint64_t> flow_ids;
};

// One end of a flow, with all that was concluded of it.
struct FlowEnd {
    Endpoint endpoint;
    // One of this host's addresses; absent where nothing is known of the host.
    std::optional<bool> local;
    bool multicast = false;
    // What the other end called it: in this flow, or when it asked DNS before.
    std::optional<EndpointName> name;
    PortVerdict port;
    Attribution attribution;
};

// A flow and every conclusion about it: what streams and reports get.
struct FlowRecord {
    // ends, initiator_evidence and counters are turned the way the verdict says.
    Flow flow;
    std::string community_id;
    FlowEnd initiator;
    FlowEnd responder;
    InitiatorVerdict initiator_verdict;
    // What the bytes say, whatever the ports do.
    std::optional<Detection> detection;
    std::optional<RelationKind> relation;
    std::vector<std::string> interface_names;
};

// Ports that can run out: one row for each (source address, destination, transport) with ephemeral ports in use now.
struct Pressure {
    Transport transport = Transport::tcp;
    IpAddress source;
    Endpoint destination;
    std::uint64_t in_use = 0;
    std::uint64_t time_wait = 0;
    // The range's size less reserved ports.
    std::uint64_t available = 0;
};

struct SourceFacts {
    bool live = false;
    // How owners are found; absent in a replay.
    std::optional<AttributionMethod> attribution;
    // The file's name as it was given, without its folders; empty when live.
    std::string file;
    std::string filter;
    std::vector<CaptureInterface> interfaces;
    CaptureStats stats;
    // Absent before the first packet.
    std::optional<Timestamp> first_packet;
    std::optional<Timestamp> last_packet;
    // What ended the source early, in words; a damaged file.
    std::optional<std::string> damage;
};

// Packets that are in no flow, by what they were ("arp", "ether_type_0x88cc", "llc", "link_type_USER0"), and what our
// own bounds left out.
struct Losses {
    std::map<std::string, std::uint64_t> packets_without_flow;
    // Cut by the snapshot length in a header that was needed.
    std::uint64_t truncated_packets = 0;
    std::uint64_t orphan_fragments = 0;
    // Those in FragmentTable's sense; they are counted in their flows all the same.
    std::uint64_t overlapping_fragments = 0;
    std::uint64_t timed_out_fragments = 0;
    std::uint64_t evicted_flows = 0;
    // Flows that ended after the Observation was full; streams had them.
    std::uint64_t flows_left_out = 0;
    // Flows whose protocol was decided before enough was seen, because too many waited for that.
    std::uint64_t detections_cut_short = 0;
    // Announcements of data channels that named a third host, and were not believed; and those there was no room for.
    std::uint64_t announcements_not_believed = 0;
    std::uint64_t forgotten_announcements = 0;
    // Names of addresses, learned from DNS, that there was no room for.
    std::uint64_t forgotten_names = 0;
};

// Everything doorplate knows when asked, by value. Writers render it and ask nothing back.
struct Observation {
    // Absent in a replay without host facts.
    std::optional<HostFacts> host;
    SourceFacts source;
    std::uint64_t packets = 0;
    std::uint64_t frame_bytes = 0;
    FlowTotals totals;
    // In the order of first packets; not all of them, if totals.flows says so.
    std::vector<FlowRecord> flows;
    std::vector<std::shared_ptr<const Process>> processes;
    std::vector<ListeningSocket> listeners;
    std::vector<Relation> relations;
    std::vector<Pressure> pressure; // tightest first
    Losses losses;
    std::array<std::uint64_t, malformation_count> malformations{};
    std::vector<Degradation> degradations;
};

} // namespace doorplate

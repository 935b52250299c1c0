#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "analyze/channels/control_protocol.h"
#include "analyze/channels/ordered_bytes.h"
#include "analyze/data_channel.h"
#include "analyze/dissection.h"
#include "capture/timestamp.h"

namespace doorplate {

// Hosts may announce without end; memory may not grow with them.
struct ChannelLimits {
    // Control flows that are read at once; the one that began first makes room.
    std::size_t control_flows = 2048;
    // Announcements that wait for their flow: in all, of one control flow, and for one endpoint. The oldest makes room.
    std::size_t expectations = 16'384;
    std::size_t per_control_flow = 64;
    std::size_t per_endpoint = 8;
    // How long one is waited for, in packet time. A call's media are expected anew whenever a flow of theirs begins.
    Duration lifetime = std::chrono::minutes(5);
};

// A flow's ends as the flow table has them.
struct FlowEnds {
    std::uint64_t id = 0;
    Transport transport = Transport::tcp;
    PerSide<Endpoint> ends;
    // Tunnels around it: what is announced inside of a tunnel is expected there.
    std::uint8_t level = 0;
};

// Reads control flows, and knows which new flows they announced. Who is believed of what:
//  - FTP, TFTP, RTSP and the port mapper: a host announces its own port, to the other end of the control flow, and only
//    that one is expected there. FTP's address may be a private one, from behind NAT: then the address that the host
//    has in the control flow is meant. Any other address is somebody else's, and not believed.
//  - Calls and DCC: a host's own port may be reached from anywhere. Somebody else's only from the host that was told of
//    it; or if both ends of the flow were announced in the same control flow.
class DataChannels {
  public:
    explicit DataChannels(ChannelLimits limits = {}) : limits_(limits) {}

    // From now on this flow's packets are to be read().
    void follow(const FlowEnds &flow, ControlRole role);
    // A packet of a flow that is followed. False when it wants no more of the flow's packets.
    bool read(std::uint64_t flow_id, const Dissection &packet, Timestamp time);
    // The flow has ended. What it announced stays.
    void forget(std::uint64_t flow_id);

    // Mostly false: then claim() need not be asked.
    [[nodiscard]] bool expects_any() const { return !doors_.empty(); }
    // What a flow that begins now was announced by.
    [[nodiscard]] std::optional<DataChannel> claim(const FlowEnds &flow, Timestamp time);

    // Announcements of other hosts' ports that were not believed.
    [[nodiscard]] std::uint64_t not_believed() const { return not_believed_; }
    // Those that had to make room, with control flows that had to.
    [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

  private:
    // Where a flow is expected.
    struct Door {
        std::uint8_t level = 0;
        Transport transport = Transport::tcp;
        Endpoint endpoint;
        friend auto operator<=>(const Door &, const Door &) = default;
    };
    struct Expectation {
        std::uint64_t number = 0;
        DataChannel channel;
        // From whom; nobody: from anybody.
        std::optional<IpAddress> peer;
        Timestamp until;
    };
    using Expectations = std::vector<Expectation>; // the oldest first
    struct Waiting {
        Door door;
        std::uint64_t number = 0; // of an expectation, which may be gone
    };
    struct Control {
        FlowEnds flow;
        Side server = Side::responder;
        std::unique_ptr<ControlReader> reader;
        PerSpeaker<OrderedBytes> streams; // TCP only
        std::deque<Waiting> announced;    // the last ones
    };
    struct Due {
        Timestamp at;
        Waiting waiting;
    };

    void read_segment(Control &control, Speaker from, const Dissection &packet, Announcements &out);
    static void read_datagram(Control &control, Speaker from, const Dissection &packet, Announcements &out);
    void expect(Control &control, Speaker from, const Announcement &announcement);
    void add(Control &control, const Door &door, Expectation expectation);
    // True if it was there.
    bool remove(const Waiting &waiting);
    void advance(Timestamp time);
    [[nodiscard]] Timestamp end_of_wait() const;
    [[nodiscard]] static bool may_come_from(const Expectation &expectation, const Endpoint &peer);
    // Of those that are still waited for.
    [[nodiscard]] Expectation *find(const Waiting &waiting);
    template <typename Condition> [[nodiscard]] Expectation *newest(const Door &door, Condition condition);

    ChannelLimits limits_;
    std::map<std::uint64_t, Control> controls_; // by flow
    std::map<Door, Expectations> doors_;
    // One for each expectation, and for those that are gone before their time.
    std::deque<Due> due_;
    std::uint64_t last_number_ = 0;
    Timestamp now_;
    std::uint64_t not_believed_ = 0;
    std::uint64_t forgotten_ = 0;
};

} // namespace doorplate

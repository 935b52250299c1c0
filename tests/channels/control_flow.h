#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "analyze/channels/data_channels.h"
#include "analyze/dissection.h"

namespace doorplate {

// A control flow and the flows that may come of it, told in sentences:
//
//     ControlFlow ftp(Transport::tcp, "192.0.2.1:51000", "198.51.100.7:21");
//     ftp.client("PASV\r\n").server("227 Entering Passive Mode (198,51,100,7,117,53)\r\n");
//     EXPECT_EQ("ftp_pasv of the responder", ftp.claimed(Transport::tcp, "192.0.2.1:51001", "198.51.100.7:30005"));
class ControlFlow {
  public:
    ControlFlow(Transport transport, std::string_view client, std::string_view server, ChannelLimits limits = {});

    // A segment or datagram that follows the ones before.
    ControlFlow &client(std::string_view text) { return say(true, text, 0); }
    ControlFlow &server(std::string_view text) { return say(false, text, 0); }
    // One that the capture has `before` its turn: the next one with as many bytes as it skips comes later.
    ControlFlow &server_after_gap(std::string_view text, std::uint32_t gap) { return say(false, text, gap); }
    // What was left out.
    ControlFlow &server_fills_gap(std::string_view text);
    ControlFlow &later(Duration by);
    ControlFlow &ends();

    // The method, and which ends' ports were agreed on, of a flow that begins now; "nothing".
    std::string claimed(Transport transport, std::string_view initiator, std::string_view responder);
    // Is it still worth reading?
    [[nodiscard]] bool is_read() const { return is_read_; }
    [[nodiscard]] DataChannels &channels() { return channels_; }

  private:
    ControlFlow &say(bool by_client, std::string_view text, std::uint32_t gap);
    void send(bool by_client, std::string_view text, std::uint32_t sequence);

    DataChannels channels_;
    FlowEnds flow_;
    std::uint32_t client_next_ = 1000;
    std::uint32_t server_next_ = 4'294'967'200; // passes zero soon
    std::uint32_t gap_at_ = 0;
    Timestamp now_{std::chrono::seconds(1'700'000'000)};
    std::uint64_t last_flow_ = 1;
    bool is_read_ = true;
};

} // namespace doorplate

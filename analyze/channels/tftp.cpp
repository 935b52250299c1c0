#include "analyze/channels/tftp.h"

namespace doorplate {
namespace {

class TftpReader final : public ControlReader {
  public:
    void read(Speaker from, Bytes bytes, Announcements &out) override {
        ByteReader reader(bytes);
        const auto operation = reader.be16();
        const bool is_request = operation && (*operation == read_request || *operation == write_request);
        if (from == Speaker::client && is_request && reader.remaining() > 0)
            out.push_back({AnnouncedIn::tftp_request, Transport::udp, std::nullopt, std::nullopt});
    }
    void lost(Speaker /*from*/) override {} // every datagram stands alone

  private:
    static constexpr std::uint16_t read_request = 1;
    static constexpr std::uint16_t write_request = 2;
};

} // namespace

std::unique_ptr<ControlReader> make_tftp_reader() { return std::make_unique<TftpReader>(); }

} // namespace doorplate

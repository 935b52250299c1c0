#pragma once

#include <string_view>

#include "analyze/detect/detection.h"
#include "analyze/held_ports.h"
#include "analyze/observation.h"

namespace doorplate {

// The machine's words: part of the contract of the flow record, never changed.
[[nodiscard]] std::string_view token(Evidence value);
[[nodiscard]] std::string_view token(PortClass value);
[[nodiscard]] std::string_view token(PortRole value);
[[nodiscard]] std::string_view token(MatchQuality value);
[[nodiscard]] std::string_view token(UnknownReason value);
[[nodiscard]] std::string_view token(AttributionMethod value);
[[nodiscard]] std::string_view token(FlowEndReason value);
[[nodiscard]] std::string_view token(Malformation value);
[[nodiscard]] std::string_view token(TunnelKind value);
[[nodiscard]] std::string_view token(Checksum value);
[[nodiscard]] std::string_view token(RelationKind value);
[[nodiscard]] std::string_view token(SctpState value);
[[nodiscard]] std::string_view token(SctpChunk value);
[[nodiscard]] std::string_view token(AnnouncedIn value);
[[nodiscard]] std::string_view token(SocketState value);
[[nodiscard]] std::string_view token(Exposure value);
[[nodiscard]] std::string_view token(BindObstacle value);
[[nodiscard]] std::string_view token(NameSource value);

// The same for people: free to become better.
[[nodiscard]] std::string_view words(PortRole value);
[[nodiscard]] std::string_view words(MatchQuality value);
[[nodiscard]] std::string_view words(UnknownReason value);
// "asked for in its TLS handshake"
[[nodiscard]] std::string_view words(NameSource value);
[[nodiscard]] std::string_view words(TunnelKind value);
// In one word; empty for `unseen`.
[[nodiscard]] std::string_view words(SctpState value);
// "FTP's PORT command"
[[nodiscard]] std::string_view words(AnnouncedIn value);
// "reached from ..."
[[nodiscard]] std::string_view words(Exposure value);

} // namespace doorplate

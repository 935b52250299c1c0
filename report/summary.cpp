#include "report/summary.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "report/escape.h"
#include "report/explain.h"
#include "report/format.h"
#include "report/tokens.h"
#include "report/utf8.h"

namespace doorplate {
namespace {

constexpr int longest_name = 64;

std::string name_counts(const std::map<std::string, std::uint64_t> &counts) {
    std::vector<std::string> parts;
    parts.reserve(counts.size());
    for (const auto &[name, count] : counts)
        parts.push_back(fmt::format("{} {}", grouped(count), shortened(printable(name), longest_name)));
    return listed(parts);
}

std::string attribution_sentence(AttributionMethod method) {
    switch (method) {
    case AttributionMethod::automatic: return "";
    case AttributionMethod::ebpf: return " The kernel told who opened and used each socket as it happened (eBPF).";
    case AttributionMethod::netlink:
        return " Owners were looked up in the kernel's socket table (netlink): processes that end within some 20 ms "
               "are "
               "mostly missed.";
    case AttributionMethod::procfs:
        return " Owners were looked up in /proc/net: processes that end between two looks are missed.";
    case AttributionMethod::none: return " Owners were not looked for (--attribution=none).";
    }
    return "";
}

std::string program_sentence(const FlowTotals &totals) {
    if (totals.flows == 0) return "";
    if (totals.no_socket_facts)
        return " No programs are named: these packets came without socket facts; captured live by doorplate, they "
               "would "
               "have names.";
    if (totals.local_ends == 0) return " No flow has an end on this host, so no program could be named.";
    if (totals.known_ends == totals.local_ends)
        return totals.local_ends == 1
                   ? " The program at the one end on this host is named."
                   : fmt::format(" Programs are named at all {} ends on this host.", grouped(totals.local_ends));
    return fmt::format(" Programs are named at {} of {} on this host.", grouped(totals.known_ends),
                       counted(totals.local_ends, "end"));
}

// "20 tcp, 8 udp, 1 icmp"
std::string by_transport(const FlowTotals &totals) {
    const auto by_token = flows_by_transport(totals);
    std::vector<std::pair<std::string, std::uint64_t>> counts(by_token.begin(), by_token.end());
    std::ranges::sort(counts, {}, [](const auto &count) { return std::pair{~count.second, count.first}; });
    std::vector<std::string> parts;
    parts.reserve(counts.size());
    for (const auto &[name, count] : counts) parts.push_back(fmt::format("{} {}", grouped(count), name));
    return fmt::format("{}", fmt::join(parts, ", "));
}

// "10 flows: 6 tcp, 4 udp", "2,000,000 tcp flows"
std::string flow_counts(const FlowTotals &totals) {
    if (totals.flows == 0) return "no flows";
    const auto by_token = flows_by_transport(totals);
    if (by_token.size() == 1) return counted(totals.flows, by_token.begin()->first + " flow");
    return fmt::format("{}: {}", counted(totals.flows, "flow"), by_transport(totals));
}

// A whole line of advice or a kernel's message ends with its own full stop, or gets one.
std::string sentence(std::string text) {
    if (!text.empty() && text.back() != '.' && text.back() != ')' && text.back() != '"') text += '.';
    return text;
}

void add_losses(const Losses &losses, std::vector<std::string> &found) {
    if (losses.truncated_packets != 0)
        found.push_back(fmt::format("{} cut by the snapshot length in a header that was needed; capture with -s 0.",
                                    counted(losses.truncated_packets, "packet was", "packets were")));
    if (losses.orphan_fragments != 0)
        found.push_back(fmt::format("{} without its first one, so the flow is not known.",
                                    counted(losses.orphan_fragments, "fragment came", "fragments came")));
    if (losses.overlapping_fragments != 0)
        found.push_back(fmt::format("{} with bytes that another fragment of the packet had.",
                                    counted(losses.overlapping_fragments, "fragment came", "fragments came")));
    if (losses.timed_out_fragments != 0)
        found.push_back(fmt::format("{} to packets of which a part was missing for 30 seconds.",
                                    counted(losses.timed_out_fragments, "fragment belonged", "fragments belonged")));
    if (losses.evicted_flows != 0)
        found.push_back(fmt::format("{} ended early because the flow table was full; --max-flows enlarges it.",
                                    counted(losses.evicted_flows, "flow was", "flows were")));
    if (losses.flows_left_out != 0)
        found.push_back(fmt::format("{} left out here because the report was full; --ndjson has every flow.",
                                    counted(losses.flows_left_out, "flow is", "flows are")));
    if (losses.detections_cut_short != 0)
        found.push_back(fmt::format("The protocol of {} decided early, because too many flows began at once.",
                                    counted(losses.detections_cut_short, "flow was", "flows were")));
    if (losses.announcements_not_believed != 0)
        found.push_back(
            fmt::format("{} of a data channel named another host than the one that said it, as FTP's bounce "
                        "attack does; none was believed.",
                        counted(losses.announcements_not_believed, "announcement")));
    if (losses.forgotten_announcements != 0)
        found.push_back(
            fmt::format("There was no room for {} of data channels; some flows may lack their control flow.",
                        counted(losses.forgotten_announcements, "announcement")));
    if (losses.forgotten_names != 0)
        found.push_back(fmt::format("There was no room for {} learned from DNS; some flows may lack theirs.",
                                    counted(losses.forgotten_names, "name")));
}

void add_source_losses(const SourceFacts &source, std::vector<std::string> &found) {
    const CaptureStats &stats = source.stats;
    if (source.damage)
        found.push_back(sentence("The capture ends early: " + shortened(printable(*source.damage), 400)));
    if (stats.dropped_by_kernel.value_or(0) != 0)
        found.push_back(
            fmt::format("{} dropped by the kernel before it could be read; a larger buffer (-B) or a filter helps.",
                        counted(*stats.dropped_by_kernel, "packet was", "packets were")));
    if (stats.dropped_by_interface.value_or(0) != 0)
        found.push_back(fmt::format("{} dropped by the interface or its driver.",
                                    counted(*stats.dropped_by_interface, "packet was", "packets were")));
    if (stats.times_out_of_range != 0)
        found.push_back(fmt::format("{} a time before 1970 or after 2262; it was clamped.",
                                    counted(stats.times_out_of_range, "packet has", "packets have")));
}

} // namespace

std::uint64_t frame_bytes_of(const FlowRecord &flow) {
    return flow.flow.traffic.initiator.frame_bytes + flow.flow.traffic.responder.frame_bytes;
}

std::uint64_t packets_of(const FlowRecord &flow) {
    return flow.flow.traffic.initiator.packets + flow.flow.traffic.responder.packets;
}

std::string id_text(const FlowRecord &flow) {
    std::string text = fmt::format("#{}", flow.flow.id);
    if (flow.flow.channel) text += fmt::format(" of #{}", flow.flow.channel->control_id);
    if (flow.flow.parent_id) text += fmt::format(" in #{}", *flow.flow.parent_id);
    return text;
}

std::vector<std::size_t> largest_flows(const Observation &observation, std::size_t top) {
    std::vector<std::size_t> order(observation.flows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    // The order of first packets decides between equals.
    std::ranges::sort(order, {},
                      [&](std::size_t index) { return std::pair{~frame_bytes_of(observation.flows[index]), index}; });
    if (top != 0 && order.size() > top) order.resize(top);
    return order;
}

std::string source_name(const SourceFacts &source) {
    constexpr int longest = 120;
    if (!source.live) return source.file.empty() ? "capture" : shortened(printable(source.file), longest);
    std::vector<std::string> names;
    names.reserve(source.interfaces.size());
    for (const CaptureInterface &interface : source.interfaces) names.push_back(printable(interface.name));
    return names.empty() ? "live" : shortened(listed(names), longest);
}

std::map<std::string, std::uint64_t> flows_by_transport(const FlowTotals &totals) {
    std::map<std::string, std::uint64_t> counts;
    for (std::size_t number = 0; number < totals.by_transport.size(); ++number) {
        if (totals.by_transport[number] == 0) continue;
        counts[transport_token(static_cast<Transport>(number))] += totals.by_transport[number];
    }
    return counts;
}

std::string summary_sentences(const Observation &observation) {
    const SourceFacts &source = observation.source;
    const std::string name = source_name(source);
    if (observation.packets == 0) return fmt::format("{}: no packets.", name);
    const FlowTotals &totals = observation.totals;
    std::string text =
        fmt::format("{}: {} ({})", name, counted(observation.packets, "packet"), byte_count(observation.frame_bytes));
    if (source.first_packet && source.last_packet) {
        const std::string from = utc_seconds(*source.first_packet);
        const std::string to = utc_seconds(*source.last_packet);
        if (from == to) {
            text += fmt::format(" in {}, at {} UTC", time_span(*source.last_packet - *source.first_packet), from);
        } else {
            const bool same_day = from.substr(0, 10) == to.substr(0, 10);
            text += fmt::format(" in {}, {} to {} UTC", time_span(*source.last_packet - *source.first_packet), from,
                                same_day ? to.substr(11) : to);
        }
    }
    text += "; " + flow_counts(totals) + ".";
    // ARP and the like: nothing is lost there.
    if (const auto &others = observation.losses.packets_without_flow; !others.empty())
        text += fmt::format(" Packets that belong to no flow: {}.", name_counts(others));
    text += program_sentence(totals);
    if (source.attribution && totals.local_ends > 0) text += attribution_sentence(*source.attribution);
    return text;
}

std::vector<std::string> shortcomings(const Observation &observation) {
    std::vector<std::string> found;
    add_source_losses(observation.source, found);
    add_losses(observation.losses, found);
    std::vector<std::string> malformed;
    for (std::size_t i = 0; i < malformation_count; ++i) {
        if (observation.malformations[i] == 0) continue;
        malformed.push_back(
            fmt::format("{} {}", grouped(observation.malformations[i]), token(static_cast<Malformation>(i))));
    }
    if (!malformed.empty())
        found.push_back(fmt::format("Malformed packets, counted and left at that: {}.", listed(malformed)));
    for (const Degradation &degradation : observation.degradations)
        found.push_back(sentence(fmt::format("{}: {}", shortened(printable(degradation.what), longest_name),
                                             shortened(printable(degradation.reason), 600))));
    return found;
}

std::vector<UnknownGroup> unknown_groups(const Observation &observation) {
    std::vector<UnknownGroup> found;
    if (observation.totals.no_socket_facts) return found; // the summary says so, and there is nothing else to say
    for (const auto &[reason, group] : observation.totals.unknown) {
        Attribution attribution;
        attribution.unknown = reason;
        attribution.missing_rights = group.missing_rights;
        found.push_back({reason, group.ends, explain_unknown(attribution)});
    }
    return found;
}

} // namespace doorplate

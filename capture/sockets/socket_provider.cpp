#include "capture/sockets/socket_provider.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "capture/sockets/ebpf/event_provider.h"
#include "capture/sockets/ebpf/kernel_programs.h"
#include "capture/sockets/polling_provider.h"
#include "capture/sockets/socket_search.h"

namespace doorplate {
namespace {

// Beside the kernel's events, looks need not be frequent.
constexpr Duration interval_beside_events = std::chrono::seconds(2);

} // namespace

SocketPreparation::SocketPreparation() = default;
SocketPreparation::SocketPreparation(SocketPreparation &&) noexcept = default;
SocketPreparation &SocketPreparation::operator=(SocketPreparation &&) noexcept = default;
SocketPreparation::~SocketPreparation() = default;

Result<SocketSnapshot> take_socket_snapshot(const SocketOptions &options) {
    assert(options.method != AttributionMethod::none);
    auto search = SocketSearch::open(options);
    if (!search) return std::unexpected(search.error());
    SocketSnapshot snapshot;
    snapshot.host = read_host_facts(options.proc);
    auto facts = search->look([] { return true; });
    if (!facts) return std::unexpected(facts.error());
    snapshot.facts = std::move(*facts);
    snapshot.degradations = search->degradations();
    return snapshot;
}

Result<SocketPreparation> prepare_socket_provider(const SocketOptions &options) {
    assert(options.method != AttributionMethod::none);
    SocketPreparation preparation;
    const bool this_host = options.proc.lexically_normal() == "/proc";
    const bool by_name = options.method == AttributionMethod::ebpf;
    if (!by_name && (options.method != AttributionMethod::automatic || !this_host)) return preparation;
    if (!this_host)
        return failure(fmt::format("the kernel's events are of this host, not of {}: use --attribution=procfs",
                                   options.proc.string()));
    auto programs = load_kernel_programs({});
    if (programs) {
        preparation.events = std::move(programs->events);
        preparation.degradations = std::move(programs->refused);
        return preparation;
    }
    if (by_name)
        return failure(fmt::format("{}. --attribution=auto does with what there is", programs.error().message));
    preparation.degradations.push_back(
        {"ebpf", fmt::format("{}. Owners are looked up in the socket table instead: processes that live for less than "
                             "some 20 ms are mostly missed.",
                             programs.error().message)});
    return preparation;
}

Result<std::unique_ptr<SocketProvider>> open_socket_provider(const SocketOptions &options,
                                                             SocketPreparation preparation) {
    assert(options.method != AttributionMethod::none);
    auto search = SocketSearch::open(options);
    if (!search) return std::unexpected(search.error());
    if (!preparation.events) {
        for (Degradation &degradation : preparation.degradations)
            search->degrade(std::move(degradation.what), std::move(degradation.reason));
        return make_polling_provider(std::move(*search), options.poll_interval);
    }
    auto processes = ProcessTable::open(options.proc);
    if (!processes) return std::unexpected(processes.error());
    auto looks = make_polling_provider(std::move(*search), std::max(options.poll_interval, interval_beside_events));
    return make_event_provider(std::move(preparation.events), ProcessBook(std::move(*processes)), std::move(looks),
                               std::move(preparation.degradations));
}

Result<std::unique_ptr<SocketProvider>> open_socket_provider(const SocketOptions &options) {
    auto preparation = prepare_socket_provider(options);
    if (!preparation) return std::unexpected(preparation.error());
    return open_socket_provider(options, std::move(*preparation));
}

} // namespace doorplate

#include "capture/sockets/ebpf/kernel_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "capture/file_descriptor.h"
#include "capture/privileges.h"
#include "capture/sockets/ebpf/cgroup_root.h"
#include "programs.skel.h"

namespace doorplate {
namespace {

enum class AttachTo : std::uint8_t { cgroup, kernel, owners, nothing };

struct ProgramUse {
    const char *name = nullptr;
    AttachTo attach_to;
    // What is missing without it.
    std::string_view cost;
    bool essential = false;
};

constexpr std::array<ProgramUse, 14> program_uses{{
    {"watch_tcp", AttachTo::cgroup, "nothing is told of connections", true},
    {"watch_udp_out", AttachTo::cgroup, "nothing is told of datagrams that are sent", true},
    {"watch_tcp_reads", AttachTo::kernel,
     "of a connection that came in, the process that began to listen is named, not the one that reads from it"},
    {"watch_sends", AttachTo::kernel,
     "of a connection that came in, the process that writes first is named only when it reads"},
    {"watch_tcp_closes", AttachTo::kernel, "the end of a connection is known only from looks at the socket table"},
    {"watch_udp_in", AttachTo::cgroup, "the receivers of datagrams are known only from the socket table"},
    {"watch_udp_binds4", AttachTo::cgroup, "UDP sockets that only receive IPv4 are known only from the socket table"},
    {"watch_udp_binds6", AttachTo::cgroup, "UDP sockets that only receive IPv6 are known only from the socket table"},
    {"watch_udp_closes", AttachTo::cgroup, "the end of a UDP socket is known only from looks at the socket table"},
    {"watch_execs", AttachTo::kernel,
     "programs and command lines are read from /proc, which is too late for short processes"},
    {"watch_forks", AttachTo::kernel, "forked processes are read from /proc, which is too late for short ones"},
    {"watch_exits", AttachTo::kernel, "ended processes are remembered for longer than needed"},
    {"list_files", AttachTo::nothing, "sockets from before the start are known only from the socket table"},
    {"list_owners", AttachTo::owners, "what is lost when too much happens at once is not recovered"},
}};

struct DestroySkeleton {
    void operator()(doorplate_programs *skeleton) const { doorplate_programs__destroy(skeleton); }
};
using Skeleton = std::unique_ptr<doorplate_programs, DestroySkeleton>;

struct DestroyLink {
    void operator()(bpf_link *link) const { bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, DestroyLink>;

struct FreeRing {
    void operator()(ring_buffer *ring) const { ring_buffer__free(ring); }
};
using Ring = std::unique_ptr<ring_buffer, FreeRing>;

// Without the verifier's pages, which no user can use.
int say_nothing(enum libbpf_print_level, const char *, va_list) { return 0; }

Skeleton open_skeleton(const KernelProgramsOptions &options, const std::set<std::string_view> &wanted) {
    Skeleton skeleton(doorplate_programs__open());
    if (!skeleton) return skeleton;
    bpf_map__set_max_entries(skeleton->maps.socket_events, static_cast<std::uint32_t>(options.socket_ring_bytes));
    bpf_map__set_max_entries(skeleton->maps.process_events, static_cast<std::uint32_t>(options.process_ring_bytes));
    for (const ProgramUse &use : program_uses) {
        bpf_program *program = bpf_object__find_program_by_name(skeleton->obj, use.name);
        assert(program != nullptr);
        bpf_program__set_autoload(program, wanted.contains(use.name));
    }
    return skeleton;
}

// 0 or an error number.
int try_to_load(const KernelProgramsOptions &options, const std::set<std::string_view> &wanted, Skeleton &loaded) {
    loaded = open_skeleton(options, wanted);
    if (!loaded) return errno;
    return -doorplate_programs__load(loaded.get());
}

std::string reason_of(int error) {
    if (error != EPERM && error != EACCES) return std::strerror(error);
    std::vector<std::string_view> missing;
    for (const Right right : {Right::bpf, Right::perfmon, Right::net_admin})
        if (!has_right(right)) missing.push_back(right_token(right));
    if (missing.empty()) return fmt::format("{}, although all rights are there", std::strerror(error));
    return fmt::format("needs {}", fmt::join(missing, " and "));
}

// setcap replaces all that was granted before, so the line has what else is needed too.
constexpr std::string_view advice =
    "Try: sudo setcap cap_net_raw,cap_sys_ptrace,cap_dac_read_search,cap_bpf,cap_perfmon,cap_net_admin+ep "
    "\"$(command -v doorplate)\"";

Link attach(bpf_program *program, AttachTo to, const FileDescriptor &cgroup, int owners) {
    switch (to) {
    case AttachTo::cgroup: return Link(bpf_program__attach_cgroup(program, cgroup.get()));
    case AttachTo::kernel: return Link(bpf_program__attach(program));
    case AttachTo::nothing: return Link(bpf_program__attach_iter(program, nullptr));
    case AttachTo::owners: {
        bpf_iter_link_info info{};
        info.map.map_fd = static_cast<std::uint32_t>(owners);
        bpf_iter_attach_opts options{};
        options.sz = sizeof(options);
        options.link_info = &info;
        options.link_info_len = sizeof(info);
        return Link(bpf_program__attach_iter(program, &options));
    }
    }
    return nullptr;
}

// libbpf hands a record to this; a negative answer stops it.
int hand_over(void *context, void *record, std::size_t size) {
    const auto &take = *static_cast<const TakeRecord *>(context);
    return take({static_cast<const std::uint8_t *>(record), size}) ? 0 : -ECANCELED;
}

class LoadedPrograms final : public KernelEvents {
  public:
    LoadedPrograms(Skeleton skeleton, std::vector<Link> links, Link files, Link owners)
        : skeleton_(std::move(skeleton)), links_(std::move(links)), files_(std::move(files)),
          owners_(std::move(owners)) {}

    [[nodiscard]] bool open_rings() {
        socket_ring_.reset(ring_buffer__new(bpf_map__fd(skeleton_->maps.socket_events), hand_over, &take_, nullptr));
        process_ring_.reset(ring_buffer__new(bpf_map__fd(skeleton_->maps.process_events), hand_over, &take_, nullptr));
        return socket_ring_ && process_ring_;
    }

    void read_socket_events(const TakeRecord &take) override { read(*socket_ring_, take); }
    void read_process_events(const TakeRecord &take) override { read(*process_ring_, take); }
    Result<void> list_files(const TakeRecord &take) override { return list(files_, take); }
    Result<void> list_owners(const TakeRecord &take) override { return list(owners_, take); }

    [[nodiscard]] std::array<std::uint64_t, DOORPLATE_KINDS> lost() const override {
        std::array<std::uint64_t, DOORPLATE_KINDS> counts{};
        // The kernel goes on counting while we read.
        for (std::size_t kind = 0; kind < counts.size(); ++kind)
            counts[kind] = __atomic_load_n(&skeleton_->bss->lost[kind], __ATOMIC_RELAXED);
        return counts;
    }

  private:
    void read(ring_buffer &ring, const TakeRecord &take) {
        take_ = take;
        static_cast<void>(ring_buffer__consume(&ring));
        take_ = {};
    }

    static Result<void> list(const Link &link, const TakeRecord &take) {
        if (!link) return failure("the kernel did not take the program that lists sockets");
        const FileDescriptor iterator(bpf_iter_create(bpf_link__fd(link.get())));
        if (!iterator) return failure(fmt::format("sockets cannot be listed: {}", std::strerror(errno)));
        constexpr std::size_t record_size = sizeof(doorplate_socket_event);
        std::vector<std::uint8_t> buffer(256 * record_size);
        std::size_t filled = 0;
        for (;;) {
            const ssize_t length = ::read(iterator.get(), buffer.data() + filled, buffer.size() - filled);
            if (length < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (length < 0) return failure(fmt::format("sockets cannot be listed: {}", std::strerror(errno)));
            if (length == 0) return {};
            filled += static_cast<std::size_t>(length);
            std::size_t used = 0;
            for (; filled - used >= record_size; used += record_size)
                if (!take(Bytes(buffer).subspan(used, record_size))) return {};
            std::memmove(buffer.data(), buffer.data() + used, filled - used);
            filled -= used;
        }
    }

    Skeleton skeleton_;
    std::vector<Link> links_;
    Link files_;
    Link owners_;
    TakeRecord take_;
    Ring socket_ring_;
    Ring process_ring_;
};

std::string refused_words(const ProgramUse &use, std::string_view done, int error) {
    return fmt::format("the kernel refused to {} the program {}: {}. So {}.", done, use.name, reason_of(error),
                       use.cost);
}

Error refused_altogether(const ProgramUse &use, std::string_view done, int error) {
    return {fmt::format("the kernel's events cannot be had (eBPF): it refused to {} the program {}: {}. {}", done,
                        use.name, reason_of(error), advice)};
}

} // namespace

Result<KernelPrograms> load_kernel_programs(const KernelProgramsOptions &options) {
    libbpf_set_print(say_nothing);
    KernelPrograms result;
    std::set<std::string_view> wanted;
    for (const ProgramUse &use : program_uses) wanted.insert(use.name);
    Skeleton skeleton;
    if (try_to_load(options, wanted, skeleton) != 0) {
        // One refusal is everybody's: each for itself tells which they are.
        for (const ProgramUse &use : program_uses) {
            const int error = try_to_load(options, {use.name}, skeleton);
            if (error == 0) continue;
            if (use.essential) return std::unexpected(refused_altogether(use, "load", error));
            wanted.erase(use.name);
            result.refused.push_back({"ebpf", refused_words(use, "load", error)});
        }
        if (const int error = try_to_load(options, wanted, skeleton); error != 0)
            return failure(fmt::format("the kernel's events cannot be had (eBPF): {}", reason_of(error)));
    }

    auto cgroup = open_cgroup2_root();
    if (!cgroup) return failure(fmt::format("the kernel's events cannot be had (eBPF): {}", cgroup.error().message));
    std::vector<Link> links;
    Link files;
    Link owners;
    for (const ProgramUse &use : program_uses) {
        if (!wanted.contains(use.name)) continue;
        bpf_program *program = bpf_object__find_program_by_name(skeleton->obj, use.name);
        Link link = attach(program, use.attach_to, *cgroup, bpf_map__fd(skeleton->maps.owners));
        const int error = errno;
        if (!link) {
            if (use.essential) return std::unexpected(refused_altogether(use, "attach", error));
            result.refused.push_back({"ebpf", refused_words(use, "attach", error)});
            continue;
        }
        if (use.attach_to == AttachTo::nothing) {
            files = std::move(link);
        } else if (use.attach_to == AttachTo::owners) {
            owners = std::move(link);
        } else {
            links.push_back(std::move(link));
        }
    }
    auto events =
        std::make_unique<LoadedPrograms>(std::move(skeleton), std::move(links), std::move(files), std::move(owners));
    if (!events->open_rings())
        return failure(fmt::format("the kernel's events cannot be read (eBPF): {}", std::strerror(errno)));
    result.events = std::move(events);
    return result;
}

} // namespace doorplate

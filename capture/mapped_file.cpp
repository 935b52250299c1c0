#include "capture/mapped_file.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <utility>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace doorplate {

// What the handler must know of a mapping. It runs in the middle of anything, so these are atomic numbers in a place
// that never goes away; `begin` is set last and cleared first.
struct GuardedRange {
    std::atomic<bool> taken = false;
    std::atomic<std::uintptr_t> begin = 0;
    // Of the last page.
    std::atomic<std::uintptr_t> end = 0;
    // The first address where zeros of ours are; `end` if there is none.
    std::atomic<std::uintptr_t> lost_from = 0;
};

namespace {

// So much of a file counts as our memory, and what a batch of packets spans. Asking for pages in such steps, too
// (MADV_POPULATE_READ), costs more than their faults do.
constexpr std::size_t step_bytes = std::size_t{4} << 20;

// More files than this at a time are read instead of mapped.
std::array<GuardedRange, 1024> ranges;

std::uintptr_t page_bytes = 0;
struct sigaction previous_action{};

// True if `address` is in a mapping of ours, which has zeros from there on now.
bool put_zeros(std::uintptr_t address) {
    for (GuardedRange &range : ranges) {
        const std::uintptr_t begin = range.begin.load(std::memory_order_acquire);
        const std::uintptr_t end = range.end.load(std::memory_order_relaxed);
        if (begin == 0 || address < begin || address >= end) continue;
        const std::uintptr_t page = address & ~(page_bytes - 1);
        // NOLINTNEXTLINE(performance-no-int-to-ptr): it was one
        void *const where = reinterpret_cast<void *>(page);
        if (::mmap(where, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
            return false;
        if (page < range.lost_from.load(std::memory_order_relaxed)) range.lost_from.store(page);
        return true;
    }
    return false;
}

// Calls only what signal-safety(7) allows, and mmap, which on Linux is the bare system call.
void on_bus_error(int number, siginfo_t *info, void * /*context*/) {
    const int error = errno;
    const bool ours =
        info->si_code == BUS_ADRERR && put_zeros(reinterpret_cast<std::uintptr_t>(info->si_addr)); // NOLINT
    if (!ours) {
        // A fault comes again when we return, and finds the other handler; a signal that was sent does not.
        ::sigaction(SIGBUS, &previous_action, nullptr);
        if (info->si_code <= 0) static_cast<void>(::raise(number));
    }
    errno = error;
}

void install_handler() {
    static std::once_flag once;
    std::call_once(once, [] {
        page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
        struct sigaction action{};
        action.sa_sigaction = on_bus_error;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        ::sigaction(SIGBUS, &action, &previous_action);
    });
}

GuardedRange *take_range() {
    for (GuardedRange &range : ranges)
        if (!range.taken.exchange(true)) return &range;
    return nullptr;
}

void *address_of(Bytes bytes) { return const_cast<std::uint8_t *>(bytes.data()); } // NOLINT: for the system calls

} // namespace

std::unique_ptr<MappedFile> MappedFile::map(FileDescriptor &file) {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size <= 0) return nullptr;
    if (::lseek(file.get(), 0, SEEK_CUR) != 0) return nullptr;
    install_handler();
    GuardedRange *const range = take_range();
    if (range == nullptr) return nullptr;
    const auto size = static_cast<std::size_t>(status.st_size);
    void *const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (mapped == MAP_FAILED) {
        range->taken = false;
        return nullptr;
    }
    ::madvise(mapped, size, MADV_SEQUENTIAL);
    return std::unique_ptr<MappedFile>(
        new MappedFile(Bytes(static_cast<const std::uint8_t *>(mapped), size), std::move(file), *range));
}

MappedFile::MappedFile(Bytes bytes, FileDescriptor file, GuardedRange &range)
    : bytes_(bytes), file_(std::move(file)), range_(range) {
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data()); // NOLINT
    const std::uintptr_t end = (begin + bytes.size() + page_bytes - 1) & ~(page_bytes - 1);
    range_.end = end;
    range_.lost_from = end;
    range_.begin.store(begin, std::memory_order_release);
}

MappedFile::~MappedFile() {
    range_.begin = 0;
    ::munmap(address_of(bytes_), bytes_.size());
    range_.taken = false;
}

std::size_t MappedFile::intact_bytes() const {
    const std::uintptr_t lost = range_.lost_from.load() - range_.begin.load();
    struct stat status{};
    const std::size_t there =
        ::fstat(file_.get(), &status) == 0 ? static_cast<std::size_t>(std::max<off_t>(status.st_size, 0)) : 0;
    return std::min({bytes_.size(), std::size_t{lost}, there});
}

void MappedFile::release_until(std::size_t begin) {
    const bool is_all = begin == bytes_.size();
    begin &= ~(std::size_t{page_bytes} - 1);
    if (begin - kept_ >= step_bytes || (is_all && begin > kept_)) {
        ::madvise(address_of(bytes_.subspan(kept_)), begin - kept_, MADV_DONTNEED);
        kept_ = begin;
    }
}

} // namespace doorplate

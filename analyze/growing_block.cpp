#include "analyze/growing_block.h"

#include <cstdint>
#include <new>

#include <sys/mman.h>

#include "analyze/large_block.h"

namespace doorplate {
namespace {

constexpr std::size_t step = LargeBlock::huge_page;

std::size_t in_steps(std::size_t bytes) { return (bytes + step - 1) / step * step; }

} // namespace

// Nothing may be read or written there yet, so it counts for no limit of memory (proc_sys_vm(5), overcommit_memory).
GrowingBlock::GrowingBlock(std::size_t most_bytes) : reserved_bytes_(in_steps(most_bytes) + step) {
    reserved_ = ::mmap(nullptr, reserved_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved_ == MAP_FAILED) throw std::bad_alloc();
    auto *const begin = static_cast<std::uint8_t *>(reserved_);
    data_ = begin + (step - reinterpret_cast<std::uintptr_t>(begin) % step) % step;
}

GrowingBlock::~GrowingBlock() { ::munmap(reserved_, reserved_bytes_); }

void GrowingBlock::grow_by_steps(std::size_t bytes) {
    const std::size_t usable = in_steps(bytes);
    auto *const begin = static_cast<std::uint8_t *>(data_) + usable_;
    if (::mprotect(begin, usable - usable_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    // Small captures need a small part of the first step. A kernel without huge pages does without.
    if (usable_ > 0) ::madvise(begin, usable - usable_, MADV_HUGEPAGE);
    usable_ = usable;
}

void GrowingBlock::clear() {
    if (usable_ == 0) return;
    ::madvise(data_, usable_, MADV_DONTNEED);
    ::mprotect(data_, usable_, PROT_NONE);
    usable_ = 0;
}

} // namespace doorplate

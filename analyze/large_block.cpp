#include "analyze/large_block.h"

#include <cstdint>
#include <new>

#include <sys/mman.h>

namespace doorplate {
namespace {

// The largest that any Linux has, so that sizes are whole pages everywhere.
constexpr std::size_t page = std::size_t{64} << 10;

} // namespace

LargeBlock::LargeBlock(std::size_t bytes, Pages pages) : bytes_((bytes + page - 1) / page * page) {
    const std::size_t asked = pages == Pages::huge ? bytes_ + huge_page : bytes_;
    void *const got = ::mmap(nullptr, asked, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED) throw std::bad_alloc();
    data_ = got;
    if (pages == Pages::small) return;
    // Huge pages are aligned to their size: what stands over at both ends is given back.
    auto *const begin = static_cast<std::uint8_t *>(got);
    const std::size_t head = huge_page - reinterpret_cast<std::uintptr_t>(begin) % huge_page;
    ::munmap(begin, head);
    if (head < huge_page) ::munmap(begin + head + bytes_, huge_page - head);
    data_ = begin + head;
    ::madvise(data_, bytes_, MADV_HUGEPAGE); // a kernel without them does without
}

LargeBlock::~LargeBlock() {
    if (data_ != nullptr) ::munmap(data_, bytes_);
}

} // namespace doorplate

#pragma once

namespace doorplate {

// Asks for the cache line at `address`, which need not be readable. The empty asm keeps GCC 12 from taking a function
// that does nothing but prefetch for one without effect, whose calls it then removes.
inline void prefetch(const void *address) {
    __builtin_prefetch(address);
    asm volatile("");
}

} // namespace doorplate

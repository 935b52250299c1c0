// Any bytes are a capture file or none, and reading them whole or in small pieces, from a file that is mapped or from
// gzip gives the same packets, the same interfaces and the same complaint.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "capture/decompression.h"
#include "capture/file_descriptor.h"
#include "tests/support/savefile_harness.h"

namespace {

using namespace doorplate;

void require(bool holds, const char *promise) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
}

std::vector<std::uint8_t> gzipped(std::vector<std::uint8_t> plain) {
    z_stream state{};
    require(deflateInit2(&state, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib works");
    std::vector<std::uint8_t> compressed(deflateBound(&state, plain.size()) + 64);
    state.next_in = plain.data();
    state.avail_in = static_cast<uInt>(plain.size());
    state.next_out = compressed.data();
    state.avail_out = static_cast<uInt>(compressed.size());
    require(deflate(&state, Z_FINISH) == Z_STREAM_END, "zlib works");
    compressed.resize(state.total_out);
    deflateEnd(&state);
    return compressed;
}

WholeRead read_mapped(const std::vector<std::uint8_t> &bytes) {
    const FileDescriptor file(::memfd_create("capture", MFD_CLOEXEC));
    require(::write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "memory is there");
    const std::string path = "/proc/self/fd/" + std::to_string(file.get());
    WholeRead read = read_to_end(open_savefile({.path = path, .filter = {}}));
    if (read.error.starts_with(path)) read.error.replace(0, path.size(), "test");
    return read;
}

// A decompressor notices damage sooner or later, depending on how much of it it sees at once; so only for what is not
// compressed must the words be the same.
void require_the_same(const WholeRead &whole, const WholeRead &other, bool with_words) {
    require(whole.opened == other.opened, "opening does not depend on where the bytes come from");
    require(whole.packets == other.packets, "the packets do not depend on where the bytes come from");
    require(whole.error.empty() == other.error.empty(), "nor does it depend on that whether there is a complaint");
    require(!with_words || whole.error == other.error, "nor do its words");
    require(whole.interfaces == other.interfaces, "the interfaces do not depend on where the bytes come from");
    require(whole.stats.damaged_bytes == other.stats.damaged_bytes, "what is skipped does not depend on it, either");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::vector<std::uint8_t> file(data, data + size);
    const bool is_compressed = compression_of(file) != Compression::none;
    const WholeRead whole = read_to_end(file);
    std::size_t captured = 0;
    for (const KeptPacket &packet : whole.packets) {
        require(packet.interface < whole.interfaces.size(), "a packet's interface is described");
        require(packet.link_type == whole.interfaces[packet.interface].link_type,
                "a packet is of its interface's type");
        require(packet.ns >= 0, "no time is before 1970");
        captured += packet.bytes.size();
    }
    require(is_compressed || captured + whole.stats.damaged_bytes <= size, "no byte is told twice");
    require(whole.stats.packets == whole.packets.size(), "the packets are counted");
    require(whole.error.empty() == (whole.opened && whole.stats.damaged_places == 0), "damage is told and counted");

    // Small enough to part every header, and not so small that a large file takes for ever.
    require_the_same(whole, read_to_end(file, {}, 5 + size / 128), !is_compressed);
    if (size > 0) require_the_same(whole, read_mapped(file), true);
    if (size > 0 && !is_compressed) require_the_same(whole, read_to_end(gzipped(file)), true);

    // A filter may refuse packets and link types, but it adds nothing.
    const WholeRead filtered = read_to_end(file, "udp");
    require(filtered.packets.size() <= whole.packets.size(), "a filter adds no packets");
    return 0;
}

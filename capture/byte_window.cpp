#include "capture/byte_window.h"

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include <unistd.h>

#include "capture/decompression.h"
#include "capture/mapped_file.h"

namespace doorplate {

namespace {

constexpr std::size_t block_bytes = std::size_t{256} << 10;

class StreamWindow final : public ByteWindow {
  public:
    explicit StreamWindow(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)), buffer_(block_bytes) {}

    Result<Arrival> wait_for_more() override {
        if (complete_) return Arrival::nothing_more;
        const std::size_t kept = unread_.size();
        if (kept > 0 && unread_.data() != buffer_.data()) std::memmove(buffer_.data(), unread_.data(), kept);
        // What a reader asks for is bounded, so this ends; and it grows with what is really there, not with what a
        // record says of itself.
        if (kept == buffer_.size()) buffer_.resize(2 * buffer_.size());
        unread_ = Bytes(buffer_).first(kept);
        const auto read = stream_->read(std::span(buffer_).subspan(kept));
        if (!read) return std::unexpected(read.error());
        unread_ = Bytes(buffer_).first(kept + read->bytes);
        if (read->bytes > 0) return Arrival::some;
        complete_ = read->at_end;
        return complete_ ? Arrival::nothing_more : Arrival::interrupted;
    }

    void wake() override { stream_->wake(); }

  private:
    std::unique_ptr<ByteStream> stream_;
    std::vector<std::uint8_t> buffer_;
};

class MappedWindow final : public ByteWindow {
  public:
    explicit MappedWindow(std::unique_ptr<MappedFile> file) : file_(std::move(file)) {
        unread_ = file_->bytes();
        complete_ = true;
    }

    void release() override { file_->release_until(offset_); }
    Result<Arrival> wait_for_more() override { return Arrival::nothing_more; }
    std::uint64_t sound_until() const override { return file_->intact_bytes(); }
    // Pages that were given back are fetched again.
    bool bytes_stay() const override { return true; }

  private:
    std::unique_ptr<MappedFile> file_;
};

bool is_compressed(const FileDescriptor &file) {
    std::array<std::uint8_t, compression_magic_bytes> beginning{};
    const ssize_t count = ::pread(file.get(), beginning.data(), beginning.size(), 0);
    return count > 0 && compression_of(Bytes(beginning).first(static_cast<std::size_t>(count))) != Compression::none;
}

} // namespace

std::unique_ptr<ByteWindow> window_onto(std::unique_ptr<ByteStream> stream) {
    return std::make_unique<StreamWindow>(decompressed(std::move(stream)));
}

Result<std::unique_ptr<ByteWindow>> open_byte_window(const std::string &path) {
    auto file = open_for_reading(path);
    if (!file) return std::unexpected(std::move(file.error()));
    if (!is_compressed(*file))
        if (auto mapped = MappedFile::map(*file)) return std::make_unique<MappedWindow>(std::move(mapped));
    return window_onto(stream_of(std::move(*file)));
}

} // namespace doorplate

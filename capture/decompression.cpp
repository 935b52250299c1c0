#include "capture/decompression.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

namespace doorplate {

namespace {

constexpr std::size_t block_bytes = std::size_t{256} << 10;

// RFC 1952: the two bytes of magic and the only method there is.
constexpr std::array<std::uint8_t, 3> gzip_magic{0x1f, 0x8b, 0x08};
constexpr std::uint32_t zstd_magic = 0xfd2fb528;
constexpr std::uint32_t lz4_magic = 0x184d2204;
// Frames that decompress to nothing, the same for lz4 and zstd (RFC 8878, section 3.1.2). Only zstd's tools begin a
// file with one (pzstd).
constexpr std::uint32_t skippable_magic = 0x184d2a50;
constexpr std::uint32_t skippable_mask = 0xfffffff0;

struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool frame_ended = false;
    // If not empty: what is wrong behind what was produced.
    std::string trouble = {};
};

// One compression format. The first step, and the first behind the end of a frame, begin one. zstd and lz4 forget what
// a step produced when it fails, so they get no more at once than they ask for: a block.
class Decoder {
  public:
    Decoder() = default;
    Decoder(const Decoder &) = delete;
    Decoder &operator=(const Decoder &) = delete;
    virtual ~Decoder() = default;

    [[nodiscard]] virtual Step step(Bytes input, std::span<std::uint8_t> room) = 0;
};

class GzipDecoder final : public Decoder {
  public:
    GzipDecoder() { ready_ = inflateInit2(&state_, gzip_with_largest_window) == Z_OK; }
    ~GzipDecoder() override {
        if (ready_) inflateEnd(&state_);
    }

    Step step(Bytes input, std::span<std::uint8_t> room) override {
        if (!ready_) return {.trouble = "out of memory"};
        constexpr std::size_t most = std::numeric_limits<uInt>::max();
        // zlib takes it without const and leaves it alone.
        state_.next_in = const_cast<Bytef *>(input.data()); // NOLINT(cppcoreguidelines-pro-type-const-cast)
        state_.avail_in = static_cast<uInt>(std::min(input.size(), most));
        state_.next_out = room.data();
        state_.avail_out = static_cast<uInt>(std::min(room.size(), most));
        const int status = inflate(&state_, Z_NO_FLUSH);
        Step step{.consumed = static_cast<std::size_t>(state_.next_in - input.data()),
                  .produced = static_cast<std::size_t>(state_.next_out - room.data())};
        if (status == Z_STREAM_END) {
            step.frame_ended = true;
            inflateReset(&state_);
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            step.trouble = state_.msg != nullptr ? state_.msg : zError(status);
        }
        return step;
    }

  private:
    static constexpr int gzip_with_largest_window = 16 + MAX_WBITS;

    z_stream state_{};
    bool ready_ = false;
};

class ZstdDecoder final : public Decoder {
  public:
    Step step(Bytes input, std::span<std::uint8_t> room) override {
        if (!state_) return {.trouble = "out of memory"};
        ZSTD_inBuffer in{input.data(), std::min(input.size(), wanted_), 0};
        ZSTD_outBuffer out{room.data(), room.size(), 0};
        const std::size_t status = ZSTD_decompressStream(state_.get(), &out, &in);
        wanted_ = status == 0 || ZSTD_isError(status) != 0 ? shortest_header : status;
        Step step{.consumed = in.pos, .produced = out.pos, .frame_ended = status == 0};
        if (ZSTD_isError(status) != 0) {
            step.trouble = ZSTD_getErrorName(status);
            if (ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge)
                step.trouble += "; try: zstdcat --long=31 FILE | doorplate replay -";
        }
        return step;
    }

  private:
    struct Free {
        void operator()(ZSTD_DStream *state) const { ZSTD_freeDStream(state); }
    };
    static constexpr std::size_t shortest_header = 5;

    std::size_t wanted_ = shortest_header;
    std::unique_ptr<ZSTD_DStream, Free> state_{ZSTD_createDStream()};
};

class Lz4Decoder final : public Decoder {
  public:
    Lz4Decoder() {
        LZ4F_dctx *state = nullptr;
        if (LZ4F_isError(LZ4F_createDecompressionContext(&state, LZ4F_VERSION)) == 0) state_.reset(state);
    }

    Step step(Bytes input, std::span<std::uint8_t> room) override {
        if (!state_) return {.trouble = "out of memory"};
        std::size_t consumed = std::min(input.size(), wanted_);
        std::size_t produced = room.size();
        const std::size_t status =
            LZ4F_decompress(state_.get(), room.data(), &produced, input.data(), &consumed, nullptr);
        if (LZ4F_isError(status) != 0) return {.trouble = LZ4F_getErrorName(status)};
        wanted_ = status == 0 ? shortest_header : status;
        return {.consumed = consumed, .produced = produced, .frame_ended = status == 0, .trouble = {}};
    }

  private:
    struct Free {
        void operator()(LZ4F_dctx *state) const { LZ4F_freeDecompressionContext(state); }
    };
    static constexpr std::size_t shortest_header = LZ4F_HEADER_SIZE_MIN;

    std::size_t wanted_ = shortest_header;
    std::unique_ptr<LZ4F_dctx, Free> state_;
};

bool is_skippable(Bytes beginning) {
    const auto magic = ByteReader(beginning).u32(std::endian::little);
    return magic && (*magic & skippable_mask) == skippable_magic;
}

std::string_view name_of(Compression compression) {
    switch (compression) {
    case Compression::gzip: return "gzip";
    case Compression::zstd: return "zstd";
    case Compression::lz4: return "lz4";
    case Compression::none: break;
    }
    return "uncompressed";
}

std::unique_ptr<Decoder> decoder_for(Compression compression) {
    switch (compression) {
    case Compression::gzip: return std::make_unique<GzipDecoder>();
    case Compression::zstd: return std::make_unique<ZstdDecoder>();
    case Compression::lz4: return std::make_unique<Lz4Decoder>();
    case Compression::none: break;
    }
    return nullptr;
}

class DecompressedStream final : public ByteStream {
  public:
    explicit DecompressedStream(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

    Result<StreamRead> read(std::span<std::uint8_t> room) override {
        if (!recognised_) {
            const auto arrived = more_until(compression_magic_bytes);
            if (!arrived) return std::unexpected(arrived.error());
            if (!*arrived) return StreamRead{};
            recognised_ = true;
            compression_ = compression_of(input());
            decoder_ = decoder_for(compression_);
        }
        return decoder_ ? decompress(room) : hand_on(room);
    }
    void wake() override { stream_->wake(); }

  private:
    [[nodiscard]] Bytes input() const { return Bytes(buffer_).subspan(begin_, end_ - begin_); }
    void consume(std::size_t count) {
        begin_ += count;
        offset_ += count;
    }

    // False if a signal came before there were `count` bytes or the end of the input.
    Result<bool> more_until(std::size_t count) {
        while (input().size() < count && !input_ended_) {
            if (begin_ > 0) {
                std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
                end_ -= begin_;
                begin_ = 0;
            }
            buffer_.resize(block_bytes);
            const auto read = stream_->read(std::span(buffer_).subspan(end_));
            if (!read) return std::unexpected(read.error());
            end_ += read->bytes;
            input_ended_ = read->at_end;
            if (read->bytes == 0 && !read->at_end) return false;
        }
        return true;
    }

    Result<StreamRead> hand_on(std::span<std::uint8_t> room) {
        if (const Bytes first = input(); !first.empty()) {
            const std::size_t count = std::min(first.size(), room.size());
            std::memcpy(room.data(), first.data(), count);
            consume(count);
            return StreamRead{.bytes = count};
        }
        if (input_ended_) return StreamRead{.at_end = true};
        buffer_ = {};
        begin_ = end_ = 0;
        return stream_->read(room);
    }

    Result<StreamRead> decompress(std::span<std::uint8_t> room) {
        while (true) {
            if (trouble_) return failure(*trouble_);
            // A decoder may hold back what had no room, so it is asked even when there is no input.
            const auto arrived = more_until(in_frame_ ? 1 : compression_magic_bytes);
            if (!arrived) return std::unexpected(arrived.error());
            if (!*arrived) return StreamRead{};
            if (!in_frame_) {
                // gzip(1): a file may be filled up with zeros, as on tapes.
                if (compression_ == Compression::gzip)
                    while (!input().empty() && input().front() == 0) consume(1);
                if (input().size() < compression_magic_bytes && !input_ended_) continue;
                if (input().empty()) return StreamRead{.at_end = true};
                if (!continues(input())) {
                    trouble_ = fmt::format("something that is not {} follows its {} data at byte {} of the file",
                                           name_of(compression_), name_of(compression_), offset_);
                    continue;
                }
                in_frame_ = true;
            }
            const Step step = decoder_->step(input(), room);
            consume(step.consumed);
            in_frame_ = !step.frame_ended;
            if (!step.trouble.empty()) {
                trouble_ = fmt::format("its {} data are damaged near byte {} of the file: {}", name_of(compression_),
                                       offset_, step.trouble);
            } else if (in_frame_ && step.produced == 0 && step.consumed == 0) {
                trouble_ = fmt::format("its {} data are cut short at byte {} of the file", name_of(compression_),
                                       offset_ + input().size());
            }
            if (step.produced > 0) return StreamRead{.bytes = step.produced};
        }
    }

    // Whether another frame of the same file begins here.
    [[nodiscard]] bool continues(Bytes bytes) const {
        return compression_of(bytes) == compression_ || (compression_ == Compression::lz4 && is_skippable(bytes));
    }

    std::unique_ptr<ByteStream> stream_;
    bool recognised_ = false;
    Compression compression_ = Compression::none;
    std::unique_ptr<Decoder> decoder_;
    bool in_frame_ = false;
    // Told when all that came in front of it has been handed out.
    std::optional<std::string> trouble_;

    // Not yet decompressed: [begin_, end_); `offset_` is where in the file it begins.
    std::vector<std::uint8_t> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint64_t offset_ = 0;
    bool input_ended_ = false;
};

} // namespace

Compression compression_of(Bytes beginning) {
    if (beginning.size() >= gzip_magic.size() && std::ranges::equal(beginning.first(gzip_magic.size()), gzip_magic))
        return Compression::gzip;
    const auto magic = ByteReader(beginning).u32(std::endian::little);
    if (!magic) return Compression::none;
    if (*magic == zstd_magic || is_skippable(beginning)) return Compression::zstd;
    return *magic == lz4_magic ? Compression::lz4 : Compression::none;
}

std::unique_ptr<ByteStream> decompressed(std::unique_ptr<ByteStream> stream) {
    return std::make_unique<DecompressedStream>(std::move(stream));
}

} // namespace doorplate

#include "report/byte_sink.h"

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace doorplate {
namespace {

constexpr std::size_t buffer_size = 65536;
constexpr mode_t new_file_mode = 0644;

std::string words_of(int error) { return std::error_code(error, std::generic_category()).message(); }

std::string advice(int error) {
    switch (error) {
    case ENOENT: return "; the folder does not exist, make it first (mkdir -p)";
    case EACCES:
    case EPERM:
    case EROFS: return "; choose a folder that you may write to, or - for standard output";
    case EISDIR: return "; name a file in it";
    case ENOSPC:
    case EDQUOT: return "; free some room or choose another place";
    default: return "";
    }
}

Error cannot_write(const std::string &path, int error) {
    const std::string where = path == "-" ? "standard output" : path;
    return Error{fmt::format("cannot write {}: {}{}", where, words_of(error), advice(error)), ErrorKind::runtime};
}

std::string folder_of(const std::string &path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// Where a whole report goes until it is complete, and what becomes of it then.
struct Replacement {
    std::string temporary;
    std::string target;
};

class FileSink final : public ByteSink {
  public:
    FileSink(int descriptor, bool owned, std::string name, std::optional<Replacement> replacement)
        : descriptor_(descriptor), owned_(owned), name_(std::move(name)), replacement_(std::move(replacement)) {
        buffer_.reserve(buffer_size);
    }

    // Not closed: the work was given up, and a half-written report must not look like a whole one.
    ~FileSink() override {
        if (owned_ && descriptor_ >= 0) ::close(descriptor_);
        discard();
    }

    void write(std::string_view bytes) override {
        if (broken()) return;
        if (buffer_.size() + bytes.size() > buffer_size) flush();
        if (bytes.size() >= buffer_size) {
            write_through(bytes);
        } else {
            buffer_ += bytes;
        }
    }

    void flush() override {
        write_through(buffer_);
        buffer_.clear();
    }

    bool broken() const override { return error_ != 0; }

    Result<void> close() override {
        flush();
        if (replacement_ && !broken() && ::fsync(descriptor_) != 0) fail_unless_unsupported();
        if (owned_ && ::close(std::exchange(descriptor_, -1)) != 0) fail(errno);
        if (replacement_ && !broken()) {
            if (::rename(replacement_->temporary.c_str(), replacement_->target.c_str()) == 0) {
                replacement_.reset();
            } else {
                fail(errno);
            }
        }
        discard();
        // The reader had enough, as `head` does.
        if (error_ == 0 || error_ == EPIPE) return {};
        return std::unexpected(cannot_write(name_, error_));
    }

  private:
    void write_through(std::string_view bytes) {
        while (!bytes.empty() && !broken()) {
            const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
            if (written >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(written));
            } else if (errno == EAGAIN) {
                wait_until_writable();
            } else if (errno != EINTR) {
                fail(errno);
            }
        }
    }

    // Somebody made our standard output non-blocking.
    void wait_until_writable() {
        pollfd waiting{descriptor_, POLLOUT, 0};
        if (::poll(&waiting, 1, -1) < 0 && errno != EINTR) fail(errno);
    }

    // Some file systems know no fsync; that is not the report's fault.
    void fail_unless_unsupported() {
        if (errno != EINVAL && errno != ENOSYS && errno != EROFS) fail(errno);
    }

    void fail(int error) {
        if (error_ == 0) error_ = error;
    }

    void discard() {
        if (replacement_) ::unlink(replacement_->temporary.c_str());
        replacement_.reset();
    }

    int descriptor_;
    bool owned_;
    std::string name_;
    std::optional<Replacement> replacement_;
    std::string buffer_;
    int error_ = 0;
};

class StringSink final : public ByteSink {
  public:
    explicit StringSink(std::string &text) : text_(text) {}
    void write(std::string_view bytes) override { text_ += bytes; }
    void flush() override {}
    bool broken() const override { return false; }
    Result<void> close() override { return {}; }

  private:
    std::string &text_;
};

Result<std::unique_ptr<ByteSink>> open_in_place(const std::string &path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, new_file_mode);
    if (descriptor < 0) return std::unexpected(cannot_write(path, errno));
    return std::make_unique<FileSink>(descriptor, true, path, std::nullopt);
}

// `existing`: the permissions of the file that will be replaced; they are kept.
Result<std::unique_ptr<ByteSink>> open_beside(const std::string &path, std::optional<mode_t> existing) {
    constexpr int most_tries = 1000;
    for (int attempt = 0; attempt < most_tries; ++attempt) {
        const std::string temporary = fmt::format("{}/.doorplate-{}-{}", folder_of(path), ::getpid(), attempt);
        const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, new_file_mode);
        if (descriptor < 0 && errno == EEXIST) continue;
        if (descriptor < 0) return std::unexpected(cannot_write(path, errno));
        auto sink = std::make_unique<FileSink>(descriptor, true, path, Replacement{temporary, path});
        if (existing && ::fchmod(descriptor, *existing & 0777) != 0) return std::unexpected(cannot_write(path, errno));
        return sink;
    }
    return std::unexpected(cannot_write(path, EEXIST));
}

} // namespace

Result<std::unique_ptr<ByteSink>> open_sink(const std::string &path, SinkKind kind) {
    if (path == "-") return std::make_unique<FileSink>(STDOUT_FILENO, false, path, std::nullopt);
    if (path.empty()) return failure("cannot write a report: its path is empty; name a file, or - for standard output");
    if (path.ends_with('/')) return std::unexpected(cannot_write(path, EISDIR));

    struct stat facts{};
    const bool exists = ::lstat(path.c_str(), &facts) == 0;
    if (!exists && errno != ENOENT) return std::unexpected(cannot_write(path, errno));
    // Renaming over a link, a pipe or a device would replace it instead of writing to what it stands for.
    if (kind == SinkKind::stream || (exists && !S_ISREG(facts.st_mode))) {
        if (exists && S_ISDIR(facts.st_mode)) return std::unexpected(cannot_write(path, EISDIR));
        return open_in_place(path);
    }
    if (!exists) return open_beside(path, std::nullopt);
    // A file that one may not write to is not replaced through the back door of its folder.
    if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) return std::unexpected(cannot_write(path, errno));
    return open_beside(path, facts.st_mode);
}

std::unique_ptr<ByteSink> string_sink(std::string &text) { return std::make_unique<StringSink>(text); }

} // namespace doorplate

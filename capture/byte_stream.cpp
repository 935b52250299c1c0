#include "capture/byte_stream.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace doorplate {

namespace {

std::string reason_of(int error) { return std::generic_category().message(error); }

class DescriptorStream final : public ByteStream {
  public:
    explicit DescriptorStream(FileDescriptor file)
        : file_(std::move(file)), woken_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        struct stat status{};
        may_wait_ = ::fstat(file_.get(), &status) != 0 || !S_ISREG(status.st_mode);
    }

    Result<StreamRead> read(std::span<std::uint8_t> room) override {
        if (may_wait_) {
            const auto there = wait();
            if (!there) return std::unexpected(there.error());
            if (!*there) return StreamRead{};
        }
        const ssize_t count = ::read(file_.get(), room.data(), room.size());
        if (count > 0) return StreamRead{.bytes = static_cast<std::size_t>(count)};
        if (count == 0) return StreamRead{.at_end = true};
        // EAGAIN: somebody else reads the same pipe, and was faster.
        if (errno == EINTR || errno == EAGAIN) return StreamRead{};
        return failure(reason_of(errno));
    }

    void wake() override { static_cast<void>(::eventfd_write(woken_.get(), 1)); }

  private:
    // False if a signal came first, or wake().
    [[nodiscard]] Result<bool> wait() const {
        std::array<pollfd, 2> waiting{{{.fd = file_.get(), .events = POLLIN, .revents = 0},
                                       {.fd = woken_.get(), .events = POLLIN, .revents = 0}}};
        if (::poll(waiting.data(), waiting.size(), -1) < 0) {
            if (errno == EINTR) return false;
            return failure(reason_of(errno));
        }
        return waiting[1].revents == 0;
    }

    FileDescriptor file_;
    FileDescriptor woken_;
    bool may_wait_ = true;
};

Error cannot_open(const std::string &path, int error) {
    switch (error) {
    case ENOENT: return {.message = fmt::format("{}: there is no such file", path)};
    case EACCES:
    case EPERM: return {.message = fmt::format("{}: no permission to read it; see its owner and mode (ls -l)", path)};
    default: return {.message = fmt::format("{}: cannot be opened: {}", path, reason_of(error))};
    }
}

} // namespace

Result<FileDescriptor> open_for_reading(const std::string &path) {
    if (path == "-") {
        FileDescriptor input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
        if (!input) return std::unexpected(cannot_open("standard input", errno));
        return input;
    }
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) return std::unexpected(cannot_open(path, errno));
    struct stat status{};
    if (::fstat(file.get(), &status) == 0 && S_ISDIR(status.st_mode))
        return failure(fmt::format("{}: is a directory; name the capture file in it", path));
    return file;
}

std::unique_ptr<ByteStream> stream_of(FileDescriptor file) {
    return std::make_unique<DescriptorStream>(std::move(file));
}

} // namespace doorplate

#pragma once

#include <cstddef>
#include <memory>

#include "capture/byte_reader.h"
#include "capture/file_descriptor.h"

namespace doorplate {

struct GuardedRange;

// A regular file as memory, in the length that it has when it is mapped.
//
// If it is cut short meanwhile, or its disk fails, the kernel raises SIGBUS for whoever looks at a page that is gone.
// Our handler puts pages of zeros there and goes on; intact_bytes() tells. A signal that is not about a mapping of ours
// goes to whoever handled it before.
class MappedFile {
  public:
    // None if this is not a regular file, is not at its beginning or is empty, or if there is no room for one more
    // mapping: then it has to be read.
    [[nodiscard]] static std::unique_ptr<MappedFile> map(FileDescriptor &file);
    MappedFile(const MappedFile &) = delete;
    MappedFile &operator=(const MappedFile &) = delete;
    ~MappedFile();

    [[nodiscard]] Bytes bytes() const { return bytes_; }

    // What was read in front of here was the file's own if it was read before this call. Behind it may be zeros: ours,
    // or the kernel's, which fills up a file's last page with them. Costs a system call.
    [[nodiscard]] std::size_t intact_bytes() const;

    // Nobody looks at what is in front of `begin` any more: it is given back in steps. So a file of 10 GB counts as
    // some megabytes of our memory.
    void release_until(std::size_t begin);

  private:
    MappedFile(Bytes bytes, FileDescriptor file, GuardedRange &range);

    Bytes bytes_;
    // For its length.
    FileDescriptor file_;
    GuardedRange &range_;
    // What is in front of it was given back.
    std::size_t kept_ = 0;
};

} // namespace doorplate

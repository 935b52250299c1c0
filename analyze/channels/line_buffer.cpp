#include "analyze/channels/line_buffer.h"

namespace doorplate {

void LineBuffer::append(std::string_view text) {
    if (skipping_) return;
    if (line_.size() + text.size() > longest_line) {
        skipping_ = true;
        line_.clear();
        return;
    }
    line_ += text;
}

void LineBuffer::end_line(const Take &take) {
    if (!skipping_) {
        std::string_view line = line_;
        if (line.ends_with('\r')) line.remove_suffix(1);
        take(line);
    }
    line_.clear();
    skipping_ = false;
}

void LineBuffer::add(Bytes bytes, const Take &take) {
    std::string_view rest(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        append(rest.substr(0, end));
        end_line(take);
        rest.remove_prefix(end + 1);
    }
    append(rest);
}

void LineBuffer::lost(bool at_line_start) {
    line_.clear();
    skipping_ = !at_line_start;
}

} // namespace doorplate

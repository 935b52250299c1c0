#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace doorplate {

// One JSON value, written piece by piece to the end of a string. Text may be any bytes: what is not UTF-8 becomes
// U+FFFD. Absent values are null. Numbers are whole up to 64 bits; readers need to keep all of them (times are in
// nanoseconds).
//
// Flows stream out as fast as they are read only if a record of some hundred pieces takes a microsecond. RapidJSON's
// Writer, which escapes every name anew, took three times as long.
class JsonValue {
  public:
    explicit JsonValue(std::string &text) : text_(text) {}

    JsonValue &begin_object() { return open('{'); }
    JsonValue &end_object() { return close('}'); }
    JsonValue &begin_array() { return open('['); }
    JsonValue &end_array() { return close(']'); }

    // A literal that needs no escaping, as the names of the contract are.
    template <std::size_t N> JsonValue &key(const char (&name)[N]) {
        append(N + 3, [&](char *out) {
            *out++ = '"';
            std::memcpy(out, name, N - 1);
            out += N - 1;
            *out++ = '"';
            *out++ = ':';
            return out;
        });
        comma_ = false;
        return *this;
    }
    JsonValue &key(std::string_view name);

    JsonValue &value(std::string_view text);
    JsonValue &value(const std::string &text) { return value(std::string_view(text)); }
    JsonValue &value(const char *text) { return value(std::string_view(text)); }
    template <std::same_as<bool> T> JsonValue &value(T truth) { return truth ? plain("true") : plain("false"); }
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    JsonValue &value(T number) {
        constexpr std::size_t most = std::numeric_limits<T>::digits10 + 2; // with a sign
        append(most, [&](char *out) { return std::to_chars(out, out + most, number).ptr; });
        return *this;
    }
    // Four decimal places at most; what is further behind is cut off.
    JsonValue &value(double number);
    JsonValue &null() { return plain("null"); }
    template <typename T> JsonValue &value(const std::optional<T> &maybe) { return maybe ? value(*maybe) : null(); }

    template <std::size_t N, typename T> JsonValue &member(const char (&name)[N], const T &content) {
        return key(name).value(content);
    }
    template <typename T> JsonValue &member(std::string_view name, const T &content) {
        return key(name).value(content);
    }
    template <std::size_t N> JsonValue &null_member(const char (&name)[N]) { return key(name).null(); }

  private:
    // `write` puts up to `most` characters at the place it is given and returns where they end. A comma stands in front
    // of them where one is due.
    template <typename Write> void append(std::size_t most, Write write) {
        const std::size_t size = text_.size();
        text_.resize_and_overwrite(size + most + 1, [&](char *begin, std::size_t /*room*/) {
            char *out = begin + size;
            if (comma_) *out++ = ',';
            return static_cast<std::size_t>(write(out) - begin);
        });
        comma_ = true;
    }
    template <std::size_t N> JsonValue &plain(const char (&word)[N]) {
        append(N - 1, [&](char *out) {
            std::memcpy(out, word, N - 1);
            return out + N - 1;
        });
        return *this;
    }
    JsonValue &quoted(std::string_view safe);
    JsonValue &open(char bracket) {
        append(1, [&](char *out) {
            *out = bracket;
            return out + 1;
        });
        comma_ = false;
        return *this;
    }
    JsonValue &close(char bracket) {
        text_ += bracket;
        comma_ = true;
        return *this;
    }

    // NOLINTNEXTLINE(cppcoreguidelines-avoid-const-or-ref-data-members)
    std::string &text_;
    bool comma_ = false; // due in front of the next key or value
};

} // namespace doorplate

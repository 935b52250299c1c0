#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace doorplate::test {

// A JSON text as a map from each leaf's path to its value as text: {"a":{"b":[true,"x"]}} is a.b.0 -> true, a.b.1 -> x.
// Empty arrays and objects are leaves too, "[]" and "{}". Throws on what is not JSON, or not UTF-8.
using JsonPaths = std::map<std::string, std::string>;

class JsonPathsHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, JsonPathsHandler> {
  public:
    JsonPaths paths;

    bool Null() { return leaf("null"); }
    bool Bool(bool value) { return leaf(value ? "true" : "false"); }
    bool RawNumber(const char *text, rapidjson::SizeType length, bool) { return leaf({text, length}); }
    bool String(const char *text, rapidjson::SizeType length, bool) { return leaf({text, length}); }
    bool Key(const char *text, rapidjson::SizeType length, bool) {
        open_.back().step.assign(text, length);
        return true;
    }
    bool StartObject() { return start(false); }
    bool StartArray() { return start(true); }
    bool EndObject(rapidjson::SizeType count) { return end(count, "{}"); }
    bool EndArray(rapidjson::SizeType count) { return end(count, "[]"); }

  private:
    struct Open {
        bool array;
        std::size_t index = 0;
        std::string step{};
    };
    std::vector<Open> open_;

    std::string path() {
        std::string text;
        for (const Open &level : open_)
            text += (text.empty() ? "" : ".") + (level.array ? std::to_string(level.index) : level.step);
        return text;
    }
    bool leaf(std::string value) {
        paths[path()] = std::move(value);
        return next();
    }
    bool next() {
        if (!open_.empty()) ++open_.back().index;
        return true;
    }
    bool start(bool array) {
        open_.push_back({array});
        return true;
    }
    bool end(rapidjson::SizeType count, const char *empty) {
        open_.pop_back();
        return count == 0 ? leaf(empty) : next();
    }
};

inline JsonPaths json_paths(const std::string &text) {
    constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;
    rapidjson::MemoryStream bytes(text.data(), text.size());
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
    JsonPathsHandler handler;
    rapidjson::Reader reader;
    if (!reader.Parse<flags>(stream, handler))
        throw std::runtime_error("not JSON: " + text.substr(reader.GetErrorOffset(), 60));
    return handler.paths;
}

} // namespace doorplate::test

#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace doorplate {

// A new, empty directory that is gone, with everything in it, at the end of the test.
class TempDir {
  public:
    TempDir() {
        std::string name = (std::filesystem::temp_directory_path() / "doorplate-test-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
        path_ = name;
    }
    TempDir(const TempDir &) = delete;
    TempDir &operator=(const TempDir &) = delete;
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path &path() const { return path_; }

    // `name` may have directories in it; they are made.
    void write(const std::filesystem::path &name, std::string_view text) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << text;
    }

  private:
    std::filesystem::path path_;
};

} // namespace doorplate

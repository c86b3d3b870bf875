// TestFolder: a folder of a test's own that goes when the test does.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace postwatch {

class TestFolder {
 public:
  TestFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "postwatch-XXXXXX").string();
    EXPECT_NE(::mkdtemp(path.data()), nullptr) << path;
    path_ = path;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }
  // The path of a file in it.
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  // `text` with "<folder>/" taken out wherever it stands.
  std::string Without(std::string text) const {
    const std::string prefix = path_ + "/";
    for (size_t at; (at = text.find(prefix)) != text.npos;) text.erase(at, prefix.size());
    return text;
  }

 private:
  std::string path_;
};

}  // namespace postwatch

#pragma once

/// The C++ sources of the tree this test was built from, for tests that read code.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace recto::source_tree {

struct File {
    std::string path; ///< Relative to the top, with slashes.
    std::string text;
};

/// All .h and .cpp below `folders` of the top folder, sorted by path.
inline std::vector<File> read(const std::vector<std::string>& folders) {
    namespace fs = std::filesystem;
    const fs::path top = RECTO_SOURCE_DIR;
    std::vector<File> files;
    for (const std::string& folder : folders) {
        if (!fs::is_directory(top / folder)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(top / folder)) {
            if (!entry.is_regular_file() || (entry.path().extension() != ".h" && entry.path().extension() != ".cpp"))
                continue;
            std::ifstream in(entry.path(), std::ios::binary);
            std::ostringstream text;
            text << in.rdbuf();
            files.push_back({entry.path().lexically_relative(top).generic_string(), text.str()});
        }
    }
    std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
    return files;
}

/// The folders of the product (tests and bench/ are not part of it).
inline const std::vector<std::string> kProduct{"pipeline", "stages", "catalogue", "config", "review",
                                               "amend",    "fixity", "station",   "cli"};

} // namespace recto::source_tree

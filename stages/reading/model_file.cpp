#include "stages/reading/model_file.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace recto::reading {

Result<std::string> model_file(const std::string& path) {
    std::error_code ec;
    if (!std::filesystem::is_regular_file(path, ec))
        return fail("missing.model", "the model file is missing; scripts/setup fetches it", path);
    std::ifstream in(path, std::ios::binary);
    std::stringstream content;
    content << in.rdbuf();
    if (!in) return fail("missing.model", "the model file cannot be read", path);
    return content.str();
}

} // namespace recto::reading

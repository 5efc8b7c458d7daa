// The include matrix of docs/ARCHITECTURE.md, checked on every file of the tree.

#include <map>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "tests/core/source_tree.h"

namespace recto {
namespace {

/// The architectural folder of a path: "core", "files", "engine", "stages/<name>", "registry", "orientation", "catalogue", ...
std::string layer_of(const std::string& path) {
    std::smatch m;
    if (std::regex_match(path, m, std::regex("pipeline/([^/]+)/.*"))) return m[1];
    if (std::regex_match(path, m, std::regex("(stages/[^/]+)/.*"))) return m[1];
    if (std::regex_match(path, m, std::regex("stages/(registry|orientation)\\.(h|cpp)"))) return m[1];
    if (std::regex_match(path, m, std::regex("(catalogue|config|review|amend|fixity|station|cli|bench|tests)/.*")))
        return m[1];
    return "";
}

bool is_stage(const std::string& layer) { return layer.starts_with("stages/"); }

/// The rows of the table in docs/ARCHITECTURE.md.
bool may_include(const std::string& from, const std::string& to) {
    if (from == to) return true;
    static const std::map<std::string, std::set<std::string>> kRows{
        {"core", {}},
        {"files", {"core"}},
        {"engine", {"core", "files"}},
        {"catalogue", {"core", "files"}},
        {"review", {"core", "files", "engine"}},
        {"station", {"core", "files", "engine"}},
    };
    if (is_stage(from)) return to == "core" || to == "files";
    if (from == "amend") return is_stage(to) || to == "orientation" || to == "core" || to == "files" || to == "engine";
    if (from == "fixity") return to == "stages/verify" || to == "core" || to == "files";
    if (from == "orientation")
        return to == "stages/treatment" || to == "stages/reading" || to == "core" || to == "files";
    if (from == "registry") return is_stage(to) || to == "orientation" || to == "core" || to == "files";
    if (from == "config")
        return to != "cli" && to != "review" && to != "amend" && to != "fixity" && to != "tests" && to != "bench";
    if (from == "cli") return to != "tests" && to != "bench";
    const auto row = kRows.find(from);
    return row != kRows.end() && row->second.contains(to);
}

TEST(Layers, EveryIncludeIsAllowedByItsRow) {
    const std::regex include("^[ \t]*#[ \t]*include[ \t]*\"([^\"]+)\"", std::regex::multiline);
    const auto files = source_tree::read(source_tree::kProduct);
    ASSERT_GT(files.size(), 100U) << "the tree was not found";
    int looked_at = 0;
    for (const auto& file : files) {
        const std::string from = layer_of(file.path);
        EXPECT_FALSE(from.empty()) << file.path << " lies in no folder of docs/ARCHITECTURE.md";
        for (std::sregex_iterator it(file.text.begin(), file.text.end(), include), end; it != end; ++it) {
            const std::string included = (*it)[1];
            const std::string to = layer_of(included);
            ++looked_at;
            EXPECT_FALSE(to.empty()) << file.path << " includes \"" << included
                                     << "\": write it from the top of the tree";
            EXPECT_TRUE(to.empty() || may_include(from, to))
                << file.path << " (" << from << ") may not include " << included;
        }
    }
    EXPECT_GT(looked_at, 300);
}

TEST(Layers, TheMatrixSaysNoWhereItShould) {
    EXPECT_TRUE(may_include("stages/reading", "core"));
    EXPECT_FALSE(may_include("stages/reading", "stages/treatment"));
    EXPECT_FALSE(may_include("stages/reading", "engine"));
    EXPECT_FALSE(may_include("core", "files"));
    EXPECT_FALSE(may_include("files", "engine"));
    EXPECT_FALSE(may_include("engine", "registry"));
    EXPECT_FALSE(may_include("stages/treatment", "orientation"));
    EXPECT_FALSE(may_include("orientation", "stages/encode"));
    EXPECT_FALSE(may_include("engine", "stages/encode"));
    EXPECT_FALSE(may_include("catalogue", "engine"));
    EXPECT_FALSE(may_include("review", "stages/encode"));
    EXPECT_FALSE(may_include("config", "cli"));
    EXPECT_EQ(layer_of("stages/reading/ppocr/net.h"), "stages/reading");
    EXPECT_EQ(layer_of("pipeline/core/ids.h"), "core");
    EXPECT_EQ(layer_of("reading.h"), "");
}

TEST(Layers, TheDocumentNamesEveryFolder) {
    const std::filesystem::path top = RECTO_SOURCE_DIR;
    std::ifstream in(top / "docs/ARCHITECTURE.md");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    ASSERT_FALSE(text.empty());
    for (const auto& file : source_tree::read(source_tree::kProduct)) {
        std::string layer = layer_of(file.path);
        if (is_stage(layer)) layer = layer.substr(7);
        EXPECT_NE(text.find(layer), std::string::npos) << file.path << ": docs/ARCHITECTURE.md does not name " << layer;
    }
}

TEST(Layers, HeadersHaveAGuard) {
    for (const auto& file : source_tree::read(source_tree::kProduct)) {
        if (file.path.ends_with(".h")) { EXPECT_NE(file.text.find("#pragma once"), std::string::npos) << file.path; }
    }
}

/// OpenCV's codecs and windows drag in a hundred libraries and lose colour profiles; files/ decodes by itself.
TEST(Layers, OfOpenCvOnlyCoreAndImgproc) {
    const std::regex cv("#include [<\"]opencv2/([a-z0-9]+)[./]");
    for (const auto& file : source_tree::read(source_tree::kProduct)) {
        for (std::sregex_iterator it(file.text.begin(), file.text.end(), cv), end; it != end; ++it)
            EXPECT_TRUE((*it)[1] == "core" || (*it)[1] == "imgproc") << file.path << " includes opencv2/" << (*it)[1];
    }
}

} // namespace
} // namespace recto

#include "pipeline/files/ocfl_inventory.h"

#include <algorithm>

#include "pipeline/files/strict_json.h"

namespace recto {

std::string_view ocfl_path_fault(std::string_view path) {
    if (path.empty()) return "empty path";
    if (path.front() == '/' || path.back() == '/') return "path begins or ends with a slash";
    if (path.find('\0') != std::string_view::npos) return "path holds a zero byte";
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return "path has an empty, \".\" or \"..\" part";
        if (part.size() > 255) return "path has a part of more than 255 bytes";
        if (slash == std::string_view::npos) return {};
        path.remove_prefix(slash + 1);
    }
}

namespace ocfl {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxEncoded = 100; ///< Of the layout extension: longer encoded ids are cut and get their hash.

} // namespace

std::string folder_of_id(const std::string& id) {
    std::string out;
    for (const char c : id) {
        const bool plain =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
        constexpr std::string_view hex = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        if (plain) out += c;
        else out += {'%', hex[byte >> 4], hex[byte & 15]};
    }
    if (out.size() > kMaxEncoded) out = out.substr(0, kMaxEncoded) + "-" + digest_hex(DigestAlgorithm::Sha256, id);
    return out;
}

std::string path_of_folder(const std::string& folder) {
    std::string hash;
    if (folder.size() > kMaxEncoded) {
        hash = folder.substr(folder.size() - std::min<std::size_t>(64, folder.size()));
    } else {
        std::string id;
        for (std::size_t i = 0; i < folder.size(); ++i) {
            if (folder[i] != '%' || i + 2 >= folder.size()) {
                id += folder[i];
                continue;
            }
            const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
            id += static_cast<char>(value(folder[i + 1]) * 16 + value(folder[i + 2]));
            i += 2;
        }
        hash = digest_hex(DigestAlgorithm::Sha256, id);
    }
    std::string path;
    for (int i = 0; i < kTuples; ++i) path += hash.substr(static_cast<std::size_t>(i * kTupleSize), kTupleSize) + "/";
    return path + folder;
}

int version_number(std::string_view name) {
    if (name.size() < 2 || name.size() > 10 || name[0] != 'v' || name[1] == '0') return 0;
    int n = 0;
    for (const char c : name.substr(1)) {
        if (c < '0' || c > '9') return 0;
        n = n * 10 + (c - '0');
    }
    return n;
}

std::vector<RootFile> root_files() {
    const json config = {{"digestAlgorithm", "sha256"},
                         {"extensionName", OcflStore::kLayout},
                         {"numberOfTuples", kTuples},
                         {"tupleSize", kTupleSize}};
    const json layout = {
        {"description",
         "Objects lie at tuples of the SHA-256 of their identifiers, in folders named by the identifiers."},
        {"extension", OcflStore::kLayout}};
    return {{"extensions/" + std::string(OcflStore::kLayout) + "/config.json", config.dump(2) + "\n"},
            {"ocfl_layout.json", layout.dump(2) + "\n"},
            {std::string(kRootDeclaration), "ocfl_1.1\n"}};
}

Result<OcflState> state_of_inventory(std::string_view bytes, const std::string& file, json* raw) {
    RECTO_ASSIGN(StrictJson parsed, parse_strict_json(bytes, file));
    const json& root = parsed.value;
    try {
        OcflState state;
        if (root.at("digestAlgorithm") != "sha512")
            return fail("store.unsupported", "digest algorithm is not sha512", file);
        state.id = root.at("id").get<std::string>();
        const std::string head = root.at("head").get<std::string>();
        state.head = version_number(head);
        if (state.head == 0) return damaged("head is no version number", file);
        const std::string content = root.value("contentDirectory", "content");
        for (const auto& [digest, paths] : root.at("manifest").items()) {
            const std::string path = paths.at(0).get<std::string>();
            if (!ocfl_path_fault(path).empty()) return damaged("content path not allowed: " + path, file);
            state.content[digest] = path;
        }
        for (const auto& [digest, paths] : root.at("versions").at(head).at("state").items()) {
            if (!state.content.contains(digest)) return damaged("state digest is not in the manifest", file);
            for (const auto& path : paths) {
                const std::string logical = path.get<std::string>();
                if (!ocfl_path_fault(logical).empty()) return damaged("logical path not allowed: " + logical, file);
                state.files[logical] = digest;
            }
        }
        if (raw != nullptr) *raw = std::move(parsed.value);
        return state;
    } catch (const json::exception& e) { return damaged(std::string("inventory: ") + e.what(), file); }
}

Result<OcflState> read_inventory(FileSystem& fs, const std::string& folder, json* raw) {
    const std::string path = join_path(folder, kInventory);
    RECTO_ASSIGN(const std::string bytes, fs.read(path));
    RECTO_ASSIGN(const std::string sidecar, fs.read(join_path(folder, kSidecar)));
    // Other programs may put several spaces or a tab between digest and name.
    if (sidecar.substr(0, 128) != digest_hex(DigestAlgorithm::Sha512, bytes))
        return damaged("inventory does not match its sidecar", path);
    return state_of_inventory(bytes, path, raw);
}

} // namespace ocfl
} // namespace recto

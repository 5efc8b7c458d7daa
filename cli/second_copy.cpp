#include "cli/second_copy.h"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "pipeline/files/ocfl.h"

namespace recto::cli {
namespace {

/// Objects would lie elsewhere under another layout. A flipped bit in the name is no other layout: it is found as damage.
Result<void> refuse_other_layout(FileSystem& fs, const std::string& storage) {
    const auto text = fs.read(join_path(storage, "ocfl_layout.json"));
    const auto layout = nlohmann::json::parse(text ? *text : std::string(), nullptr, false);
    if (!layout.is_object() || !layout.contains("extension") || !layout["extension"].is_string()) return {};
    const std::string name = layout["extension"].get<std::string>();
    std::size_t differing =
        std::max(name.size(), OcflStore::kLayout.size()) - std::min(name.size(), OcflStore::kLayout.size());
    for (std::size_t i = 0; i < std::min(name.size(), OcflStore::kLayout.size()); ++i)
        differing += name[i] != OcflStore::kLayout[i];
    if (differing > 4) return fail("store.other_layout", name, storage);
    return {};
}

bool same_place(const std::string& a, const std::string& b) {
    std::error_code error;
    return std::filesystem::equivalent(a, b, error);
}

} // namespace

Result<SecondCopy> open_second_copy(const std::shared_ptr<FileSystem>& fs, const std::string& path,
                                    const std::string& archive_storage, bool write, bool create) {
    SecondCopy out;
    const ArchivePaths as_archive(path);
    RECTO_ASSIGN(const FileStat settings, fs->stat(as_archive.settings()));
    out.storage = settings.exists ? as_archive.storage() : path;
    if (same_place(out.storage, archive_storage)) return fail("fixity.same_copy", "", path);
    RECTO_ASSIGN(const FileStat s, fs->stat(out.storage));
    std::vector<std::string> names;
    if (s.exists) { RECTO_ASSIGN(names, fs->list(out.storage)); }
    // lost+found: a disk that was just formatted.
    std::erase(names, "lost+found");
    if (names.empty()) {
        if (!create || !write) return fail("fixity.no_copy", "", path);
        RECTO_TRY(OcflStore(fs, out.storage).create());
    } else if (std::none_of(names.begin(), names.end(), [](const std::string& n) {
                   return n.starts_with("0=ocfl_") || n == "ocfl_layout.json" || n == "extensions";
               })) {
        return fail("fixity.no_copy", "", path);
    }
    RECTO_TRY(refuse_other_layout(*fs, out.storage));
    if (!write) return out;
    if (settings.exists) { RECTO_ASSIGN(out.lock, ArchiveLock::acquire(as_archive.lock(), "recto fixity")); }
    if (const auto recovered = OcflStore(fs, out.storage).recover(); !recovered) (void)report_error(recovered.error());
    return out;
}

} // namespace recto::cli

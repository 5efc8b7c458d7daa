#pragma once

/// Names and inventories of an OCFL 1.1 storage root with layout extension 0003: pure functions and reading, no writing.

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/files/file_system.h"
#include "pipeline/files/ocfl.h"

namespace recto::ocfl {

inline constexpr std::string_view kRootDeclaration = "0=ocfl_1.1", kObjectDeclaration = "0=ocfl_object_1.1";
inline constexpr std::string_view kInventoryType = "https://ocfl.io/1.1/spec/#inventory";
inline constexpr std::string_view kInventory = "inventory.json", kSidecar = "inventory.json.sha512";
inline constexpr int kTupleSize = 3, kTuples = 3;

[[nodiscard]] inline std::string version_name(int n) { return "v" + std::to_string(n); }
/// Number of "v12", 0 when it is none (zero-padded versions are not ours).
[[nodiscard]] int version_number(std::string_view name);
[[nodiscard]] inline std::string sidecar_line(const std::string& sha512) {
    return sha512 + " " + std::string(kInventory) + "\n";
}

[[nodiscard]] inline tl::unexpected<Error> damaged(std::string reason, const std::string& file) {
    return fail("store.damaged", std::move(reason), file);
}

/// Name of the object's own folder.
[[nodiscard]] std::string folder_of_id(const std::string& id);
/// Object path from the name of its own folder: a cut name carries the hash, any other gives the id back.
[[nodiscard]] std::string path_of_folder(const std::string& folder);

/// A file of the storage root itself; its bytes are always these.
struct RootFile {
    std::string path, bytes;
};
/// Layout's configuration, layout, declaration: in the order in which they are made.
[[nodiscard]] std::vector<RootFile> root_files();

/// Reads an inventory that we or another OCFL 1.1 program with sha512 wrote; `file` is for messages. `raw`, when not null,
/// gets the whole document. Errors: "store.damaged", "store.unsupported".
[[nodiscard]] Result<OcflState> state_of_inventory(std::string_view bytes, const std::string& file,
                                                   nlohmann::json* raw);
/// Inventory of `folder` checked against its sidecar. Errors: the same, and those of reading.
[[nodiscard]] Result<OcflState> read_inventory(FileSystem& fs, const std::string& folder, nlohmann::json* raw);

} // namespace recto::ocfl

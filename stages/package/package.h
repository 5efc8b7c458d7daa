#pragma once

/// Packages: what leaves the archive. A writer makes one package from the head version of one stored item.
///
/// Adding a writer: one .cpp in this folder that defines its class and a factory, and one line in kWriters
/// (package.cpp). Threads: writers have no state; different items may be written at the same time.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/clock.h"
#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/ocfl.h"

namespace recto {

struct PackageRequest {
    FileSystem& fs;
    const OcflStore& store;
    const OcflState& state;    ///< Head of the item's object.
    const std::string& output; ///< Folder in which the package is made; created when absent.
    const Clock& clock;        ///< Bagging-Date and the like.
    bool include_held = false; ///< False: an incomplete item is refused with "package.held".
};

struct PackageResult {
    std::string path;        ///< The package.
    std::uint64_t files = 0; ///< Payload files.
    std::uint64_t bytes = 0; ///< Payload bytes.
    bool existed = false;    ///< It was there already with the same payload; nothing was written.
};

class PackageWriter {
  public:
    virtual ~PackageWriter() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;    ///< For --as.
    [[nodiscard]] virtual std::string_view english() const = 0; ///< One line for --help.
    [[nodiscard]] virtual std::string_view chinese() const = 0;
    /// The package is built beside its place and renamed: it is whole or absent. Never overwrites ("package.exists").
    /// Other errors: "package.no_item", "package.held", "package.damaged_source", io.*.
    [[nodiscard]] virtual Result<PackageResult> write(const PackageRequest& request) const = 0;
};

/// All writers, in the order of --help.
[[nodiscard]] std::span<const PackageWriter* const> package_writers();
[[nodiscard]] const PackageWriter* find_package_writer(std::string_view name); ///< Null when there is none.

// ---- For writers -------------------------------------------------------------------------------------------------

/// What packages say of an item, from its metadata/item.json.
struct PackageFacts {
    std::string reference_code; ///< 档号; empty while provisional.
    std::string display_name;   ///< 档号, or the provisional name.
    std::string id;             ///< UUID.
    std::string title, repository_code, repository_name, fonds, agent;
    bool held = false;
};
[[nodiscard]] Result<PackageFacts> package_facts(const PackageRequest& request);

} // namespace recto

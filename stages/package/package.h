#pragma once

/// Packages: what leaves the archive. A writer makes one package from the head version of one stored item.
///
/// Adding a writer: a folder here whose .cpp defines its class and a factory, and one line in kWriters (package.cpp).
/// Threads: writers have no state; different items may be written at the same time.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/clock.h"
#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"
#include "pipeline/core/settings.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/ocfl.h"

namespace recto {

struct PackageRequest {
    FileSystem& fs;
    const OcflStore& store;
    const OcflState& state;    ///< Head of the item's object.
    const std::string& output; ///< Folder in which the package is made; created when absent.
    const Clock& clock;        ///< Bagging-Date and the like.
    const Settings& settings;
    bool include_held = false; ///< False: an incomplete item is refused with "package.held".
    /// Decodes image `index` (from 0) of a stored file; the command line lets a child do it.
    std::function<Result<Raster>(const std::string& path, int index)> decode = [](const std::string& path, int index) {
        return decode_here(path, index);
    };
};

struct PackageResult {
    std::string path;        ///< The package.
    std::uint64_t files = 0; ///< Payload files.
    std::uint64_t bytes = 0; ///< Payload bytes.
    bool existed = false;    ///< It was there already with the same payload; nothing was written.
    std::string renamed{};   ///< The item's name as files have it, where they cannot have it as it is; else empty.
};

/// Items that leave together, as one set of packages.
struct PackageSetRequest {
    FileSystem& fs;
    OcflStore& store;
    std::span<const std::string> objects; ///< Ids of their OCFL objects.
    const std::string& output;
    const Clock& clock;
    const Settings& settings;
};

struct PackageSetResult {
    std::vector<PackageResult> packages;
    std::vector<std::pair<std::string, Error>> left_out; ///< By object: items that cannot leave yet, held ones
        ///< ("package.held") and those without 档号 ("package.provisional").
    std::uint64_t items = 0; ///< In the packages.
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
    /// True: its packages hold many items, and write_set() is called once instead of write() for each.
    [[nodiscard]] virtual bool takes_set() const { return false; }
    /// All or nothing but for `left_out`; what an earlier, interrupted call finished is taken over. Errors: as of
    /// write(), which item it is in the error's file.
    [[nodiscard]] virtual Result<PackageSetResult> write_set(const PackageSetRequest&) const {
        return fail("package.no_item", "this writer takes items one by one");
    }
    /// What stands beside the packages and speaks of them all, made anew after the last item of a call.
    [[nodiscard]] virtual Result<void> finish(FileSystem&, const std::string& /*output*/) const { return {}; }
    [[nodiscard]] virtual std::vector<const SettingBase*> settings() const { return {}; }
};

extern const Setting<std::string> kPackageKinds; ///< "bag+ofd": what is made when nothing else is asked for.

/// All writers, in the order of --help.
[[nodiscard]] std::span<const PackageWriter* const> package_writers();
[[nodiscard]] const PackageWriter* find_package_writer(std::string_view name); ///< Null when there is none.
[[nodiscard]] std::vector<const SettingBase*> package_settings();              ///< Of all writers.

// ---- For writers -------------------------------------------------------------------------------------------------

/// What packages say of an item, from its metadata/item.json.
struct PackageFacts {
    std::string reference_code; ///< 档号; empty while provisional.
    std::string display_name;   ///< 档号, or the provisional name.
    std::string id;             ///< UUID.
    std::string title, repository_code, repository_name, fonds, agent;
    bool held = false;
};
[[nodiscard]] PackageFacts package_facts(const nlohmann::json& item);

/// What a writer knows before a byte is copied.
struct PackagePlan {
    nlohmann::json item; ///< metadata/item.json
    PackageFacts facts;
    std::map<std::string, std::string> sources; ///< Logical path -> file in the store.
    std::uint64_t bytes = 0;                    ///< Of them.
};
/// The plan for the files that `wanted` names, by logical path. Errors: "package.no_item", "package.held",
/// "package.damaged_source", io.*.
[[nodiscard]] Result<PackagePlan> plan_package(const PackageRequest& request,
                                               const std::function<bool(const std::string& logical)>& wanted);

/// Makes the folder `path` whole or not at all: `build` fills "<path>.partial", which is synced and renamed. Room for `bytes` is
/// asked for first ("io.no_space"). Anything at `path` already is the caller's to have looked at.
[[nodiscard]] Result<void> build_package(FileSystem& fs, const std::string& path, std::uint64_t bytes,
                                         const std::function<Result<void>(const std::string& folder)>& build);

/// The same for a package that is one file: `build` appends to "<path>.partial", which is there and empty.
[[nodiscard]] Result<void> build_package_file(FileSystem& fs, const std::string& path, std::uint64_t bytes,
                                              const std::function<Result<void>(const std::string& file)>& build);

} // namespace recto

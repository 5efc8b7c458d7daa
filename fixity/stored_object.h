#pragma once

/// An object as it lies in a storage root: its files, its inventories, and what these say that it has to consist of. Nothing
/// is changed here, and nothing outside the object is opened, whatever an inventory says.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fixity/rate.h"
#include "pipeline/files/file_system.h"
#include "stages/verify/ocfl_inventory.h"

namespace recto::fixity {

/// An inventory.json with its sidecar.
struct StoredInventory {
    std::optional<std::string> sidecar; ///< Bytes; none when missing or unreadable.
    std::string sha512;                 ///< Of the inventory's bytes; "" when missing or unreadable.
    verify::Inventory parsed;
    int head = 0;
    bool sound = false; ///< Its sidecar bears it out, it is of this object, and its structure is right.
};

/// What lies at an object's place, before anything is judged. Paths are relative to the object's folder.
struct Presence {
    std::map<std::string, FileStat> files; ///< And whatever else is no folder.
    std::map<std::string, std::string>
        unreadable; ///< Folders that cannot be listed, entries that cannot be looked at: why.
    std::map<int, StoredInventory> inventories; ///< By version; 0 is the object's own.

    [[nodiscard]] bool empty() const { return files.empty() && unreadable.empty(); }
    /// The newest version whose inventory in its own folder is sound; null when there is none.
    [[nodiscard]] const StoredInventory* newest_sound_version() const;
    [[nodiscard]] int newest_folder() const { return inventories.empty() ? 0 : inventories.rbegin()->first; }
    /// The object's own inventory when it is sound, else that of the newest version's folder when that is: an older one would
    /// make a whole version one that belongs to nothing. Null when neither is.
    [[nodiscard]] const StoredInventory* best() const;
};

/// `object`: its path relative to the storage root `root`. Reads the inventories.
[[nodiscard]] Presence look_at_object(FileSystem& fs, const std::string& root, const std::string& object, Rate& rate);

/// What an object has to consist of: every file with its digest, inventories and sidecars too.
struct Claims {
    int head = 0; ///< 0: no inventory can be believed, so nothing is claimed.
    std::map<std::string, std::string> sha512;
};

/// What the inventories of `own` say; where its own do not bear each other out, those of `other` (may be null) count.
/// `follow`: the other side may also be ahead, where this side's own inventory is damaged (the archive's side: a copy that
/// is behind is nothing unusual, an archive that is behind its copy is).
[[nodiscard]] Claims claims_of(const Presence& own, const Presence* other, bool follow);

/// True when both have a sound inventory of the same version and they say different things.
[[nodiscard]] bool contradict(const Presence& a, const Presence& b);

enum class FileState { Good, Changed, Missing, Extra, Unreadable };

/// The files of an object held against its claims.
struct CheckedFiles {
    std::map<std::string, FileState> states;   ///< Of every file that is claimed or lies there.
    std::map<std::string, std::string> reason; ///< Why a file is unreadable or counts as changed.
    [[nodiscard]] bool whole() const;
};

/// Reads every file, at the rate given.
[[nodiscard]] CheckedFiles check_files(FileSystem& fs, const std::string& root, const std::string& object,
                                       const Presence& presence, const Claims& claims, Rate& rate);

} // namespace recto::fixity

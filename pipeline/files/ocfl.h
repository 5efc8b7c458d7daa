#pragma once

/// OCFL 1.1 storage root (https://ocfl.io/1.1/spec/): one object an item, immutable versions, sha512, layout extension
/// 0004-hashed-n-tuple-storage-layout. A version is built beside its place, synced, renamed, and only then visible.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

namespace recto {

struct OcflFile {
    std::string logical_path;
    std::string staged_path; ///< Existing file to take in (moved when on the same file system, else copied).
    std::string sha512;      ///< Known digest; verified while copying when `staged_path` is copied.
    bool copy = false;       ///< True: `staged_path` must stay (a master in the delivery): copy, never move.
};

struct OcflVersionInfo {
    std::string created; ///< RFC 3339.
    std::string message, user_name, user_address;
};

struct OcflState {
    std::string id;   ///< "urn:uuid:..."
    int head = 0;     ///< Version number, from 1; 0 when the object does not exist.
    std::string path; ///< Object root relative to the storage root.
    std::map<std::string, std::string> files;   ///< Logical path -> sha512 of the head version.
    std::map<std::string, std::string> content; ///< sha512 -> content path relative to the object root.
};

class OcflStore {
  public:
    OcflStore(std::shared_ptr<FileSystem> fs, std::string root);
    /// Makes 0=ocfl_1.1, ocfl_layout.json, extensions/...; no error when it is there already and of our layout.
    Result<void> create();
    Result<void> open(); ///< Checks declaration and layout; "store.not_ocfl", "store.newer_format".

    [[nodiscard]] std::string object_path(const std::string& id) const; ///< Relative to the root.
    Result<OcflState> state(const std::string& id);
    Result<std::vector<std::string>> object_paths(); ///< All objects, relative, sorted.

    /// Adds a version whose logical state is exactly `files` (files whose digest the object already has are not stored
    /// again; staged_path may be empty for those). Returns the new state. Nothing is visible before it is complete; a
    /// version left half made by a death is removed by recover(). When `files` equals the head's state no version is made.
    Result<OcflState> put(const std::string& id, const std::vector<OcflFile>& files, const OcflVersionInfo& info);

    /// Puts right what a death left behind (staged versions, a version folder without an inventory). Idempotent.
    Result<std::vector<std::string>> recover();

    /// Absolute path of the content of a logical file of the head version.
    Result<std::string> content_path(const OcflState& state, const std::string& logical_path) const;

  private:
    std::shared_ptr<FileSystem> fs_;
    std::string root_;
};

} // namespace recto

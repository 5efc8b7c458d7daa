#pragma once

/// OCFL 1.1 storage root (https://ocfl.io/1.1/spec/): one object an item, immutable versions, sha512, layout extension
/// 0003-hash-and-id-n-tuple-storage-layout. A version is built beside its place (extensions/recto-staging/, which exists only
/// while a version is being made), synced, renamed, and only then visible.
///
/// Order of a later version: (1) staging folder "<encoded id>-v<n>", lasting: it is the note that work is under way;
/// (2) version folder and root inventory built and synced in it; (3) version folder renamed into the object, synced;
/// (4) root inventory, then sidecar, renamed over the old ones, synced; (5) staging folder removed. A death before (3)
/// is rolled back by recover(), one after it rolled forward. A first version is one rename of the whole object.
///
/// Threads: methods may be called from any thread; two put() of one object at a time: the second gets "store.busy".
/// Only one process writes (the archive's lock); readers in other processes are safe at any time.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

namespace recto {

struct OcflFile {
    std::string logical_path;
    std::string staged_path; ///< Existing file to take in (moved when on the same file system, else copied).
    std::string sha512;      ///< Known digest, verified before the file is taken in; empty: computed.
    bool copy = false;       ///< True: `staged_path` must stay (a master in the delivery): copy, never move.
};

struct OcflVersionInfo {
    std::string created; ///< RFC 3339.
    std::string message, user_name, user_address;
};

struct OcflState {
    std::string id;                             ///< "urn:uuid:..."
    int head = 0;                               ///< Version number, from 1; 0 when the object does not exist.
    std::string path;                           ///< Object root relative to the storage root.
    std::map<std::string, std::string> files;   ///< Logical path -> sha512 of the head version.
    std::map<std::string, std::string> content; ///< sha512 -> content path relative to the object root.
};

/// Files that come from a second storage root as they are (ocfl_copy.cpp). Plain value.
struct OcflCopy {
    std::string source;                       ///< Folder of the object in the other root.
    std::string object;                       ///< Path of the object relative to the root, the same in both.
    std::map<std::string, std::string> files; ///< Path relative to the object -> sha512, checked while it is copied.
    /// Called after each file with its bytes, for progress and rate; an error ends the copy, with nothing changed. May be empty.
    std::function<Result<void>(std::uint64_t bytes)> copied;
};

/// A whole object from a second root, copied to the staging area and not yet lasting.
struct OcflStaged {
    std::string object;               ///< Relative to the root.
    std::string name;                 ///< Of its folder in staging.
    std::vector<std::string> to_sync; ///< Folders that got new ones for it.
};

class OcflStore {
  public:
    OcflStore(std::shared_ptr<FileSystem> fs, std::string root);
    /// Makes 0=ocfl_1.1, ocfl_layout.json, extensions/...; no error when it is there already and of our layout. A
    /// folder that holds anything else is refused ("store.not_ocfl").
    Result<void> create();
    Result<void> open(); ///< Checks declaration and layout; "store.not_ocfl", "store.newer_format",
                         ///< "store.other_layout".

    /// Relative to the root: "3c0/ff4/240/object-01", three tuples of the SHA-256 of the id, then the id, percent-encoded.
    [[nodiscard]] std::string object_path(const std::string& id) const;
    /// Head of an object; head == 0 when there is none. Checks the inventory against its sidecar ("store.damaged").
    Result<OcflState> state(const std::string& id);
    /// The same by path relative to the root, for walking over object_paths().
    Result<OcflState> state_at(const std::string& object_path);
    Result<std::vector<std::string>> object_paths(); ///< All objects, relative, sorted.

    /// Adds a version whose logical state is exactly `files` (files whose digest the object already has are not stored
    /// again; staged_path may be empty for those). Returns the new state. Nothing is visible before it is complete; a
    /// version left half made by a death is put right by recover(). When `files` equals the head's state no version is
    /// made. A staged file without `copy` is gone from its place afterwards; when put() fails it is moved back, when the
    /// process dies in put() it may be lost. Errors: io.*, "store.digest_mismatch" (file set), "store.missing_content",
    /// "store.bad_name", "store.damaged", "store.busy" (retry).
    Result<OcflState> put(const std::string& id, const std::vector<OcflFile>& files, const OcflVersionInfo& info);

    /// Puts right what a death left behind; quick when nothing is to be done (one folder is listed). Idempotent; not
    /// while another process writes. Returns a sentence for each thing done.
    Result<std::vector<std::string>> recover();

    /// Takes a whole object of `head` versions from another root: whole or not at all, by one rename. What a death leaves is
    /// put right by recover(), as for put(). "io.exists" when something lies at its place. Errors: those of put().
    Result<void> take_object(const OcflCopy& copy, int head);
    /// take_object() in two steps, so that many objects wait for the disk once: copied, then synced and renamed together. Each is
    /// whole or not at all, and its result says which; what a death leaves between the steps recover() removes.
    Result<OcflStaged> stage_object(const OcflCopy& copy, int head);
    std::vector<Result<void>> place_objects(std::span<const OcflStaged> staged);
    /// Adds version `n`, the one after the head, byte for byte: `copy.files` are those below "v<n>/". The order is that of put().
    Result<void> take_version(const OcflCopy& copy, int n);
    /// Puts one file (relative to the root) back by the bytes of `source`: written in the staging area, synced, renamed.
    /// `set_aside` is called with the file's path before that and takes away what lies there, if it has to be kept.
    Result<void> put_back(const std::string& source, const std::string& path, const std::string& sha512,
                          const std::function<Result<void>(const std::string& target)>& set_aside);

    /// Absolute path of the content of a logical file of the head version.
    Result<std::string> content_path(const OcflState& state, const std::string& logical_path) const;

    static constexpr std::string_view kLayout = "0003-hash-and-id-n-tuple-storage-layout";

  private:
    struct Shared; ///< What threads share: objects under way.
    Result<OcflState> put_guarded(const OcflState& before, const std::vector<OcflFile>& files,
                                  const OcflVersionInfo& info, const std::string& name);
    Result<void> recover_stale(const std::string& name); ///< What an earlier failure left under this name in staging.
    Result<void> recover_one(const std::string& name, std::vector<std::string>& done);
    [[nodiscard]] std::string staging() const;
    Result<std::vector<std::string>> names_in_staging(); ///< Empty when it is not there.
    Result<void> open_staging(const std::string& name);
    Result<void> open_staging(const std::string& name, std::vector<std::string>& to_sync); ///< Not lasting yet.
    void give_up(const OcflStaged& staged); ///< What fails here recover() does later.
    Result<void> close_staging(const std::string& name);
    Result<void> prune_empty_parents(const std::string& object);

    std::shared_ptr<FileSystem> fs_;
    std::string root_;
    std::shared_ptr<Shared> shared_;
};

/// "" when `path` may be a logical or content path (relative, no empty, "." or ".." part), else what is wrong with it.
[[nodiscard]] std::string_view ocfl_path_fault(std::string_view path);

} // namespace recto

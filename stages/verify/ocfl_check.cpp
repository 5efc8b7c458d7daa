// The checks of one object in the order of the specification; one file because each leans on what the former found.

#include "stages/verify/ocfl_check.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "pipeline/files/ocfl.h"
#include "pipeline/files/strict_json.h"
#include "stages/verify/checksums.h"
#include "stages/verify/ocfl_inventory.h"

namespace recto::verify {

using nlohmann::json;

namespace {

constexpr std::uint64_t kMaxInventory = std::uint64_t{512} << 20; ///< Bytes; larger ones are refused, not read.

/// Extensions registered by the OCFL community (ocfl.github.io/extensions), with "initial".
constexpr std::array<std::string_view, 13> kRegistered{"initial",
                                                       "0001-digest-algorithms",
                                                       "0002-flat-direct-storage-layout",
                                                       "0003-hash-and-id-n-tuple-storage-layout",
                                                       "0004-hashed-n-tuple-storage-layout",
                                                       "0005-mutable-head",
                                                       "0006-flat-omit-prefix-storage-layout",
                                                       "0007-n-tuple-omit-prefix-storage-layout",
                                                       "0008-schema-registry",
                                                       "0009-digest-algorithms",
                                                       "0010-differential-n-tuple-omit-prefix-storage-layout",
                                                       "0011-direct-clean-path-layout",
                                                       "0012-upcoming-digest-algorithms"};

bool registered(std::string_view name) {
    return std::find(kRegistered.begin(), kRegistered.end(), name) != kRegistered.end();
}

class ObjectChecker {
  public:
    ObjectChecker(FileSystem& fs, std::string folder, std::string name, const OcflCheckOptions& options, Report& report,
                  Issues& issues)
        : fs_(fs), folder_(std::move(folder)), name_(std::move(name)), options_(options), report_(report),
          issues_(issues) {}

    void run() {
        ++report_.objects;
        const auto names = fs_.list(folder_);
        if (!names) return issues_.error(name_, "unreadable", names.error().reason);
        declaration(*names);
        if (std::find(names->begin(), names->end(), "inventory.json") == names->end()) return error("", "E063");
        root_ = read_inventory("");
        if (!root_ || !root_->usable) return;
        root_entries(*names);
        for (const std::string& version : root_->versions) version_folder(version);
        compare_inventories();
        contents();
        digests();
    }

  private:
    template <class... Args> void error(const std::string& path, const char* code, const Args&... args) {
        issues_.error(join_path(name_, path), std::string("ocfl.") + code, args...);
    }
    template <class... Args> void warning(const std::string& path, const char* code, const Args&... args) {
        issues_.warning(join_path(name_, path), std::string("ocfl.") + code, args...);
    }

    /// Stat that reports links and unreadable entries; nothing when there is nothing to go on with.
    std::optional<FileStat> look(const std::string& path) {
        const auto s = fs_.stat(join_path(folder_, path));
        if (!s) {
            issues_.error(join_path(name_, path), "unreadable", s.error().reason);
            return {};
        }
        if (s->is_symlink) {
            error(path, "E090", path);
            return {};
        }
        return *s;
    }

    void declaration(const std::vector<std::string>& names) {
        int found = 0;
        for (const std::string& name : names) {
            if (!name.starts_with("0=")) continue;
            if (name != "0=ocfl_object_1.1" && name != "0=ocfl_object_1.0") {
                error(name, name.starts_with("0=ocfl_object_") ? "E004" : "E006", name);
                continue;
            }
            ++found;
            declared_minor_ = name.back() - '0';
            const auto bytes = fs_.read(join_path(folder_, name));
            if (!bytes || *bytes != name.substr(2) + "\n") error(name, "E007", name);
        }
        if (found != 1) error("", "E003", std::to_string(found));
    }

    std::optional<Inventory> read_inventory(const std::string& version) {
        const std::string path = join_path(version, "inventory.json");
        const auto s = look(path);
        if (!s) return {};
        if (s->size > kMaxInventory || s->is_directory) {
            error(path, "E033", std::to_string(s->size));
            return {};
        }
        const auto bytes = fs_.read(join_path(folder_, path));
        if (!bytes) {
            issues_.error(join_path(name_, path), "unreadable", bytes.error().reason);
            return {};
        }
        Inventory inventory = check_inventory(*bytes, join_path(name_, path), issues_);
        if (inventory.usable) sidecar(path, *bytes, inventory.algorithm);
        return inventory;
    }

    void sidecar(const std::string& path, const std::string& inventory, const std::string& algorithm) {
        const std::string sidecar_path = path + "." + algorithm;
        const auto s = fs_.stat(join_path(folder_, sidecar_path));
        if (!s || !s->exists || s->is_directory) return error(sidecar_path, "E058", sidecar_path);
        if (s->is_symlink) return error(sidecar_path, "E090", sidecar_path);
        const auto text = s->size > 4096 ? Result<std::string>("") : fs_.read(join_path(folder_, sidecar_path));
        if (!text) return issues_.error(join_path(name_, sidecar_path), "unreadable", text.error().reason);
        const std::size_t blank = text->find_first_of(" \t");
        const std::size_t name = blank == std::string::npos ? blank : text->find_first_not_of(" \t", blank);
        std::string_view rest = name == std::string::npos ? std::string_view() : std::string_view(*text).substr(name);
        if (rest.ends_with('\n')) rest.remove_suffix(1);
        if (rest.ends_with('\r')) rest.remove_suffix(1);
        if (rest != "inventory.json") return error(sidecar_path, "E061", sidecar_path);
        DigestAlgorithm kind{};
        if (!parse_digest_algorithm(algorithm, kind)) return;
        const std::string seen = digest_hex(kind, inventory), said = text->substr(0, blank);
        if (lower_ascii(said) != seen) error(path, "E060", said, seen);
    }

    void root_entries(const std::vector<std::string>& names) {
        const std::set<std::string> versions(root_->versions.begin(), root_->versions.end());
        for (const std::string& name : names) {
            const auto s = look(name);
            if (!s) continue;
            if (!s->is_directory) {
                if (!name.starts_with("0=ocfl_object_") && name != "inventory.json" &&
                    name != "inventory.json." + root_->algorithm)
                    error(name, "E001", name);
            } else if (name == "extensions") {
                extensions();
            } else if (!versions.contains(name) && name != "logs") {
                // A version that the inventory does not speak of is not just any stray folder.
                error(name, ocfl_version_number(name) != 0 ? "E046" : "E001", name);
            }
        }
        for (const std::string& version : root_->versions) {
            if (std::find(names.begin(), names.end(), version) != names.end()) continue;
            error(version, "E046", version);
            if (version != root_->versions.back()) error("", "E010", version); // a gap among the folders
        }
        if (!root_->head.empty() && !versions.contains(root_->head) &&
            std::find(names.begin(), names.end(), root_->head) == names.end())
            error(root_->head, "E046", root_->head);
    }

    void extensions() {
        const auto names = fs_.list(join_path(folder_, "extensions"));
        if (!names) return issues_.error(join_path(name_, "extensions"), "unreadable", names.error().reason);
        for (const std::string& name : *names) {
            const std::string path = "extensions/" + name;
            const auto s = look(path);
            if (!s) continue;
            if (!s->is_directory) error(path, "E067", name);
            else if (!registered(name)) warning(path, "W013", name);
        }
    }

    void version_folder(const std::string& version) {
        const auto s = fs_.stat(join_path(folder_, version));
        if (!s || !s->exists || !s->is_directory || s->is_symlink) return; // said already
        const auto names = fs_.list(join_path(folder_, version));
        if (!names) return issues_.error(join_path(name_, version), "unreadable", names.error().reason);
        bool has_inventory = false;
        const std::string& content = root_->content_folder;
        for (const std::string& name : *names) {
            const std::string path = version + "/" + name;
            const auto entry = look(path);
            if (!entry) continue;
            if (name == "inventory.json" && !entry->is_directory) has_inventory = true;
            else if (entry->is_directory && name == content) walk(path, true);
            else if (entry->is_directory) warning(path, "W002", name);
            else if (!name.starts_with("inventory.json.")) error(path, "E015", name);
        }
        if (!has_inventory) return warning(version, "W010", version);
        if (version == root_->head) {
            const auto own = fs_.read(join_path(folder_, version + "/inventory.json"));
            const auto root = fs_.read(join_path(folder_, "inventory.json"));
            if (own && root && *own == *root) {
                sidecar(version + "/inventory.json", *own, root_->algorithm);
                return;
            }
            error(version + "/inventory.json", "E064", version);
        }
        if (auto inventory = read_inventory(version); inventory && inventory->usable)
            inventories_.emplace(version, std::move(*inventory));
    }

    /// Files below a content folder; an empty folder is a fault (the content folder itself: a warning).
    void walk(const std::string& path, bool top) {
        if (std::count(path.begin(), path.end(), '/') > 200)
            return issues_.error(join_path(name_, path), "unreadable", "too deep");
        const auto names = fs_.list(join_path(folder_, path));
        if (!names) return issues_.error(join_path(name_, path), "unreadable", names.error().reason);
        if (names->empty()) {
            if (top) warning(path, "W003", path);
            else error(path, "E024", path);
        }
        for (const std::string& name : *names) {
            const std::string child = path + "/" + name;
            const auto s = look(child);
            if (!s) continue;
            if (s->is_directory) walk(child, false);
            else files_[child] = s->size;
        }
    }

    void compare_inventories() {
        int newer_minor = root_->minor;
        if (root_->minor > declared_minor_) error("inventory.json", "E038", "1." + std::to_string(root_->minor));
        for (auto at = inventories_.rbegin(); at != inventories_.rend(); ++at) {
            const auto& [version, old] = *at;
            const std::string path = version + "/inventory.json";
            if (old.id != root_->id && !old.id.empty()) error(path, "E037", old.id);
            if (old.minor > newer_minor) error(path, "E103", "1." + std::to_string(old.minor));
            newer_minor = std::min(newer_minor, old.minor);
            if (!old.head.empty() && old.head != version) error(path, "E040", old.head);
            if (old.content_folder != root_->content_folder) error(path, "E019", old.content_folder);
            for (const std::string& name : old.versions) compare_state(path, old, name);
            if (old.algorithm != root_->algorithm) warning(path, "W004", old.algorithm);
        }
    }

    void compare_state(const std::string& path, const Inventory& old, const std::string& version) {
        const auto here = root_->states.find(version);
        const auto there = old.states.find(version);
        if (there == old.states.end()) return;
        if (here == root_->states.end()) return error(path, "E066", version);
        for (const auto& [logical, digest] : there->second) {
            const auto other = here->second.find(logical);
            if (other == here->second.end()) {
                error(path, "E066", version + ": " + logical);
                continue;
            }
            if (old.algorithm == root_->algorithm) {
                if (digest != other->second) error(path, "E066", version + ": " + logical);
                continue;
            }
            // Other algorithm: the same logical file must lie in the same content file.
            const auto old_paths = old.manifest.find(digest);
            const auto new_paths = root_->manifest.find(other->second);
            if (old_paths == old.manifest.end() || new_paths == root_->manifest.end()) continue;
            for (const std::string& content : old_paths->second) {
                if (std::find(new_paths->second.begin(), new_paths->second.end(), content) == new_paths->second.end())
                    error(path, "E066", version + ": " + logical);
            }
        }
        for (const auto& [logical, digest] : here->second) {
            if (!there->second.contains(logical)) error(path, "E066", version + ": " + logical);
        }
        const json& ours = root_->raw["versions"][version];
        const json& theirs = old.raw["versions"][version];
        if (!ours.is_object() || !theirs.is_object()) return;
        for (const char* key : {"created", "message", "user"}) {
            if (ours.value(key, json()) != theirs.value(key, json())) warning(path, "W011", version + ": " + key);
        }
    }

    void contents() {
        for (const auto& [path, size] : files_) {
            if (!root_->digest_of.contains(path)) error(path, "E023", path);
        }
        for (const auto& [path, digest] : root_->digest_of) {
            if (!files_.contains(path)) error(path, "E092", path);
        }
        for (const auto& [version, old] : inventories_) {
            for (const auto& [path, digest] : old.digest_of) {
                if (!files_.contains(path)) error(version + "/inventory.json", "E092", path);
            }
            const int n = ocfl_version_number(version);
            for (const auto& [path, size] : files_) {
                if (ocfl_version_number(path.substr(0, path.find('/'))) <= n && !old.digest_of.contains(path))
                    error(version + "/inventory.json", "E023", path);
            }
        }
        for (const auto& [algorithm, paths] : root_->fixity) {
            for (const auto& [path, digest] : paths) {
                if (!files_.contains(path)) error(path, "E093", path);
            }
        }
    }

    void digests() {
        for (const auto& [path, size] : files_) report_.bytes += size;
        report_.files += files_.size();
        if (!options_.digests) return;
        // What every inventory says of each file; a file is read once for all of it.
        struct Claim {
            std::string algorithm, digest, inventory;
            const char* code;
        };
        std::map<std::string, std::vector<Claim>> claims;
        const auto collect = [&](const Inventory& inventory, const std::string& where) {
            for (const auto& [path, digest] : inventory.digest_of) {
                if (files_.contains(path) && known_checksum(inventory.algorithm))
                    claims[path].push_back({inventory.algorithm, digest, where, "E092"});
            }
            for (const auto& [algorithm, paths] : inventory.fixity) {
                for (const auto& [path, digest] : paths) {
                    if (files_.contains(path) && known_checksum(algorithm))
                        claims[path].push_back({algorithm, digest, where, "E093"});
                }
            }
        };
        collect(*root_, "inventory.json");
        for (const auto& [version, inventory] : inventories_) collect(inventory, version + "/inventory.json");
        std::vector<ChecksumJob> jobs;
        std::vector<const std::vector<Claim>*> of_job;
        for (const auto& [path, list] : claims) {
            std::set<std::string> names;
            for (const Claim& claim : list) names.insert(claim.algorithm);
            jobs.push_back({join_path(folder_, path), {names.begin(), names.end()}, {}, 0});
            of_job.push_back(&list);
        }
        run_checksums(fs_, jobs, options_.threads);
        auto claim_at = claims.begin();
        for (std::size_t i = 0; i < jobs.size(); ++i, ++claim_at) {
            const ChecksumJob& job = jobs[i];
            const std::string& path = claim_at->first;
            if (!job.values) {
                issues_.error(join_path(name_, path), "unreadable", job.values.error().reason);
                continue;
            }
            for (const Claim& claim : *of_job[i]) {
                const auto k = static_cast<std::size_t>(std::find(job.names.begin(), job.names.end(), claim.algorithm) -
                                                        job.names.begin());
                if ((*job.values)[k] == claim.digest) continue;
                error(path, claim.code,
                      claim.inventory + ": " + claim.algorithm + " " + claim.digest + " ≠ " + (*job.values)[k]);
                // An old inventory with the same algorithm that says otherwise contradicts the root inventory too.
                const auto root_says = root_->digest_of.find(path);
                if (claim.algorithm == root_->algorithm && std::string_view(claim.code) == "E092" &&
                    root_says != root_->digest_of.end() && root_says->second != claim.digest)
                    error(claim.inventory, "E066", path);
            }
        }
    }

    FileSystem& fs_;
    const std::string folder_, name_;
    const OcflCheckOptions& options_;
    Report& report_;
    Issues& issues_;
    int declared_minor_ = 1;
    std::optional<Inventory> root_;
    std::map<std::string, Inventory> inventories_; ///< Of versions, the head's only when it differs from the root's.
    std::map<std::string, std::uint64_t> files_;   ///< Content files found, with sizes.
};

} // namespace

void check_ocfl_object(FileSystem& fs, const std::string& folder, const std::string& name,
                       const OcflCheckOptions& options, Report& report, Issues& issues) {
    ObjectChecker(fs, folder, name, options, report, issues).run();
}

std::vector<std::string> check_ocfl_root(FileSystem& fs, const std::string& folder, Report&, Issues& issues) {
    std::vector<std::string> objects;
    const auto top = fs.list(folder);
    if (!top) {
        issues.error("", "unreadable", top.error().reason);
        return objects;
    }
    int declarations = 0;
    for (const std::string& name : *top) {
        if (!name.starts_with("0=ocfl_")) continue;
        ++declarations;
        const auto bytes = fs.read(join_path(folder, name));
        if ((name != "0=ocfl_1.0" && name != "0=ocfl_1.1") || !bytes || *bytes != name.substr(2) + "\n")
            issues.error(name, "ocfl.E069", name);
    }
    if (declarations != 1) issues.error("", "ocfl.E069", std::to_string(declarations));
    if (std::find(top->begin(), top->end(), "ocfl_layout.json") != top->end()) {
        const auto bytes = fs.read(join_path(folder, "ocfl_layout.json"));
        const auto layout = parse_strict_json(bytes ? *bytes : std::string());
        if (!layout || !layout->value.is_object() || !layout->value.contains("extension") ||
            !layout->value.contains("description") || !layout->value["extension"].is_string()) {
            issues.error("ocfl_layout.json", "ocfl.E070", "ocfl_layout.json");
        } else if (const std::string extension = layout->value["extension"].get<std::string>();
                   !registered(extension)) {
            issues.warning("ocfl_layout.json", "ocfl.W016", extension);
        }
    }
    // Folder by folder: an object, a folder of folders, or a fault.
    std::vector<std::string> todo;
    for (const std::string& name : *top) {
        const auto s = fs.stat(join_path(folder, name));
        if (!s || !s->exists) continue;
        if (s->is_symlink) {
            issues.error(name, "ocfl.E090", name);
        } else if (name == "extensions" && s->is_directory) {
            const auto extensions = fs.list(join_path(folder, name));
            for (const std::string& extension : extensions ? *extensions : std::vector<std::string>()) {
                const auto e = fs.stat(join_path(folder, name + "/" + extension));
                if (e && !e->is_directory) issues.error(name + "/" + extension, "ocfl.E112", extension);
                else if (extension == "recto-staging") issues.warning(name + "/" + extension, "store_unfinished");
                else if (!registered(extension)) issues.warning(name + "/" + extension, "ocfl.W016", extension);
            }
        } else if (s->is_directory) {
            todo.push_back(name);
        } else if (!name.starts_with("0=ocfl_") && name != "ocfl_layout.json" &&
                   !(name.starts_with("ocfl_") && name.ends_with(".txt")) &&
                   !(name.starts_with("ocfl_") && name.ends_with(".html")) && !name.ends_with(".md")) {
            issues.warning(name, "stray_file", name);
        }
    }
    while (!todo.empty()) {
        const std::string at = todo.back();
        todo.pop_back();
        const auto names = fs.list(join_path(folder, at));
        if (!names) {
            issues.error(at, "unreadable", names.error().reason);
            continue;
        }
        if (std::any_of(names->begin(), names->end(),
                        [](const std::string& n) { return n.starts_with("0=ocfl_object_"); })) {
            objects.push_back(at);
            continue;
        }
        if (names->empty()) issues.error(at, "ocfl.E073", at);
        if (std::count(at.begin(), at.end(), '/') > 64) {
            issues.error(at, "unreadable", "too deep");
            continue;
        }
        bool file = false;
        for (const std::string& name : *names) {
            const std::string child = at + "/" + name;
            const auto s = fs.stat(join_path(folder, child));
            if (!s || s->is_symlink) issues.error(child, "ocfl.E090", child);
            else if (s->is_directory) todo.push_back(child);
            else file = true;
        }
        if (file) issues.error(at, "ocfl.E072", at);
    }
    std::sort(objects.begin(), objects.end());
    return objects;
}

} // namespace recto::verify

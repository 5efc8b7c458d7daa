#include "fixity/stored_object.h"

#include <algorithm>

#include "pipeline/core/digest.h"
#include "pipeline/files/ocfl_inventory.h"

namespace recto::fixity {

namespace {

constexpr std::uint64_t kLargestInventory = std::uint64_t{512} << 20; ///< Bytes; larger ones are not read whole.

std::string sha512_of(std::string_view bytes) { return digest_hex(DigestAlgorithm::Sha512, bytes); }

std::string in_version(int n, std::string_view name) {
    return n == 0 ? std::string(name) : ocfl::version_name(n) + "/" + std::string(name);
}

/// All files below a folder; what cannot be looked at is noted, and the walk goes on.
void walk_object(FileSystem& fs, const std::string& folder, const std::string& at, Presence& out, int depth) {
    const auto names = fs.list(join_path(folder, at));
    if (!names) {
        out.unreadable[at] = names.error().reason;
        return;
    }
    for (const std::string& name : *names) {
        const std::string path = at.empty() ? name : at + "/" + name;
        const auto s = fs.stat(join_path(folder, path));
        if (!s) out.unreadable[path] = s.error().reason;
        else if (!s->exists) continue; // gone since it was listed
        else if (!s->is_directory || s->is_symlink) out.files.emplace(path, *s);
        else if (depth > 200) out.unreadable[path] = "nested too deep";
        else walk_object(fs, folder, path, out, depth + 1);
    }
}

std::optional<std::string> read_small(FileSystem& fs, const std::string& folder, const Presence& p,
                                      const std::string& path, Rate& rate) {
    const auto file = p.files.find(path);
    if (file == p.files.end() || file->second.is_symlink || file->second.size > kLargestInventory) return {};
    auto bytes = fs.read(join_path(folder, path));
    if (!bytes) return {};
    rate.spend(bytes->size());
    return std::move(*bytes);
}

StoredInventory read_stored(FileSystem& fs, const std::string& folder, const std::string& object, const Presence& p,
                            int n, Rate& rate) {
    StoredInventory out;
    out.sidecar = read_small(fs, folder, p, in_version(n, ocfl::kSidecar), rate);
    const auto bytes = read_small(fs, folder, p, in_version(n, ocfl::kInventory), rate);
    if (!bytes) return out;
    out.sha512 = sha512_of(*bytes);
    // Only digest and name count here: a sidecar in another form is found to be changed like any file.
    if (!out.sidecar || verify::lower_ascii(out.sidecar->substr(0, out.sha512.size())) != out.sha512) return out;
    verify::Issues issues;
    out.parsed = verify::check_inventory(*bytes, "", issues);
    const auto list = issues.take_sorted();
    const bool right =
        std::none_of(list.begin(), list.end(), [](const verify::Issue& i) { return i.severity == Severity::Error; });
    out.head = ocfl::version_number(out.parsed.head);
    out.sound = right && out.parsed.usable && out.parsed.algorithm == "sha512" && out.head > 0 &&
                (n == 0 || n == out.head) && ocfl::path_of_folder(ocfl::folder_of_id(out.parsed.id)) == object;
    return out;
}

/// The inventory that version `n` had, from a later one, as the store writes it.
std::string former_inventory(const nlohmann::json& later, int n) {
    nlohmann::json out = later;
    out["head"] = ocfl::version_name(n);
    const auto newer = [&](const std::string& path) {
        return ocfl::version_number(path.substr(0, path.find('/'))) > n;
    };
    for (auto version = out["versions"].begin(); version != out["versions"].end();)
        version = newer(version.key()) ? out["versions"].erase(version) : std::next(version);
    for (auto entry = out["manifest"].begin(); entry != out["manifest"].end();) {
        auto& paths = entry.value();
        for (std::size_t i = paths.size(); i-- > 0;)
            if (newer(paths[i].get<std::string>())) paths.erase(i);
        entry = paths.empty() ? out["manifest"].erase(entry) : std::next(entry);
    }
    return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void claim_inventory(Claims& out, int n, const std::string& sha512) {
    out.sha512[in_version(n, ocfl::kInventory)] = sha512;
    out.sha512[in_version(n, ocfl::kSidecar)] = sha512_of(ocfl::sidecar_line(sha512));
}

const StoredInventory* sound_version(const Presence* p, int n) {
    if (p == nullptr) return nullptr;
    if (const auto own = p->inventories.find(n); own != p->inventories.end() && own->second.sound) return &own->second;
    const auto root = p->inventories.find(0); // of the head it is the same
    return root != p->inventories.end() && root->second.sound && root->second.head == n ? &root->second : nullptr;
}

/// True when the object that `later` (of the side `p`) speaks of had the inventory `former` before.
bool continues(const StoredInventory& later, const Presence& p, const StoredInventory& former) {
    const auto there = p.inventories.find(former.head);
    return later.sha512 == former.sha512 || (there != p.inventories.end() && there->second.sha512 == former.sha512) ||
           (later.head > former.head && sha512_of(former_inventory(later.parsed.raw, former.head)) == former.sha512);
}

} // namespace

const StoredInventory* Presence::newest_sound_version() const {
    for (auto at = inventories.rbegin(); at != inventories.rend(); ++at)
        if (at->first > 0 && at->second.sound) return &at->second;
    return nullptr;
}

const StoredInventory* Presence::best() const {
    const auto root = inventories.find(0);
    if (root != inventories.end() && root->second.sound) return &root->second;
    const StoredInventory* newest = newest_sound_version();
    return newest && newest->head == newest_folder() ? newest : nullptr;
}

Presence look_at_object(FileSystem& fs, const std::string& root, const std::string& object, Rate& rate) {
    Presence out;
    const std::string folder = join_path(root, object);
    const auto s = fs.stat(folder);
    if (!s) out.unreadable[""] = s.error().reason;
    else if (s->exists && (!s->is_directory || s->is_symlink)) out.files.emplace("", *s);
    else if (s->exists) walk_object(fs, folder, "", out, 0);
    if (out.empty()) return out;
    out.inventories.emplace(0, read_stored(fs, folder, object, out, 0, rate));
    for (const auto& [path, stat] : out.files) {
        const std::size_t slash = path.find('/');
        const int n = slash == std::string::npos ? 0 : ocfl::version_number(path.substr(0, slash));
        if (n > 0 && !out.inventories.contains(n))
            out.inventories.emplace(n, read_stored(fs, folder, object, out, n, rate));
    }
    return out;
}

Claims claims_of(const Presence& own, const Presence* other, bool follow) {
    const auto root = own.inventories.find(0);
    const bool root_sound = root != own.inventories.end() && root->second.sound;
    const StoredInventory* best = own.best();
    const StoredInventory* theirs = other != nullptr ? other->best() : nullptr;
    if (!root_sound && theirs && (!best || (follow && theirs->head > best->head)) &&
        theirs->head >= own.newest_folder()) {
        const StoredInventory* newest = own.newest_sound_version();
        if (!newest || continues(*theirs, *other, *newest)) best = theirs;
    }
    Claims out;
    if (!best) return out;
    out.head = best->head;
    const std::string declaration = "ocfl_object_1." + std::to_string(best->parsed.minor);
    out.sha512["0=" + declaration] = sha512_of(declaration + "\n");
    claim_inventory(out, 0, best->sha512);
    for (int n = 1; n <= best->head; ++n) {
        const StoredInventory* sound = n == best->head ? best : sound_version(&own, n);
        if (!sound) sound = sound_version(other, n);
        claim_inventory(out, n, sound ? sound->sha512 : sha512_of(former_inventory(best->parsed.raw, n)));
    }
    for (const auto& [path, sha512] : best->parsed.digest_of) out.sha512[path] = sha512;
    return out;
}

bool contradict(const Presence& a, const Presence& b) {
    const StoredInventory *x = a.best(), *y = b.best();
    if (!x || !y) return false;
    for (int n = std::min(x->head, y->head); n > 0; --n) {
        const StoredInventory *p = sound_version(&a, n), *q = sound_version(&b, n);
        if (p && q && p->sha512 != q->sha512) return true;
    }
    return false;
}

bool CheckedFiles::whole() const {
    return std::all_of(states.begin(), states.end(), [](const auto& f) { return f.second == FileState::Good; });
}

CheckedFiles check_files(FileSystem& fs, const std::string& root, const std::string& object, const Presence& presence,
                         const Claims& claims, Rate& rate) {
    CheckedFiles out;
    const std::string folder = join_path(root, object);
    const auto unreadable_above = [&](const std::string& path) -> const std::string* {
        for (const auto& [at, why] : presence.unreadable)
            if (at.empty() || path == at || path.starts_with(at + "/")) return &why;
        return nullptr;
    };
    for (const auto& [path, sha512] : claims.sha512) {
        const auto file = presence.files.find(path);
        if (file == presence.files.end()) {
            const std::string* why = unreadable_above(path);
            out.states[path] = why ? FileState::Unreadable : FileState::Missing;
            if (why) out.reason[path] = *why;
            continue;
        }
        if (file->second.is_symlink) {
            out.states[path] = FileState::Changed;
            out.reason[path] = "symbolic link";
            continue;
        }
        Hasher hasher(DigestAlgorithm::Sha512);
        const auto read = fs.read_blocks(join_path(folder, path), [&](std::string_view block) {
            hasher.update(block);
            rate.spend(block.size());
        });
        if (!read) {
            out.states[path] = FileState::Unreadable;
            out.reason[path] = read.error().reason;
        } else {
            out.states[path] = hasher.finish() == sha512 ? FileState::Good : FileState::Changed;
        }
    }
    for (const auto& [path, stat] : presence.files)
        if (!claims.sha512.contains(path)) out.states[path] = FileState::Extra;
    for (const auto& [path, why] : presence.unreadable) {
        if (out.states.contains(path)) continue;
        out.states[path] = FileState::Unreadable;
        out.reason[path] = why;
    }
    return out;
}

} // namespace recto::fixity

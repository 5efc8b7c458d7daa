#include "pipeline/files/memory_file_system.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <utility>

namespace recto {

struct MemoryFileSystem::Node {
    bool directory = false;
    std::uint64_t inode = 0;
    std::int64_t mtime = 0;
    std::string data, durable_data;
    bool data_synced = false; ///< True once synced; durable_data counts then.
    std::map<std::string, NodePtr> entries, durable_entries;
};

struct MemoryFileSystem::Rename {
    NodePtr from_folder, to_folder, node;
    std::string from_name, to_name;

    void make_lasting() const {
        const auto at = from_folder->durable_entries.find(from_name);
        if (at != from_folder->durable_entries.end() && at->second == node) from_folder->durable_entries.erase(at);
        to_folder->durable_entries[to_name] = node;
    }
};

namespace {

std::vector<std::string> split(const std::string& path) {
    std::vector<std::string> parts;
    std::string part;
    for (const char c : path + "/") {
        if (c != '/') {
            part += c;
        } else {
            if (part == ".." && !parts.empty()) parts.pop_back();
            else if (!part.empty() && part != "." && part != "..") parts.push_back(part);
            part.clear();
        }
    }
    return parts;
}

std::string normal(const std::string& path) {
    std::string out;
    for (const std::string& part : split(path)) out += "/" + part;
    return out.empty() ? "/" : out;
}

} // namespace

MemoryFileSystem::MemoryFileSystem() : root_(std::make_shared<Node>()) {
    root_->directory = true;
    root_->inode = 1;
}

MemoryFileSystem::~MemoryFileSystem() = default;

MemoryFileSystem::NodePtr MemoryFileSystem::find(const std::string& path) const {
    NodePtr node = root_;
    for (const std::string& part : split(path)) {
        if (!node->directory) return nullptr;
        const auto at = node->entries.find(part);
        if (at == node->entries.end()) return nullptr;
        node = at->second;
    }
    return node;
}

Result<FileStat> MemoryFileSystem::stat(const std::string& path) {
    const std::lock_guard lock(mutex_);
    FileStat out;
    const NodePtr node = find(path);
    if (!node) return out;
    out.exists = true;
    out.is_directory = node->directory;
    out.size = node->data.size();
    out.mtime_ns = node->mtime;
    out.inode = node->inode;
    out.device = 1;
    return out;
}

Result<std::vector<std::string>> MemoryFileSystem::list(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    const NodePtr node = find(folder);
    if (!node) return fail("io.not_found", "no such folder", folder);
    if (!node->directory) return fail("io.read", "not a folder", folder);
    std::vector<std::string> names;
    for (const auto& [name, child] : node->entries) names.push_back(name);
    return names;
}

Result<std::string> MemoryFileSystem::read(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const NodePtr node = find(path);
    if (!node) return fail("io.not_found", "no such file", path);
    if (node->directory) return fail("io.read", "not a regular file", path);
    return node->data;
}

Result<MemoryFileSystem::NodePtr> MemoryFileSystem::open_for_write(const std::string& path) {
    const NodePtr parent = find(parent_path(normal(path)));
    if (!parent || !parent->directory) return fail("io.not_found", "no such folder", path);
    const std::string name = file_name(normal(path));
    const auto at = parent->entries.find(name);
    if (at != parent->entries.end()) {
        if (at->second->directory) return fail("io.write", "is a folder", path);
        return at->second;
    }
    auto node = std::make_shared<Node>();
    node->inode = next_inode_++;
    node->mtime = ++ticks_;
    parent->entries[name] = node;
    return node;
}

Result<void> MemoryFileSystem::store(const std::string& path, std::string_view bytes, bool append) {
    RECTO_ASSIGN(const NodePtr node, open_for_write(path));
    if (!append) {
        used_ -= node->data.size();
        node->data.clear();
    }
    node->mtime = ++ticks_;
    const std::uint64_t room = capacity_ > used_ ? capacity_ - used_ : 0;
    const std::size_t fits = static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size()));
    node->data += bytes.substr(0, fits);
    used_ += fits;
    if (fits < bytes.size()) return fail_retry("io.no_space", "write: No space left on device", path);
    return {};
}

Result<void> MemoryFileSystem::write(const std::string& path, std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    return store(path, bytes, false);
}

Result<void> MemoryFileSystem::append(const std::string& path, std::string_view bytes, bool sync) {
    {
        const std::lock_guard lock(mutex_);
        RECTO_TRY(store(path, bytes, true));
    }
    return sync ? this->sync(path) : Result<void>{};
}

Result<std::string> MemoryFileSystem::copy(const std::string& from, const std::string& to, DigestAlgorithm kind) {
    RECTO_ASSIGN(const std::string bytes, read(from));
    RECTO_TRY(write(to, bytes));
    return digest_hex(kind, bytes);
}

Result<std::string> MemoryFileSystem::digest(const std::string& path, DigestAlgorithm kind) {
    RECTO_ASSIGN(const std::string bytes, read(path));
    return digest_hex(kind, bytes);
}

Result<void> MemoryFileSystem::make_folders(const std::string& path) {
    const std::lock_guard lock(mutex_);
    NodePtr node = root_;
    for (const std::string& part : split(path)) {
        NodePtr& child = node->entries[part];
        if (!child) {
            child = std::make_shared<Node>();
            child->directory = true;
            child->inode = next_inode_++;
            child->mtime = ++ticks_;
        } else if (!child->directory) {
            return fail("io.exists", "a file is in the way", path);
        }
        node = child;
    }
    return {};
}

Result<void> MemoryFileSystem::rename(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex_);
    const std::string source = normal(from), target = normal(to);
    const NodePtr node = find(source);
    const NodePtr from_folder = find(parent_path(source)), to_folder = find(parent_path(target));
    if (!node || !from_folder || !to_folder || !to_folder->directory)
        return fail("io.not_found", "rename to " + to + ": no such file or folder", from);
    if (source == target) return {};
    if (node->directory && (target + "/").starts_with(source + "/"))
        return fail("io.write", "rename into itself", from);
    const std::string to_name = file_name(target);
    const auto at = to_folder->entries.find(to_name);
    if (at != to_folder->entries.end()) {
        const NodePtr& old = at->second;
        if (old->directory != node->directory || (old->directory && !old->entries.empty()))
            return fail("io.exists", "rename to " + to + ": in the way", from);
        used_ -= old->data.size();
    }
    const std::string from_name = file_name(source);
    from_folder->entries.erase(from_name);
    to_folder->entries[to_name] = node;
    renames_.push_back({from_folder, to_folder, node, from_name, to_name});
    return {};
}

Result<void> MemoryFileSystem::remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const NodePtr node = find(path);
    if (!node) return {};
    if (node->directory && !node->entries.empty()) return fail("io.exists", "folder is not empty", path);
    const NodePtr parent = find(parent_path(normal(path)));
    parent->entries.erase(file_name(normal(path)));
    used_ -= node->data.size();
    return {};
}

Result<void> MemoryFileSystem::remove_tree(const std::string& path) {
    RECTO_ASSIGN(const FileStat s, stat(path));
    if (!s.exists) return {};
    if (s.is_directory) {
        RECTO_ASSIGN(const auto names, list(path));
        for (const std::string& name : names) RECTO_TRY(remove_tree(join_path(path, name)));
    }
    return remove(path);
}

Result<void> MemoryFileSystem::sync(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const NodePtr node = find(path);
    if (!node) return fail("io.not_found", "no such file", path);
    const std::string name = normal(path);
    const auto seen = std::find_if(syncs_.begin(), syncs_.end(), [&](const auto& s) { return s.first == name; });
    if (seen == syncs_.end()) syncs_.emplace_back(name, 1);
    else ++seen->second;
    if (!node->directory) {
        node->durable_data = node->data;
        node->data_synced = true;
        return {};
    }
    for (const Rename& rename : renames_) {
        if (rename.from_folder == node || rename.to_folder == node) rename.make_lasting();
    }
    std::erase_if(renames_, [&](const Rename& r) { return r.from_folder == node || r.to_folder == node; });
    node->durable_entries = node->entries;
    return {};
}

Result<std::uint64_t> MemoryFileSystem::free_bytes(const std::string&) {
    const std::lock_guard lock(mutex_);
    return capacity_ > used_ ? capacity_ - used_ : 0;
}

Result<FileSystemKind> MemoryFileSystem::kind(const std::string&) {
    const std::lock_guard lock(mutex_);
    return kind_;
}

void MemoryFileSystem::set_kind(FileSystemKind kind) {
    const std::lock_guard lock(mutex_);
    kind_ = std::move(kind);
}

void MemoryFileSystem::cut_power(std::uint64_t seed) {
    const std::lock_guard lock(mutex_);
    std::mt19937_64 random(seed);
    const auto lot = [&] { return seed != 0 && (random() & 1) != 0; };
    // Renames first, each kept or lost as a whole; entries of the lost ones stay out of the second lot. Journals keep
    // their order: what came after a lost rename is lost with it.
    std::set<std::pair<const Node*, std::string>> settled;
    bool keep = true;
    for (const Rename& rename : renames_) {
        keep = keep && lot();
        if (keep) rename.make_lasting();
        settled.insert({rename.from_folder.get(), rename.from_name});
        settled.insert({rename.to_folder.get(), rename.to_name});
    }
    renames_.clear();
    used_ = 0;
    const auto settle = [&](const auto& self, const NodePtr& node) -> void {
        if (!node->directory) {
            if (!lot()) {
                if (node->data_synced) node->data = node->durable_data;
                else node->data.resize(node->data.size() / 2);
            }
            node->durable_data = node->data;
            node->data_synced = true;
            used_ += node->data.size();
            return;
        }
        std::map<std::string, NodePtr> kept = node->durable_entries;
        if (seed != 0) {
            std::set<std::string> names;
            for (const auto& [name, child] : node->entries) names.insert(name);
            for (const auto& [name, child] : node->durable_entries) names.insert(name);
            for (const std::string& name : names) {
                if (settled.contains({node.get(), name}) || !lot()) continue;
                const auto now = node->entries.find(name);
                if (now == node->entries.end()) kept.erase(name);
                else kept[name] = now->second;
            }
        }
        node->entries = kept;
        node->durable_entries = kept;
        for (const auto& [name, child] : kept) self(self, child);
    };
    settle(settle, root_);
}

void MemoryFileSystem::set_capacity(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    capacity_ = bytes;
}

int MemoryFileSystem::sync_count(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const std::string name = normal(path);
    const auto seen = std::find_if(syncs_.begin(), syncs_.end(), [&](const auto& s) { return s.first == name; });
    return seen == syncs_.end() ? 0 : seen->second;
}

// ---- FaultyFileSystem --------------------------------------------------------------------------------------------

FaultyFileSystem::FaultyFileSystem(std::shared_ptr<FileSystem> inner, Mode mode, int nth, std::string code)
    : inner_(std::move(inner)), mode_(mode), nth_(nth), code_(std::move(code)) {}

FaultyFileSystem::Verdict FaultyFileSystem::judge(bool changes) {
    const std::lock_guard lock(mutex_);
    if (!changes) return mode_ == Mode::Death && failed_ ? Verdict::Fail : Verdict::Go;
    ++count_;
    if (mode_ == Mode::Never || count_ < nth_) return Verdict::Go;
    if (count_ == nth_) {
        failed_ = true;
        return mode_ == Mode::Death ? Verdict::FailHalfway : Verdict::Fail;
    }
    return mode_ == Mode::Once ? Verdict::Go : Verdict::Fail;
}

tl::unexpected<Error> FaultyFileSystem::failure(const std::string& path) const {
    if (mode_ == Mode::Death) return fail("io.dead", "the process is dead", path);
    if (code_ == "io.no_space") return fail_retry(code_, "No space left on device", path);
    return fail(code_, "made to fail", path);
}

Result<FileStat> FaultyFileSystem::stat(const std::string& path) {
    if (judge(false) != Verdict::Go) return failure(path);
    return inner_->stat(path);
}

Result<std::vector<std::string>> FaultyFileSystem::list(const std::string& folder) {
    if (judge(false) != Verdict::Go) return failure(folder);
    return inner_->list(folder);
}

Result<std::string> FaultyFileSystem::read(const std::string& path) {
    if (judge(false) != Verdict::Go) return failure(path);
    return inner_->read(path);
}

Result<void> FaultyFileSystem::write(const std::string& path, std::string_view bytes) {
    const Verdict verdict = judge(true);
    if (verdict == Verdict::Go) return inner_->write(path, bytes);
    if (verdict == Verdict::FailHalfway || code_ == "io.no_space")
        (void)inner_->write(path, bytes.substr(0, bytes.size() / 2));
    return failure(path);
}

Result<void> FaultyFileSystem::append(const std::string& path, std::string_view bytes, bool sync) {
    const Verdict verdict = judge(true);
    if (verdict == Verdict::Go) return inner_->append(path, bytes, sync);
    if (verdict == Verdict::FailHalfway || code_ == "io.no_space")
        (void)inner_->append(path, bytes.substr(0, bytes.size() / 2), false);
    return failure(path);
}

Result<std::string> FaultyFileSystem::copy(const std::string& from, const std::string& to, DigestAlgorithm kind) {
    const Verdict verdict = judge(true);
    if (verdict == Verdict::Go) return inner_->copy(from, to, kind);
    if (verdict == Verdict::FailHalfway || code_ == "io.no_space") {
        if (const auto bytes = inner_->read(from))
            (void)inner_->write(to, std::string_view(*bytes).substr(0, bytes->size() / 2));
    }
    return failure(to);
}

Result<std::string> FaultyFileSystem::digest(const std::string& path, DigestAlgorithm kind) {
    if (judge(false) != Verdict::Go) return failure(path);
    return inner_->digest(path, kind);
}

Result<void> FaultyFileSystem::make_folders(const std::string& path) {
    RECTO_ASSIGN(const FileStat s, stat(path));
    if (s.exists && s.is_directory) return {};
    const std::string parent = parent_path(path);
    if (!parent.empty() && parent != "/" && parent != path) RECTO_TRY(make_folders(parent));
    if (judge(true) != Verdict::Go) return failure(path);
    return inner_->make_folders(path);
}

Result<void> FaultyFileSystem::rename(const std::string& from, const std::string& to) {
    if (judge(true) != Verdict::Go) return failure(from);
    return inner_->rename(from, to);
}

Result<void> FaultyFileSystem::remove(const std::string& path) {
    if (judge(true) != Verdict::Go) return failure(path);
    return inner_->remove(path);
}

Result<void> FaultyFileSystem::remove_tree(const std::string& path) {
    RECTO_ASSIGN(const FileStat s, stat(path));
    if (!s.exists) return {};
    if (s.is_directory && !s.is_symlink) {
        RECTO_ASSIGN(const auto names, list(path));
        for (const std::string& name : names) RECTO_TRY(remove_tree(join_path(path, name)));
    }
    return remove(path);
}

Result<void> FaultyFileSystem::sync(const std::string& path) {
    if (judge(true) != Verdict::Go) return failure(path);
    return inner_->sync(path);
}

Result<std::uint64_t> FaultyFileSystem::free_bytes(const std::string& path) {
    if (judge(false) != Verdict::Go) return failure(path);
    return inner_->free_bytes(path);
}

Result<FileSystemKind> FaultyFileSystem::kind(const std::string& path) {
    if (judge(false) != Verdict::Go) return failure(path);
    return inner_->kind(path);
}

int FaultyFileSystem::changes() const {
    const std::lock_guard lock(mutex_);
    return count_;
}

bool FaultyFileSystem::failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
}

} // namespace recto

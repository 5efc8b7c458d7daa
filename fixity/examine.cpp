#include "fixity/examine.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "pipeline/files/ocfl_inventory.h"

namespace recto::fixity {

namespace {

constexpr int kLooks = 5;           ///< How often an object that seems to be written just now is looked at.
constexpr std::size_t kNamed = 200; ///< Files named in one event.
/// What may wait to be settled: a death has it copied again, so not hours of work; and it is on the disk beside the dirty pages.
constexpr std::size_t kMostWaiting = 256;
constexpr std::uint64_t kMostWaitingBytes = std::uint64_t{1} << 30;

const char* code_of(FileState state) {
    switch (state) {
    case FileState::Changed: return "fixity.changed";
    case FileState::Missing: return "fixity.missing";
    case FileState::Extra: return "fixity.extra";
    case FileState::Unreadable: return "fixity.unreadable";
    case FileState::Good: break;
    }
    return "";
}

/// Content first, what speaks of it after it, the object's own sidecar last.
int rank(const std::string& path) {
    if (path == ocfl::kSidecar) return 4;
    if (path == ocfl::kInventory) return 3;
    if (file_name(path) == ocfl::kSidecar) return 2;
    return file_name(path) == ocfl::kInventory ? 1 : 0;
}

Side other_of(Side side) { return side == Side::Archive ? Side::Copy : Side::Archive; }

} // namespace

/// One side of an object.
struct SideOfObject {
    Presence presence;
    Claims claims;
    CheckedFiles checked;
    /// A file here that is good and has this digest; its own path first. "" when there is none.
    [[nodiscard]] std::string good_file(const std::string& path, const std::string& sha512) const {
        const auto good = [&](const std::string& at, const std::string& digest) {
            const auto state = checked.states.find(at);
            return digest == sha512 && state != checked.states.end() && state->second == FileState::Good;
        };
        const auto same = claims.sha512.find(path);
        if (same != claims.sha512.end() && good(path, same->second)) return path;
        for (const auto& [at, digest] : claims.sha512)
            if (good(at, digest)) return at;
        return {};
    }
    [[nodiscard]] bool whole() const { return claims.head > 0 && checked.whole(); }
};

struct Examiner::Held {
    std::string object;
    SideOfObject archive, copy;
    bool contradicting = false;
    SideOfObject& of(Side side) { return side == Side::Archive ? archive : copy; }
    [[nodiscard]] const SideOfObject& of(Side side) const { return side == Side::Archive ? archive : copy; }
};

/// An object that was copied and is not lasting yet.
struct Examiner::Waiting {
    OcflStaged staged;
    int head = 0;
    std::size_t files = 0;
    Examined found;
    std::size_t damage = 0; ///< Which of `found` it is.
};

Examiner::~Examiner() = default;

Examiner::Examiner(std::shared_ptr<FileSystem> fs, Sides sides, Asked asked, Rate& rate,
                   std::function<void(const std::string&, const nlohmann::json&)> event, std::function<bool()> pause)
    : fs_(std::move(fs)), sides_(std::move(sides)), asked_(asked), rate_(rate), event_(std::move(event)),
      pause_(std::move(pause)), archive_(fs_, sides_.archive) {
    if (sides_.copy) copy_.emplace(fs_, *sides_.copy);
}

Examiner::Held Examiner::look(const std::string& object) {
    Held held;
    held.object = object;
    SideOfObject &a = held.archive, &c = held.copy;
    a.presence = look_at_object(*fs_, sides_.archive, object, rate_);
    if (sides_.copy) c.presence = look_at_object(*fs_, *sides_.copy, object, rate_);
    held.contradicting = contradict(a.presence, c.presence);
    if (!a.presence.empty()) a.claims = claims_of(a.presence, &c.presence, true);
    if (!c.presence.empty()) c.claims = claims_of(c.presence, &a.presence, false);
    if (a.claims.head > 0) a.checked = check_files(*fs_, sides_.archive, object, a.presence, a.claims, rate_);
    if (c.claims.head > 0) c.checked = check_files(*fs_, *sides_.copy, object, c.presence, c.claims, rate_);
    return held;
}

bool Examiner::being_written(const std::string& object, const Presence& seen) {
    const auto notes = fs_->list(join_path(sides_.archive, "extensions/recto-staging"));
    for (const std::string& name : notes ? *notes : std::vector<std::string>())
        if (name.substr(0, name.rfind("-v")) == file_name(object)) return true;
    const auto before = seen.inventories.find(0);
    if (before == seen.inventories.end() || before->second.sha512.empty()) return false;
    const auto now =
        fs_->digest(join_path(join_path(sides_.archive, object), ocfl::kInventory), DigestAlgorithm::Sha512);
    return now && before->second.sha512 != *now;
}

void Examiner::judge(const Held& held, std::vector<Damage>& out) const {
    const auto say = [&](Side side, const std::string& path, const char* code, const std::string& detail = {}) {
        out.push_back({side, held.object, path, code, detail, Outcome::Stays, {}});
    };
    for (const Side side : {Side::Archive, Side::Copy}) {
        if (side == Side::Copy && !sides_.copy) break;
        const SideOfObject& here = held.of(side);
        if (here.presence.empty()) {
            if (side == Side::Archive) say(side, "", "fixity.object_missing");
            else if (!held.archive.presence.empty()) say(side, "", "fixity.copy_lacks");
            continue;
        }
        if (here.claims.head == 0) say(side, std::string(ocfl::kInventory), "fixity.no_inventory");
        std::vector<std::pair<std::string, FileState>> bad;
        for (const auto& file : here.checked.states)
            if (file.second != FileState::Good) bad.push_back(file);
        std::stable_sort(bad.begin(), bad.end(),
                         [](const auto& a, const auto& b) { return rank(a.first) < rank(b.first); });
        for (const auto& [path, state] : bad) {
            const auto why = here.checked.reason.find(path);
            say(side, path, code_of(state), why == here.checked.reason.end() ? "" : why->second);
        }
    }
    const int a = held.archive.claims.head, c = held.copy.claims.head;
    if (a == 0 || c == 0) return;
    const std::string versions = "v" + std::to_string(std::min(a, c)) + " < v" + std::to_string(std::max(a, c));
    if (held.contradicting) say(Side::Copy, "", "fixity.differs");
    else if (c < a) say(Side::Copy, "", "fixity.copy_behind", versions);
    else if (a < c) say(Side::Archive, "", "fixity.archive_behind", versions);
}

bool Examiner::asked_for(const Damage& d) const {
    if (!d.serious()) return asked_.add_missing;
    return d.side == Side::Archive ? asked_.repair : asked_.repair_copy;
}

Examined Examiner::object(const std::string& object) {
    Examined out;
    Held held;
    for (int looks = 1;; ++looks) {
        held = look(object);
        out.damage.clear();
        judge(held, out.damage);
        const bool archive_good =
            std::none_of(out.damage.begin(), out.damage.end(), [](const Damage& d) { return d.side == Side::Archive; });
        if (archive_good || asked_.locked || !being_written(object, held.archive.presence)) break;
        if (looks == kLooks || !pause_()) {
            out.damage.clear();
            out.busy = true;
            return out;
        }
    }
    out.files = held.archive.checked.states.size() + held.copy.checked.states.size();
    if (out.damage.empty()) return out;
    record_damage(out, object); // before anything is changed: a death must not take the record along
    if (!sides_.copy || held.contradicting) return out;
    take_whole(held, out);
    mend_files(held, out);
    bring_up_to_date(held, out);
    if (out.waits) waiting_.back().found = out;
    return out;
}

void Examiner::take_whole(Held& held, Examined& out) {
    for (Damage& d : out.damage) {
        if (d.code != "fixity.object_missing" && d.code != "fixity.copy_lacks") continue;
        const SideOfObject& from = held.of(other_of(d.side));
        if (from.presence.empty()) continue; // known by name only
        if (!from.whole()) {
            d.outcome = d.serious() ? Outcome::Both : Outcome::Stays;
            continue;
        }
        d.outcome = !asked_for(d) ? Outcome::Mendable : Outcome::WouldMend;
        if (!asked_for(d) || asked_.dry_run) continue;
        bring_object(held, d, out);
    }
}

void Examiner::bring_object(Held& held, Damage& d, Examined& out) {
    const Claims& claims = held.of(other_of(d.side)).claims;
    const auto failed = [&](const Error& error) {
        d.outcome = Outcome::Failed;
        d.detail = error.to_string();
        if (error.code == "io.no_space") out.ended = error;
    };
    const OcflCopy copy{join_path(root(other_of(d.side)), held.object), held.object, claims.sha512,
                        [this](std::uint64_t bytes) {
                            waiting_bytes_ += bytes;
                            return copied(bytes);
                        }};
    // Folders without a file may lie at its place.
    if (const auto removed = fs_->remove_tree(join_path(root(d.side), held.object)); !removed)
        return failed(removed.error());
    if (d.side == Side::Copy) {
        auto staged = store(d.side).stage_object(copy, claims.head);
        if (!staged) return failed(staged.error());
        out.waits = true;
        waiting_.push_back({std::move(*staged),
                            claims.head,
                            claims.sha512.size(),
                            {},
                            static_cast<std::size_t>(&d - out.damage.data())});
        return;
    }
    if (const auto taken = store(d.side).take_object(copy, claims.head); !taken) return failed(taken.error());
    d.outcome = Outcome::Mended;
    event_("replication",
           {{"to", to_string(d.side)},
            {"objects", {{{"object", held.object}, {"versions", claims.head}, {"files", claims.sha512.size()}}}},
            {"premis", "replication"}});
}

bool Examiner::full() const { return waiting_.size() >= kMostWaiting || waiting_bytes_ >= kMostWaitingBytes; }

std::vector<std::pair<std::string, Examined>> Examiner::settle() {
    std::vector<std::pair<std::string, Examined>> out;
    if (waiting_.empty()) return out;
    std::vector<OcflStaged> staged;
    for (Waiting& one : waiting_) staged.push_back(std::move(one.staged));
    const auto placed = copy_->place_objects(staged);
    nlohmann::json brought = nlohmann::json::array();
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        Examined found = std::move(waiting_[i].found);
        Damage& d = found.damage[waiting_[i].damage];
        if (placed[i]) {
            d.outcome = Outcome::Mended;
            brought.push_back({{"object", d.object}, {"versions", waiting_[i].head}, {"files", waiting_[i].files}});
        } else {
            d.outcome = Outcome::Failed;
            d.detail = placed[i].error().to_string();
            if (placed[i].error().code == "io.no_space") found.ended = placed[i].error();
        }
        out.emplace_back(d.object, std::move(found));
    }
    waiting_.clear();
    waiting_bytes_ = 0;
    if (!brought.empty())
        event_("replication",
               {{"to", to_string(Side::Copy)}, {"objects", std::move(brought)}, {"premis", "replication"}});
    return out;
}

void Examiner::mend_files(Held& held, Examined& out) {
    nlohmann::json mended[2] = {nlohmann::json::array(), nlohmann::json::array()};
    for (Damage& d : out.damage) {
        if (d.code != "fixity.changed" && d.code != "fixity.missing" && d.code != "fixity.unreadable") continue;
        SideOfObject& here = held.of(d.side);
        const SideOfObject& there = held.of(other_of(d.side));
        const auto claim = here.claims.sha512.find(d.path);
        if (claim == here.claims.sha512.end() || there.presence.empty()) continue;
        const std::string source = there.good_file(d.path, claim->second);
        if (source.empty()) {
            // A file of versions that the other side has not got yet is nowhere else; it is not damaged twice.
            if (there.claims.head == 0 || there.checked.states.contains(d.path)) d.outcome = Outcome::Both;
            continue;
        }
        put_file_back(d, join_path(join_path(root(other_of(d.side)), held.object), source), claim->second, out);
        if (d.outcome != Outcome::Mended) continue;
        here.checked.states[d.path] = FileState::Good;
        mended[static_cast<int>(d.side)].push_back(
            {{"file", d.path}, {"sha512", claim->second}, {"set_aside", d.set_aside}});
    }
    for (const Side side : {Side::Archive, Side::Copy}) {
        nlohmann::json& files = mended[static_cast<int>(side)];
        if (!files.empty())
            event_("repair",
                   {{"side", to_string(side)}, {"object", held.object}, {"files", files}, {"premis", "recovery"}});
    }
}

void Examiner::put_file_back(Damage& d, const std::string& source, const std::string& sha512, Examined& out) {
    d.outcome = !asked_for(d) ? Outcome::Mendable : Outcome::WouldMend;
    if (!asked_for(d) || asked_.dry_run || out.ended) return;
    const auto done = store(d.side).put_back(source, d.place(), sha512, [&](const std::string& target) -> Result<void> {
        RECTO_ASSIGN(d.set_aside, set_aside(d.side, target, d.place()));
        return {};
    });
    if (done) {
        d.outcome = Outcome::Mended;
        if (const auto s = fs_->stat(source)) rate_.spend(s->size);
        return;
    }
    d.outcome = Outcome::Failed;
    d.detail = done.error().to_string();
    if (done.error().code == "io.no_space") out.ended = done.error();
}

void Examiner::bring_up_to_date(Held& held, Examined& out) {
    for (Damage& d : out.damage) {
        if (d.code != "fixity.copy_behind") continue;
        if (!held.archive.whole() || !held.copy.whole()) continue; // damage first
        d.outcome = !asked_for(d) ? Outcome::Mendable : Outcome::WouldMend;
        if (!asked_for(d) || asked_.dry_run || out.ended) continue;
        const int from = held.copy.claims.head;
        for (int n = from + 1; n <= held.archive.claims.head; ++n) {
            OcflCopy copy{join_path(sides_.archive, held.object), held.object, {}, [this](std::uint64_t bytes) {
                              return copied(bytes);
                          }};
            const std::string folder = ocfl::version_name(n) + "/";
            for (const auto& [path, sha512] : held.archive.claims.sha512)
                if (path.starts_with(folder)) copy.files.emplace(path, sha512);
            if (const auto taken = copy_->take_version(copy, n); !taken) {
                d.outcome = Outcome::Failed;
                d.detail = taken.error().to_string();
                if (taken.error().code == "io.no_space") out.ended = taken.error();
                break;
            }
            d.outcome = Outcome::Mended;
        }
        if (d.outcome == Outcome::Mended)
            event_("replication", {{"to", to_string(Side::Copy)},
                                   {"object", held.object},
                                   {"from_version", from},
                                   {"versions", held.archive.claims.head},
                                   {"premis", "replication"}});
    }
}

Examined Examiner::roots(const std::vector<std::string>& archive_strays, const std::vector<std::string>& copy_strays) {
    Examined out;
    struct Known {
        std::string path, sha512;
        FileState state[2] = {FileState::Good, FileState::Good};
    };
    std::vector<Known> known;
    for (const ocfl::RootFile& file : ocfl::root_files())
        known.push_back({file.path, digest_hex(DigestAlgorithm::Sha512, file.bytes), {}});
    for (const Side side : {Side::Archive, Side::Copy}) {
        if (side == Side::Copy && !sides_.copy) break;
        for (Known& file : known) {
            FileState& state = file.state[static_cast<int>(side)];
            const std::string place = join_path(root(side), file.path);
            const auto s = fs_->stat(place);
            std::string why;
            if (s && !s->exists) {
                state = FileState::Missing;
            } else if (const auto seen = s ? fs_->digest(place, DigestAlgorithm::Sha512)
                                           : Result<std::string>(tl::unexpected(s.error()));
                       !seen) {
                state = FileState::Unreadable;
                why = seen.error().reason;
            } else if (*seen != file.sha512 || s->is_symlink) {
                state = FileState::Changed;
            }
            ++out.files;
            if (state != FileState::Good) out.damage.push_back({side, "", file.path, code_of(state), why, {}, {}});
        }
        for (const std::string& stray : side == Side::Archive ? archive_strays : copy_strays)
            out.damage.push_back({side, "", stray, "fixity.extra", {}, {}, {}});
    }
    if (out.damage.empty()) return out;
    record_damage(out, "");
    for (Damage& d : out.damage) {
        const auto file = std::find_if(known.begin(), known.end(), [&](const Known& k) { return k.path == d.path; });
        if (file == known.end() || !sides_.copy) continue;
        if (file->state[static_cast<int>(other_of(d.side))] != FileState::Good) {
            d.outcome = Outcome::Both;
            continue;
        }
        put_file_back(d, join_path(root(other_of(d.side)), d.path), file->sha512, out);
        if (d.outcome == Outcome::Mended)
            event_("repair", {{"side", to_string(d.side)},
                              {"object", ""},
                              {"files", {{{"file", d.path}, {"sha512", file->sha512}, {"set_aside", d.set_aside}}}},
                              {"premis", "recovery"}});
    }
    return out;
}

void Examiner::record_damage(const Examined& found, const std::string& object) {
    for (const Side side : {Side::Archive, Side::Copy}) {
        nlohmann::json files = nlohmann::json::array();
        std::size_t count = 0;
        for (const Damage& d : found.damage)
            if (d.side == side && d.serious() && ++count <= kNamed)
                files.push_back({{"file", d.path}, {"code", d.code}});
        if (count > 0)
            event_("fixity.damage", {{"side", to_string(side)},
                                     {"object", object},
                                     {"count", count},
                                     {"files", files},
                                     {"premis", "fixity check"},
                                     {"outcome", "fail"}});
    }
}

Result<std::string> Examiner::set_aside(Side side, const std::string& target, const std::string& place) {
    RECTO_ASSIGN(const FileStat s, fs_->stat(target));
    if (!s.exists) return std::string();
    std::string kept = join_path(join_path(sides_.quarantine, to_string(side)), place);
    const std::string wanted = kept;
    for (int n = 2;; ++n) { // what an interrupted call set aside stays as well
        RECTO_ASSIGN(const FileStat there, fs_->stat(kept));
        if (!there.exists) break;
        kept = wanted + "-" + std::to_string(n);
    }
    RECTO_TRY(make_folders_synced(*fs_, parent_path(kept)));
    // A copy, so that the place is never empty; what cannot be read is moved as it is.
    if (!s.is_directory && !s.is_symlink) {
        const auto copied = fs_->copy(target, kept, DigestAlgorithm::Sha512);
        if (copied) {
            RECTO_TRY(fs_->sync(kept));
            RECTO_TRY(fs_->sync(parent_path(kept)));
            return kept;
        }
        (void)fs_->remove(kept);
        if (copied.error().file == kept) return tl::unexpected(copied.error()); // the quarantine cannot be written
    }
    RECTO_TRY(fs_->rename(target, kept));
    RECTO_TRY(fs_->sync(parent_path(kept)));
    return kept;
}

Result<void> Examiner::copied(std::uint64_t bytes) {
    rate_.spend(bytes);
    return {};
}

} // namespace recto::fixity

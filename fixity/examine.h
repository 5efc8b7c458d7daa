#pragma once

/// One object on one side or on two: checked, compared, mended, brought up to date.
///
/// Bytes are put back only from a file of the other side that has just been read and has the digest that a sound inventory
/// claims, and checked once more while they are copied. What they replace is set aside first. Nothing is written where both
/// sides are damaged, or where the two have sound inventories that contradict each other.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "fixity/damage.h"
#include "fixity/rate.h"
#include "fixity/stored_object.h"
#include "pipeline/files/ocfl.h"

namespace recto::fixity {

struct Sides {
    std::string archive;             ///< Its storage root.
    std::optional<std::string> copy; ///< The second storage root.
    std::string quarantine;          ///< Folder outside both for what is set aside; made when first used.
};

struct Asked {
    bool repair = false, repair_copy = false, add_missing = false, dry_run = false;
    bool locked = false; ///< Nobody else writes to the archive: what is found stands.
    [[nodiscard]] bool writes() const { return !dry_run && (repair || repair_copy || add_missing); }
};

struct Examined {
    std::vector<Damage> damage;
    std::uint64_t files = 0;
    bool busy = false;          ///< Being written at this moment: not judged.
    bool waits = false;         ///< Copied, but not lasting yet: settle() gives the object back.
    std::optional<Error> ended; ///< Writing failed so that going on is of no use (a full disk).
};

class Examiner {
  public:
    /// `event` records what was found and done ("fixity.damage", "repair", "replication"). `pause` waits before an object
    /// that another process may be writing is looked at again; false: do not, the work is to end.
    Examiner(std::shared_ptr<FileSystem> fs, Sides sides, Asked asked, Rate& rate,
             std::function<void(const std::string& event, const nlohmann::json& details)> event,
             std::function<bool()> pause);
    ~Examiner();
    Examiner(const Examiner&) = delete;
    Examiner& operator=(const Examiner&) = delete;

    /// `object`: path relative to the storage roots. An object that is on neither side is missing.
    [[nodiscard]] Examined object(const std::string& object);
    /// The objects that wait, with what became of them: many at a time, because waiting for the disk is what bringing a small
    /// object to the copy costs.
    [[nodiscard]] std::vector<std::pair<std::string, Examined>> settle();
    /// So many wait that settle() is due.
    [[nodiscard]] bool full() const;
    /// The files of the storage roots themselves. `strays`: what lies in them and does not belong there.
    [[nodiscard]] Examined roots(const std::vector<std::string>& archive_strays,
                                 const std::vector<std::string>& copy_strays);

  private:
    struct Held; ///< Both sides of an object as they were found.
    [[nodiscard]] Held look(const std::string& object);
    [[nodiscard]] bool being_written(const std::string& object, const Presence& seen);
    void judge(const Held& held, std::vector<Damage>& out) const;
    void mend_files(Held& held, Examined& out);
    void take_whole(Held& held, Examined& out);
    void bring_object(Held& held, Damage& damage, Examined& out);
    void bring_up_to_date(Held& held, Examined& out);
    void record_damage(const Examined& found, const std::string& object);
    void put_file_back(Damage& damage, const std::string& source, const std::string& sha512, Examined& out);
    [[nodiscard]] bool asked_for(const Damage& damage) const;
    [[nodiscard]] const std::string& root(Side side) const {
        return side == Side::Archive ? sides_.archive : *sides_.copy;
    }
    OcflStore& store(Side side) { return side == Side::Archive ? archive_ : *copy_; }
    /// Moves or copies what lies at `target` into the quarantine; the place it has there, "" when nothing lay there.
    Result<std::string> set_aside(Side side, const std::string& target, const std::string& place);
    Result<void> copied(std::uint64_t bytes);

    std::shared_ptr<FileSystem> fs_;
    const Sides sides_;
    const Asked asked_;
    Rate& rate_;
    const std::function<void(const std::string&, const nlohmann::json&)> event_;
    const std::function<bool()> pause_;
    OcflStore archive_;
    std::optional<OcflStore> copy_;
    struct Waiting;
    std::vector<Waiting> waiting_;
    std::uint64_t waiting_bytes_ = 0;
};

} // namespace recto::fixity

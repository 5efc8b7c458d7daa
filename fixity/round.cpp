#include "fixity/round.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "fixity/storage_tree.h"

namespace recto::fixity {

namespace {

/// Two calls that ask for other things are two rounds: what one only looked at, the other has to mend.
std::string selection_text(const RoundRequest& r) {
    std::string out = r.selection.text();
    if (r.sides.copy) out += " copy " + *r.sides.copy;
    if (r.asked.writes())
        out += std::string(r.asked.repair ? " repair" : "") + (r.asked.repair_copy ? " repair-copy" : "") +
               (r.asked.add_missing ? " add-missing" : "");
    std::erase_if(out, [](char c) { return c == '\t' || c == '\n'; });
    return out;
}

} // namespace

bool RoundResult::stays() const {
    return std::any_of(damage.begin(), damage.end(),
                       [](const Damage& d) { return d.serious() && d.outcome != Outcome::Mended; });
}

bool RoundResult::waits() const {
    return std::any_of(damage.begin(), damage.end(),
                       [](const Damage& d) { return d.serious() || d.outcome != Outcome::Mended; });
}

nlohmann::json RoundResult::summary() const {
    std::size_t mended = 0, stay = 0, taken = 0, behind = 0;
    for (const Damage& d : damage) {
        const bool done = d.outcome == Outcome::Mended;
        if (d.serious()) ++(done ? mended : stay);
        else ++(done ? taken : behind);
    }
    return {{"objects", checked},      {"stored", stored}, {"files", files}, {"bytes", bytes},
            {"errors", mended + stay}, {"mended", mended}, {"stay", stay},   {"copy_updated", taken},
            {"copy_behind", behind},   {"left", left},     {"busy", busy}};
}

Result<RoundResult> run_round(const std::shared_ptr<FileSystem>& fs, const RoundRequest& request, Rate& rate,
                              const Clock& clock, const RoundHooks& hooks, RoundStatus& status) {
    RoundResult out;
    RECTO_ASSIGN(const FileStat storage, fs->stat(request.sides.archive));
    if (!storage.exists || !storage.is_directory)
        return fail("store.not_ocfl", "no such folder", request.sides.archive);
    const auto told = [&](const Result<void>& done) {
        if (!done) hooks.problem(done.error());
        return done.has_value();
    };
    const std::uint64_t before = rate.spent();
    const auto take = [&](Examined found) {
        out.files += found.files;
        for (Damage& d : found.damage) {
            if (d.serious()) ++status.damaged;
            hooks.found(d);
            out.damage.push_back(std::move(d));
        }
        if (found.ended) out.ended = std::move(found.ended);
        out.bytes = rate.spent() - before;
        status.bytes = out.bytes;
    };

    const StorageTree here = look_at_storage(*fs, request.sides.archive, Side::Archive);
    const StorageTree there =
        request.sides.copy ? look_at_storage(*fs, *request.sides.copy, Side::Copy) : StorageTree{};
    CheckLog log(fs, request.log_path);
    // An object that is gone leaves no trace in storage; other records know of it.
    std::set<std::string> all(here.objects.begin(), here.objects.end());
    all.insert(there.objects.begin(), there.objects.end());
    all.insert(request.known.begin(), request.known.end());
    for (const auto& [object, last] : log.last()) all.insert(object);
    const std::vector<std::string> objects(all.begin(), all.end());
    out.stored = objects.size();
    const auto began = log.begin(selection_text(request));
    if (began) out.went_on = *began && log.done_in_this_round() > 0;
    else hooks.problem(began.error());
    bool logging = began.has_value(); // said once where it fails: the checks go on without
    const auto chosen = choose(objects, request.selection, log, clock.now());
    status.planned = chosen.size();

    Examiner examiner(
        fs, request.sides, request.asked, rate,
        [&](const std::string& event, const nlohmann::json& details) { (void)told(hooks.event(event, details)); },
        hooks.pause);
    Examined unreadable;
    unreadable.damage = here.unreadable;
    unreadable.damage.insert(unreadable.damage.end(), there.unreadable.begin(), there.unreadable.end());
    take(std::move(unreadable));
    take(examiner.roots(here.strays, there.strays));

    const auto finish = [&](const std::string& object, Examined found) {
        const bool good = std::none_of(found.damage.begin(), found.damage.end(),
                                       [](const Damage& d) { return d.serious() && d.outcome != Outcome::Mended; });
        const bool busy = found.busy;
        take(std::move(found));
        ++status.objects;
        if (busy) {
            ++out.busy;
            return;
        }
        ++out.checked;
        if (logging) logging = told(log.add(object, std::chrono::system_clock::to_time_t(clock.now()), good));
    };
    const auto settle = [&] {
        for (auto& [object, found] : examiner.settle()) finish(object, std::move(found));
    };
    for (const std::string& object : chosen) {
        if (out.ended || !hooks.go_on()) break;
        Examined found = examiner.object(object);
        if (!found.waits) finish(object, std::move(found));
        if (examiner.full()) settle();
    }
    settle();
    out.left = chosen.size() - out.checked - out.busy;
    if (logging && out.left == 0 && !out.ended) (void)told(log.end());
    return out;
}

} // namespace recto::fixity

#pragma once

/// Stored pages read again by the engine, models and settings of now: the scan and its stored treatment stay as they are,
/// only the words become others. An item of which a page says something else afterwards gets a new version; the former one
/// keeps the former words.
///
/// Three steps, so that pages of many items can be read side by side: pages_to_reread and reread_key say what is to be
/// done, reread_page does it on any thread, put_readings stores what came of it under the archive's lock.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "amend/amend.h"
#include "stages/reading/reading.h"

namespace recto::amend {

enum class RereadFate {
    Unchanged, ///< The same text and state as before.
    Changed,
    Kept,  ///< The new reading was not taken; `why` says the reason.
    Failed ///< It could not be read; what was stored stays.
};
[[nodiscard]] std::string_view to_string(RereadFate fate); ///< "unchanged", "changed", ...

/// What a reading says of itself.
struct ReadingFacts {
    std::string engine, language;
    ReadState state = ReadState::Read;
    std::size_t characters = 0; ///< Code points of the text without white space.
    double confidence = 0;      ///< Mean over characters, 0 to 1.
};

/// One page before and after.
struct RereadPage {
    std::string page; ///< UUID.
    int order = 0;
    RereadFate fate = RereadFate::Unchanged;
    ReadingFacts before, after;
    double difference = 0;      ///< Characters inserted, deleted or exchanged, by those of the longer text; 0 to 1.
    int lines_kept = 0;         ///< Lines that a person corrected and that stand as the person left them.
    std::string why;            ///< Kept: "reread.no_text", "reread.corrected". Else "".
    std::optional<Error> error; ///< Failed.
};
void to_json(nlohmann::json& j, const RereadPage& p);

/// Indices of the pages that can be read: those with an image that treatment did not find blank. With `only_missing` those
/// without text: never read, not machine-readable, or failed while they were read.
[[nodiscard]] std::vector<std::size_t> pages_to_reread(const Item& item, bool only_missing);

/// Names the reading of a page by all that it depends on: scan, treatment, the stage's version, settings and models.
[[nodiscard]] std::string reread_key(const Item& item, const Page& page, const Stage& reading,
                                     const Settings& settings);

/// Reads one page: decodes its master, renders it by the stored treatment and hands it to `reading`, which is the calling
/// thread's own. `folder` exists. Changes nothing. Errors: those of decoding, rendering and reading.
[[nodiscard]] Result<PageReading>
reread_page(const Item& item, const Page& page, PageWorker& reading,
            const std::function<Result<Raster>(const Source& source, int index)>& decode, const std::string& folder,
            const Limits& limits);

/// Puts a new reading on a page. Lines that a person corrected stay as they are and where they are, lines that a person took
/// out stay out; where the new reading cannot be fitted around them, or finds no text on a page that has some, the page keeps
/// what it had. Names of lines are given anew on a page that changes. `edits`: the item's ledger. Pure.
RereadPage take_reading(Page& page, const nlohmann::json& edits, PageReading reading);

/// Takes the readings (by index of the page) and stores the item's next version when any page changed. Pages that had
/// failed are encoded too. `report` gets a row for each reading, in order of the pages. One event in PREMIS, which names the
/// engines of before and after. Errors: those of stages and store.
[[nodiscard]] Result<Outcome> put_readings(Workshop& shop, const Request& request, StoredItem& stored,
                                           std::vector<std::pair<std::size_t, Result<PageReading>>> readings,
                                           std::vector<RereadPage>& report);

} // namespace recto::amend

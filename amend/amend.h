#pragma once

/// Changing a stored item: a page scanned again, a page that was missing, a release, corrected text, values set by hand. Each makes one new
/// version of the item's object by the item stages of a run; pages that did not change are neither decoded nor read again:
/// their words come from ALTO, their images from the PDF. Nothing is removed from storage.
///
/// Identities: a replaced page keeps its id, an inserted one gets a new one; capture serials go on counting; no other page's id,
/// serial, printed number or leaf changes. The logical order, which names files, follows the pages' places.
///
/// The archive's lock is held by the caller. One call at a time.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "amend/corrections.h"
#include "pipeline/core/clock.h"
#include "pipeline/core/stage.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/ocfl.h"
#include "stages/orientation.h"
#include "stages/treatment/manual.h"

namespace recto::amend {

/// What the changes work with. All references outlive the call.
struct Workshop {
    std::shared_ptr<FileSystem> fs;
    OcflStore& store;
    StageList& stages; ///< Item stages are open; treatment and page stages too where a scan comes in.
    const Settings& settings;
    const CatalogueView& catalogue;
    const Clock& clock;
    std::string work;          ///< Folder for files under way; a folder in it is made and removed.
    nlohmann::json provenance; ///< Of this program, as a run has it.
    std::function<Result<Source>(const std::string& path)> take;
    std::function<Result<Raster>(const Source& source, int index)> decode;
    ProbeMaker make_probe; ///< Asked which way up a page is that gets other values; may be empty.
};

/// Who asks and why.
struct Request {
    std::string item; ///< UUID.
    std::string who, reason;
    bool sheet = false; ///< Routed by a separator sheet: said in the ledger.
};

struct Outcome {
    std::string id, name, version, object_path, reason; ///< `reason`: why it is held, "" when it is not.
    std::vector<std::string> pages;                     ///< UUIDs of pages that changed or came.
    std::vector<Finding> findings;                      ///< Of those pages.
    int counted_pages = 0;
    bool held = false;
    bool already = false; ///< It was so before; no version was made.
};

/// The page called `wanted` (UUID, or logical order) of a stored item; "amend.no_page" names those there are.
Result<std::size_t> find_page(const Item& item, const std::string& wanted);

/// The one page of `file` takes the place of `page`. Errors: "amend.no_item", "amend.no_page", "amend.one_page" (several images),
/// "amend.spread", "amend.sheet" (a separator sheet), "amend.same_scan" (the scan is another page of the item), and those
/// of stages and store.
Result<Outcome> replace_page(Workshop& shop, const Request& request, const std::string& page, const std::string& file);

/// The pages of `file` come before or behind `page`; an empty `page` stands for the end.
Result<Outcome> insert_page(Workshop& shop, const Request& request, const std::string& page, bool before,
                            const std::string& file);

/// A held item is delivered from now on, until its scans or the reasons change. Errors: "amend.not_held".
Result<Outcome> release_item(Workshop& shop, const Request& request);

/// A row of a corrections file.
struct CorrectionRow {
    int row = 0; ///< As a spreadsheet numbers it.
    std::string page, line, old_text, new_text;
    bool take_out = false; ///< The line is no text: it goes.
    std::string who;
};
struct Refusal {
    int row = 0;
    Finding why; ///< "correct.*"
};

/// Applies the rows of one item, all or none: with any in `refused` nothing was changed. Rows that are so already count as
/// applied. One version, one event in PREMIS naming every line.
Result<Outcome> correct_item(Workshop& shop, const Request& request, const std::vector<CorrectionRow>& rows,
                             std::vector<Refusal>& refused);

/// A row of a file of values set by hand.
struct TreatRow {
    int row = 0;
    std::string page;
    treat::ManualWords words;
    bool automatic = false; ///< What a person set before goes: treatment's own values again.
    std::string who;
};

/// Treats, renders and reads the named pages with the values of the rows, all or none of an item's. A scan that is cut in
/// two gives a further page with an id of its own; joined, the first page keeps its id and the second is no longer there
/// (earlier versions have it). Rows that are so already change nothing. One version, one event in PREMIS.
Result<Outcome> treat_item(Workshop& shop, const Request& request, const std::vector<TreatRow>& rows,
                           std::vector<Refusal>& refused);

/// An item of the archive with the words of its pages, as ALTO has them (lines named).
struct StoredItem {
    Item item;
    nlohmann::json document; ///< item.json
    OcflState state;
};
Result<StoredItem> load_item(FileSystem& fs, OcflStore& store, const std::string& id);

} // namespace recto::amend

#pragma once

/// One image of an item treated anew with the values of a person, for stored items and for those on their way into storage.
/// Inner part of amend/.

#include <memory>
#include <set>
#include <string>

#include "amend/amend.h"
#include "amend/hand_values.h"
#include "stages/treatment/treatment.h"

namespace recto::amend {

/// Decodes and treats images as asked. One image is kept: rows of one page follow each other. Not thread-safe.
class Bench {
  public:
    using Decode = std::function<Result<Raster>(const Source& source, int index)>;
    /// `settings` outlives it; `probe` may be null.
    Bench(const Settings& settings, Decode decode, std::unique_ptr<treat::OrientationProbe> probe);

    /// As treatment finds it, or with the values `manual`. Errors: of decoding, "treat.failed".
    Result<ImageTreatment> treat(const Item& item, const Page& page, const treat::ManualTreatment* manual);
    [[nodiscard]] const Settings& settings() const { return settings_; }

  private:
    const Settings& settings_;
    Decode decode_;
    treat::Options options_;
    std::unique_ptr<treat::OrientationProbe> probe_;
    ImageName shown_;
    Raster raster_;
};

/// Applies one row to its page; the entry for the ledger, null when the page is so already. `head`: version of the item, 0
/// when it is not stored. `confirm`: the same values given again take away "amend.values_review". `changed` gets the ids of
/// the pages that are other ones now. Errors: "amend.no_page", "by_hand.value" (nothing was changed), those of Bench.
Result<nlohmann::json> treat_page(Item& item, int head, Bench& bench, const TreatRow& row, bool confirm,
                                  std::set<std::string>& changed);

/// Who set the values of these rows, joined for the ledger.
[[nodiscard]] std::string people_of(const std::set<std::string>& people);

} // namespace recto::amend

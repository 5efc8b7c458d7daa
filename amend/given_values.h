#pragma once

/// Values that a person gives together with a delivery, before its pages were ever stored: by file and image in place of item
/// and page id. They are put on an item on its way into storage and stand in its ledger as if `recto treat` had set them
/// then; later runs keep them, with or without the file.

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "amend/amend.h"
#include "pipeline/core/clock.h"

namespace recto::amend {

struct GivenRow {
    std::string path; ///< Of the file, absolute, as Source::path.
    int image = 1;    ///< In the file, from 1.
    std::string half; ///< "left", "right": one half of an open book, for turn, angle and corners; "" the image.
    TreatRow values;  ///< `page` is not used.
};

class GivenValues {
  public:
    /// `settings` and `clock` outlive it.
    GivenValues(std::vector<GivenRow> rows, const Settings& settings, const Clock& clock,
                std::function<Result<Raster>(const Source& source, int index)> decode, ProbeMaker make_probe = {});

    /// Puts the rows of an item's images on it, as grouping or an earlier version left it: all or none. A row that an earlier
    /// run put on is passed over, whatever a person changed since. True when pages or ledger changed. Any thread; one call at a time is served, so that at most one image more than the run's is in memory.
    Result<bool> put_on(Item& item);

    /// Rows that were not applied and why, in order: a value that does not fit its page, or no page came of the image.
    [[nodiscard]] std::vector<Refusal> refused() const;

  private:
    std::vector<GivenRow> rows_;
    const Settings& settings_;
    const Clock& clock_;
    std::function<Result<Raster>(const Source&, int)> decode_;
    ProbeMaker make_probe_;
    mutable std::mutex mutex_;
    std::set<int> seen_; ///< Row numbers whose image came.
    std::vector<Refusal> refused_;
};

} // namespace recto::amend

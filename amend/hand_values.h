#pragma once

/// Values that a person set for a scan (angle, corners, fold, kept as it is) in the ledger of edits, and how they outlive a
/// later run: the run finds its own values again, and the pages of that scan become what the person made of them. Where
/// the scan is another one now, or treatment finds something else than it found then, a finding asks for a second look.
/// Pure functions.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/item.h"

namespace recto::amend {

/// One image of a scan.
struct ImageName {
    std::string sha512; ///< Of the scan.
    int index = 0;      ///< Image in it, from 0.
    auto operator<=>(const ImageName&) const = default;
};
[[nodiscard]] ImageName image_of(const Item& item, const Page& page);

/// What stands for an image by the ledger: the newest entry of an edit "treat" for it, {"page", "sha512", "image", "values",
/// "auto"}; null when there is none or it went back to automatic.
/// Of an open book's halves each may have an entry of its own; `page` names one, "" is any.
[[nodiscard]] const nlohmann::json* standing_values(const nlohmann::json& edits, const ImageName& image,
                                                    const std::string& page = {});

/// True when values were set for `page` while it showed another image than `now`, and none for this one.
[[nodiscard]] bool values_dropped(const nlohmann::json& edits, const std::string& page, const ImageName& now);

/// Gives a page what treatment found of its scan: values, class and findings, the findings of the image first.
void set_treatment(Page& page, const PageTreatment& treatment, const std::vector<Finding>& of_image);

/// Pages of `item` whose image has standing values become those of `before` (the stored version of the same item), with ids
/// and places. Adds "amend.values_review" where treatment finds something else now, "amend.values_lost" to the item where the
/// image is gone. `grouped`: the images as grouping found them, before other edits were put on.
void put_values_on(Item& item, const Item& before, const std::vector<ImageName>& grouped);

} // namespace recto::amend

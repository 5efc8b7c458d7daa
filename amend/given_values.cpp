#include "amend/given_values.h"

#include <algorithm>

#include "amend/edits.h"
#include "amend/treat_page.h"

namespace recto::amend {
namespace {

/// Index of the page that a row means; -1 when its image or half is not there.
int page_of(const Item& item, const GivenRow& row) {
    for (std::size_t i = 0; i < item.pages.size(); ++i) {
        const Page& p = item.pages[i];
        if (p.error || p.image.source < 0 || p.image.index + 1 != row.image) continue;
        if (item.sources.at(static_cast<std::size_t>(p.image.source)).path != row.path) continue;
        if (row.half.empty() || p.treatment.split == row.half) return static_cast<int>(i);
    }
    return -1;
}

bool has_image(const Item& item, const GivenRow& row) {
    GivenRow any = row;
    any.half.clear();
    return page_of(item, any) >= 0;
}

/// The row as it is kept beside its values in the ledger.
nlohmann::json words_of(const GivenRow& row) {
    nlohmann::json j = nlohmann::json::object();
    const treat::ManualWords& w = row.values.words;
    for (const auto& [name, word] : {std::pair{"turn", &w.turn},
                                     {"angle", &w.angle},
                                     {"corners", &w.quad},
                                     {"split", &w.split},
                                     {"keep", &w.keep},
                                     {"half", &row.half}})
        if (!word->empty()) j[name] = *word;
    if (row.values.automatic) j["keep"] = "auto";
    return j;
}

/// True when the row was put on this image by an earlier run. What a person changed since then stands.
bool was_given(const nlohmann::json& edits, const ImageName& image, const nlohmann::json& words) {
    for (const auto& edit : edits)
        for (const auto& entry : edit.value("pages", nlohmann::json::array()))
            if (entry.contains("given") && entry["given"] == words && entry.value("sha512", "") == image.sha512 &&
                entry.value("image", 0) == image.index)
                return true;
    return false;
}

} // namespace

GivenValues::GivenValues(std::vector<GivenRow> rows, const Settings& settings, const Clock& clock,
                         std::function<Result<Raster>(const Source&, int)> decode, ProbeMaker make_probe)
    : rows_(std::move(rows)), settings_(settings), clock_(clock), decode_(std::move(decode)),
      make_probe_(std::move(make_probe)) {}

Result<bool> GivenValues::put_on(Item& item) {
    std::vector<const GivenRow*> mine;
    for (const GivenRow& row : rows_)
        if (has_image(item, row)) mine.push_back(&row);
    if (mine.empty()) return false;
    const std::lock_guard lock(mutex_);
    Bench bench(settings_, decode_, make_probe_ ? make_probe_() : nullptr);
    Item made = item;
    nlohmann::json entries = nlohmann::json::array();
    std::set<std::string> changed, people;
    std::vector<Refusal> refused;
    for (const GivenRow* row : mine) {
        const int number = row->values.row;
        seen_.insert(number);
        const nlohmann::json words = words_of(*row);
        const auto any = std::ranges::find_if(item.pages, [&](const Page& p) {
            return p.image.index + 1 == row->image && p.image.source >= 0 &&
                   item.sources.at(static_cast<std::size_t>(p.image.source)).path == row->path;
        });
        if (was_given(item.edits, image_of(item, *any), words)) continue;
        const auto refuse = [&](const std::string& why) {
            refused.push_back(
                {number, {"by_hand.bad_value", Severity::Error, {std::to_string(number), why}, false, {}}});
        };
        const int at = page_of(made, *row);
        if (at < 0) {
            refuse("image: not an open book, it has no " + row->half + " half");
            continue;
        }
        const Page& page = made.pages[static_cast<std::size_t>(at)];
        const treat::ManualWords& w = row->values.words;
        const bool of_image = row->values.automatic || !w.keep.empty() || !w.split.empty();
        if (row->half.empty() && !page.treatment.split.empty() && !of_image) {
            refuse("image: an open book; write 'left' or 'right' behind the number of the image");
            continue;
        }
        TreatRow values = row->values;
        values.page = page.id.to_string();
        auto entry = treat_page(made, 0, bench, values, false, changed);
        if (!entry && entry.error().code != "by_hand.value") return tl::unexpected(entry.error());
        if (!entry) refuse(entry.error().reason);
        else if (!entry->is_null()) { // null: it has these values already
            (*entry)["given"] = words;
            entries.push_back(std::move(*entry));
            people.insert(values.who);
        }
    }
    refused_.insert(refused_.end(), refused.begin(), refused.end());
    if (!refused.empty() || entries.empty()) return false;
    made.edits.push_back(
        {{"edit", "treat"}, {"time", rfc3339(clock_.now())}, {"who", people_of(people)}, {"pages", entries}});
    decide_hold(made);
    item = std::move(made);
    return true;
}

std::vector<Refusal> GivenValues::refused() const {
    const std::lock_guard lock(mutex_);
    std::vector<Refusal> out = refused_;
    for (const GivenRow& row : rows_)
        if (!seen_.contains(row.values.row))
            out.push_back({row.values.row,
                           {"by_hand.not_reached", Severity::Error, {std::to_string(row.values.row)}, false, {}}});
    std::ranges::stable_sort(out, {}, &Refusal::row);
    return out;
}

} // namespace recto::amend

// Values that a person sets for pages of a stored item: treated, rendered and read again.

#include <set>

#include "amend/amend.h"
#include "amend/stored_item.h"
#include "amend/treat_page.h"

namespace recto::amend {
namespace {

bool is_refusal(const Error& e) { return e.code == "by_hand.value"; }

} // namespace

Result<Outcome> treat_item(Workshop& shop, const Request& request, const std::vector<TreatRow>& rows,
                           std::vector<Refusal>& refused) {
    RECTO_ASSIGN(StoredItem stored, load_item(*shop.fs, shop.store, request.item));
    Item& item = stored.item;
    Staging staging(shop, item.id.to_string());
    RECTO_TRY(staging.make());
    RECTO_TRY(prepare(shop, stored, staging.path())); // before pages come or go: the PDF has them as they were
    Bench bench(shop.settings, shop.decode, shop.make_probe ? shop.make_probe() : nullptr);
    nlohmann::json entries = nlohmann::json::array();
    std::set<std::string> changed, seen, people;
    for (const TreatRow& row : rows) {
        const auto refuse = [&](const char* code, std::vector<std::string> args) {
            args.insert(args.begin(), std::to_string(row.row));
            refused.push_back({row.row, {code, Severity::Error, std::move(args), false, {}}});
        };
        if (!find_page(item, row.page)) {
            refuse("correct.no_page", {row.page});
            continue;
        }
        if (!seen.insert(row.page).second) {
            refuse("by_hand.twice", {row.page});
            continue;
        }
        auto entry = treat_page(item, stored.state.head, bench, row, true, changed);
        if (!entry && !is_refusal(entry.error())) return tl::unexpected(entry.error());
        if (!entry) refuse("by_hand.bad_value", {entry.error().reason});
        else if (!entry->is_null()) {
            entries.push_back(std::move(*entry));
            people.insert(row.who);
        }
    }
    Outcome out = outcome_of(stored);
    if (!refused.empty()) return out;
    if (entries.empty()) {
        out.already = true;
        return out;
    }
    for (Page& page : item.pages)
        if (changed.contains(page.id.to_string())) RECTO_TRY(read_page(shop, item, page, staging.path()));
    nlohmann::json edit = edit_of("treat", shop, request);
    if (const std::string who = people_of(people); !who.empty()) edit["who"] = who;
    edit["pages"] = entries;
    RECTO_ASSIGN(out, commit(shop, stored, edit, staging.path()));
    for (const Page& page : item.pages) {
        if (!changed.contains(page.id.to_string())) continue;
        out.pages.push_back(page.id.to_string());
        out.findings.insert(out.findings.end(), page.findings.begin(), page.findings.end());
    }
    return out;
}

} // namespace recto::amend

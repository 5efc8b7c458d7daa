#include "amend/amend.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "amend/edits.h"
#include "amend/hand_values.h"
#include "amend/stored_item.h"
#include "stages/encode/text_layer.h"

namespace recto::amend {
namespace {

/// A scan that came later, treated; pages have neither id nor place yet.
struct NewScan {
    Source source;
    std::vector<Page> pages;
};

Result<NewScan> treat(Workshop& shop, const std::string& file) {
    NewScan scan;
    RECTO_ASSIGN(scan.source, shop.take(file));
    scan.source.path = file;
    if (scan.source.images.size() != 1)
        return fail("amend.one_page", fmt::format("{} images", scan.source.images.size()), file);
    RECTO_ASSIGN(const Raster raster, shop.decode(scan.source, 0));
    const Limits limits{std::chrono::steady_clock::now() + std::chrono::minutes(5), {}};
    RECTO_ASSIGN(const auto treated,
                 shop.stages.treatment->make_worker()->run({scan.source, 0, raster, scan.source.images[0], limits}));
    if (!treated.separator.kind.empty()) return fail("amend.sheet", treated.separator.value, file);
    for (const PageTreatment& t : treated.pages) {
        Page page;
        page.treatment = t;
        page.page_class = t.blank ? PageClass::Blank : PageClass::Body;
        page.findings = scan.source.images[0].findings;
        page.findings.insert(page.findings.end(), treated.findings.begin(), treated.findings.end());
        page.findings.insert(page.findings.end(), t.findings.begin(), t.findings.end());
        scan.pages.push_back(std::move(page));
    }
    if (scan.pages.empty()) return fail("amend.one_page", "no page on it", file);
    return scan;
}

int next_serial(const Item& item) {
    int serial = 0;
    for (const Page& p : item.pages) serial = std::max(serial, p.serial);
    // Scans that were replaced had theirs too.
    for (const auto& e : item.edits) serial = std::max(serial, e.value("serial", 0));
    return serial + 1;
}

} // namespace

Result<std::size_t> find_page(const Item& item, const std::string& wanted) {
    std::string known;
    for (std::size_t i = 0; i < item.pages.size(); ++i) {
        const std::string id = item.pages[i].id.to_string();
        if (id == wanted || "urn:uuid:" + id == wanted || std::to_string(item.pages[i].order) == wanted) return i;
        if (i < 12) known += (known.empty() ? "" : ", ") + fmt::format("{} = {}", item.pages[i].order, id);
        else if (i == 12) known += ", …";
    }
    return fail("amend.no_page", wanted + " (" + known + ")", item.display_name());
}

Result<Outcome> replace_page(Workshop& shop, const Request& request, const std::string& wanted,
                             const std::string& file) {
    RECTO_ASSIGN(StoredItem stored, load_item(*shop.fs, shop.store, request.item));
    Item& item = stored.item;
    RECTO_ASSIGN(const std::size_t at, find_page(item, wanted));
    RECTO_ASSIGN(const std::string digest, shop.fs->digest(file, DigestAlgorithm::Sha512));
    for (std::size_t p = 0; p < item.pages.size(); ++p) {
        if (item.sources.at(static_cast<std::size_t>(item.pages[p].image.source)).sha512 != digest) continue;
        if (p != at) return fail("amend.same_scan", fmt::format("it is page {} already", item.pages[p].order), file);
        Outcome same = outcome_of(stored); // Asked for again, say after a death: it is done.
        same.already = true;
        same.pages.push_back(item.pages[at].id.to_string());
        same.findings = item.pages[at].findings;
        return same;
    }
    RECTO_ASSIGN(NewScan scan, treat(shop, file));
    Page& page = item.pages[at];
    std::size_t half = 0;
    if (scan.pages.size() > 1) { // A spread: the same half, when it was one before.
        while (half < scan.pages.size() && scan.pages[half].treatment.split != page.treatment.split) ++half;
        if (half == scan.pages.size()) return fail("amend.spread", fmt::format("{} pages", scan.pages.size()), file);
    }
    Staging staging(shop, item.id.to_string());
    RECTO_TRY(staging.make());
    RECTO_TRY(prepare(shop, stored, staging.path()));

    const Source& old = item.sources.at(static_cast<std::size_t>(page.image.source));
    nlohmann::json edit = edit_of("replace", shop, request);
    edit.update({{"page", page.id.to_string()},
                 {"name", scan.source.original_name},
                 {"sha512", scan.source.sha512},
                 {"old_name", old.original_name},
                 {"old_sha512", old.sha512},
                 {"old_image", page.image.index},
                 {"old_version", stored.state.head},
                 {"serial", next_serial(item)}});
    const Page& fresh = scan.pages[half];
    page.serial = edit["serial"];
    page.image.source = exchange_source(item, at, scan.source);
    page.image.index = 0;
    page.treatment = fresh.treatment;
    page.page_class = fresh.page_class;
    page.class_confidence = fresh.class_confidence;
    page.findings = fresh.findings;
    const std::string id = page.id.to_string();
    if (values_dropped(item.edits, id, image_of(item, page)))
        page.findings.push_back({"amend.values_dropped", Severity::Warning, {}, false, {}});
    RECTO_TRY(read_page(shop, item, page, staging.path()));
    RECTO_ASSIGN(Outcome out, commit(shop, stored, edit, staging.path()));
    out.pages.push_back(id);
    for (const Page& p : item.pages)
        if (p.id.to_string() == id) out.findings = p.findings;
    return out;
}

Result<Outcome> insert_page(Workshop& shop, const Request& request, const std::string& wanted, bool before,
                            const std::string& file) {
    RECTO_ASSIGN(StoredItem stored, load_item(*shop.fs, shop.store, request.item));
    Item& item = stored.item;
    std::size_t at = item.pages.size();
    if (!wanted.empty()) {
        RECTO_ASSIGN(const std::size_t beside, find_page(item, wanted));
        at = before ? beside : beside + 1;
    }
    RECTO_ASSIGN(const std::string digest, shop.fs->digest(file, DigestAlgorithm::Sha512));
    for (const Page& p : item.pages) {
        if (item.sources.at(static_cast<std::size_t>(p.image.source)).sha512 != digest) continue;
        const std::string id = p.id.to_string();
        const bool ours = std::any_of(item.edits.begin(), item.edits.end(), [&](const nlohmann::json& e) {
            return e.value("edit", "") == "insert" && e.value("page", "") == id;
        });
        if (!ours) return fail("amend.same_scan", fmt::format("it is page {} already", p.order), file);
        Outcome same = outcome_of(stored);
        same.already = true;
        same.pages.push_back(id);
        same.findings = p.findings;
        return same;
    }
    RECTO_ASSIGN(NewScan scan, treat(shop, file));
    Staging staging(shop, item.id.to_string());
    RECTO_TRY(staging.make());
    RECTO_TRY(prepare(shop, stored, staging.path()));
    const int serial = next_serial(item);
    item.sources.push_back(scan.source);
    const int source = static_cast<int>(item.sources.size()) - 1;
    std::vector<std::string> ids;
    nlohmann::json last;
    for (std::size_t k = 0; k < scan.pages.size(); ++k) {
        Page page = scan.pages[k];
        page.image = {source, 0};
        page.serial = serial;
        // The same scan put in after it was taken out (by a later replace) is another page: the version tells them apart.
        page.id = Uuid::from_name(
            item.id, fmt::format("insert\n{}\n0\n{}\n{}", scan.source.sha512, page.treatment.split, stored.state.head));
        ids.push_back(page.id.to_string());
        nlohmann::json edit = edit_of("insert", shop, request);
        edit.update({{"page", ids.back()},
                     {"name", scan.source.original_name},
                     {"sha512", scan.source.sha512},
                     {"serial", serial},
                     {"behind", at + k > 0 ? item.pages[at + k - 1].id.to_string() : ""}});
        item.pages.insert(item.pages.begin() + static_cast<std::ptrdiff_t>(at + k), std::move(page));
        if (k + 1 < scan.pages.size()) item.edits.push_back(edit);
        else last = std::move(edit);
    }
    number_order(item);
    for (std::size_t k = 0; k < scan.pages.size(); ++k)
        RECTO_TRY(read_page(shop, item, item.pages[at + k], staging.path()));
    RECTO_ASSIGN(Outcome out, commit(shop, stored, last, staging.path()));
    out.pages = ids;
    for (const Page& p : item.pages)
        if (std::find(ids.begin(), ids.end(), p.id.to_string()) != ids.end())
            out.findings.insert(out.findings.end(), p.findings.begin(), p.findings.end());
    return out;
}

Result<Outcome> release_item(Workshop& shop, const Request& request) {
    RECTO_ASSIGN(StoredItem stored, load_item(*shop.fs, shop.store, request.item));
    Item& item = stored.item;
    if (!item.held) {
        if (const auto* release = item.release(); release && release->value("who", "") == request.who) {
            Outcome same = outcome_of(stored);
            same.already = true;
            return same;
        }
        return fail("amend.not_held", "", item.display_name());
    }
    Staging staging(shop, item.id.to_string());
    RECTO_TRY(staging.make());
    RECTO_TRY(prepare(shop, stored, staging.path()));
    nlohmann::json edit = edit_of("release", shop, request);
    edit["content"] = item.content_digest();
    edit["reasons"] = item.hold_codes();
    edit["held_reason"] = item.held_reason;
    return commit(shop, stored, edit, staging.path());
}

Result<Outcome> correct_item(Workshop& shop, const Request& request, const std::vector<CorrectionRow>& rows,
                             std::vector<Refusal>& refused) {
    RECTO_ASSIGN(StoredItem stored, load_item(*shop.fs, shop.store, request.item));
    Item& item = stored.item;
    nlohmann::json lines = nlohmann::json::array();
    std::set<std::pair<std::string, std::string>> seen;
    std::set<std::string> people, pages;
    const auto refuse = [&](const CorrectionRow& row, const char* code, std::vector<std::string> args) {
        args.insert(args.begin(), std::to_string(row.row));
        refused.push_back({row.row, {code, Severity::Error, std::move(args), false, {}}});
    };
    for (const CorrectionRow& row : rows) {
        const auto at = find_page(item, row.page);
        if (!at) {
            refuse(row, "correct.no_page", {row.page});
            continue;
        }
        Page& page = item.pages[*at];
        const std::string id = page.id.to_string();
        if (!seen.insert({id, row.line}).second) {
            refuse(row, "correct.twice", {row.line});
            continue;
        }
        const std::string old_text = encode::clean_characters(row.old_text);
        const std::string new_text = row.take_out ? std::string() : encode::clean_characters(row.new_text);
        TextLine* line = find_line(page.text, row.line);
        const bool replaced = std::any_of(item.edits.begin(), item.edits.end(), [&](const nlohmann::json& e) {
            return e.value("edit", "") == "replace" && e.value("page", "") == id;
        });
        const char* gone = replaced ? "correct.replaced" : "correct.differs";
        if (TextBlock* place = line ? nullptr : find_unread(page.text, row.line); place && old_text.empty()) {
            const std::string written = row.take_out ? std::string() : clean_lines(row.new_text);
            if (written.empty()) continue; // There is no line to take out.
            lines.push_back(Correction{id, row.line, "", written, place->box});
            lines.back()["row"] = row.row;
            fill_place(*place, written);
            name_lines(page.text);
            people.insert(row.who);
            pages.insert(id);
            continue;
        }
        if (!line) {
            const auto written = std::ranges::find_if(page.text.blocks, [&](const TextBlock& b) {
                return old_text.empty() && !new_text.empty() && b.id == row.line;
            });
            if (written != page.text.blocks.end() && text_of_block(*written) == clean_lines(row.new_text)) continue;
            const auto done = corrections_of(item.edits, id);
            if (new_text.empty() && std::any_of(done.begin(), done.end(), [&](const Correction& c) {
                    return c.line == row.line && c.old_text == old_text && c.new_text.empty();
                }))
                continue;
            if (replaced) refuse(row, gone, {row.line, "–"});
            else refuse(row, "correct.no_line", {row.line});
            continue;
        }
        if (!new_text.empty() && line->text == new_text) continue; // Applied before.
        if (line->text != old_text) {
            refuse(row, gone, {row.line, line->text});
            continue;
        }
        lines.push_back(Correction{id, row.line, old_text, new_text, line->box});
        lines.back()["row"] = row.row;
        if (new_text.empty()) take_line_out(page.text, row.line);
        else set_line_text(*line, new_text);
        people.insert(row.who);
        pages.insert(id);
    }
    Outcome out = outcome_of(stored);
    if (!refused.empty()) return out;
    if (lines.empty()) {
        out.already = true;
        return out;
    }
    Staging staging(shop, item.id.to_string());
    RECTO_TRY(staging.make());
    RECTO_TRY(prepare(shop, stored, staging.path()));
    nlohmann::json edit = edit_of("correct", shop, request);
    std::string who;
    for (const auto& person : people) who += (who.empty() ? "" : ", ") + person;
    edit["who"] = who;
    edit["lines"] = lines;
    RECTO_ASSIGN(out, commit(shop, stored, edit, staging.path()));
    out.pages.assign(pages.begin(), pages.end());
    return out;
}

} // namespace recto::amend

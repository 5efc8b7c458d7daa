#include "amend/reread.h"

#include <algorithm>

#include "amend/stored_item.h"
#include "pipeline/core/digest.h"
#include "pipeline/files/codes.h"
#include "pipeline/files/image_out.h"
#include "stages/describe/lines.h"
#include "stages/encode/text_layer.h"

namespace recto::amend {
namespace {

/// Characters of a page that are compared; a newspaper has more, and would take seconds.
constexpr std::size_t kCompared = 20000;
/// A new line with this share of its area inside a corrected one is another reading of that line.
constexpr double kInside = 0.6;
/// A new line that covers this share of a corrected one and is not inside it says more than that line: the two cannot
/// stand side by side.
constexpr double kTouches = 0.3;

bool is_white(char c) { return c == ' ' || c == '\n' || c == '\t'; }

/// White space of any kind and length is one space: a table that is now written by rows says what it said by lines.
std::string as_one_line(const PageText& text) {
    std::string out;
    for (const char c : text.plain()) {
        if (!is_white(c)) out += c;
        else if (!out.empty() && out.back() != ' ') out += ' ';
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

std::string without_spaces(std::string text) {
    std::erase(text, ' ');
    return text;
}

double difference_of(const std::string& before, const std::string& after) {
    return 1 - similarity(without_spaces(before), without_spaces(after), kCompared);
}

std::size_t letters_in(const std::string& text) { return describe::characters_in(without_spaces(text)); }

ReadingFacts facts_of(const PageText& text) {
    return {text.engine, text.language, text.state, letters_in(as_one_line(text)), text.confidence};
}

nlohmann::json json_of(const ReadingFacts& f) {
    return {{"engine", f.engine},
            {"language", f.language},
            {"state", to_string(f.state)},
            {"characters", f.characters},
            {"confidence", f.confidence}};
}

double area(const Box& b) { return std::max(0.0, b.width) * std::max(0.0, b.height); }

double shared_area(const Box& a, const Box& b) {
    const double w = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
    const double h = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
    return w > 0 && h > 0 ? w * h : 0;
}

/// A line of the former text that a person wrote, or the place of one that a person took out.
struct PersonsLine {
    Box box;
    const TextLine* line = nullptr; ///< Null: taken out.
    const TextBlock* block = nullptr;
};

/// Corrections are found by place and text: names of lines change when a page is read again, places do not.
std::vector<PersonsLine> persons_lines(const PageText& text, const std::vector<Correction>& corrections) {
    std::vector<PersonsLine> out;
    for (const Correction& c : corrections) {
        if (c.new_text.empty()) {
            out.push_back({c.box});
            continue;
        }
        for (const TextBlock& block : text.blocks)
            for (const TextLine& line : block.lines) {
                if (line.text != c.new_text || shared_area(line.box, c.box) < 0.5 * area(c.box)) continue;
                const bool known = std::ranges::any_of(out, [&](const PersonsLine& p) { return p.line == &line; });
                if (!known) out.push_back({line.box, &line, &block});
            }
    }
    // A line that was taken out and one that was corrected later at the same place: the later word counts.
    std::erase_if(out, [&](const PersonsLine& gone) {
        return !gone.line && std::ranges::any_of(out, [&](const PersonsLine& p) {
            return p.line && shared_area(p.box, gone.box) > kTouches * area(gone.box);
        });
    });
    return out;
}

/// The block and place in it where a line belongs that no new line stands for: in the block around it, else in one of its
/// own before the first that begins below it.
void insert_line(PageText& text, const PersonsLine& persons) {
    TextLine line = *persons.line;
    line.id.clear();
    line.cell = -1;
    const Point middle{line.box.x + line.box.width / 2, line.box.y + line.box.height / 2};
    for (TextBlock& block : text.blocks) {
        if (block.lines.empty() || !block.cells.empty()) continue;
        const Box& b = block.box;
        if (middle.x < b.x || middle.x > b.x + b.width || middle.y < b.y || middle.y > b.y + b.height) continue;
        // Vertical lines follow each other from right to left.
        const auto before = [&](const TextLine& l) {
            return line.vertical ? l.box.x > line.box.x : l.box.y < line.box.y;
        };
        const auto at = std::ranges::find_if_not(block.lines, before);
        block.lines.insert(at, std::move(line));
        return;
    }
    TextBlock block;
    block.kind = persons.block->kind;
    block.role = persons.block->role;
    block.box = line.box;
    const auto at = std::ranges::find_if(text.blocks, [&](const TextBlock& b) {
        return !b.lines.empty() && (line.vertical ? b.box.x + b.box.width < line.box.x : b.box.y > line.box.y);
    });
    block.lines.push_back(std::move(line));
    text.blocks.insert(at, std::move(block));
}

/// True when the person's line is in the new text, or gone from it, as the person wants it.
bool put_in(PageText& text, const PersonsLine& persons) {
    for (const TextBlock& block : text.blocks)
        for (const TextLine& line : block.lines) {
            const double both = shared_area(line.box, persons.box);
            if (both > kTouches * area(persons.box) && both < kInside * area(line.box)) return false;
        }
    bool placed = persons.line == nullptr;
    for (TextBlock& block : text.blocks)
        for (auto line = block.lines.begin(); line != block.lines.end();) {
            if (shared_area(line->box, persons.box) < kInside * area(line->box)) {
                ++line;
                continue;
            }
            if (placed) {
                line = block.lines.erase(line);
                continue;
            }
            const int cell = line->cell;
            *line = *persons.line;
            line->id.clear();
            line->cell = cell;
            placed = true;
            ++line;
        }
    // Pictures and seals have no lines; a block of text that lost its last one is none.
    std::erase_if(text.blocks, [](const TextBlock& b) {
        return b.lines.empty() && (b.kind == BlockKind::Text || b.kind == BlockKind::Table);
    });
    if (!placed) insert_line(text, persons);
    return true;
}

} // namespace

std::string_view to_string(RereadFate fate) {
    switch (fate) {
    case RereadFate::Unchanged: return "unchanged";
    case RereadFate::Changed: return "changed";
    case RereadFate::Kept: return "kept";
    case RereadFate::Failed: return "failed";
    }
    return "";
}

void to_json(nlohmann::json& j, const RereadPage& p) {
    j = {{"page", p.page},
         {"order", p.order},
         {"outcome", to_string(p.fate)},
         {"before", json_of(p.before)},
         {"after", p.error ? nlohmann::json() : json_of(p.after)},
         {"difference", p.difference},
         {"lines_kept", p.lines_kept}};
    if (!p.why.empty()) j["why"] = p.why;
    if (p.error) j["error"] = {{"code", p.error->code}, {"reason", p.error->reason}};
}

std::vector<std::size_t> pages_to_reread(const Item& item, bool only_missing) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < item.pages.size(); ++i) {
        const Page& page = item.pages[i];
        // Without a treatment there is no page image, and giving it one is another command's work.
        if (page.treatment.blank || page.treatment.transform.width() <= 0 || page.image.source < 0) continue;
        const bool missing = page.error || page.text.width <= 0 || page.text.state == ReadState::NotMachineReadable;
        if (!only_missing || missing) out.push_back(i);
    }
    return out;
}

std::string reread_key(const Item& item, const Page& page, const Stage& reading, const Settings& settings) {
    KeyBuilder key;
    key.add("reread").add(item.sources.at(static_cast<std::size_t>(page.image.source)).sha512);
    key.add(std::to_string(page.image.index)).add(nlohmann::json(page.treatment).dump());
    key.add(std::to_string(reading.info().version)).add(settings.fingerprint(reading.info().settings));
    key.add(reading.data_fingerprint());
    return key.finish();
}

Result<PageReading> reread_page(const Item& item, const Page& page, PageWorker& reading,
                                const std::function<Result<Raster>(const Source& source, int index)>& decode,
                                const std::string& folder, const Limits& limits) {
    try {
        const LargerPage at_scale = [&](double scale) -> Result<Raster> {
            RECTO_ASSIGN(const Raster scan,
                         decode(item.sources.at(static_cast<std::size_t>(page.image.source)), page.image.index));
            return render_page(scan, page.treatment, scale);
        };
        RECTO_ASSIGN(const Raster image, at_scale(1));
        const std::map<std::string, nlohmann::json> none;
        RECTO_ASSIGN(const nlohmann::json result, reading.run({item, page, image, folder, none, limits, at_scale}));
        return result.get<PageReading>();
    } catch (const std::exception& e) {
        return fail("read.engine", e.what(), item.display_name(), page.image.index + 1);
    }
}

RereadPage take_reading(Page& page, const nlohmann::json& edits, PageReading read) {
    PageText& reading = read.text;
    RereadPage row;
    row.page = page.id.to_string();
    row.order = page.order;
    const PageText before = encode::clean_text(page.text);
    row.before = facts_of(before);
    row.after = facts_of(encode::clean_text(reading));
    const std::string old_text = as_one_line(before);
    if (!old_text.empty() && row.after.characters == 0) {
        row.fate = RereadFate::Kept;
        row.why = "reread.no_text";
        row.difference = 1;
        return row;
    }
    for (const PersonsLine& persons : persons_lines(before, corrections_of(edits, row.page))) {
        if (put_in(reading, persons)) {
            row.lines_kept += persons.line ? 1 : 0;
            continue;
        }
        row.fate = RereadFate::Kept;
        row.why = "reread.corrected";
        row.lines_kept = 0;
        row.difference = difference_of(old_text, as_one_line(encode::clean_text(reading)));
        return row;
    }
    const std::string new_text = as_one_line(encode::clean_text(reading));
    row.after.characters = letters_in(new_text);
    row.difference = difference_of(old_text, new_text);
    const bool never_read = page.error || page.text.width <= 0;
    if (new_text == old_text && page.text.state == reading.state && !never_read) return row;
    row.fate = RereadFate::Changed;
    std::erase_if(page.findings, [](const Finding& f) { return f.code.starts_with("read."); });
    page.findings.insert(page.findings.end(), read.findings.begin(), read.findings.end());
    take_text(page, std::move(reading));
    return row;
}

Result<Outcome> put_readings(Workshop& shop, const Request& request, StoredItem& stored,
                             std::vector<std::pair<std::size_t, Result<PageReading>>> readings,
                             std::vector<RereadPage>& report) {
    Item& item = stored.item;
    std::ranges::sort(readings, {}, [](const auto& r) { return r.first; });
    std::vector<std::size_t> failed_before;
    std::vector<RereadPage> rows;
    for (auto& [at, reading] : readings) {
        Page& page = item.pages.at(at);
        if (!reading) {
            RereadPage row;
            row.page = page.id.to_string();
            row.order = page.order;
            row.fate = RereadFate::Failed;
            row.before = facts_of(page.text);
            row.error = reading.error();
            rows.push_back(std::move(row));
            continue;
        }
        rows.push_back(take_reading(page, item.edits, std::move(*reading)));
        if (page.error && rows.back().fate == RereadFate::Changed) failed_before.push_back(at);
    }
    report.insert(report.end(), rows.begin(), rows.end());
    nlohmann::json pages = nlohmann::json::array();
    std::string engine, language;
    for (const RereadPage& row : rows) {
        if (row.fate != RereadFate::Changed) continue;
        pages.push_back(row);
        engine = row.after.engine;
        language = row.after.language;
    }
    Outcome out = outcome_of(stored);
    if (pages.empty()) {
        out.already = true;
        return out;
    }
    Staging staging(shop, item.id.to_string());
    RECTO_TRY(staging.make());
    RECTO_TRY(prepare(shop, stored, staging.path()));
    // A page that failed has no images yet, only its words: it goes the whole way.
    for (const std::size_t at : failed_before) {
        std::erase_if(item.pages[at].findings, [](const Finding& f) { return f.code.starts_with("read."); });
        RECTO_TRY(read_page(shop, item, item.pages[at], staging.path()));
    }
    nlohmann::json edit = edit_of("ocr", shop, request);
    edit["engine"] = engine;
    edit["language"] = language;
    edit["pages"] = pages;
    edit["settings"] = nlohmann::json::object();
    for (const auto& stage : shop.stages.pages) {
        if (stage->info().name != "reading") continue;
        for (const SettingBase* s : stage->info().settings)
            if (shop.settings.is_set(*s))
                edit["settings"][std::string(s->key)] = recto::to_string(shop.settings.value_of(*s));
        edit["models"] = stage->data_fingerprint();
    }
    RECTO_ASSIGN(out, commit(shop, stored, edit, staging.path()));
    for (const auto& row : pages) out.pages.push_back(row.at("page").get<std::string>());
    for (const Page& page : item.pages)
        if (std::ranges::find(out.pages, page.id.to_string()) != out.pages.end())
            out.findings.insert(out.findings.end(), page.findings.begin(), page.findings.end());
    return out;
}

} // namespace recto::amend

// recto replace, insert, release, correct: changes to stored items.

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "amend/amend.h"
#include "cli/archive_access.h"
#include "cli/cli.h"
#include "cli/provenance.h"
#include "cli/run_store.h"
#include "pipeline/files/csv.h"
#include "pipeline/files/decode.h"
#include "stages/intake/intake.h"
#include "stages/registry.h"

namespace recto::cli {
namespace {

struct AmendArguments {
    std::string archive, item, page, file, who, reason;
    bool before = false, json = false, sheet = false;
    CaptureFacts capture;
    SettingsOptions settings;
};

std::string user() {
    const passwd* p = getpwuid(getuid());
    return p && p->pw_name ? p->pw_name : "unknown";
}

/// An archive opened for changing one of its items: everything amend::Workshop refers to.
class OpenWorkshop {
  public:
    /// `scans`: a scan comes in, so treatment and page stages are opened too.
    static Result<std::unique_ptr<OpenWorkshop>> open(const AmendArguments& a, const std::string& what, bool scans) {
        std::unique_ptr<OpenWorkshop> w(new OpenWorkshop);
        auto fs = posix_file_system();
        SettingsOptions chosen = a.settings;
        if (chosen.profile.empty())
            if (const auto config = look_at_archive(a.archive)) chosen.profile = config->profile;
        RECTO_ASSIGN(w->settings_, chosen.load());
        RECTO_ASSIGN(w->archive_, open_archive(a.archive, nullptr, what));
        const ArchivePaths& paths = w->archive_->paths;
        RECTO_ASSIGN(w->catalogue_, RunStore::open(*w->archive_, "", "", w->settings_));
        w->stages_ = make_stages();
        const StageContext context{&w->settings_, 1, model_folder()};
        if (scans) {
            RECTO_TRY(w->stages_.treatment->open(context));
            for (auto& s : w->stages_.pages) RECTO_TRY(s->open(context));
        }
        for (auto& s : w->stages_.items) RECTO_TRY(s->open(context));
        w->store_ = std::make_unique<OcflStore>(fs, paths.storage());
        RECTO_TRY(w->store_->open());
        RECTO_TRY(w->store_->recover());
        RECTO_ASSIGN(w->index_, read_index(*fs, paths));
        RECTO_TRY(w->catalogue_->begin(what)); // behind until the new version is in it
        w->begun_ = true;
        w->decoder_ = std::make_unique<Decoder>(program_path(), 2);
        w->clock_ = default_clock();
        OpenWorkshop* self = w.get();
        w->shop_ = std::make_unique<amend::Workshop>(amend::Workshop{
            fs, *w->store_, w->stages_, w->settings_, w->catalogue_->view(), *w->clock_, paths.work,
            make_provenance(w->settings_, w->stages_, w->archive_->identity),
            [self, fs, capture = a.capture](const std::string& path) {
                intake::TakeOptions options;
                options.overrides = capture;
                return intake::take_source(path, *self->decoder_, *fs, options);
            },
            [self](const Source& source, int index) { return self->decoder_->decode(source.path, index); }});
        return w;
    }

    amend::Workshop& shop() { return *shop_; }
    FileSystem& fs() { return *shop_->fs; }
    ~OpenWorkshop() {
        // Whatever was changed is in it by now; an error leaves it behind, and the next command puts it right.
        if (begun_)
            if (auto ended = catalogue_->end(); !ended) (void)report_error(ended.error());
    }
    OpenWorkshop(const OpenWorkshop&) = delete;
    OpenWorkshop& operator=(const OpenWorkshop&) = delete;

    /// UUID of an item called by 档号 or UUID; "amend.no_item", also when two items have that 档号.
    Result<std::string> find(const std::string& wanted) const {
        std::string found;
        for (const auto& row : index_) {
            if (row.id != wanted && row.reference_code != wanted && "urn:uuid:" + row.id != wanted) continue;
            if (!found.empty())
                return fail("amend.no_item", "several items are called so: " + found + ", " + row.id, wanted);
            found = row.id;
        }
        if (!found.empty()) return found;
        // The index is for people and may be old: an id is looked up in storage itself.
        if (const auto state = store_->state("urn:uuid:" + wanted); state && state->head > 0) return wanted;
        return fail("amend.no_item", wanted, archive_->paths.root);
    }

    /// Index and event log follow a new version. What fails here is told; the version stands.
    void record(const char* event, const amend::Outcome& out, nlohmann::json details) {
        auto row =
            IndexRow{out.name, out.id, "storage/" + out.object_path, out.held ? "held" : "stored", out.counted_pages};
        if (auto done = update_index(fs(), archive_->paths, {row}); !done) (void)report_error(done.error());
        catalogue_->take(out.id);
        if (out.already) return;
        details.update({{"id", out.id}, {"version", out.version}, {"agent", agent()}});
        if (auto done = archive_->events->append(event, details); !done) (void)report_error(done.error());
    }

  private:
    OpenWorkshop() = default;
    Settings settings_;
    StageList stages_;
    std::unique_ptr<OpenArchive> archive_;
    std::unique_ptr<RunStore> catalogue_;
    std::unique_ptr<OcflStore> store_;
    std::vector<IndexRow> index_;
    std::unique_ptr<Decoder> decoder_;
    std::shared_ptr<const Clock> clock_;
    std::unique_ptr<amend::Workshop> shop_;
    bool begun_ = false;
};

nlohmann::json outcome_json(const amend::Outcome& out) {
    return {{"schema", 1},           {"id", out.id},         {"name", out.name},   {"version", out.version},
            {"held", out.held},      {"reason", out.reason}, {"pages", out.pages}, {"findings", out.findings},
            {"already", out.already}};
}

void tell(const amend::Outcome& out) {
    for (const Finding& f : out.findings)
        if (f.severity >= Severity::Warning)
            std::fprintf(stderr, "  %s\n", (ui_language() == Language::Chinese ? f.chinese() : f.english()).c_str());
    if (out.held) std::fprintf(stderr, "  %s\n", tr("cli.amend.still_held", out.name, out.reason).c_str());
}

enum class Change { Replace, Insert, Release };

int amend_item(const AmendArguments& a, Change change) {
    const char* name = change == Change::Replace ? "replace" : change == Change::Insert ? "insert" : "release";
    auto workshop = OpenWorkshop::open(a, std::string("recto ") + name, change != Change::Release);
    if (!workshop) return report_error(workshop.error());
    const auto id = (*workshop)->find(a.item);
    if (!id) return report_error(id.error());
    amend::Request request{*id, a.who, a.reason, a.sheet};
    if (request.who.empty()) request.who = a.capture.operator_name.empty() ? user() : a.capture.operator_name;
    const std::string file = a.file.empty() ? a.file : intake::absolute_path(a.file);
    auto out = change == Change::Replace  ? amend::replace_page((*workshop)->shop(), request, a.page, file)
               : change == Change::Insert ? amend::insert_page((*workshop)->shop(), request, a.page, a.before, file)
                                          : amend::release_item((*workshop)->shop(), request);
    if (!out) return report_error(out.error());
    (*workshop)->record(name, *out, {{"pages", out->pages}});
    const std::string page = out->pages.empty() ? "" : out->pages.front();
    const std::string row = std::string("cli.") + name + (out->already ? ".already" : ".done");
    if (change == Change::Release) std::fprintf(stderr, "%s\n", tr(row, out->name, out->version).c_str());
    else std::fprintf(stderr, "%s\n", tr(row, out->name, page, out->version).c_str());
    tell(*out);
    if (a.json)
        std::printf("%s\n", outcome_json(*out).dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return kDone;
}

// ---- correct -------------------------------------------------------------------------------------------------------

/// Which cell is which column; -1 where there is none.
struct Columns {
    int item = -1, page = -1, line = -1, old_text = -1, new_text = -1, who = -1;
};

Result<Columns> find_columns(const std::vector<std::string>& heading, const std::string& file) {
    Columns c;
    const auto has = [](const std::string& cell, std::initializer_list<std::string_view> words) {
        std::string lower = cell;
        std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char x) {
            return x < 128 ? static_cast<char>(std::tolower(x)) : static_cast<char>(x);
        });
        return std::any_of(words.begin(), words.end(), [&](auto w) { return lower.find(w) != std::string::npos; });
    };
    for (int i = 0; i < static_cast<int>(heading.size()); ++i) {
        const std::string& cell = heading[static_cast<std::size_t>(i)];
        if (c.page < 0 && has(cell, {"page id", "page_id", "页标识"})) c.page = i;
        else if (c.line < 0 && has(cell, {"line id", "line_id", "行标识"})) c.line = i;
        else if (c.old_text < 0 && has(cell, {"old text", "old_text", "原文"})) c.old_text = i;
        else if (c.new_text < 0 && has(cell, {"new text", "new_text", "改为"})) c.new_text = i;
        else if (c.who < 0 && has(cell, {"who", "修改人"})) c.who = i;
        else if (c.item < 0 && has(cell, {"item", "件", "档号"})) c.item = i;
    }
    const std::pair<int, const char*> needed[] = {
        {c.item, "item"}, {c.page, "page id"}, {c.line, "line id"}, {c.old_text, "old text"}, {c.new_text, "new text"}};
    for (const auto& [at, name] : needed)
        if (at < 0) return fail("correct.columns", name, file);
    return c;
}

int correct(const AmendArguments& a) {
    auto fs = posix_file_system();
    const auto bytes = fs->read(a.file);
    if (!bytes) return report_error(bytes.error());
    const auto table = read_csv(*bytes, a.file);
    if (!table) return report_error(table.error());
    if (table->rows.empty()) return report_error(fail("correct.columns", "item", a.file).value());
    const auto columns = find_columns(table->rows.front().cells, a.file);
    if (!columns) return report_error(columns.error());
    auto workshop = OpenWorkshop::open(a, "recto correct", false);
    if (!workshop) return report_error(workshop.error());

    std::vector<amend::Refusal> refused;
    int empty = 0, applied = 0, items = 0;
    std::vector<std::string> order;
    std::map<std::string, std::vector<amend::CorrectionRow>> by_item;
    std::map<std::string, std::vector<amend::Refusal>> bad; // rows that are refused before the item is looked at
    for (std::size_t r = 1; r < table->rows.size(); ++r) {
        const auto& row = table->rows[r];
        const auto cell = [&](int at) {
            return at >= 0 && at < static_cast<int>(row.cells.size()) ? row.cells[static_cast<std::size_t>(at)]
                                                                      : std::string();
        };
        const std::string number = std::to_string(row.row), wanted = cell(columns->item), to = cell(columns->new_text);
        if (to.empty() && row.problem.empty()) {
            ++empty;
            continue;
        }
        const auto id = (*workshop)->find(wanted);
        if (!id) {
            refused.push_back({row.row, {"correct.no_item", Severity::Error, {number, wanted}, false, {}}});
            continue;
        }
        if (std::find(order.begin(), order.end(), *id) == order.end()) order.push_back(*id);
        amend::CorrectionRow c{row.row,
                               cell(columns->page),
                               cell(columns->line),
                               cell(columns->old_text),
                               to,
                               to == "[delete]" || to == "[删除]",
                               cell(columns->who)};
        if (c.who.empty()) c.who = a.who;
        if (!row.problem.empty())
            bad[*id].push_back({row.row, {"correct.bad_row", Severity::Error, {number}, false, {}}});
        else if (c.who.empty()) bad[*id].push_back({row.row, {"correct.no_who", Severity::Error, {number}, false, {}}});
        by_item[*id].push_back(std::move(c));
    }
    nlohmann::json results = nlohmann::json::array();
    for (const std::string& id : order) {
        std::vector<amend::Refusal> why = bad[id];
        auto& rows = by_item[id];
        if (!why.empty()) {
            const auto good = rows.size() - why.size();
            if (good > 0) std::fprintf(stderr, "%s\n", tr("correct.with_others", id, std::to_string(good)).c_str());
            refused.insert(refused.end(), why.begin(), why.end());
            continue;
        }
        const auto out = amend::correct_item((*workshop)->shop(), {id, a.who, a.reason, false}, rows, why);
        if (!out) return report_error(out.error()); // What was applied before stays; the file can be given again.
        refused.insert(refused.end(), why.begin(), why.end());
        if (!why.empty()) {
            if (rows.size() > why.size())
                std::fprintf(stderr, "%s\n",
                             tr("correct.with_others", out->name, std::to_string(rows.size() - why.size())).c_str());
            continue;
        }
        (*workshop)->record("correct", *out, {{"pages", out->pages}, {"lines", rows.size()}});
        applied += static_cast<int>(rows.size());
        ++items;
        if (out->already) std::fprintf(stderr, "%s\n", tr("correct.already", out->name).c_str());
        else
            std::fprintf(stderr, "%s\n",
                         tr("correct.applied", out->name, std::to_string(rows.size()), out->version).c_str());
        results.push_back(outcome_json(*out));
    }
    std::stable_sort(refused.begin(), refused.end(), [](const auto& x, const auto& y) { return x.row < y.row; });
    nlohmann::json refusals = nlohmann::json::array();
    for (const auto& r : refused) {
        std::fprintf(stderr, "recto: %s: %s\n", a.file.c_str(),
                     (ui_language() == Language::Chinese ? r.why.chinese() : r.why.english()).c_str());
        refusals.push_back({{"row", r.row}, {"code", r.why.code}, {"message", r.why.english()}, {"args", r.why.args}});
    }
    std::fprintf(stderr, "%s\n",
                 tr("correct.done", std::to_string(applied), std::to_string(items), std::to_string(refused.size()),
                    std::to_string(empty))
                     .c_str());
    if (a.json)
        std::printf("%s\n",
                    nlohmann::json{{"schema", 1}, {"items", results}, {"refused", refusals}, {"not_filled_in", empty}}
                        .dump(1, ' ', false, nlohmann::json::error_handler_t::replace)
                        .c_str());
    return refused.empty() ? kDone : kSomeFailed;
}

void add_capture(CLI::App& command, AmendArguments& a) {
    command.add_option("--operator", a.capture.operator_name, tr("cli.run.operator"));
    command.add_option("--device", a.capture.device, tr("cli.run.device"));
    command.add_option("--station", a.capture.station, tr("cli.run.station"));
    command.add_flag("--by-sheet", a.sheet, "")->group(""); // what `recto watch` says of a routed page
}

} // namespace

void add_replace(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("replace", tr("cli.replace"));
    auto a = std::make_shared<AmendArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("ITEM", a->item, tr("cli.amend.item"))->required();
    command->add_option("--page", a->page, tr("cli.replace.page"))->required();
    command->add_option("FILE", a->file, tr("cli.amend.file"))->required();
    command->add_option("--who", a->who, tr("cli.amend.who"));
    command->add_option("--reason", a->reason, tr("cli.amend.reason"));
    add_capture(*command, *a);
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return amend_item(*a, Change::Replace); }; });
}

void add_insert(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("insert", tr("cli.insert"));
    auto a = std::make_shared<AmendArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("ITEM", a->item, tr("cli.amend.item"))->required();
    command->add_option("--page", a->page, tr("cli.insert.page"));
    auto* before = command->add_flag("--before", a->before, tr("cli.insert.before"));
    command->add_flag_function("--after", [](std::int64_t) {}, tr("cli.insert.after"))->excludes(before);
    command->add_option("FILE", a->file, tr("cli.amend.file"))->required();
    command->add_option("--who", a->who, tr("cli.amend.who"));
    command->add_option("--reason", a->reason, tr("cli.amend.reason"));
    add_capture(*command, *a);
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return amend_item(*a, Change::Insert); }; });
}

void add_release(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("release", tr("cli.release"));
    auto a = std::make_shared<AmendArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("ITEM", a->item, tr("cli.amend.item"))->required();
    command->add_option("--who", a->who, tr("cli.amend.who"))->required();
    command->add_option("--reason", a->reason, tr("cli.amend.reason"))->required();
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return amend_item(*a, Change::Release); }; });
}

void add_correct(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("correct", tr("cli.correct"));
    auto a = std::make_shared<AmendArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("FILE", a->file, tr("cli.correct.file"))->required();
    command->add_option("--who", a->who, tr("cli.amend.who"));
    command->add_option("--reason", a->reason, tr("cli.amend.reason"));
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return correct(*a); }; });
}

} // namespace recto::cli

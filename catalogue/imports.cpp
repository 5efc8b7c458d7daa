#include "catalogue/imports.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "catalogue/catalogue.h"
#include "pipeline/core/digest.h"
#include "pipeline/files/codes.h"
#include "pipeline/files/names.h"

namespace recto::catalogue {

namespace {

using Json = nlohmann::json;
constexpr int kSchema = 1;

std::string text_of(const Json& j, int indent = -1) {
    return j.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// How a sheet is read, as import.json keeps it.
Json mapping_json(const SheetPlan& sheet) {
    Json columns = Json::array();
    for (const Column& c : sheet.mapping.columns) {
        Json column = {{"heading", c.heading}, {"id", c.id}};
        if (c.by == "double" || c.by == "left-out") column["by"] = c.by;
        columns.push_back(std::move(column));
    }
    Json out = {{"sheet", sheet.name},
                {"heading", sheet.mapping.heading},
                {"heading_rows", sheet.mapping.heading_rows},
                {"level", sheet.mapping.level},
                {"signature", sheet.mapping.signature},
                {"columns", columns}};
    if (!sheet.mapping.compose.empty()) out["compose"] = sheet.mapping.compose;
    return out;
}

SheetMapping mapping_from(const Json& j) {
    SheetMapping m;
    j.at("heading").get_to(m.heading);
    j.at("heading_rows").get_to(m.heading_rows);
    j.at("level").get_to(m.level);
    m.compose = j.value("compose", "");
    j.at("signature").get_to(m.signature);
    for (const Json& c : j.at("columns")) m.columns.push_back({c.at("heading"), c.at("id"), c.value("by", "kept")});
    return m;
}

Json mappings_json(const ImportPlan& plan) {
    Json out = Json::array();
    for (const SheetPlan& s : plan.sheets)
        if (s.mapped) out.push_back(mapping_json(s));
    return out;
}

/// The rows of a mapped workbook against each other and against what the store has.
Result<void> judge(Store& store, const Workbook& book, const Settings& settings, bool update, ImportPlan& plan) {
    std::vector<ReadRow> read;
    for (std::size_t s = 0; s < book.sheets.size(); ++s) {
        SheetPlan& sheet = plan.sheets[s];
        if (!sheet.mapped) continue;
        read_rows(book.sheets[s], sheet.mapping, settings, [&](ReadRow&& row) {
            ++sheet.rows;
            read.push_back(std::move(row));
        });
    }
    std::vector<std::string> codes;
    codes.reserve(read.size());
    for (const ReadRow& row : read)
        if (!row.refused) codes.push_back(fold_code(row.entry.code));
    RECTO_ASSIGN(auto known, store.inventory_rows(codes));
    RECTO_ASSIGN(const auto imports, store.imports());
    std::map<int, std::string> files;
    for (const ImportRecord& r : imports) files[r.id] = r.file;

    std::unordered_map<std::string, std::size_t> here; // index into plan.changes
    plan.rows.reserve(read.size());
    for (ReadRow& row : read) {
        ImportedRow out;
        out.entry = std::move(row.entry);
        out.remarks = std::move(row.remarks);
        if (row.refused) {
            out.state = RowState::Refused;
            plan.rows.push_back(std::move(out));
            continue;
        }
        const std::string folded = fold_code(out.entry.code);
        const auto merge_into = [&](Entry& earlier) {
            Remark remark = merge_remark(out.entry, earlier);
            out.state = remark.refused ? RowState::Refused : RowState::Merged;
            out.remarks.push_back(std::move(remark));
        };
        if (const auto same = here.find(folded); same != here.end()) {
            merge_into(plan.changes[same->second].entry);
        } else if (const auto old = known.find(folded); old != known.end()) {
            Store::InventoryRow now = old->second;
            if (update) {
                for (const auto& [id, value] : out.entry.fields) now.entry.fields[id] = value;
                now.entry.code = out.entry.code;
                const bool changed =
                    now.entry.fields != old->second.entry.fields || now.entry.code != old->second.entry.code;
                out.state = changed ? RowState::Updated : RowState::Merged;
                if (changed) {
                    now.entry.level = out.entry.level;
                    now.entry.sheet = out.entry.sheet;
                    now.entry.row = out.entry.row;
                    now.import_id = 0;
                }
                // Also a row that changes nothing is this file's now: a second one in it must agree.
                here[folded] = plan.changes.size();
                plan.changes.push_back(std::move(now));
            } else {
                // Where the earlier row stands is said with its file.
                const std::string sheet = now.entry.sheet;
                const auto file = files.find(now.import_id);
                now.entry.sheet = (file == files.end() ? "" : file->second) + (sheet.empty() ? "" : " ") + sheet;
                merge_into(now.entry);
                now.entry.sheet = sheet;
                if (out.state == RowState::Merged && now.entry.fields != old->second.entry.fields) {
                    old->second = now; // a third row is compared with the merged one
                    here[folded] = plan.changes.size();
                    plan.changes.push_back(std::move(now));
                }
            }
        } else {
            out.state = RowState::Imported;
            here[folded] = plan.changes.size();
            plan.changes.push_back({out.entry, 0});
        }
        plan.rows.push_back(std::move(out));
    }
    for (const ImportedRow& row : plan.rows)
        ++(row.state == RowState::Imported  ? plan.imported
           : row.state == RowState::Merged  ? plan.merged
           : row.state == RowState::Updated ? plan.updated
                                            : plan.refused);
    return {};
}

struct Kept {
    ImportRecord record;
    std::string sheet_file, required;
    Json sheets;
};

Result<Kept> read_kept(FileSystem& fs, const std::string& folder, const std::string& name) {
    const std::string path = join_path(join_path(folder, name), "import.json");
    RECTO_ASSIGN(const std::string text, fs.read(path));
    try {
        const Json j = Json::parse(text);
        const int schema = j.at("schema").get<int>();
        if (schema > kSchema)
            return fail(
                "catalogue.newer_format",
                fmt::format("schema {} was written by a newer Recto; this one knows schema {}", schema, kSchema), path);
        Kept k;
        k.record = {j.at("id"),       name,           j.at("file"),     j.at("key"),
                    j.at("imported"), j.at("update"), j.at("operator"), j.at("agent")};
        j.at("sheet_file").get_to(k.sheet_file);
        j.at("required").get_to(k.required);
        k.sheets = j.at("sheets");
        return k;
    } catch (const std::exception& e) { return fail("catalogue.kept", e.what(), path); }
}

/// Folders of kept imports, oldest first; what a death left half made goes.
Result<std::vector<std::string>> kept_folders(FileSystem& fs, const std::string& folder) {
    std::vector<std::string> out;
    RECTO_ASSIGN(const auto stat, fs.stat(folder));
    if (!stat.exists) return out;
    RECTO_ASSIGN(const auto names, fs.list(folder));
    for (const auto& n : names) {
        if (n.starts_with(".new-")) RECTO_TRY(fs.remove_tree(join_path(folder, n)));
        else if (!n.empty() && n.find_first_not_of("0123456789") == std::string::npos) out.push_back(n);
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return natural_less(a, b); });
    return out;
}

Result<ImportPlan> replan(Store& store, FileSystem& fs, const std::string& folder, const Kept& kept) {
    const std::string path = join_path(join_path(folder, kept.record.folder), kept.sheet_file);
    RECTO_ASSIGN(const std::string bytes, fs.read(path));
    RECTO_ASSIGN(const Workbook book, read_workbook(bytes, path));
    ImportPlan plan;
    plan.file = kept.record.file;
    plan.format = book.format;
    plan.encoding = book.encoding;
    plan.id = kept.record.id;
    try {
        for (const Sheet& sheet : book.sheets) {
            SheetPlan& s = plan.sheets.emplace_back();
            s.name = sheet.name;
            for (const Json& j : kept.sheets) {
                if (j.at("sheet") != sheet.name) continue;
                s.mapped = true;
                s.mapping = mapping_from(j);
                if (s.mapping.heading < sheet.rows.size()) s.heading_row = sheet.rows[s.mapping.heading].row;
            }
        }
    } catch (const std::exception& e) { return fail("catalogue.kept", e.what(), path); }
    plan.key = kept.record.digest;
    Settings settings;
    settings.set(kRequired, kept.required);
    RECTO_TRY(judge(store, book, settings, kept.record.updates, plan));
    return plan;
}

Result<void> apply(Store& store, const ImportRecord& record, ImportPlan& plan) {
    for (auto& row : plan.changes)
        if (row.import_id == 0) row.import_id = record.id;
    return store.database().transaction([&]() -> Result<void> {
        RECTO_TRY(store.put_import(record, plan.rows));
        RECTO_TRY(store.put_inventory(plan.changes));
        for (const SheetPlan& s : plan.sheets) {
            if (!s.mapped) continue;
            HeadingMap headings;
            for (const Column& c : s.mapping.columns) {
                if (c.heading.empty() || c.by == "double" || c.by == "unknown") continue;
                if (c.by == "left-out" || field_of_heading(c.heading) != c.id) headings[c.heading] = c.id;
            }
            // A form whose headings say it all needs no memory.
            if (!headings.empty()) RECTO_TRY(store.save_mapping(s.mapping.signature, headings, record.imported));
        }
        return {};
    });
}

} // namespace

Result<ImportPlan> plan_import(Store& store, std::string_view bytes, const std::string& file, const Settings& settings,
                               const ImportOptions& options) {
    RECTO_ASSIGN(const Workbook book, read_workbook(bytes, file));
    MappingOptions how;
    RECTO_ASSIGN(how.given, parse_heading_map(settings.get(kColumns)));
    const auto fields = known_fields();
    for (const auto& [heading, id] : options.given) {
        if (!id.empty() && std::find(fields.begin(), fields.end(), id) == fields.end()) {
            std::string all;
            for (const auto& f : fields) all += (all.empty() ? "" : ", ") + f;
            return fail("catalogue.unknown_field", heading + "=" + id + "; known: " + all);
        }
        how.given[heading] = id;
    }
    how.level = options.level;
    how.compose = settings.get(kCompose);
    RECTO_TRY(CodePattern::parse(how.compose));
    std::optional<Error> database_error;
    how.saved = [&](const std::string& signature) -> std::optional<HeadingMap> {
        auto saved = store.saved_mapping(signature);
        if (!saved) {
            database_error = saved.error();
            return std::nullopt;
        }
        return *saved;
    };
    ImportPlan plan;
    plan.file = file;
    plan.format = book.format;
    plan.encoding = book.encoding;
    std::set<std::string> wanted(options.sheets.begin(), options.sheets.end());
    bool any = false;
    for (const Sheet& sheet : book.sheets) {
        SheetPlan& s = plan.sheets.emplace_back();
        s.name = sheet.name;
        if (!options.sheets.empty() && wanted.erase(sheet.name) == 0) continue;
        if (auto mapping = map_sheet(sheet, how)) {
            s.mapped = any = true;
            s.mapping = std::move(*mapping);
            s.heading_row = sheet.rows[s.mapping.heading].row;
        }
    }
    if (database_error) return tl::unexpected(*database_error);
    if (!wanted.empty() && !options.sheets.empty()) return fail("catalogue.no_sheet", *wanted.begin(), file);
    if (!any) return no_code_column(book, file);
    RECTO_TRY(judge(store, book, settings, options.update, plan));
    plan.key =
        digest_hex(DigestAlgorithm::Sha256, digest_hex(DigestAlgorithm::Sha256, bytes) + text_of(mappings_json(plan)) +
                                                (options.update ? "update" : "") + settings.get(kRequired));
    if (options.strict && plan.refused > 0)
        return fail("catalogue.refused_rows", fmt::format("{} of {} rows", plan.refused, plan.rows.size()), file);
    return plan;
}

Result<ImportPlan> import_file(Store& store, FileSystem& fs, const std::string& folder, std::string_view bytes,
                               const std::string& file, const Settings& settings, const ImportOptions& options) {
    RECTO_ASSIGN(ImportPlan plan, plan_import(store, bytes, file, settings, options));
    RECTO_ASSIGN(const auto imports, store.imports());
    const bool nothing_new = std::all_of(plan.changes.begin(), plan.changes.end(),
                                         [](const Store::InventoryRow& r) { return r.import_id != 0; });
    for (auto it = imports.rbegin(); it != imports.rend() && nothing_new; ++it) {
        if (it->digest != plan.key) continue;
        // The answer is the one of the first time.
        RECTO_ASSIGN(plan.rows, store.import_rows(it->id));
        plan.already = true;
        plan.id = it->id;
        plan.imported = plan.merged = plan.updated = plan.refused = 0;
        for (const ImportedRow& row : plan.rows)
            ++(row.state == RowState::Imported  ? plan.imported
               : row.state == RowState::Merged  ? plan.merged
               : row.state == RowState::Updated ? plan.updated
                                                : plan.refused);
        return plan;
    }

    RECTO_ASSIGN(const auto names, kept_folders(fs, folder));
    ImportRecord record;
    record.id = names.empty() ? 1 : std::stoi(names.back()) + 1;
    record.folder = fmt::format("{:04}", record.id);
    record.file = decode_name(file_name(file));
    record.digest = plan.key;
    record.imported = options.now;
    record.updates = options.update;
    record.operator_name = options.operator_name;
    record.agent = options.agent;
    const std::string sheet_file = plan.format == "xlsx" ? "sheet.xlsx" : "sheet.csv";
    const Json j = {
        {"schema", kSchema},
        {"id", record.id},
        {"file", record.file},
        {"sheet_file", sheet_file},
        {"size", bytes.size()},
        {"sha256", digest_hex(DigestAlgorithm::Sha256, bytes)},
        {"key", plan.key},
        {"imported", record.imported},
        {"update", record.updates},
        {"operator", record.operator_name},
        {"agent", record.agent},
        {"required", settings.get(kRequired)},
        {"sheets", mappings_json(plan)},
        {"counts",
         {{"imported", plan.imported}, {"merged", plan.merged}, {"updated", plan.updated}, {"refused", plan.refused}}}};
    const std::string built = join_path(folder, ".new-" + record.folder), place = join_path(folder, record.folder);
    RECTO_TRY(make_folders_synced(fs, folder));
    RECTO_TRY(fs.make_folders(built));
    const auto keep = [&]() -> Result<void> {
        RECTO_TRY(fs.write(join_path(built, sheet_file), bytes));
        RECTO_TRY(fs.write(join_path(built, "import.json"), text_of(j, 2) + "\n"));
        RECTO_TRY(sync_tree(fs, built));
        RECTO_TRY(fs.rename(built, place));
        return fs.sync(folder);
    };
    if (auto kept = keep(); !kept) {
        (void)fs.remove_tree(built);
        (void)fs.remove_tree(place);
        return tl::unexpected(kept.error());
    }
    if (auto applied = apply(store, record, plan); !applied) {
        // The database said no: the archive goes back to where it was, so that the same command can be given again.
        (void)fs.remove_tree(place);
        (void)fs.sync(folder);
        return tl::unexpected(applied.error());
    }
    plan.id = record.id;
    return plan;
}

Result<int> replay_imports(Store& store, FileSystem& fs, const std::string& folder) {
    RECTO_ASSIGN(const auto names, kept_folders(fs, folder));
    RECTO_ASSIGN(const auto imports, store.imports());
    std::set<std::string> applied;
    int newest = 0, done = 0;
    for (const auto& r : imports) {
        applied.insert(r.folder);
        newest = std::max(newest, r.id);
    }
    for (const auto& name : names) {
        if (applied.erase(name) > 0) continue;
        RECTO_ASSIGN(const Kept kept, read_kept(fs, folder, name));
        if (kept.record.id < newest) return fail("catalogue.behind", "import " + name, store.database().name());
        RECTO_ASSIGN(ImportPlan plan, replan(store, fs, folder, kept));
        RECTO_TRY(apply(store, kept.record, plan));
        ++done;
    }
    // The store knows an import that the archive does not: an older copy of the archive, or a folder that was removed.
    if (!applied.empty()) return fail("catalogue.behind", "import " + *applied.begin(), folder);
    return done;
}

} // namespace recto::catalogue

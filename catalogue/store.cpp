#include "catalogue/store.h"

#include <algorithm>

#include <fmt/format.h>

#include "catalogue/schema.h"
#include "pipeline/files/codes.h"
#include "pipeline/files/names.h"

namespace recto::catalogue {

namespace {

using Json = nlohmann::json;

std::string dump_json(const Json& j) { return j.dump(-1, ' ', false, Json::error_handler_t::replace); }

Fields fields_of(const std::string& text) {
    const Json j = Json::parse(text, nullptr, false);
    return j.is_object() ? j.get<Fields>() : Fields{};
}

Json remarks_json(const std::vector<Remark>& remarks) {
    Json out = Json::array();
    for (const Remark& r : remarks)
        out.push_back({{"column", r.column}, {"code", r.code}, {"args", r.args}, {"refused", r.refused}});
    return out;
}

const std::string kInventoryColumns = "code, level, fields, import_id, sheet, sheet_row";

/// Runs a query of kInventoryColumns (then `folded` and text parameters bound in order).
void read_inventory(soci::session& sql, const std::string& rest, const std::vector<std::string>& values,
                    const std::function<void(Store::InventoryRow&&)>& visit) {
    std::string code, level, fields, sheet;
    int import_id = 0, row = 0;
    soci::statement st(sql);
    st.exchange(soci::into(code));
    st.exchange(soci::into(level));
    st.exchange(soci::into(fields));
    st.exchange(soci::into(import_id));
    st.exchange(soci::into(sheet));
    st.exchange(soci::into(row));
    for (const std::string& v : values) st.exchange(soci::use(v));
    st.alloc();
    st.prepare("select " + kInventoryColumns + " from inventory " + rest);
    st.define_and_bind();
    st.execute();
    while (st.fetch()) {
        Store::InventoryRow out;
        out.entry = {row, code, fields_of(fields), sheet, level};
        out.import_id = import_id;
        visit(std::move(out));
    }
}

} // namespace

std::string_view to_string(RowState state) {
    switch (state) {
    case RowState::Imported: return "imported";
    case RowState::Merged: return "merged";
    case RowState::Updated: return "updated";
    case RowState::Refused: return "refused";
    }
    return "refused";
}

RowState parse_row_state(std::string_view name) {
    for (const RowState s : {RowState::Imported, RowState::Merged, RowState::Updated})
        if (to_string(s) == name) return s;
    return RowState::Refused;
}

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
    RECTO_ASSIGN(auto db, Database::open(options.database));
    RECTO_ASSIGN(const int before, migrate(*db, migrations(), options.agent, options.now));
    std::unique_ptr<Store> store(new Store(std::move(db)));
    store->new_ = before == 0;
    RECTO_ASSIGN(const std::string owner, store->meta("repository"));
    if (owner.empty()) RECTO_TRY(store->set_meta("repository", options.repository));
    else if (owner != options.repository)
        return fail("config.other_archive", owner + ", not " + options.repository, store->db_->name());
    return store;
}

// ---- inventory -------------------------------------------------------------------------------------------------------

Result<std::optional<Store::InventoryRow>> Store::inventory_row(const std::string& code) {
    const std::string folded = fold_code(code);
    RECTO_ASSIGN(auto rows, inventory_rows({folded}));
    const auto it = rows.find(folded);
    if (it == rows.end()) return std::optional<InventoryRow>();
    return std::optional<InventoryRow>(std::move(it->second));
}

Result<std::unordered_map<std::string, Store::InventoryRow>>
Store::inventory_rows(const std::vector<std::string>& folded) {
    std::unordered_map<std::string, InventoryRow> out;
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        Database::in_chunks(folded, [&](const std::string& list, const std::vector<std::string>& values) {
            read_inventory(db_->session(), "where folded in " + list, values, [&](InventoryRow&& row) {
                std::string key = fold_code(row.entry.code);
                out.emplace(std::move(key), std::move(row));
            });
        });
        return {};
    }));
    return out;
}

Result<std::vector<Entry>> Store::inventory_of_volumes(const std::vector<std::string>& folded_volumes) {
    std::vector<Entry> out;
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        Database::in_chunks(folded_volumes, [&](const std::string& list, const std::vector<std::string>& values) {
            read_inventory(db_->session(),
                           "where level = 'item' and volume_folded in " + list +
                               " order by import_id, sheet, sheet_row",
                           values, [&](InventoryRow&& row) { out.push_back(std::move(row.entry)); });
        });
        return {};
    }));
    return out;
}

Result<std::int64_t> Store::inventory_size() {
    long long n = 0;
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        db_->session() << "select count(*) from inventory", soci::into(n);
        return {};
    }));
    return static_cast<std::int64_t>(n);
}

Result<void> Store::put_inventory(const std::vector<InventoryRow>& rows) {
    static const std::vector<std::string> kColumns = {
        "folded",    "code",   "level",        "fonds",     "volume",   "volume_folded",  "year",
        "retention", "title",  "date_written", "date_edtf", "creator",  "classification", "pages",
        "items",     "fields", "import_id",    "sheet",     "sheet_row"};
    return db_->transaction([&]() -> Result<void> {
        std::vector<std::string> keys;
        std::vector<std::vector<std::string>> values;
        keys.reserve(rows.size());
        values.reserve(rows.size());
        for (const InventoryRow& row : rows) {
            const Entry& e = row.entry;
            const auto field = [&](const char* id) {
                const auto it = e.fields.find(id);
                return it == e.fields.end() ? std::string() : it->second;
            };
            const Grouping g = grouping_of(e);
            std::string folded = fold_code(e.code);
            keys.push_back(folded);
            values.push_back({std::move(folded), e.code, e.level, g.fonds, g.volume, fold_code(g.volume), g.year,
                              g.retention, field("title").empty() ? field("volume_title") : field("title"),
                              field("date"), edtf_of(field("date")).value_or(""), field("creator"),
                              field("security_level"),
                              std::to_string(parse_page_count(field("page_count")).value_or(-1)),
                              std::to_string(parse_page_count(field("item_count")).value_or(-1)), dump_json(e.fields),
                              std::to_string(row.import_id), e.sheet, std::to_string(e.row)});
        }
        long long present = 0;
        db_->session() << "select count(*) from inventory", soci::into(present);
        if (present > 0)
            Database::in_chunks(keys, [&](const std::string& list, const std::vector<std::string>& chunk) {
                soci::statement st(db_->session());
                for (const auto& v : chunk) st.exchange(soci::use(v));
                st.alloc();
                st.prepare("delete from inventory where folded in " + list);
                st.define_and_bind();
                st.execute(true);
            });
        db_->insert("inventory", kColumns, values);
        return {};
    });
}

// ---- imports ---------------------------------------------------------------------------------------------------------

Result<std::vector<ImportRecord>> Store::imports() {
    std::vector<ImportRecord> out;
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        ImportRecord r;
        int updates = 0;
        soci::statement st =
            (db_->session().prepare << "select id, folder, file, digest, imported, updates, operator, "
                                       "agent from import order by id",
             soci::into(r.id), soci::into(r.folder), soci::into(r.file), soci::into(r.digest), soci::into(r.imported),
             soci::into(updates), soci::into(r.operator_name), soci::into(r.agent));
        st.execute();
        while (st.fetch()) {
            r.updates = updates != 0;
            out.push_back(r);
        }
        return {};
    }));
    return out;
}

Result<void> Store::put_import(const ImportRecord& r, const std::vector<ImportedRow>& rows) {
    return db_->transaction([&]() -> Result<void> {
        db_->insert("import", {"id", "folder", "file", "digest", "imported", "updates", "operator", "agent"},
                    {{std::to_string(r.id), r.folder, r.file, r.digest, r.imported, r.updates ? "1" : "0",
                      r.operator_name, r.agent}});
        std::vector<std::vector<std::string>> values;
        values.reserve(rows.size());
        for (const ImportedRow& row : rows)
            values.push_back({std::to_string(r.id), row.entry.sheet, std::to_string(row.entry.row), row.entry.code,
                              fold_code(row.entry.code), std::string(to_string(row.state)), dump_json(row.entry.fields),
                              row.remarks.empty() ? "[]" : dump_json(remarks_json(row.remarks))});
        db_->insert("import_row", {"import_id", "sheet", "sheet_row", "code", "folded", "state", "cells", "remarks"},
                    values);
        return {};
    });
}

Result<std::vector<ImportedRow>> Store::import_rows(int import_id) {
    std::vector<ImportedRow> out;
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        std::string sheet, code, state, cells, remarks;
        int row = 0;
        soci::statement st = (db_->session().prepare << "select sheet, sheet_row, code, state, cells, remarks from "
                                                        "import_row where import_id = :i order by sheet, sheet_row",
                              soci::into(sheet), soci::into(row), soci::into(code), soci::into(state),
                              soci::into(cells), soci::into(remarks), soci::use(import_id));
        st.execute();
        while (st.fetch()) {
            ImportedRow r;
            r.entry = {row, code, fields_of(cells), sheet, "item"};
            r.state = parse_row_state(state);
            for (const Json& j : Json::parse(remarks, nullptr, false))
                r.remarks.push_back({row, j.value("column", ""), j.value("code", ""),
                                     j.value("args", std::vector<std::string>()), j.value("refused", false), sheet});
            out.push_back(std::move(r));
        }
        return {};
    }));
    return out;
}

Result<std::optional<HeadingMap>> Store::saved_mapping(const std::string& signature) {
    std::optional<HeadingMap> out;
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        std::string text;
        db_->session() << "select headings from mapping where signature = :s", soci::into(text), soci::use(signature);
        if (db_->session().got_data()) out = fields_of(text);
        return {};
    }));
    return out;
}

Result<void> Store::save_mapping(const std::string& signature, const HeadingMap& headings, const std::string& now) {
    return db_->transaction([&]() -> Result<void> {
        const std::string text = dump_json(Json(headings));
        db_->session() << "delete from mapping where signature = :s", soci::use(signature);
        db_->insert("mapping", {"signature", "headings", "saved"}, {{signature, text, now}});
        return {};
    });
}

// ---- the whole -------------------------------------------------------------------------------------------------------

Result<std::string> Store::meta(const std::string& name) {
    std::string value;
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        db_->session() << "select value from store_meta where name = :n", soci::into(value), soci::use(name);
        if (!db_->session().got_data()) value.clear();
        return {};
    }));
    return value;
}

Result<void> Store::set_meta(const std::string& name, const std::string& value) {
    return db_->transaction([&]() -> Result<void> {
        db_->session() << "delete from store_meta where name = :n", soci::use(name);
        db_->insert("store_meta", {"name", "value"}, {{name, value}});
        return {};
    });
}

Result<void> Store::clear() {
    return db_->transaction([&]() -> Result<void> {
        for (const std::string& table : content_tables()) db_->session() << "delete from " + table;
        return items_changed();
    });
}

Result<void> Store::items_changed() {
    RECTO_ASSIGN(const std::string before, meta("items"));
    return set_meta("items", std::to_string(std::atoll(before.c_str()) + 1));
}

Result<std::vector<std::string>> Store::dump() {
    static const std::vector<std::pair<std::string, std::string>> kOrder = {
        {"import", "id"},
        {"import_row", "import_id, sheet, sheet_row"},
        {"inventory", "folded"},
        {"item", "id"},
        {"former_code", "item_id, ord"},
        {"page", "item_id, ord"},
        {"mapping", "signature"}};
    std::vector<std::string> out;
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        for (const auto& [table, order] : kOrder) {
            soci::rowset<soci::row> rows = (db_->session().prepare << "select * from " + table);
            std::vector<std::string> lines; // sorted here: the databases sort text differently
            for (const soci::row& row : rows) {
                Json line = Json::object();
                for (std::size_t c = 0; c < row.size(); ++c) {
                    const std::string& name = row.get_properties(c).get_name();
                    switch (row.get_properties(c).get_data_type()) {
                    case soci::dt_integer: line[name] = row.get<int>(c); break;
                    case soci::dt_long_long: line[name] = row.get<long long>(c); break;
                    case soci::dt_double: line[name] = row.get<double>(c); break;
                    default: line[name] = row.get<std::string>(c); break;
                    }
                }
                lines.push_back(table + " " + dump_json(line));
            }
            std::sort(lines.begin(), lines.end());
            out.insert(out.end(), lines.begin(), lines.end());
        }
        return {};
    }));
    return out;
}

// ---- the view --------------------------------------------------------------------------------------------------------

const std::map<std::string, std::string>* StoreView::find(std::string_view reference_code) const {
    const std::string folded = fold_code(to_nfc(trim_text(reference_code)));
    if (folded.empty()) return nullptr;
    const std::lock_guard lock(mutex_);
    auto it = known_.find(folded);
    if (it == known_.end()) {
        std::optional<Fields> fields;
        auto rows = store_.inventory_rows({folded});
        if (!rows) error_ = rows.error();
        else if (const auto row = rows->find(folded); row != rows->end()) fields = std::move(row->second.entry.fields);
        it = known_.emplace(folded, std::move(fields)).first;
    }
    return it->second ? &*it->second : nullptr;
}

std::optional<Error> StoreView::error() const {
    const std::lock_guard lock(mutex_);
    return error_;
}

void StoreView::exclusively(const std::function<void()>& work) const {
    const std::lock_guard lock(mutex_);
    work();
}

} // namespace recto::catalogue

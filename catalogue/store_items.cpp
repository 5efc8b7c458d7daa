// Items, their pages and their former codes in the store.

#include <fmt/format.h>

#include "catalogue/store.h"
#include "pipeline/files/codes.h"

namespace recto::catalogue {

namespace {

using Json = nlohmann::json;
using Values = std::vector<std::vector<std::string>>;

void delete_where(soci::session& sql, const std::string& table, const std::string& column, const std::string& list,
                  const std::vector<std::string>& values) {
    soci::statement st(sql);
    for (const auto& v : values) st.exchange(soci::use(v));
    st.alloc();
    st.prepare("delete from " + table + " where " + column + " in " + list);
    st.define_and_bind();
    st.execute(true);
}

} // namespace

Result<void> Store::remove_items(const std::vector<std::string>& ids) {
    return db_->transaction([&]() -> Result<void> {
        Database::in_chunks(ids, [&](const std::string& list, const std::vector<std::string>& values) {
            delete_where(db_->session(), "page", "item_id", list, values);
            delete_where(db_->session(), "former_code", "item_id", list, values);
            delete_where(db_->session(), "item", "id", list, values);
        });
        return items_changed();
    });
}

Result<void> Store::put_items(const std::vector<ItemRecord>& items) {
    std::vector<std::string> ids;
    Values rows, codes, pages;
    for (const ItemRecord& i : items) {
        ids.push_back(i.id);
        rows.push_back({i.id,
                        i.code,
                        fold_code(i.code),
                        i.assigned ? "1" : "0",
                        i.name,
                        i.group.fonds,
                        i.group.volume,
                        i.group.year,
                        i.group.retention,
                        i.title,
                        i.date_written,
                        i.date_edtf,
                        i.creator,
                        i.classification,
                        i.state,
                        i.held_reason,
                        std::to_string(i.counted_pages),
                        std::to_string(i.expected_pages),
                        std::to_string(i.pages.size()),
                        i.delivery,
                        i.object_path,
                        std::to_string(i.version),
                        i.digest,
                        i.created,
                        Json(i.fields).dump(-1, ' ', false, Json::error_handler_t::replace)});
        for (std::size_t n = 0; n < i.former_codes.size(); ++n) {
            const FormerCode& c = i.former_codes[n];
            codes.push_back({i.id, std::to_string(n + 1), c.code, fold_code(c.code), c.until, c.reason});
        }
        for (const PageRecord& p : i.pages)
            pages.push_back({p.id, i.id, std::to_string(p.order), std::to_string(p.serial), p.printed_number,
                             p.page_class, p.counted ? "1" : "0", p.state, p.source, std::to_string(p.image),
                             std::to_string(p.width), std::to_string(p.height), fmt::format("{}", p.confidence),
                             std::to_string(p.characters), p.error});
    }
    return db_->transaction([&]() -> Result<void> {
        RECTO_TRY(remove_items(ids));
        db_->insert("item", {"id",           "code",          "folded",         "assigned",       "name",
                             "fonds",        "volume",        "year",           "retention",      "title",
                             "date_written", "date_edtf",     "creator",        "classification", "state",
                             "held_reason",  "counted_pages", "expected_pages", "pages",          "delivery",
                             "object_path",  "version",       "digest",         "created",        "fields"},
                    rows);
        db_->insert("former_code", {"item_id", "ord", "code", "folded", "until", "reason"}, codes);
        db_->insert("page",
                    {"id", "item_id", "ord", "serial", "printed_number", "class", "counted", "state", "source", "image",
                     "width", "height", "confidence", "characters", "error"},
                    pages);
        return {};
    });
}

Result<std::optional<ItemRecord>> Store::item(const std::string& id) {
    std::optional<ItemRecord> out;
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        ItemRecord i;
        std::string fields;
        int assigned = 0;
        db_->session() << "select id, code, assigned, name, fonds, volume, year, retention, title, date_written, "
                          "date_edtf, creator, "
                          "classification, state, held_reason, counted_pages, expected_pages, delivery, object_path, "
                          "version, digest, created, fields from item where id = :i",
            soci::into(i.id), soci::into(i.code), soci::into(assigned), soci::into(i.name), soci::into(i.group.fonds),
            soci::into(i.group.volume), soci::into(i.group.year), soci::into(i.group.retention), soci::into(i.title),
            soci::into(i.date_written), soci::into(i.date_edtf), soci::into(i.creator), soci::into(i.classification),
            soci::into(i.state), soci::into(i.held_reason), soci::into(i.counted_pages), soci::into(i.expected_pages),
            soci::into(i.delivery), soci::into(i.object_path), soci::into(i.version), soci::into(i.digest),
            soci::into(i.created), soci::into(fields), soci::use(id);
        if (!db_->session().got_data()) return {};
        i.assigned = assigned != 0;
        const Json j = Json::parse(fields, nullptr, false);
        if (j.is_object()) i.fields = j.get<Fields>();
        FormerCode c;
        soci::statement st =
            (db_->session().prepare << "select code, until, reason from former_code where item_id = :i order by ord",
             soci::into(c.code), soci::into(c.until), soci::into(c.reason), soci::use(id));
        st.execute();
        while (st.fetch()) i.former_codes.push_back(c);
        out = std::move(i);
        return {};
    }));
    return out;
}

Result<std::vector<std::string>> Store::find_items(const std::string& text) {
    std::vector<std::string> out;
    const std::string folded = fold_code(text);
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        const std::pair<const char*, const std::string*> kWays[] = {
            {"select id from item where id = :t", &text},
            {"select id from item where folded = :t order by id", &folded},
            {"select id from item where name = :t order by id", &text},
            {"select distinct item_id from former_code where folded = :t order by item_id", &folded}};
        for (const auto& [query, value] : kWays) {
            if (value->empty()) continue;
            std::string id;
            soci::statement st = (db_->session().prepare << query, soci::into(id), soci::use(*value));
            st.execute();
            while (st.fetch()) out.push_back(id);
            if (!out.empty()) return {};
        }
        return {};
    }));
    return out;
}

Result<std::vector<PageRecord>> Store::pages(const std::string& item_id) {
    std::vector<PageRecord> out;
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        PageRecord p;
        int counted = 0;
        soci::statement st =
            (db_->session().prepare << "select id, ord, serial, printed_number, class, counted, state, source, image, "
                                       "width, height, confidence, characters, error from page where item_id = :i "
                                       "order by ord",
             soci::into(p.id), soci::into(p.order), soci::into(p.serial), soci::into(p.printed_number),
             soci::into(p.page_class), soci::into(counted), soci::into(p.state), soci::into(p.source),
             soci::into(p.image), soci::into(p.width), soci::into(p.height), soci::into(p.confidence),
             soci::into(p.characters), soci::into(p.error), soci::use(item_id));
        st.execute();
        while (st.fetch()) {
            p.counted = counted != 0;
            out.push_back(p);
        }
        return {};
    }));
    return out;
}

Result<std::map<std::string, std::pair<int, std::string>>> Store::item_versions() {
    std::map<std::string, std::pair<int, std::string>> out;
    RECTO_TRY(db_->guarded([&]() -> Result<void> {
        std::string id, digest;
        int version = 0;
        soci::statement st = (db_->session().prepare << "select id, version, digest from item", soci::into(id),
                              soci::into(version), soci::into(digest));
        st.execute();
        while (st.fetch()) out[id] = {version, digest};
        return {};
    }));
    return out;
}

} // namespace recto::catalogue

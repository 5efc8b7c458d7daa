#include "catalogue/item_record.h"

#include <fmt/format.h>

#include "pipeline/core/model.h"
#include "pipeline/files/item_fields.h"

namespace recto::catalogue {

namespace {

using Json = nlohmann::json;

int rank(const std::string& source) {
    return source == "operator" ? 0 : source == "catalogue" ? 1 : source == "extracted" ? 2 : 3;
}

ItemRecord read(const Json& j) {
    ItemRecord r;
    j.at("id").get_to(r.id);
    j.at("reference_code").get_to(r.code);
    j.at("provisional_name").get_to(r.name);
    for (const Json& h : j.at("former_codes")) r.former_codes.push_back({h.at("code"), h.at("until"), h.at("reason")});
    std::map<std::string, int> ranks;
    for (const Json& f : j.at("fields")) {
        const std::string id = f.at("id");
        const int now = rank(f.at("source"));
        if (const auto it = ranks.find(id); it != ranks.end() && it->second <= now) continue;
        ranks[id] = now;
        const std::string value = f.at("value"), written = f.at("as_written");
        r.fields[id] = written.empty() ? value : written;
        if (id == "date") r.date_edtf = value;
        r.assigned |= id == "reference_code" && now == 0;
    }
    const auto field = [&](const char* id) {
        const auto it = r.fields.find(id);
        return it == r.fields.end() ? std::string() : it->second;
    };
    r.title = field("title");
    r.creator = field("creator");
    r.date_written = field("date");
    r.classification = field("security_level");
    Entry entry;
    entry.code = r.code;
    entry.fields = r.fields;
    r.group = grouping_of(entry);
    r.state = j.at("held").get<bool>() ? "held" : "stored";
    j.at("held_reason").get_to(r.held_reason);
    j.at("counted_pages").get_to(r.counted_pages);
    if (!j.at("expected_pages").is_null()) j.at("expected_pages").get_to(r.expected_pages);
    j.at("delivery").get_to(r.delivery);
    j.at("created").get_to(r.created);
    const Json& sources = j.at("sources");
    for (const Json& p : j.at("pages")) {
        PageRecord page;
        p.at("id").get_to(page.id);
        p.at("order").get_to(page.order);
        p.at("serial").get_to(page.serial);
        p.at("printed_number").get_to(page.printed_number);
        p.at("class").get_to(page.page_class);
        page.counted = counts_as_page(parse_page_class(page.page_class));
        const Json& reading = p.at("reading");
        reading.at("state").get_to(page.state);
        reading.at("width").get_to(page.width);
        reading.at("height").get_to(page.height);
        reading.at("confidence").get_to(page.confidence);
        reading.at("characters").get_to(page.characters);
        const auto source = p.at("image").at("source").get<std::size_t>();
        page.image = p.at("image").at("index").get<int>() + 1;
        if (source < sources.size()) sources[source].at("original_name").get_to(page.source);
        if (!p.at("error").is_null()) {
            p.at("error").at("code").get_to(page.error);
            page.state = "error";
        }
        r.pages.push_back(std::move(page));
    }
    return r;
}

} // namespace

Result<ItemRecord> item_record(const nlohmann::json& item, const std::string& object_path, int version,
                               const std::string& digest) {
    try {
        const int schema = item.at("schema").get<int>();
        if (schema > kItemSchema)
            return fail("catalogue.item_newer",
                        fmt::format("item.json has schema {}, this program knows {}", schema, kItemSchema),
                        object_path);
        ItemRecord r = read(item);
        r.object_path = object_path;
        r.version = version;
        r.digest = digest;
        return r;
    } catch (const std::exception& e) { return fail("catalogue.item_json", e.what(), object_path); }
}

} // namespace recto::catalogue

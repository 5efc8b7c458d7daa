#include <set>

#include <fmt/format.h>

#include "pipeline/files/item_fields.h"
#include "pipeline/files/xml_writer.h"
#include "stages/encode/formats.h"
#include "stages/encode/records.h"

namespace recto::encode {

std::string item_title(const nlohmann::json& item) {
    if (std::string title = item_field(item, "title"); !title.empty()) return title;
    const std::string code = item.at("reference_code");
    return code.empty() ? item.at("provisional_name").get<std::string>() : code;
}

std::string write_dublin_core(const nlohmann::json& item) {
    XmlWriter x;
    x.start("qualifieddc").attribute("xmlns:dc", "http://purl.org/dc/elements/1.1/");
    x.attribute("xmlns:dcterms", "http://purl.org/dc/terms/");
    auto put = [&](const char* name, const std::string& value) {
        if (!value.empty()) x.element(name, value);
    };
    put("dc:identifier", item.at("reference_code"));
    put("dc:identifier", "urn:uuid:" + item.at("id").get<std::string>());
    put("dc:title", item_title(item));
    put("dc:creator", item_field(item, "creator"));
    put("dc:date", item_field(item, "date"));
    put("dc:identifier", item_field(item, "document_number"));
    put("dc:subject", item_field(item, "subjects"));
    put("dc:contributor", item_field(item, "persons"));
    put("dc:type", "Text");
    put("dc:format", "application/pdf");
    std::set<std::string> languages;
    for (const auto& page : item.at("pages"))
        if (std::string tag = language_tag(page.at("reading").at("language").get<std::string>()); !tag.empty())
            if (languages.insert(tag).second) put("dc:language", tag);
    put("dcterms:extent", fmt::format("{} 页", item.at("counted_pages").get<int>()));
    put("dcterms:accessRights", item_field(item, "access_status"));
    put("dcterms:accessRights", item_field(item, "security_level"));
    if (const auto& repository = item.at("repository"); repository.is_object())
        put("dcterms:isPartOf", repository.value("name", repository.value("code", "")));
    x.end();
    return x.finish();
}

} // namespace recto::encode

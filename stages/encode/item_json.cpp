// item.json, the authority: written and read here and nowhere else. Its fields are described in docs/ITEM_FILES.md.

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "pipeline/files/item_fields.h"
#include "stages/encode/encode.h"
#include "stages/encode/formats.h"

namespace recto {
namespace {

using Json = nlohmann::json;

Json format_json(const encode::FileFormat& f) {
    return {{"name", f.name}, {"version", f.version}, {"pronom", f.pronom}};
}

/// The endings of text files of one page; others in text/ are of the whole item.
constexpr std::string_view kPageTexts[] = {".alto.xml", ".hocr.html", ".tsv"};

/// Page order out of "text/0012.alto.xml"; 0 for files of the whole item.
int page_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || path.starts_with("master/") || path.starts_with("metadata/")) return 0;
    const std::size_t dot = path.find('.', slash);
    if (path.starts_with("text/") &&
        (dot == std::string::npos ||
         std::ranges::find(kPageTexts, std::string_view(path).substr(dot)) == std::end(kPageTexts)))
        return 0;
    if (path.starts_with("access/") && !path.starts_with("access/images/")) return 0;
    int order = 0;
    const char* first = path.data() + slash + 1;
    const auto read = std::from_chars(first, path.data() + path.size(), order);
    return read.ec == std::errc() && *read.ptr == '.' ? order : 0;
}

Json file_json(const StagedFile& f) {
    Json j = {{"path", f.logical_path},
              {"media_type", f.media_type},
              {"size", f.size},
              {"sha512", f.sha512},
              {"role", f.role}};
    if (const int page = page_of(f.logical_path)) j["page"] = page;
    if (f.width > 0) j.update({{"width", f.width}, {"height", f.height}, {"dpi", f.dpi}});
    // Our own files: JPEG is written as JFIF 1.01, the access PDF is PDF/A-2u.
    encode::FileFormat format = encode::identify_format(f.media_type, {});
    if (f.media_type == "image/jpeg") format = {"JPEG File Interchange Format", "1.01", "fmt/43"};
    if (f.media_type == "application/pdf") format = {"Acrobat PDF/A - Portable Document Format", "2u", "fmt/478"};
    j["format"] = format_json(format);
    if (!f.created.empty()) j["created"] = f.created;
    return j;
}
StagedFile file_from(const Json& j) {
    StagedFile f;
    j.at("path").get_to(f.logical_path);
    j.at("media_type").get_to(f.media_type);
    j.at("size").get_to(f.size);
    j.at("sha512").get_to(f.sha512);
    j.at("role").get_to(f.role);
    f.width = j.value("width", 0);
    f.height = j.value("height", 0);
    f.dpi = j.value("dpi", 0.0);
    f.created = j.value("created", "");
    return f;
}

Json error_json(const Error& e) {
    return {{"code", e.code}, {"reason", e.reason}, {"file", e.file},
            {"page", e.page}, {"stage", e.stage},   {"retry", e.retry}};
}
Error error_from(const Json& j) {
    return {j.at("code"), j.at("reason"), j.at("file"), j.at("page"), j.at("stage"), j.at("retry")};
}

std::int64_t characters(const PageText& text) {
    std::int64_t n = 0;
    for (const auto& block : text.blocks)
        for (const auto& line : block.lines)
            for (const char c : line.text) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80 && c != ' ' ? 1 : 0;
    return n;
}

/// An image that lies in the PDF.
Json image_json(const StagedFile& f, const std::string& filter, int components) {
    return {{"filter", filter}, {"components", components}, {"width", f.width},   {"height", f.height},
            {"dpi", f.dpi},     {"size", f.size},           {"sha512", f.sha512}, {"media_type", f.media_type}};
}

StagedFile image_from(const Json& j, std::string& filter, int& components) {
    StagedFile f;
    j.at("filter").get_to(filter);
    j.at("components").get_to(components);
    j.at("width").get_to(f.width);
    j.at("height").get_to(f.height);
    j.at("dpi").get_to(f.dpi);
    j.at("size").get_to(f.size);
    j.at("sha512").get_to(f.sha512);
    j.at("media_type").get_to(f.media_type);
    f.role = "pdf-image";
    return f;
}

Json page_json(const Page& p) {
    Json j = {{"id", p.id.to_string()},
              {"image", {{"source", p.image.source}, {"index", p.image.index}}},
              {"serial", p.serial},
              {"order", p.order},
              {"printed_number", p.printed_number},
              {"leaf", p.leaf},
              {"side", p.side},
              {"class", to_string(p.page_class)},
              {"class_confidence", p.class_confidence < 0 ? Json(nullptr) : Json(p.class_confidence)},
              {"treatment", p.treatment},
              {"findings", p.findings},
              {"stage_data", p.stage_data}};
    j["error"] = p.error ? error_json(*p.error) : Json(nullptr);
    j["reading"] = {{"state", to_string(p.text.state)}, {"engine", p.text.engine},
                    {"language", p.text.language},      {"width", p.text.width},
                    {"height", p.text.height},          {"confidence", p.text.confidence},
                    {"characters", characters(p.text)}};
    if (p.text.layer) j["reading"]["layer"] = *p.text.layer;
    const StagedFile& image = p.encoded.pdf_image;
    j["pdf_image"] =
        image.width > 0 ? image_json(image, p.encoded.pdf_filter, p.encoded.pdf_components) : Json(nullptr);
    for (const PdfInk& ink : p.encoded.pdf_inks) // Absent where the page is one picture.
        j["pdf_image"]["inks"].push_back({{"mask", image_json(ink.mask, ink.mask_filter, 1)},
                                          {"colours", image_json(ink.colours, "DCTDecode", ink.components)}});
    if (!p.encoded.access_clean.is_null()) j["access_clean"] = p.encoded.access_clean; // Absent where nothing was done.
    return j;
}

Page page_from(const Json& j) {
    Page p;
    if (!Uuid::parse(j.at("id").get<std::string>(), p.id)) throw std::invalid_argument("page id is no UUID");
    p.image.source = j.at("image").at("source");
    p.image.index = j.at("image").at("index");
    j.at("serial").get_to(p.serial);
    j.at("order").get_to(p.order);
    j.at("printed_number").get_to(p.printed_number);
    j.at("leaf").get_to(p.leaf);
    j.at("side").get_to(p.side);
    p.page_class = parse_page_class(j.at("class").get<std::string>());
    if (const auto c = j.find("class_confidence"); c != j.end() && c->is_number()) c->get_to(p.class_confidence);
    j.at("treatment").get_to(p.treatment);
    j.at("findings").get_to(p.findings);
    j.at("stage_data").get_to(p.stage_data);
    if (!j.at("error").is_null()) p.error = error_from(j.at("error"));
    Json reading = j.at("reading");
    reading["blocks"] = Json::array(); // The words are in text/<nnnn>.alto.xml.
    reading.get_to(p.text);
    if (const Json& image = j.at("pdf_image"); !image.is_null()) {
        p.encoded.pdf_image = image_from(image, p.encoded.pdf_filter, p.encoded.pdf_components);
        for (const Json& ink : image.value("inks", Json::array())) {
            PdfInk k;
            int one = 1;
            std::string jpeg;
            k.mask = image_from(ink.at("mask"), k.mask_filter, one);
            k.colours = image_from(ink.at("colours"), jpeg, k.components);
            p.encoded.pdf_inks.push_back(std::move(k));
        }
    }
    if (const auto clean = j.find("access_clean"); clean != j.end()) p.encoded.access_clean = *clean;
    return p;
}

Item item_from(const Json& j) {
    Item item;
    if (!Uuid::parse(j.at("id").get<std::string>(), item.id)) throw std::invalid_argument("id is no UUID");
    j.at("reference_code").get_to(item.reference_code);
    j.at("provisional_name").get_to(item.provisional_name);
    for (const Json& h : j.at("former_codes"))
        item.former_codes.push_back({h.at("code"), h.at("until"), h.at("reason")});
    for (const Json& s : j.at("sources")) item.sources.push_back(s.get<Source>());
    for (const Json& p : j.at("pages")) item.pages.push_back(page_from(p));
    j.at("fields").get_to(item.fields);
    j.at("findings").get_to(item.findings);
    j.at("held").get_to(item.held);
    j.at("held_reason").get_to(item.held_reason);
    if (!j.at("expected_pages").is_null()) j.at("expected_pages").get_to(item.expected_pages);
    j.at("delivery").get_to(item.delivery);
    if (j.contains("edits") && j["edits"].is_array()) item.edits = j["edits"];
    std::map<int, Page*> by_order;
    for (Page& p : item.pages) {
        by_order[p.order] = &p;
        if (p.image.source < 0 || p.image.source >= static_cast<int>(item.sources.size()))
            throw std::invalid_argument(fmt::format("page {} refers to source {}", p.order, p.image.source));
    }
    for (const Json& f : j.at("files")) {
        const StagedFile file = file_from(f);
        if (file.role != "preservation" && file.role != "access-image") continue; // These were made for a page.
        if (auto it = by_order.find(f.value("page", 0)); it != by_order.end())
            it->second->encoded.files.push_back(file);
    }
    return item;
}

} // namespace

std::string page_logical_path(std::string_view folder, int order, std::string_view extension) {
    return fmt::format("{}/{:04}.{}", folder, order, extension);
}

Json item_to_json(const Item& item, const std::vector<StagedFile>& files, const Json& provenance,
                  const std::string& created) {
    Json sources = Json::array();
    for (std::size_t i = 0; i < item.sources.size(); ++i) {
        Json s = item.sources[i];
        s.erase("path"); // Where the delivery lay on some machine says nothing about the record.
        s["master"] = master_logical_path(item, i);
        sources.push_back(std::move(s));
    }
    Json pages = Json::array(), entries = Json::array(), codes = Json::array();
    for (const Page& p : item.pages) pages.push_back(page_json(p));
    for (const StagedFile& f : files) entries.push_back(file_json(f));
    for (const CodeHistory& h : item.former_codes)
        codes.push_back({{"code", h.code}, {"until", h.until}, {"reason", h.reason}});
    Json expected = item.expected_pages >= 0 ? Json(item.expected_pages) : Json(nullptr);
    Json kept = provenance.is_object() ? provenance : Json::object();
    Json repository = kept.value("repository", Json(nullptr)), fonds = kept.value("fonds", Json::array());
    kept.erase("repository");
    kept.erase("fonds");
    const bool layered =
        std::any_of(item.pages.begin(), item.pages.end(), [](const Page& p) { return !p.encoded.pdf_inks.empty(); });
    Json out = {{"schema", layered ? kItemSchema : 1},
                {"type", "recto-item"},
                {"id", item.id.to_string()},
                {"created", created},
                {"reference_code", item.reference_code},
                {"provisional_name", item.provisional_name},
                {"former_codes", codes},
                {"repository", repository},
                {"fonds", fonds},
                {"delivery", item.delivery},
                {"held", item.held},
                {"held_reason", item.held_reason},
                {"expected_pages", expected},
                {"counted_pages", item.counted_pages()},
                {"sources", sources},
                {"pages", pages},
                {"fields", item.fields},
                {"findings", item.findings},
                {"files", entries},
                {"provenance", kept}};
    if (!item.edits.empty()) out["edits"] = item.edits; // Absent in an item that nobody changed.
    return out;
}

Result<Item> item_from_json(const Json& json) {
    try {
        const int schema = json.at("schema").get<int>();
        if (schema > kItemSchema)
            return fail("encode.item_newer",
                        fmt::format("item.json has schema {}, this program knows {}", schema, kItemSchema));
        if (schema < 1 || json.at("type") != "recto-item") return fail("encode.item_json", "not an item of Recto");
        return item_from(json);
    } catch (const std::exception& e) { return fail("encode.item_json", e.what()); }
}

std::string dump_item_json(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

} // namespace recto

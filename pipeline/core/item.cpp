#include "pipeline/core/item.h"

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/core/digest.h"

namespace recto {

void take_text(Page& page, PageText text) {
    page.text = std::move(text);
    std::erase_if(page.findings, [](const Finding& f) {
        return f.code == "read.not_machine_readable" || f.code == "read.unread_ink";
    });
    if (page.text.state == ReadState::NotMachineReadable)
        page.findings.push_back({"read.not_machine_readable", Severity::Warning, {}, false, {}});
    const auto unread = std::ranges::count(page.text.blocks, BlockKind::Unread, &TextBlock::kind);
    if (unread > 0) page.findings.push_back({"read.unread_ink", Severity::Info, {std::to_string(unread)}, false, {}});
}

int Item::counted_pages() const {
    return static_cast<int>(
        std::count_if(pages.begin(), pages.end(), [](const Page& p) { return counts_as_page(p.page_class); }));
}

const Field* Item::field(std::string_view field_id) const {
    const Field* found = nullptr;
    for (const Field& f : fields) {
        if (f.id != field_id) continue;
        if (f.source == "operator") return &f; // A person's word stands above all.
        if (!found || (f.source == "catalogue" && found->source != "catalogue")) found = &f;
    }
    return found;
}

const std::string& Item::display_name() const { return reference_code.empty() ? provisional_name : reference_code; }

std::string Item::content_digest() const {
    KeyBuilder key;
    key.add("content");
    for (const Page& p : pages) {
        const Source& source = sources.at(static_cast<std::size_t>(p.image.source));
        key.add(p.id.to_string()).add(source.sha512).add(std::to_string(p.image.index)).add(p.treatment.split);
    }
    return key.finish();
}

std::vector<std::string> Item::hold_codes() const {
    std::vector<std::string> codes;
    for (const Finding& f : findings)
        if (f.severity >= Severity::Error) codes.push_back(f.code);
    std::sort(codes.begin(), codes.end());
    codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
    return codes;
}

const nlohmann::json* Item::release() const {
    if (!edits.is_array()) return nullptr;
    for (auto it = edits.rbegin(); it != edits.rend(); ++it) {
        if (it->value("edit", "") != "release" || it->value("content", "") != content_digest()) continue;
        const auto released = it->value("reasons", std::vector<std::string>{});
        const auto now = hold_codes();
        if (std::includes(released.begin(), released.end(), now.begin(), now.end())) return &*it;
    }
    return nullptr;
}

std::string master_logical_path(const Item& item, std::size_t source) {
    return fmt::format("master/{:04}.{}", source + 1, item.sources.at(source).extension);
}

void to_json(nlohmann::json& j, const StagedFile& f) {
    j = {{"logical_path", f.logical_path},
         {"staged_path", f.staged_path},
         {"media_type", f.media_type},
         {"sha512", f.sha512},
         {"size", f.size},
         {"width", f.width},
         {"height", f.height},
         {"dpi", f.dpi},
         {"role", f.role}};
}
void from_json(const nlohmann::json& j, StagedFile& f) {
    j.at("logical_path").get_to(f.logical_path);
    j.at("staged_path").get_to(f.staged_path);
    j.at("media_type").get_to(f.media_type);
    j.at("sha512").get_to(f.sha512);
    j.at("size").get_to(f.size);
    j.at("width").get_to(f.width);
    j.at("height").get_to(f.height);
    j.at("dpi").get_to(f.dpi);
    j.at("role").get_to(f.role);
}

void to_json(nlohmann::json& j, const PdfInk& k) {
    j = {{"mask", k.mask}, {"mask_filter", k.mask_filter}, {"colours", k.colours}, {"components", k.components}};
}
void from_json(const nlohmann::json& j, PdfInk& k) {
    j.at("mask").get_to(k.mask);
    j.at("mask_filter").get_to(k.mask_filter);
    j.at("colours").get_to(k.colours);
    j.at("components").get_to(k.components);
}

void to_json(nlohmann::json& j, const EncodedPage& e) {
    j = {{"files", e.files},
         {"pdf_image", e.pdf_image},
         {"pdf_filter", e.pdf_filter},
         {"pdf_components", e.pdf_components}};
    if (!e.pdf_inks.empty()) j["pdf_inks"] = e.pdf_inks;
    if (!e.access_clean.is_null()) j["access_clean"] = e.access_clean;
}
void from_json(const nlohmann::json& j, EncodedPage& e) {
    j.at("files").get_to(e.files);
    j.at("pdf_image").get_to(e.pdf_image);
    j.at("pdf_filter").get_to(e.pdf_filter);
    j.at("pdf_components").get_to(e.pdf_components);
    if (const auto inks = j.find("pdf_inks"); inks != j.end()) inks->get_to(e.pdf_inks);
    if (const auto clean = j.find("access_clean"); clean != j.end()) e.access_clean = *clean;
}

void to_json(nlohmann::json& j, const Field& f) {
    j = {{"id", f.id},     {"as_written", f.as_written}, {"value", f.value}, {"source", f.source},
         {"page", f.page}, {"confidence", f.confidence}};
    if (f.page > 0) j["place"] = f.place;
}
void from_json(const nlohmann::json& j, Field& f) {
    j.at("id").get_to(f.id);
    j.at("as_written").get_to(f.as_written);
    j.at("value").get_to(f.value);
    j.at("source").get_to(f.source);
    j.at("page").get_to(f.page);
    j.at("confidence").get_to(f.confidence);
    if (j.contains("place")) j.at("place").get_to(f.place);
}

} // namespace recto

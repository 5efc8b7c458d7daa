#include "pipeline/core/model.h"

#include <nlohmann/json.hpp>

namespace recto {
namespace {
constexpr PageClass kClasses[] = {PageClass::Body,       PageClass::Cover,    PageClass::Contents,  PageClass::Blank,
                                  PageClass::BlankVerso, PageClass::BackNote, PageClass::Separator, PageClass::Target};

DpiSource parse_dpi_source(std::string_view name) {
    if (name == "file") return DpiSource::File;
    return name == "inferred" ? DpiSource::Inferred : DpiSource::Assumed;
}
} // namespace

std::string_view to_string(PageClass c) {
    switch (c) {
    case PageClass::Body: return "body";
    case PageClass::Cover: return "cover";
    case PageClass::Contents: return "contents";
    case PageClass::Blank: return "blank";
    case PageClass::BlankVerso: return "blank-verso";
    case PageClass::BackNote: return "back-note";
    case PageClass::Separator: return "separator";
    case PageClass::Target: return "target";
    }
    return "body";
}

PageClass parse_page_class(std::string_view name) {
    for (PageClass c : kClasses)
        if (to_string(c) == name) return c;
    return PageClass::Body;
}

bool counts_as_page(PageClass c) { return c == PageClass::Body; }

void to_json(nlohmann::json& j, const CaptureFacts& c) {
    j = {{"device", c.device},
         {"software", c.software},
         {"operator", c.operator_name},
         {"station", c.station},
         {"time", c.time}};
}
void from_json(const nlohmann::json& j, CaptureFacts& c) {
    c.device = j.value("device", "");
    c.software = j.value("software", "");
    c.operator_name = j.value("operator", "");
    c.station = j.value("station", "");
    c.time = j.value("time", "");
}

void to_json(nlohmann::json& j, const Dpi& d) { j = {{"x", d.x}, {"y", d.y}, {"source", to_string(d.source)}}; }
void from_json(const nlohmann::json& j, Dpi& d) {
    d.x = j.at("x").get<double>();
    d.y = j.at("y").get<double>();
    d.source = parse_dpi_source(j.at("source").get<std::string>());
}

void to_json(nlohmann::json& j, const ImageInfo& i) {
    j = {{"width", i.width},       {"height", i.height},           {"bits_per_sample", i.bits_per_sample},
         {"samples", i.samples},   {"photometric", i.photometric}, {"compression", i.compression},
         {"dpi", i.dpi},           {"orientation", i.orientation}, {"has_icc", i.has_icc},
         {"rendered", i.rendered}, {"findings", i.findings}};
}
void from_json(const nlohmann::json& j, ImageInfo& i) {
    j.at("width").get_to(i.width);
    j.at("height").get_to(i.height);
    j.at("bits_per_sample").get_to(i.bits_per_sample);
    j.at("samples").get_to(i.samples);
    j.at("photometric").get_to(i.photometric);
    j.at("compression").get_to(i.compression);
    j.at("dpi").get_to(i.dpi);
    j.at("orientation").get_to(i.orientation);
    j.at("has_icc").get_to(i.has_icc);
    j.at("rendered").get_to(i.rendered);
    j.at("findings").get_to(i.findings);
}

void to_json(nlohmann::json& j, const Source& s) {
    j = {{"path", s.path},
         {"original_name", s.original_name},
         {"original_bytes", s.original_bytes},
         {"sha512", s.sha512},
         {"size", s.size},
         {"media_type", s.media_type},
         {"extension", s.extension},
         {"capture", s.capture},
         {"images", s.images}};
}
void from_json(const nlohmann::json& j, Source& s) {
    s.path = j.value("path", "");
    s.original_name = j.value("original_name", "");
    s.original_bytes = j.value("original_bytes", "");
    s.sha512 = j.value("sha512", "");
    s.size = j.value("size", std::uint64_t{0});
    j.at("media_type").get_to(s.media_type);
    j.at("extension").get_to(s.extension);
    j.at("capture").get_to(s.capture);
    j.at("images").get_to(s.images);
}

void to_json(nlohmann::json& j, const PageTreatment& t) {
    j = {{"transform", t.transform},
         {"orientation_deg", t.orientation_deg},
         {"orientation_confidence", t.orientation_confidence},
         {"skew_deg", t.skew_deg},
         {"skew_confidence", t.skew_confidence},
         {"residual_skew_deg", t.residual_skew_deg},
         {"deskewed", t.deskewed},
         {"quad_confidence", t.quad_confidence},
         {"cropped", t.cropped},
         {"blank", t.blank},
         {"ink_ratio", t.ink_ratio},
         {"target", t.target},
         {"sharpness", t.sharpness},
         {"contrast", t.contrast},
         {"dpi", t.dpi},
         {"split", t.split},
         {"signature", t.signature},
         {"findings", t.findings}};
    j["quad"] = t.has_quad ? nlohmann::json(t.quad) : nlohmann::json(nullptr);
}
void from_json(const nlohmann::json& j, PageTreatment& t) {
    j.at("transform").get_to(t.transform);
    j.at("orientation_deg").get_to(t.orientation_deg);
    j.at("orientation_confidence").get_to(t.orientation_confidence);
    j.at("skew_deg").get_to(t.skew_deg);
    j.at("skew_confidence").get_to(t.skew_confidence);
    j.at("residual_skew_deg").get_to(t.residual_skew_deg);
    j.at("deskewed").get_to(t.deskewed);
    j.at("quad_confidence").get_to(t.quad_confidence);
    j.at("cropped").get_to(t.cropped);
    j.at("blank").get_to(t.blank);
    j.at("ink_ratio").get_to(t.ink_ratio);
    j.at("sharpness").get_to(t.sharpness);
    j.at("contrast").get_to(t.contrast);
    j.at("dpi").get_to(t.dpi);
    j.at("split").get_to(t.split);
    j.at("signature").get_to(t.signature);
    j.at("findings").get_to(t.findings);
    t.target = j.value("target", 0.0); // records of versions before have none
    t.has_quad = !j.at("quad").is_null();
    if (t.has_quad) j.at("quad").get_to(t.quad);
}

void to_json(nlohmann::json& j, const ImageTreatment& t) {
    j = {{"pages", t.pages}, {"findings", t.findings}};
    j["separator"] = t.separator.kind.empty()
                         ? nlohmann::json(nullptr)
                         : nlohmann::json{{"kind", t.separator.kind}, {"value", t.separator.value}};
    j["codes"] = nlohmann::json::array();
    for (const Separator& c : t.codes) j["codes"].push_back({{"kind", c.kind}, {"value", c.value}});
}
void from_json(const nlohmann::json& j, ImageTreatment& t) {
    j.at("pages").get_to(t.pages);
    j.at("findings").get_to(t.findings);
    if (const auto& s = j.at("separator"); !s.is_null()) t.separator = {s.at("kind"), s.at("value")};
    for (const auto& c : j.value("codes", nlohmann::json::array())) t.codes.push_back({c.at("kind"), c.at("value")});
}

} // namespace recto

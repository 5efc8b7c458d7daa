#include "stages/package/ofd/ofd_document.h"

#include <cmath>

#include <fmt/format.h>

namespace recto::ofd {
namespace {

void optional_element(XmlWriter& xml, const char* name, const std::string& value) {
    if (!value.empty()) xml.element(name, value);
}

void begin_outline(XmlWriter& xml, const OutlineEntry& entry, std::size_t parts) {
    xml.start("ofd:OutlineElem").attribute("Title", entry.title);
    if (parts > 0) xml.attribute("Count", std::to_string(parts)).attribute("Expanded", "true");
    xml.start("ofd:Actions").start("ofd:Action").attribute("Event", "CLICK").start("ofd:Goto").start("ofd:Dest");
    xml.attribute("Type", "Fit").attribute("PageID", std::to_string(entry.page_id));
    xml.end().end().end().end();
}

} // namespace

void start_root(XmlWriter& xml, const char* name) { xml.start(name).attribute("xmlns:ofd", kNamespace); }

std::string millimetres(double value) {
    std::string s = fmt::format("{:.3f}", std::isfinite(value) ? value : 0.0);
    while (s.back() == '0') s.pop_back();
    if (s.back() == '.') s.pop_back();
    return s == "-0" ? "0" : s;
}

std::string root_xml(const Info& info) {
    XmlWriter xml(false);
    start_root(xml, "ofd:OFD");
    xml.attribute("Version", "1.0").attribute("DocType", "OFD");
    xml.start("ofd:DocBody").start("ofd:DocInfo").element("ofd:DocID", info.id);
    optional_element(xml, "ofd:Title", info.title);
    optional_element(xml, "ofd:Author", info.author);
    xml.element("ofd:CreationDate", info.created);
    xml.element("ofd:DocUsage", "Normal");
    if (!info.keywords.empty()) {
        xml.start("ofd:Keywords");
        for (const std::string& word : info.keywords) xml.element("ofd:Keyword", word);
        xml.end();
    }
    optional_element(xml, "ofd:Creator", info.software);
    optional_element(xml, "ofd:CreatorVersion", info.software_version);
    xml.start("ofd:CustomDatas");
    for (const auto& [name, value] : info.custom)
        if (!value.empty()) xml.start("ofd:CustomData").attribute("Name", name).text(value).end();
    xml.end().end();
    xml.element("ofd:DocRoot", "Doc_0/Document.xml").end().end();
    return xml.finish();
}

void Contents::add_page(int id, const std::string& base) { pages_.emplace_back(id, base); }

void Contents::add_image(int id, const std::string& format, const std::string& file) {
    images_.push_back({id, format, file});
}

std::string Contents::document_xml(const OutlineEntry& top, const std::vector<OutlineEntry>& parts) const {
    XmlWriter xml(false);
    start_root(xml, "ofd:Document");
    xml.start("ofd:CommonData").element("ofd:MaxUnitID", std::to_string(last_id_));
    xml.start("ofd:PageArea").element("ofd:PhysicalBox", "0 0 210 297").end();
    xml.element("ofd:PublicRes", "PublicRes.xml");
    xml.element("ofd:DocumentRes", "DocumentRes.xml");
    xml.end().start("ofd:Pages");
    for (const auto& [id, base] : pages_)
        xml.start("ofd:Page").attribute("ID", std::to_string(id)).attribute("BaseLoc", base).end();
    xml.end().start("ofd:Outlines");
    begin_outline(xml, top, parts.size());
    for (const OutlineEntry& part : parts) {
        begin_outline(xml, part, 0);
        xml.end();
    }
    xml.end().end().end();
    return xml.finish();
}

std::string Contents::images_xml() const {
    XmlWriter xml(false);
    start_root(xml, "ofd:Res");
    xml.attribute("BaseLoc", "Res").start("ofd:MultiMedias");
    for (const Image& image : images_) {
        xml.start("ofd:MultiMedia").attribute("ID", std::to_string(image.id));
        xml.attribute("Type", "Image").attribute("Format", image.format).element("ofd:MediaFile", image.file).end();
    }
    xml.end().end();
    return xml.finish();
}

std::string fonts_xml() {
    XmlWriter xml(false);
    start_root(xml, "ofd:Res");
    xml.attribute("BaseLoc", "Res").start("ofd:Fonts").start("ofd:Font").attribute("ID", std::to_string(kFontId));
    xml.attribute("FontName", "宋体").attribute("FamilyName", "宋体").end().end().end();
    return xml.finish();
}

} // namespace recto::ofd

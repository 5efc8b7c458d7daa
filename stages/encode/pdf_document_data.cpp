#include "stages/encode/pdf_document_data.h"

#include <algorithm>

#include <fmt/format.h>
#define POINTERHOLDER_TRANSITION 4 // qpdf: std::shared_ptr only
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>

#include "pipeline/files/xml_writer.h"
#include "stages/encode/colour.h"

namespace recto::encode {
namespace {

using Object = QPDFObjectHandle;

std::string xmp(const PdfDocument& document) {
    XmlWriter x;
    x.instruction("xpacket", "begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"");
    x.start("x:xmpmeta").attribute("xmlns:x", "adobe:ns:meta/");
    x.start("rdf:RDF").attribute("xmlns:rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#");
    x.start("rdf:Description").attribute("rdf:about", "");
    x.attribute("xmlns:pdfaid", "http://www.aiim.org/pdfa/ns/id/");
    x.attribute("xmlns:dc", "http://purl.org/dc/elements/1.1/");
    x.attribute("xmlns:xmp", "http://ns.adobe.com/xap/1.0/");
    x.attribute("xmlns:pdf", "http://ns.adobe.com/pdf/1.3/");
    x.element("pdfaid:part", "2").element("pdfaid:conformance", "U");
    x.element("dc:format", "application/pdf");
    auto list = [&](const char* name, const char* kind, const std::string& value, bool with_language) {
        if (value.empty()) return;
        x.start(name).start(kind).start("rdf:li");
        if (with_language) x.attribute("xml:lang", "x-default");
        x.text(value).end().end().end();
    };
    list("dc:title", "rdf:Alt", document.title, true);
    list("dc:creator", "rdf:Seq", document.author, false);
    list("dc:language", "rdf:Bag", document.language, false);
    if (!document.identifier.empty()) x.element("dc:identifier", document.identifier);
    if (!document.keywords.empty()) x.element("pdf:Keywords", document.keywords);
    x.element("xmp:CreateDate", document.created).element("xmp:ModifyDate", document.created);
    x.element("xmp:MetadataDate", document.created).element("xmp:CreatorTool", document.software);
    x.element("pdf:Producer", document.software);
    x.end().end().end();
    x.instruction("xpacket", "end=\"r\"");
    return x.finish(false);
}

void set_info(QPDF& pdf, const PdfDocument& document) {
    Object info = Object::newDictionary();
    auto put = [&](const char* key, const std::string& value) {
        if (!value.empty()) info.replaceKey(key, Object::newUnicodeString(clean_xml(value)));
    };
    put("/Title", document.title);
    put("/Author", document.author);
    put("/Keywords", document.keywords);
    put("/Creator", document.software);
    put("/Producer", document.software);
    if (const std::string date = pdf_date(document.created); !date.empty()) {
        info.replaceKey("/CreationDate", Object::newString(date));
        info.replaceKey("/ModDate", Object::newString(date));
    }
    pdf.getTrailer().replaceKey("/Info", pdf.makeIndirectObject(info));
}

/// Printed numbers as page labels; a page without one shows its place in brackets, as in a catalogue.
void set_labels(QPDF& pdf, const PdfDocument& document) {
    if (std::all_of(document.pages.begin(), document.pages.end(), [](const PdfPage& p) { return p.label.empty(); }))
        return;
    Object nums = Object::newArray();
    for (std::size_t i = 0; i < document.pages.size(); ++i) {
        const std::string& printed = document.pages[i].label;
        Object label = Object::newDictionary();
        label.replaceKey("/P",
                         Object::newUnicodeString(printed.empty() ? fmt::format("[{}]", i + 1) : clean_xml(printed)));
        nums.appendItem(Object::newInteger(static_cast<long long>(i)));
        nums.appendItem(label);
    }
    Object tree = Object::newDictionary();
    tree.replaceKey("/Nums", nums);
    pdf.getRoot().replaceKey("/PageLabels", tree);
}

void set_bookmarks(QPDF& pdf, const PdfDocument& document, const std::vector<Object>& pages) {
    std::vector<Object> entries;
    Object outlines = pdf.makeIndirectObject(Object::newDictionary());
    for (const PdfBookmark& bookmark : document.bookmarks) {
        if (bookmark.page < 0 || bookmark.page >= static_cast<int>(pages.size()) || bookmark.title.empty()) continue;
        Object entry = pdf.makeIndirectObject(Object::newDictionary());
        entry.replaceKey("/Title", Object::newUnicodeString(clean_xml(bookmark.title)));
        entry.replaceKey("/Parent", outlines);
        entry.replaceKey("/Dest",
                         Object::newArray({pages[static_cast<std::size_t>(bookmark.page)], Object::newName("/Fit")}));
        if (!entries.empty()) {
            entry.replaceKey("/Prev", entries.back());
            entries.back().replaceKey("/Next", entry);
        }
        entries.push_back(entry);
    }
    if (entries.empty()) return;
    outlines.replaceKey("/Type", Object::newName("/Outlines"));
    outlines.replaceKey("/First", entries.front());
    outlines.replaceKey("/Last", entries.back());
    outlines.replaceKey("/Count", Object::newInteger(static_cast<long long>(entries.size())));
    pdf.getRoot().replaceKey("/Outlines", outlines);
}

void set_catalogue(QPDF& pdf, const PdfDocument& document) {
    Object root = pdf.getRoot();
    if (!document.language.empty()) root.replaceKey("/Lang", Object::newString(document.language));
    root.replaceKey("/ViewerPreferences", Object::parse("<< /DisplayDocTitle true >>"));
    Object metadata = pdf.newStream(xmp(document));
    metadata.getDict().replaceKey("/Type", Object::newName("/Metadata"));
    metadata.getDict().replaceKey("/Subtype", Object::newName("/XML"));
    root.replaceKey("/Metadata", metadata);
    Object profile = pdf.newStream(srgb_profile());
    profile.getDict().replaceKey("/N", Object::newInteger(3));
    Object intent = Object::parse("<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB IEC61966-2.1) "
                                  "/Info (sRGB IEC61966-2.1) /RegistryName (http://www.color.org) >>");
    intent.replaceKey("/DestOutputProfile", profile);
    root.replaceKey("/OutputIntents", Object::newArray({pdf.makeIndirectObject(intent)}));
}

} // namespace

std::string pdf_date(const std::string& t) {
    // 2026-11-22T17:15:00Z or ...+08:00
    if (t.size() < 20 || t[10] != 'T') return {};
    std::string out =
        "D:" + t.substr(0, 4) + t.substr(5, 2) + t.substr(8, 2) + t.substr(11, 2) + t.substr(14, 2) + t.substr(17, 2);
    if (t[19] == 'Z') return out + "Z";
    if (t.size() < 25) return {};
    return out + t.substr(19, 3) + "'" + t.substr(23, 2) + "'";
}

void set_document_data(QPDF& pdf, const PdfDocument& document, const std::vector<QPDFObjectHandle>& pages) {
    set_catalogue(pdf, document);
    set_info(pdf, document);
    set_labels(pdf, document);
    set_bookmarks(pdf, document, pages);
}

} // namespace recto::encode

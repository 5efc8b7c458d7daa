#include "stages/verify/ofd_check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "stages/verify/ofd_zip.h"
#include "stages/verify/xml_check.h"

namespace recto::verify {

namespace {

constexpr std::uint64_t kMostXml = std::uint64_t{64} << 20; ///< Bytes; a page of text has some tens of thousands.
constexpr int kMostOfAKind = 20;                            ///< Issues of one code in one entry.
constexpr std::string_view kOfdNamespace = "http://www.ofdspec.org/2016";

std::string content_of(const xmlNode* node) {
    xmlChar* value = node ? xmlNodeGetContent(node) : nullptr;
    std::string text = value ? reinterpret_cast<const char*>(value) : "";
    xmlFree(value);
    return text;
}

std::string trimmed(const std::string& text) {
    const std::size_t from = text.find_first_not_of(" \t\r\n");
    return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

const xmlNode* child_named(const xmlNode* node, const char* name) {
    for (const xmlNode* n = node ? node->children : nullptr; n; n = n->next)
        if (xml_named(n, name)) return n;
    return nullptr;
}

void each_ofd_element(const xmlNode* node, const std::function<void(const xmlNode*)>& visit) {
    for (; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE) continue;
        visit(node);
        each_ofd_element(node->children, visit); // libxml2 bounds the depth
    }
}

/// Where `location` leads from the folder of an entry: "/" begins at the root. "" where it climbs out.
std::string resolved(std::string_view folder, std::string_view location) {
    std::vector<std::string> parts;
    const auto walk = [&](std::string_view path) {
        for (std::size_t from = 0; from <= path.size();) {
            const std::size_t slash = std::min(path.find('/', from), path.size());
            const std::string_view part = path.substr(from, slash - from);
            from = slash + 1;
            if (part.empty() || part == ".") continue;
            if (part != "..") parts.emplace_back(part);
            else if (parts.empty()) return false;
            else parts.pop_back();
        }
        return true;
    };
    if (!location.starts_with('/') && !walk(folder)) return {};
    if (!walk(location)) return {};
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : "/") + part;
    return out;
}

/// Distances that a DeltaX or DeltaY gives ("g 3 2.5": three of 2.5); -1 where it cannot be read.
std::int64_t distances(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t from = 0; (from = text.find_first_not_of(" \t\r\n", from)) != std::string_view::npos;) {
        const std::size_t to = std::min(text.find_first_of(" \t\r\n", from), text.size());
        words.push_back(text.substr(from, to - from));
        from = to;
    }
    const auto is_number = [](std::string_view word, auto& value) {
        return std::from_chars(word.data(), word.data() + word.size(), value).ptr == word.data() + word.size();
    };
    std::int64_t n = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        double distance = 0;
        std::int64_t repeated = 1;
        if (words[i] == "g") {
            if (i + 2 >= words.size() || !is_number(words[i + 1], repeated) || repeated < 1 || repeated > 1'000'000)
                return -1;
            i += 2;
        }
        if (!is_number(words[i], distance)) return -1;
        n += repeated;
    }
    return n;
}

/// Characters as code points and as UTF-16 counts them: programs differ.
std::pair<std::int64_t, std::int64_t> characters(std::string_view utf8) {
    std::int64_t points = 0, units = 0;
    for (const char c : utf8) {
        const auto byte = static_cast<unsigned char>(c);
        points += (byte & 0xC0) != 0x80 ? 1 : 0;
        units += (byte & 0xC0) != 0x80 ? (byte >= 0xF0 ? 2 : 1) : 0;
    }
    return {points, units};
}

bool is_image(const OfdZip::Ends& ends) {
    using namespace std::string_view_literals;
    const std::string_view head = ends.head, tail = ends.tail;
    if (head.starts_with("\xFF\xD8\xFF"sv)) return tail.ends_with("\xFF\xD9"sv);
    if (head.starts_with("\x89PNG\r\n\x1A\n"sv)) return tail.ends_with("IEND\xAE\x42\x60\x82"sv);
    constexpr std::array kOthers{"BM"sv,          "GIF8"sv,           "II*\0"sv,       "MM\0*"sv,
                                 "\x97JB2\r\n"sv, "\0\0\0\x0CjP  "sv, "\xFF\x4F\xFF"sv};
    return std::ranges::any_of(kOthers, [&](std::string_view known) { return head.starts_with(known); });
}

class OfdChecker {
  public:
    OfdChecker(OfdZip& zip, Report& report, Issues& issues) : zip_(zip), report_(report), issues_(issues) {}

    void run() {
        for (const std::string& name : zip_.twice()) issues_.error(name, "ofd.name", name);
        for (const auto& [name, entry] : zip_.entries()) {
            ++report_.files;
            report_.bytes += entry.size;
            if (resolved("", name).empty() || name.find('\\') != std::string::npos || name.starts_with('/'))
                issues_.error(name, "ofd.name", name);
        }
        if (const XmlDoc root = load("OFD.xml", "the format", "OFD")) {
            const xmlNode* ofd = xmlDocGetRootElement(root.get());
            if (xml_attribute(ofd, "Version").empty() || xml_attribute(ofd, "DocType") != "OFD")
                structure("OFD.xml", "Version or DocType");
            int bodies = 0;
            for (const xmlNode* body = ofd->children; body; body = body->next)
                if (xml_named(body, "DocBody")) {
                    ++bodies;
                    document_of(body);
                }
            if (bodies == 0) structure("OFD.xml", "DocBody");
        }
        for (const auto& [name, entry] : zip_.entries()) {
            if (!used_.contains(name)) {
                if (const auto ends = zip_.scan(name); !ends) entry_fault(name, ends.error());
                if (!others_ && !name.ends_with('/')) issues_.warning(name, "ofd.unlisted");
            }
        }
    }

  private:
    struct Declared {
        std::set<std::string> fonts, media, drawings, templates, pages;
        std::set<std::string> followed; ///< Entries that were gone through.
        std::set<std::uint64_t> ids;
        std::uint64_t largest = 0;
    };

    void structure(const std::string& name, const std::string& what) { say(name, "ofd.structure", what); }

    template <class... Args> void say(const std::string& name, const std::string& code, const Args&... args) {
        if (++said_[{name, code}] <= kMostOfAKind) issues_.error(name, code, args...);
    }

    void entry_fault(const std::string& name, const Error& error) {
        if (error.code == "ofd.too_large") say(name, error.code, error.reason, std::to_string(kMostXml));
        else say(name, "ofd.entry", error.reason);
    }

    /// Parsed, or null: then it is said why. `from`: what refers to it.
    XmlDoc load(const std::string& name, const std::string& from, const char* root) {
        if (!present(name, from)) return nullptr;
        const auto bytes = zip_.read(name, kMostXml);
        if (!bytes) {
            entry_fault(name, bytes.error());
            return nullptr;
        }
        ++report_.xml_files;
        auto doc = parse_xml(*bytes, name);
        if (!doc) {
            say(name, "xml.malformed", doc.error().reason);
            return nullptr;
        }
        const xmlNode* top = xmlDocGetRootElement(doc->get());
        const bool ours = top && top->ns && reinterpret_cast<const char*>(top->ns->href) == kOfdNamespace;
        if (!ours || !xml_named(top, root)) {
            structure(name, std::string("root element ") + root);
            return nullptr;
        }
        each_ofd_element(top, [&](const xmlNode* n) {
            for (const char* active : {"URI", "GotoA", "Sound", "Movie", "Script", "JavaScript"})
                if (xml_named(n, active)) say(name, "ofd.active", active);
        });
        return std::move(*doc);
    }

    bool present(const std::string& name, const std::string& from) {
        if (zip_.entries().contains(name)) {
            used_.insert(name);
            return true;
        }
        say(name.empty() ? from : name, "ofd.missing", from);
        return false;
    }

    void take_id(const std::string& name, const xmlNode* node, Declared& all) {
        const std::string text = xml_attribute(node, "ID");
        if (text.empty()) return;
        std::uint64_t id = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), id);
        if (read.ptr != text.data() + text.size() || read.ec != std::errc() || !all.ids.insert(id).second)
            say(name, "ofd.id", text);
        else all.largest = std::max(all.largest, id);
    }

    void document_of(const xmlNode* body) {
        const xmlNode* info = child_named(body, "DocInfo");
        if (trimmed(content_of(child_named(info, "DocID"))).empty()) structure("OFD.xml", "DocInfo/DocID");
        others_ =
            others_ || child_named(body, "Signatures") || child_named(body, "Versions") || child_named(info, "Cover");
        const std::string location = trimmed(content_of(child_named(body, "DocRoot")));
        if (location.empty()) return structure("OFD.xml", "DocRoot");
        const std::string name = resolved("", location), folder = parent_path(name);
        const XmlDoc doc = load(name, "OFD.xml", "Document");
        if (!doc) return;
        const xmlNode* document = xmlDocGetRootElement(doc.get());
        const xmlNode *common = child_named(document, "CommonData"), *pages = child_named(document, "Pages");
        if (!child_named(common, "PageArea")) structure(name, "CommonData/PageArea");
        if (child_named(document, "Attachments")) say(name, "ofd.active", "Attachments");
        for (const char* part : {"Annotations", "CustomTags", "Attachments", "Extensions"})
            others_ = others_ || child_named(document, part);
        Declared all;
        for (const xmlNode* n = common ? common->children : nullptr; n; n = n->next)
            if (xml_named(n, "PublicRes") || xml_named(n, "DocumentRes"))
                resources(resolved(folder, trimmed(content_of(n))), name, all);
        std::vector<std::string> contents; // templates first: pages name them
        for (const xmlNode* n = common ? common->children : nullptr; n; n = n->next)
            if (xml_named(n, "TemplatePage")) {
                take_id(name, n, all);
                all.templates.insert(xml_attribute(n, "ID"));
                contents.push_back(xml_attribute(n, "BaseLoc"));
            }
        const std::size_t templates = contents.size();
        for (const xmlNode* n = pages ? pages->children : nullptr; n; n = n->next)
            if (xml_named(n, "Page")) {
                take_id(name, n, all);
                all.pages.insert(xml_attribute(n, "ID"));
                contents.push_back(xml_attribute(n, "BaseLoc"));
            }
        if (contents.size() == templates) structure(name, "Pages/Page");
        report_.pages += contents.size() - templates;
        for (const std::string& base : contents) page(resolved(folder, trimmed(base)), name, all);
        each_ofd_element(document, [&](const xmlNode* n) {
            if (xml_named(n, "Dest") && !all.pages.contains(xml_attribute(n, "PageID")))
                say(name, "ofd.reference", "PageID", xml_attribute(n, "PageID"));
        });
        const std::string most = trimmed(content_of(child_named(common, "MaxUnitID")));
        std::uint64_t largest = 0;
        const auto read = std::from_chars(most.data(), most.data() + most.size(), largest);
        if (most.empty() || read.ptr != most.data() + most.size()) structure(name, "CommonData/MaxUnitID");
        else if (largest < all.largest) say(name, "ofd.max_id", most, std::to_string(all.largest));
    }

    void resources(const std::string& name, const std::string& from, Declared& all) {
        if (!all.followed.insert(name).second) return; // pages may share one
        const XmlDoc doc = load(name, from, "Res");
        if (!doc) return;
        const xmlNode* top = xmlDocGetRootElement(doc.get());
        const std::string folder = resolved(parent_path(name), xml_attribute(top, "BaseLoc"));
        each_ofd_element(top->children, [&](const xmlNode* n) {
            take_id(name, n, all);
            const std::string id = xml_attribute(n, "ID");
            if (xml_named(n, "Font")) all.fonts.insert(id);
            if (xml_named(n, "CompositeGraphicUnit")) all.drawings.insert(id);
            if (xml_named(n, "ColorSpace") && !xml_attribute(n, "Profile").empty())
                (void)part(resolved(folder, xml_attribute(n, "Profile")), name);
            if (xml_named(n, "FontFile")) (void)part(resolved(folder, trimmed(content_of(n))), name);
            if (!xml_named(n, "MultiMedia")) return;
            all.media.insert(id);
            const xmlNode* file = child_named(n, "MediaFile");
            const std::string type = xml_attribute(n, "Type");
            if (type == "Audio" || type == "Video") say(name, "ofd.active", type);
            const auto ends = part(resolved(folder, trimmed(content_of(file))), name);
            if (!ends || type != "Image") return;
            ++report_.images;
            if (!is_image(*ends)) say(resolved(folder, trimmed(content_of(file))), "ofd.image");
        });
    }

    /// An entry that is no XML, read once.
    Result<OfdZip::Ends> part(const std::string& name, const std::string& from) {
        if (const auto known = scanned_.find(name); known != scanned_.end()) return known->second;
        if (!present(name, from)) return fail("ofd.missing", "", name);
        auto ends = zip_.scan(name);
        if (!ends) entry_fault(name, ends.error());
        scanned_.emplace(name, ends);
        return ends;
    }

    void page(const std::string& name, const std::string& from, Declared& all) {
        if (!all.followed.insert(name).second) return; // a thousand references to one page cost one page
        const XmlDoc doc = load(name, from, "Page");
        if (!doc) return;
        const xmlNode* top = xmlDocGetRootElement(doc.get());
        for (const xmlNode* n = top->children; n; n = n->next)
            if (xml_named(n, "PageRes")) resources(resolved(parent_path(name), trimmed(content_of(n))), name, all);
        each_ofd_element(top->children, [&](const xmlNode* n) {
            take_id(name, n, all);
            const auto refers = [&](const char* attribute, const std::set<std::string>& declared) {
                const std::string id = xml_attribute(n, attribute);
                if (!declared.contains(id)) say(name, "ofd.reference", attribute, id);
            };
            if (xml_named(n, "Template")) refers("TemplateID", all.templates);
            if (xml_named(n, "ImageObject")) refers("ResourceID", all.media);
            if (xml_named(n, "CompositeObject")) refers("ResourceID", all.drawings);
            if (!xml_named(n, "TextObject")) return;
            refers("Font", all.fonts);
            for (const xmlNode* code = n->children; code; code = code->next)
                if (xml_named(code, "TextCode")) text_code(name, code);
        });
    }

    void text_code(const std::string& name, const xmlNode* code) {
        const std::string text = content_of(code);
        const auto [points, units] = characters(text);
        for (const char* axis : {"DeltaX", "DeltaY"}) {
            const std::string given = xml_attribute(code, axis);
            if (given.empty()) continue;
            const std::int64_t n = distances(given);
            if (n != points - 1 && n != units - 1)
                say(name, "ofd.delta", std::to_string(points), n < 0 ? given : std::to_string(n), axis);
        }
    }

    OfdZip& zip_;
    Report& report_;
    Issues& issues_;
    std::set<std::string> used_;                              ///< Entries that something refers to.
    std::map<std::pair<std::string, std::string>, int> said_; ///< By entry and code.
    std::map<std::string, Result<OfdZip::Ends>> scanned_;     ///< Parts that were read.
    bool others_ = false;                                     ///< There are parts that this check does not follow.
};

bool named_ofd(const std::string& path) {
    std::string end = path.substr(path.size() - std::min<std::size_t>(4, path.size()));
    std::ranges::transform(end, end.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return end == ".ofd";
}

} // namespace

bool is_ofd(FileSystem& fs, const std::string& path, bool real) {
    if (named_ofd(path)) return true;
    const auto zip = OfdZip::open(fs, path, real);
    return zip && (*zip)->entries().contains("OFD.xml");
}

void check_ofd(FileSystem& fs, const std::string& path, bool real, Report& report, Issues& issues) {
    ++report.objects;
    const auto zip = OfdZip::open(fs, path, real);
    if (!zip) return issues.error("", zip.error().code == "ofd.zip" ? "ofd.zip" : "unreadable", zip.error().reason);
    OfdChecker(**zip, report, issues).run();
}

} // namespace recto::verify

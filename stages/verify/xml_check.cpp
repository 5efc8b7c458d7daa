#include "stages/verify/xml_check.h"

#include <array>
#include <filesystem>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemas.h>

namespace recto::verify {

namespace {

constexpr std::size_t kMaxXml = std::size_t{1} << 30; ///< Bytes.
constexpr int kMaxMessages = 20; ///< A document with a systematic fault would say it a thousand times.

struct KnownSchema {
    std::string_view name_space, root, file;
};
/// Which file checks which root element. METS 1.12, PREMIS 3.0, ALTO 4, DCMI (2008).
constexpr std::array<KnownSchema, 4> kSchemas{{{"http://www.loc.gov/METS/", "mets", "mets.xsd"},
                                               {"http://www.loc.gov/premis/v3", "premis", "premis.xsd"},
                                               {"http://www.loc.gov/standards/alto/ns-v4#", "alto", "alto-4.xsd"},
                                               {"", "qualifieddc", "dcterms.xsd"}}};

/// The DCMI schemas of 2008 give the types; which root element holds them is left to the application, and is ours.
constexpr std::string_view kDublinCoreDriver =
    R"(<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:dcterms="http://purl.org/dc/terms/">
<xs:import namespace="http://purl.org/dc/terms/" schemaLocation="dcterms.xsd"/>
<xs:element name="qualifieddc" type="dcterms:elementOrRefinementContainer"/></xs:schema>)";

/// Schemas name their imports by public addresses: the file of that name in the folder of schemas is taken instead. What
/// is not there is not looked for anywhere else.
thread_local std::string t_folder;

xmlParserInputPtr load_from_folder(const char* url, const char* /*id*/, xmlParserCtxtPtr context) {
    const std::string address(url == nullptr ? "" : url);
    std::string name = address.substr(address.rfind('/') == std::string::npos ? 0 : address.rfind('/') + 1);
    // Versioned names of the same schemas: "xlink-2.xsd", "mets1_12.xsd".
    if (name.starts_with("xlink")) name = "xlink.xsd";
    if (name.starts_with("xml.") || name == "namespace" || name.starts_with("xml-")) name = "xml.xsd";
    const std::string path = t_folder + "/" + name;
    if (t_folder.empty() || !std::filesystem::is_regular_file(path)) return nullptr;
    return xmlNewInputFromFile(context, path.c_str());
}

/// The loader is one a process: outside our calls (folder empty) it refuses, which is what we want everywhere.
void install_loader() {
    static const bool done = [] {
        xmlInitParser();
        xmlSetExternalEntityLoader(load_from_folder);
        return true;
    }();
    (void)done;
}

std::string message_of(const xmlError* error) {
    std::string text = error == nullptr || error->message == nullptr ? "" : error->message;
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

struct Collector {
    const std::string& path;
    Issues& issues;
    int count = 0;
};

void collect(void* data, xmlErrorPtr error) {
    auto* to = static_cast<Collector*>(data);
    if (++to->count > kMaxMessages) return;
    to->issues.error(to->path, "xml.invalid", std::to_string(error->line), message_of(error));
}

void ignore(void*, xmlErrorPtr) {}

} // namespace

Result<XmlDoc> parse_xml(std::string_view bytes, const std::string& name) {
    install_loader();
    if (bytes.size() > kMaxXml) return fail("xml.malformed", "larger than 1 GiB", name);
    xmlParserCtxtPtr context = xmlNewParserCtxt();
    if (context == nullptr) return fail("xml.malformed", "out of memory", name);
    xmlSetStructuredErrorFunc(nullptr, ignore);
    // No XML_PARSE_HUGE: the parser's own limits on depth and on growing entities stay in force.
    XmlDoc doc(xmlCtxtReadMemory(context, bytes.data(), static_cast<int>(bytes.size()), nullptr, nullptr,
                                 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
    const xmlError* error = xmlCtxtGetLastError(context);
    const bool good = doc && context->wellFormed != 0;
    const std::string reason =
        good ? "" : "line " + std::to_string(error == nullptr ? 0 : error->line) + ": " + message_of(error);
    xmlFreeParserCtxt(context);
    xmlSetStructuredErrorFunc(nullptr, nullptr);
    if (!good) return fail("xml.malformed", reason, name);
    if (doc->intSubset != nullptr) return fail("xml.malformed", "has a document type declaration", name);
    return doc;
}

std::string xml_attribute(const xmlNode* node, const char* name) {
    for (const xmlAttr* at = node->properties; at != nullptr; at = at->next) {
        if (std::string_view(reinterpret_cast<const char*>(at->name)) != name) continue;
        xmlChar* value = xmlNodeListGetString(node->doc, at->children, 1);
        std::string text = value == nullptr ? "" : reinterpret_cast<const char*>(value);
        xmlFree(value);
        return text;
    }
    return {};
}

struct Schemas::Compiled {
    xmlSchemaPtr schema = nullptr;
    std::string fault;
    Compiled() = default;
    Compiled(const Compiled&) = delete;
    Compiled& operator=(const Compiled&) = delete;
    ~Compiled() {
        if (schema != nullptr) xmlSchemaFree(schema);
    }
};

Schemas::Schemas(std::string folder) : folder_(std::move(folder)) {}
Schemas::~Schemas() = default;

Schemas::Compiled* Schemas::compiled(const std::string& file) {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Compiled>& entry = by_file_[file];
    if (entry) return entry.get();
    entry = std::make_unique<Compiled>();
    const std::string path = folder_ + "/" + file;
    if (folder_.empty() || !std::filesystem::is_regular_file(path)) {
        entry->fault = "absent";
        return entry.get();
    }
    install_loader();
    t_folder = folder_;
    xmlSchemaParserCtxtPtr context =
        file == "dcterms.xsd"
            ? xmlSchemaNewMemParserCtxt(kDublinCoreDriver.data(), static_cast<int>(kDublinCoreDriver.size()))
            : xmlSchemaNewParserCtxt(path.c_str());
    std::string last;
    xmlSchemaSetParserStructuredErrors(
        context,
        [](void* data, xmlErrorPtr error) {
            if (error->level >= XML_ERR_ERROR) *static_cast<std::string*>(data) = message_of(error);
        },
        &last);
    entry->schema = xmlSchemaParse(context);
    xmlSchemaFreeParserCtxt(context);
    t_folder.clear();
    if (entry->schema == nullptr) entry->fault = last.empty() ? "not a schema" : last;
    return entry.get();
}

void Schemas::check(xmlDoc* doc, const std::string& path, Issues& issues) {
    const xmlNode* root = xmlDocGetRootElement(doc);
    if (root == nullptr) return;
    const std::string name_space = root->ns == nullptr ? "" : reinterpret_cast<const char*>(root->ns->href);
    const std::string name = reinterpret_cast<const char*>(root->name);
    const KnownSchema* known = nullptr;
    for (const KnownSchema& candidate : kSchemas) {
        if (candidate.name_space == name_space && candidate.root == name) known = &candidate;
    }
    if (known == nullptr) return issues.warning(path, "xml.unknown", name_space.empty() ? name : name_space);
    const Compiled* schema = compiled(std::string(known->file));
    if (schema->fault == "absent") return issues.warning("", "xml.not_checked", std::string(known->file));
    if (schema->schema == nullptr) return issues.warning("", "xml.schema_bad", std::string(known->file), schema->fault);
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema->schema);
    Collector collector{path, issues};
    xmlSchemaSetValidStructuredErrors(context, collect, &collector);
    const int rc = xmlSchemaValidateDoc(context, doc);
    xmlSchemaFreeValidCtxt(context);
    if (rc != 0 && collector.count == 0) issues.error(path, "xml.invalid", "0", "error " + std::to_string(rc));
}

} // namespace recto::verify

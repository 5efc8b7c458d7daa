#pragma once

/// XML of untrusted packages: parsed without network, entities or unbounded growth, and checked against schemas that lie
/// in one folder under fixed names.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <libxml/tree.h>

#include "pipeline/core/result.h"
#include "stages/verify/report.h"

namespace recto::verify {

struct XmlDocFree {
    void operator()(xmlDoc* doc) const { xmlFreeDoc(doc); }
};
using XmlDoc = std::unique_ptr<xmlDoc, XmlDocFree>;

/// Errors: "xml.malformed". A document type declaration is refused: none of our formats has one.
[[nodiscard]] Result<XmlDoc> parse_xml(std::string_view bytes, const std::string& name);

/// Attribute by local name (any name space); "" when absent.
[[nodiscard]] std::string xml_attribute(const xmlNode* node, const char* name);
[[nodiscard]] inline bool xml_named(const xmlNode* node, const char* name) {
    return node->type == XML_ELEMENT_NODE && std::string_view(reinterpret_cast<const char*>(node->name)) == name;
}

/// Compiled schemas, made when first needed. Thread-safe.
class Schemas {
  public:
    explicit Schemas(std::string folder);
    ~Schemas();
    /// Checks `doc` against the schema of its root element's name space; says when there is none for it.
    void check(xmlDoc* doc, const std::string& path, Issues& issues);

  private:
    struct Compiled;
    Compiled* compiled(const std::string& file);
    std::string folder_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Compiled>> by_file_;
};

} // namespace recto::verify

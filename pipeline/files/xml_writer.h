#pragma once

/// XML through libxml2's text writer: escaping, nesting and encoding are the library's work, never ours.

#include <memory>
#include <string>
#include <string_view>

namespace recto {

/// One object serves one document and one thread. Text and attribute values are reduced to what XML 1.0 can hold
/// (clean_xml). Out of memory throws std::bad_alloc, the one failure a writer to memory has.
class XmlWriter {
  public:
    /// Not `indented`: white space is what text() says, as formats want it in which it counts.
    explicit XmlWriter(bool indented = true);
    ~XmlWriter();
    XmlWriter(const XmlWriter&) = delete;
    XmlWriter& operator=(const XmlWriter&) = delete;

    /// `name` may have a prefix; its namespace is declared by attribute("xmlns:...").
    XmlWriter& start(const char* name);
    XmlWriter& attribute(const char* name, std::string_view value);
    XmlWriter& number(const char* name, double value); ///< At most two decimals, no trailing zeros.
    XmlWriter& text(std::string_view value);
    XmlWriter& end();
    /// <!DOCTYPE name PUBLIC ...>; before the first element.
    XmlWriter& doctype(const char* name, const char* public_id, const char* system_id);
    /// <name>value</name>
    XmlWriter& element(const char* name, std::string_view value);
    XmlWriter& instruction(const char* target, const char* content); ///< Written as it is.
    /// Without an XML declaration when `declaration` is false (XMP packets). Ends the document.
    [[nodiscard]] std::string finish(bool declaration = true);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Valid UTF-8 of characters that XML 1.0 allows, C1 controls left out too; ill-formed bytes become U+FFFD.
[[nodiscard]] std::string clean_xml(std::string_view text);

} // namespace recto

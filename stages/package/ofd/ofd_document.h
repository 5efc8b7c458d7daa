#pragma once

/// The XML of an OFD file (GB/T 33190-2016) but its pages' content: OFD.xml, Document.xml, resources, outline.

#include <string>
#include <utility>
#include <vector>

#include "pipeline/files/xml_writer.h"

namespace recto::ofd {

inline constexpr const char* kNamespace = "http://www.ofdspec.org/2016";
inline constexpr int kFontId = 1; ///< The one font; pages, images and objects are counted on from it.

/// Starts a document's first element with the name space.
void start_root(XmlWriter& xml, const char* name);
/// At most three decimals, no trailing zeros: thousandths of a millimetre.
[[nodiscard]] std::string millimetres(double value);

struct Info {
    std::string id;      ///< 32 hexadecimal digits.
    std::string created; ///< YYYY-MM-DD
    std::string title, author, software, software_version;
    std::vector<std::string> keywords;
    std::vector<std::pair<std::string, std::string>> custom; ///< Name and value; without a value it is left out.
};
[[nodiscard]] std::string root_xml(const Info& info);

struct OutlineEntry {
    std::string title;
    int page_id = 0;
};

/// What is known of the pages once they are written; grows by a few dozen bytes a page.
class Contents {
  public:
    [[nodiscard]] int next_id() { return ++last_id_; }
    void add_page(int id, const std::string& base);
    void add_image(int id, const std::string& format, const std::string& file);
    [[nodiscard]] const std::vector<std::pair<int, std::string>>& pages() const { return pages_; }

    /// `top`: the document as a whole; its parts lie below it. A4 is said for pages that say nothing, and ours all do.
    [[nodiscard]] std::string document_xml(const OutlineEntry& top, const std::vector<OutlineEntry>& parts) const;
    [[nodiscard]] std::string images_xml() const;

  private:
    struct Image {
        int id;
        std::string format, file;
    };
    std::vector<std::pair<int, std::string>> pages_; ///< ID and path of the content.
    std::vector<Image> images_;
    int last_id_ = kFontId;
};

/// PublicRes.xml: the font by its name only. The text is invisible, so readers need its metrics at most.
[[nodiscard]] std::string fonts_xml();

} // namespace recto::ofd

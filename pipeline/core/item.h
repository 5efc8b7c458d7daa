#pragma once

/// An item on its way through a run: what intake grouped, what the stages added. item.json is made from this.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/model.h"
#include "pipeline/core/page_text.h"
#include "pipeline/core/result.h"

namespace recto {

/// A file made for a page, staged for storage.
struct StagedFile {
    std::string logical_path; ///< Inside the item's object: "preservation/0001.tif".
    std::string staged_path;  ///< Where it lies now (work folder).
    std::string media_type;
    std::string sha512;
    std::uint64_t size = 0;
    int width = 0, height = 0; ///< Pixels, for images; else 0.
    double dpi = 0;            ///< For images.
    std::string role;          ///< "preservation", "access-image", "text", ...
    std::string created{}; ///< RFC 3339, of a file that an earlier version has already; empty: made for this version.
};

/// Print drawn over a page's background in the compact form of the PDF (stages/encode/mixed_raster.h).
struct PdfInk {
    StagedFile mask;         ///< Bi-level bytes for the PDF; black = ink.
    std::string mask_filter; ///< "JBIG2Decode", "CCITTFaxDecode".
    StagedFile colours;      ///< JPEG, coarser than the mask.
    int components = 3;      ///< Of `colours`: 1 or 3.
};

/// What the encode stage made of one page.
struct EncodedPage {
    std::vector<StagedFile> files;
    /// Image for the PDF, not stored by itself unless the profile says so: JPEG, G4 or JBIG2 bytes in a file. With `pdf_inks`,
    /// the background over which they are drawn.
    StagedFile pdf_image;
    std::string pdf_filter; ///< "DCTDecode", "CCITTFaxDecode", "JBIG2Decode", "FlateDecode".
    int pdf_components = 3; ///< 1 or 3.
    std::vector<PdfInk> pdf_inks;
    /// What the clean-up of access images did to this page (stages/encode/access_clean.h); null when it did nothing.
    nlohmann::json access_clean = nullptr;
};

/// One page of an item.
struct Page {
    Uuid id;
    ImageRef image;
    int serial = 0;             ///< Capture serial within the item, from 1 (a spread's two pages share it).
    int order = 0;              ///< Logical order within the item, from 1; names of page files use it ("0001").
    std::string printed_number; ///< As printed, "12-1"; empty when none was read.
    int leaf = 0;               ///< Leaf number from 1, 0 when not known.
    std::string side;           ///< "recto", "verso" or "".
    PageClass page_class = PageClass::Body;
    double class_confidence =
        -1; ///< 0 to 1; -1: not known (its text was not looked at, or an earlier version stored it).
    PageTreatment treatment;
    PageText text;
    EncodedPage encoded;
    std::vector<Finding> findings; ///< All of this page's, treatment's included.
    std::optional<Error> error;    ///< Set when the page could not be processed; the item is then held.
    std::map<std::string, nlohmann::json> stage_data; ///< Results of further page stages, by stage name.
};

/// Gives a page its text, and the findings that follow from a text ("read.not_machine_readable", "read.unread_ink") in place of
/// those of the text before.
void take_text(Page& page, PageText text);

/// A described field with where it comes from.
struct Field {
    std::string id;         ///< DA/T 18 English id: "title", "document_number", "date", "creator", ...
    std::string as_written; ///< As the catalogue or the page has it.
    std::string value;      ///< Normalised (dates: EDTF).
    std::string source;     ///< "catalogue", "extracted", "operator".
    int page = 0;           ///< Page order, from 1; 0 when not from a page.
    Box place;              ///< In page pixels, when page > 0.
    double confidence = 0;
};

/// Former values of an attribute that changes (档号).
struct CodeHistory {
    std::string code;
    std::string until; ///< RFC 3339.
    std::string reason;
};

struct Item {
    Uuid id;
    std::string reference_code;   ///< 档号; empty while provisional.
    std::string provisional_name; ///< Folder or file name it was delivered under.
    std::vector<CodeHistory> former_codes;
    std::vector<Source> sources;
    std::vector<Page> pages;
    std::vector<Field> fields;
    std::vector<Finding> findings;
    bool held = false; ///< Incomplete: kept out of packages until a person releases it.
    std::string held_reason;
    int expected_pages = -1; ///< Catalogue's 页数; -1 when not known.
    std::string delivery;    ///< The folder or file of the delivery it came from.
    /// What people changed after the delivery, oldest first: {"edit": "replace"|"insert"|"release"|"correct", "time", "who",
    /// ...} (docs/ITEM_FILES.md). Kept by every later version; amend/ writes them and applies them again.
    nlohmann::json edits = nlohmann::json::array();

    [[nodiscard]] int counted_pages() const;                     ///< Pages that count as 页.
    [[nodiscard]] const Field* field(std::string_view id) const; ///< Catalogue before extracted; null when absent.
    /// 档号, or the provisional name when there is none: what messages call it.
    [[nodiscard]] const std::string& display_name() const;
    /// Digest of which scans stand for which pages; a release holds for one such content.
    [[nodiscard]] std::string content_digest() const;
    /// Codes of the findings that keep it from being delivered, sorted, each once.
    [[nodiscard]] std::vector<std::string> hold_codes() const;
    /// The person's release that stands for this content and these reasons; null when there is none.
    [[nodiscard]] const nlohmann::json* release() const;
};

/// Where a master lies in its item's object: "master/0001.tif" for source 0.
[[nodiscard]] std::string master_logical_path(const Item& item, std::size_t source);

void to_json(nlohmann::json& j, const StagedFile& f);
void from_json(const nlohmann::json& j, StagedFile& f);
void to_json(nlohmann::json& j, const EncodedPage& e);
void from_json(const nlohmann::json& j, EncodedPage& e);
void to_json(nlohmann::json& j, const Field& f);
void from_json(const nlohmann::json& j, Field& f);

} // namespace recto

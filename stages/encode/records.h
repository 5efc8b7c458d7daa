#pragma once

/// The XML records of an item. DC, PREMIS and METS are made from item.json alone, so they cannot disagree with it; ALTO is
/// made from the cleaned text of a page. Pure functions, any thread; equal input gives equal bytes.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/item.h"

namespace recto::encode {

/// Qualified Dublin Core (container of the DCMI XML schemas of 2008).
[[nodiscard]] std::string write_dublin_core(const nlohmann::json& item);

/// PREMIS 3.0: every file of item.json and `records` (item.json, dc.xml) with fixity, size and format; capture, ingestion,
/// message digest calculation and creation events; software, people and devices as agents.
[[nodiscard]] std::string write_premis(const nlohmann::json& item, const std::vector<StagedFile>& records);

/// METS 1.12: all files with SHA-512, physical and logical structure, links to the records. References are relative to the
/// object's root.
[[nodiscard]] std::string write_mets(const nlohmann::json& item, const std::vector<StagedFile>& records);

/// What an ALTO file says of its page besides the words.
struct AltoPage {
    std::string image;         ///< Logical path of the image whose pixels the coordinates are.
    int width = 0, height = 0; ///< Its size.
    std::string item_id;       ///< "urn:uuid:..."
    std::string page_id;       ///< "urn:uuid:..."
    int order = 0;
    std::string printed_number, page_class;
    std::string software;  ///< "recto 0.1.0"
    std::string created;   ///< RFC 3339.
    std::string treatment; ///< One line each for the processing description.
    std::string encoding;
};

/// ALTO 4.4; `text` from clean_text. A Chinese run is one String with a Glyph a character. How roles, cells and other readings
/// are written: docs/ITEM_FILES.md.
[[nodiscard]] std::string write_alto(const PageText& text, const AltoPage& page);

/// Title to show: the title field, else 档号, else the provisional name.
[[nodiscard]] std::string item_title(const nlohmann::json& item);

} // namespace recto::encode

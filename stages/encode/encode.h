#pragma once

/// Encoding: what an item's version holds besides its masters.
///
///   page stage "encode"       preservation image, access image, and the image of the PDF, as files of the work folder
///   item stage "item-files"   access/<档号>.pdf, text/<nnnn>.alto.xml (.hocr.html and .tsv by settings), text/<档号>.txt,
///                             text/<nnnn>.table<k>.csv,
///                             metadata/item.json (the authority),
///                             metadata/dc.xml, metadata/premis.xml, mets.xml (in this order: each refers to the former)
///
/// mets.xml lies at the object's root and not in metadata/: readers of METS resolve references against its folder and many
/// refuse those that climb out of it.

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/item.h"
#include "pipeline/core/stage.h"

namespace recto {

[[nodiscard]] std::unique_ptr<PageStage> make_encode_stage();
[[nodiscard]] std::unique_ptr<ItemStage> make_item_files_stage();

/// "preservation/0001.tif" and so on, by the page's logical order (more than four digits from page 10000 on).
[[nodiscard]] std::string page_logical_path(std::string_view folder, int order, std::string_view extension);

/// item.json, schema 1 (docs/ITEM_FILES.md): everything known of the item but the text itself, which is in text/.
/// `files`: all of the version but masters, which come from item.sources; `created`: RFC 3339, time of this version.
[[nodiscard]] nlohmann::json item_to_json(const Item& item, const std::vector<StagedFile>& files,
                                          const nlohmann::json& provenance, const std::string& created);

/// The way back: all but the words of the pages, staged paths and source paths. Errors: "encode.item_json" with the place,
/// "encode.item_newer" for a schema above ours.
[[nodiscard]] Result<Item> item_from_json(const nlohmann::json& json);

/// Takes the page images out of a stored access PDF of ours into `folder`, byte for byte, and sets the pdf_image.staged_path
/// of the item's pages (as item_from_json gives them), so that "item-files" can run again with corrected text and no image is
/// compressed twice. Errors: "encode.pdf_images", also where a digest is not that of item.json.
Result<void> recover_page_images(Item& item, const std::string& pdf_path, const std::string& folder);

/// item.json's bytes: two spaces of indentation, keys sorted, UTF-8, one newline at the end.
[[nodiscard]] std::string dump_item_json(const nlohmann::json& json);

} // namespace recto

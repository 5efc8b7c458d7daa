#pragma once

/// What the store keeps of a stored item: made from item.json (docs/ITEM_FILES.md) and from nothing else, so that a store
/// made again is equal to the one kept up to date. Pure functions.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "catalogue/rows.h"
#include "pipeline/core/result.h"

namespace recto::catalogue {

struct PageRecord {
    std::string id, printed_number, page_class;
    int order = 0, serial = 0;
    bool counted = false; ///< Counts as 页.
    std::string state;    ///< "read", "blank", "not-machine-readable", "error".
    std::string source;   ///< Name of the file as delivered.
    int image = 0;        ///< Image in it, from 1.
    int width = 0, height = 0;
    double confidence = 0;
    int characters = 0;
    std::string error; ///< Code of the page's error.
};

struct FormerCode {
    std::string code, until, reason;
};

struct ItemRecord {
    std::string id;
    std::string code;      ///< 档号; "" while provisional.
    bool assigned = false; ///< The 档号 was given by a person: a run keeps it.
    std::string name;      ///< What it was delivered under.
    std::vector<FormerCode> former_codes;
    Grouping group;
    std::string title, date_written, date_edtf, creator, classification;
    std::string state; ///< "stored" or "held".
    std::string held_reason;
    int counted_pages = 0, expected_pages = -1;
    std::string delivery, object_path, created;
    int version = 0;
    std::string digest; ///< SHA-512 of item.json.
    Fields fields;      ///< Values by id: the operator's before the catalogue's before the extracted.
    std::vector<PageRecord> pages;
};

/// Errors: "catalogue.item_json" with what is missing, "catalogue.item_newer" for a schema above ours.
Result<ItemRecord> item_record(const nlohmann::json& item, const std::string& object_path, int version,
                               const std::string& digest);

} // namespace recto::catalogue

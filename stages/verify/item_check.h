#pragma once

/// The inside of an item, wherever it lies: in an OCFL object's head version or in a bag's payload.

#include <map>
#include <string>

#include "pipeline/files/file_system.h"
#include "stages/verify/verify.h"
#include "stages/verify/xml_check.h"

namespace recto::verify {

struct ItemTree {
    std::string name;                          ///< Path of the item in the report.
    std::map<std::string, std::string> files;  ///< Logical path -> file.
    std::map<std::string, std::string> sha512; ///< Logical path -> digest, checked elsewhere; may lack some.
};

/// A tree without metadata/item.json is not one of ours: only its XML is looked at.
void check_item(FileSystem& fs, bool real_files, const ItemTree& tree, const Options& options, Schemas& schemas,
                Report& report, Issues& issues);

} // namespace recto::verify

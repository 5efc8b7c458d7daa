#pragma once

/// What schemas cannot see: references and fixity of METS, boxes and text of ALTO.

#include <set>
#include <string>
#include <utility>

#include "stages/verify/item_check.h"

namespace recto::verify {

struct MetsFacts {
    std::size_t pages = 0;          ///< Divisions of TYPE "page".
    std::set<std::string> files;    ///< Logical paths of the file section.
    std::set<std::string> metadata; ///< Those of mdRef.
};

/// IDs unique, IDREFs resolve, each FLocat and mdRef names a file of the tree, SIZE and CHECKSUM agree. `path`: logical
/// path of the METS file; references are relative to its folder.
MetsFacts check_mets(FileSystem& fs, const xmlNode* root, const std::string& path, const ItemTree& tree,
                     Issues& issues);

/// Every box lies in its page, the page has the size of its image (`image` {0,0}: not known).
void check_alto(const xmlNode* root, const std::string& where, std::pair<int, int> image, Issues& issues);

/// What an ALTO file says, without white space.
std::string alto_text(const xmlNode* root);

} // namespace recto::verify

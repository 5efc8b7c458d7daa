#pragma once

/// METS of an E-ARK information package: CSIP and SIP 2.2 (https://dilcis.eu). Pure functions.

#include <cstdint>
#include <string>
#include <vector>

namespace recto {

/// A file of the package, or of one of its representations.
struct EarkFile {
    std::string path; ///< Below the METS file that names it.
    std::string media_type, sha512;
    std::uint64_t bytes = 0;
};

/// What is said of a representation besides its files.
struct EarkRepresentation {
    std::string name;    ///< "master": its folder below representations/.
    std::string content; ///< TYPE of its division: what it is of the record, "ORIGINAL" ...
    EarkFile mets;       ///< Its METS file, from the root.
};

/// The parts of a package that its METS files share.
struct EarkPackage {
    std::string id; ///< OBJID: the name of the package's folder.
    std::string title;
    std::string created;                   ///< RFC 3339.
    std::string agent, agent_version;      ///< The software.
    std::string submitter, submitter_code; ///< Who hands in: the archive, its 档案馆代码.
    std::vector<EarkFile> descriptive;     ///< metadata/descriptive/...: Dublin Core or EAD 3.
    std::vector<EarkFile> preservation;    ///< metadata/preservation/premis.xml
    std::vector<EarkFile> other;           ///< metadata/other/item.json
    std::vector<EarkRepresentation> representations;
};

[[nodiscard]] std::string eark_root_mets(const EarkPackage& package);
[[nodiscard]] std::string eark_representation_mets(const EarkPackage& package, const EarkRepresentation& representation,
                                                   const std::vector<EarkFile>& files);

/// The item as EAD 3 (archdesc of level "item").
struct EadFacts {
    std::string id, code, title, date, creator, extent, repository, agent, created;
};
[[nodiscard]] std::string eark_ead(const EadFacts& facts);

} // namespace recto

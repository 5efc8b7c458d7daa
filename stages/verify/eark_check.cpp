#include "stages/verify/eark_check.h"

#include <set>

#include "stages/verify/item_check.h"
#include "stages/verify/mets_check.h"
#include "stages/verify/plain_files.h"

namespace recto::verify {

void check_eark(FileSystem& fs, const std::string& folder, Schemas& schemas, Report& report, Issues& issues) {
    ++report.objects;
    ItemTree tree{"", {}, {}};
    const auto files = plain_files(fs, folder, "eark.link", issues);
    for (const auto& [path, size] : files) {
        tree.files.emplace(path, join_path(folder, path));
        ++report.files;
        report.bytes += size;
    }
    std::set<std::string> named;
    for (const auto& [path, place] : tree.files) {
        if (path != "METS.xml" && !path.ends_with("/METS.xml")) continue;
        const auto bytes = fs.read(place);
        if (!bytes) {
            issues.error(path, "unreadable", bytes.error().reason);
            continue;
        }
        const auto doc = parse_xml(*bytes, path);
        if (!doc) {
            issues.error(path, doc.error().code, doc.error().reason);
            continue;
        }
        ++report.xml_files;
        schemas.check(doc->get(), path, issues);
        MetsFacts facts = check_mets(fs, xmlDocGetRootElement(doc->get()), path, tree, issues);
        named.merge(facts.files);
        named.merge(facts.metadata);
    }
    for (const auto& [path, size] : files)
        if (path != "METS.xml" && !named.contains(path)) issues.error(path, "eark.unlisted");
}

} // namespace recto::verify

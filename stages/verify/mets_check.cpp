#include "stages/verify/mets_check.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <sstream>

#include "stages/verify/checksums.h"
#include "stages/verify/ocfl_inventory.h"
#include "stages/verify/pdf_check.h"

namespace recto::verify {

namespace {

/// All elements in document order, without recursion.
void each_element(const xmlNode* root, const std::function<void(const xmlNode*)>& visit) {
    const xmlNode* node = root;
    while (node != nullptr) {
        if (node->type == XML_ELEMENT_NODE) visit(node);
        if (node->type == XML_ELEMENT_NODE && node->children != nullptr) {
            node = node->children;
            continue;
        }
        while (node != root && node->next == nullptr) node = node->parent;
        if (node == root) return;
        node = node->next;
    }
}

std::string percent_decoded(std::string_view text) {
    const auto value = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && value(text[i + 1]) >= 0 && value(text[i + 2]) >= 0) {
            out += static_cast<char>(value(text[i + 1]) * 16 + value(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// "./a//b" as "a/b"; "" when it climbs out.
std::string normal(std::string_view path) {
    std::vector<std::string> parts;
    std::istringstream stream{std::string(path)};
    for (std::string part; std::getline(stream, part, '/');) {
        if (part.empty() || part == ".") continue;
        if (part != "..") parts.push_back(part);
        else if (parts.empty()) return {};
        else parts.pop_back();
    }
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : "/") + part;
    return out;
}

/// METS spells algorithms its own way.
std::string algorithm_name(const std::string& mets) {
    std::string name = lower_ascii(mets);
    std::erase(name, '-');
    return name;
}

} // namespace

MetsFacts check_mets(FileSystem& fs, const xmlNode* root, const std::string& path, const ItemTree& tree,
                     Issues& issues) {
    MetsFacts facts;
    const std::string where = join_path(tree.name, path), base = parent_path(path);
    std::set<std::string> ids;
    each_element(root, [&](const xmlNode* node) {
        const std::string id = xml_attribute(node, "ID");
        if (!id.empty() && !ids.insert(id).second) issues.error(where, "mets.id_twice", id);
    });
    const auto refer = [&](const xmlNode* node, const char* attribute) {
        std::istringstream list(xml_attribute(node, attribute));
        for (std::string id; list >> id;) {
            if (!ids.contains(id)) issues.error(where, "mets.reference", std::string(attribute) + "=" + id);
        }
    };
    std::vector<ChecksumJob> jobs;
    std::vector<std::pair<std::string, std::string>> expected; ///< Of each job: logical path, digest.
    const auto locate = [&](const xmlNode* place, const xmlNode* facts_of, bool counts) {
        const std::string href = xml_attribute(place, "href");
        if (href.find(':') < href.find('/')) return; // an address, not a file of the package
        const std::string logical = normal(percent_decoded(base.empty() ? href : base + "/" + href));
        if (logical.empty() || href.starts_with('/')) return issues.error(where, "mets.outside", href);
        (counts ? facts.files : facts.metadata).insert(logical);
        const auto file = tree.files.find(logical);
        if (file == tree.files.end()) return issues.error(where, "mets.missing", href);
        const std::string size = xml_attribute(facts_of, "SIZE"),
                          sum = lower_ascii(xml_attribute(facts_of, "CHECKSUM"));
        const auto s = fs.stat(file->second);
        if (s && !size.empty() && size != std::to_string(s->size))
            issues.error(where, "mets.size", href, size, std::to_string(s->size));
        if (sum.empty()) return;
        const std::string algorithm = algorithm_name(xml_attribute(facts_of, "CHECKSUMTYPE"));
        const auto known = tree.sha512.find(logical);
        if (algorithm == "sha512" && known != tree.sha512.end()) {
            if (known->second != sum) issues.error(where, "mets.digest", href);
        } else if (known_checksum(algorithm)) {
            jobs.push_back({file->second, {algorithm}, {}, 0});
            expected.emplace_back(href, sum);
        } else {
            issues.warning(where, "mets.algorithm", algorithm);
        }
    };
    each_element(root, [&](const xmlNode* node) {
        for (const char* attribute : {"FILEID", "ADMID", "DMDID", "AMDID", "STRUCTID"}) refer(node, attribute);
        if (xml_named(node, "smLink")) {
            refer(node, "from");
            refer(node, "to");
        }
        if (xml_named(node, "div") && xml_attribute(node, "TYPE") == "page") ++facts.pages;
        if (xml_named(node, "FLocat") && node->parent != nullptr) locate(node, node->parent, true);
        if (xml_named(node, "mdRef")) locate(node, node, false);
    });
    run_checksums(fs, jobs, 0);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (!jobs[i].values || jobs[i].values->front() != expected[i].second)
            issues.error(where, "mets.digest", expected[i].first);
    }
    return facts;
}

void check_alto(const xmlNode* root, const std::string& where, std::pair<int, int> image, Issues& issues) {
    double width = 0, height = 0;
    int outside = 0, pages = 0;
    // strtod takes no locale of the user here: the program never calls setlocale for numbers.
    const auto number = [](const xmlNode* node, const char* name) {
        return std::strtod(xml_attribute(node, name).c_str(), nullptr);
    };
    static constexpr std::array<const char*, 9> kBoxes{
        "PrintSpace", "TextBlock", "ComposedBlock", "Illustration", "GraphicalElement", "TextLine",
        "String",     "SP",        "Glyph"};
    each_element(root, [&](const xmlNode* node) {
        if (xml_named(node, "Page")) {
            ++pages;
            width = number(node, "WIDTH");
            height = number(node, "HEIGHT");
            const bool differs =
                image.first > 0 && (static_cast<int>(width) != image.first || static_cast<int>(height) != image.second);
            if (differs)
                issues.error(where, "alto.size", xml_attribute(node, "WIDTH") + "x" + xml_attribute(node, "HEIGHT"),
                             std::to_string(image.first) + "x" + std::to_string(image.second));
            return;
        }
        if (std::none_of(kBoxes.begin(), kBoxes.end(), [&](const char* name) { return xml_named(node, name); })) return;
        if (xml_attribute(node, "HPOS").empty() && xml_attribute(node, "VPOS").empty()) return;
        const double x = number(node, "HPOS"), y = number(node, "VPOS");
        const bool inside =
            x >= 0 && y >= 0 && x + number(node, "WIDTH") <= width && y + number(node, "HEIGHT") <= height;
        if (!inside && ++outside <= 5)
            issues.error(where, "alto.outside",
                         xml_attribute(node, "ID").empty() ? xml_attribute(node, "CONTENT")
                                                           : xml_attribute(node, "ID"));
    });
    if (pages == 0) issues.error(where, "alto.no_page");
}

std::string alto_text(const xmlNode* root) {
    std::string out;
    each_element(root, [&](const xmlNode* node) {
        if (xml_named(node, "String") || xml_named(node, "HYP")) out += xml_attribute(node, "CONTENT");
    });
    return without_white_space(out);
}

} // namespace recto::verify

#pragma once

/// A PDF of a few objects, written by hand so that a test knows every byte.

#include <cstdio>
#include <string>
#include <vector>

namespace recto::verify {

/// `bodies`: the objects from number 1 on; the first is the catalog.
inline std::string small_pdf(const std::vector<std::string>& bodies) {
    std::string pdf = "%PDF-1.7\n";
    std::vector<std::size_t> at;
    for (const std::string& body : bodies) {
        at.push_back(pdf.size());
        pdf += std::to_string(at.size()) + " 0 obj\n" + body + "\nendobj\n";
    }
    const std::size_t table = pdf.size();
    const std::string size = std::to_string(bodies.size() + 1);
    pdf += "xref\n0 " + size + "\n0000000000 65535 f \n";
    char line[24];
    for (const std::size_t offset : at) {
        std::snprintf(line, sizeof line, "%010zu 00000 n \n", offset);
        pdf += line;
    }
    return pdf + "trailer\n<< /Size " + size + " /Root 1 0 R >>\nstartxref\n" + std::to_string(table) + "\n%%EOF\n";
}

} // namespace recto::verify

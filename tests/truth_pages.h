#pragma once

/// The samples' ground truth (samples/truth/truth.json) as items with text, as a perfect reader would leave them.

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "pipeline/core/item.h"
#include "pipeline/files/codes.h"

namespace recto {

struct TruthItem {
    Item item;                      ///< Pages in order, all of class Body unless blank or a separator; text filled.
    std::vector<PageClass> classes; ///< What they are.
};

inline std::map<std::string, TruthItem> read_truth(const std::string& path) {
    std::map<std::string, TruthItem> out;
    std::ifstream file(path);
    if (!file) return out;
    const auto truth = nlohmann::json::parse(file);
    for (const auto& p : truth.at("pages")) {
        if (!p.at("item").is_string()) continue; // a separator sheet belongs to no item yet
        TruthItem& t = out[p.at("item").get<std::string>()];
        t.item.provisional_name = p.at("item");
        std::string name = p.at("class");
        std::replace(name.begin(), name.end(), '_', '-');
        const PageClass c = name == "remarks" ? PageClass::BackNote : parse_page_class(name);
        t.classes.push_back(c);
        Page page;
        page.order = static_cast<int>(t.item.pages.size()) + 1;
        page.page_class =
            c == PageClass::Blank || c == PageClass::BlankVerso || c == PageClass::Separator ? c : PageClass::Body;
        // The page's own axes: along its upper and its left edge, so that turned and skewed pages come out upright.
        const auto q = p.at("quad").get<std::vector<std::array<double, 2>>>();
        const auto distance = [](const std::array<double, 2>& a, const std::array<double, 2>& b) {
            return std::hypot(a[0] - b[0], a[1] - b[1]);
        };
        const double width = distance(q[0], q[1]), height = distance(q[0], q[3]);
        page.text.width = static_cast<int>(width);
        page.text.height = static_cast<int>(height);
        std::map<int, TextBlock> blocks;
        for (const auto& l : p.at("lines")) {
            TextLine line;
            line.text = l.at("text");
            line.confidence = 0.95;
            const auto quad = l.at("quad").get<std::vector<std::array<double, 2>>>();
            double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
            for (const auto& point : quad) {
                const double dx = point[0] - q[0][0], dy = point[1] - q[0][1];
                const double x = (dx * (q[1][0] - q[0][0]) + dy * (q[1][1] - q[0][1])) / width;
                const double y = (dx * (q[3][0] - q[0][0]) + dy * (q[3][1] - q[0][1])) / height;
                x0 = std::min(x0, x), x1 = std::max(x1, x), y0 = std::min(y0, y), y1 = std::max(y1, y);
            }
            line.box = {x0, y0, x1 - x0, y1 - y0};
            Word word;
            word.text = line.text;
            word.box = line.box;
            word.confidence = 0.95;
            line.words.push_back(std::move(word));
            blocks[l.at("block").get<int>()].lines.push_back(std::move(line));
        }
        for (auto& [number, block] : blocks) page.text.blocks.push_back(std::move(block));
        t.item.pages.push_back(std::move(page));
    }
    return out;
}

} // namespace recto

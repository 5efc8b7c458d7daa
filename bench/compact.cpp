// The compact form of page images, file by file: bytes of each layer, what was lost, and pictures to look at. Started by hand:
//   bench_compact [--out DIR] FILE...
// DIR gets NAME.view.png (the page at the resolution compared) and NAME.{mask.png,mask.jb2,bg.jpg,fg.jpg}.
#include <chrono>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "pipeline/files/decode.h"
#include "pipeline/files/image_out.h"
#include "stages/encode/colour.h"
#include "stages/encode/mixed_raster.h"

using namespace recto;

namespace {
void put(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}
} // namespace

int main(int argc, char** argv) {
    std::string folder;
    std::cout << "file\tpixels\tlayers\tmask\tg4\tbackground\tforeground\ttotal\tink_"
                 "kept\tgone\tcolour\tseconds\tfaithful\tits_ink_kept\tits_gone\tits_colour\n";
    for (int i = 1; i < argc; ++i) {
        const std::string path = argv[i];
        if (path == "--out" && i + 1 < argc) {
            folder = argv[++i];
            continue;
        }
        auto decoded = decode_here(path, 0);
        if (!decoded) {
            std::cerr << path << ": " << decoded.error().reason << '\n';
            continue;
        }
        Raster page = std::move(*decoded);
        if (!(page.dpi.x > 0)) page.dpi = {300, 300, DpiSource::Assumed};
        if (auto srgb = encode::to_srgb(page)) page = std::move(*srgb);
        page.icc.clear();
        const auto start = std::chrono::steady_clock::now();
        const auto made = encode::make_mixed_raster(page);
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (!made) {
            std::cerr << path << ": " << made.error().reason << '\n';
            continue;
        }
        const std::string name = path.substr(path.rfind('/') + 1);
        std::cout << name << '\t' << page.width() << 'x' << page.height() << '@' << page.dpi.x;
        if (made->layers) {
            const auto& l = *made->layers;
            std::size_t masks = 0, g4 = 0, colours = 0;
            for (std::size_t k = 0; k < l.inks.size(); ++k) {
                const std::string jbig2 = *write_jbig2(l.inks[k].mask);
                masks += jbig2.size();
                g4 += write_g4(l.inks[k].mask)->size();
                colours += l.inks[k].colours_jpeg.size();
                if (folder.empty()) continue;
                const std::string start_of_name = folder + "/" + name + "." + std::to_string(k);
                put(start_of_name + ".jb2", jbig2);
                put(start_of_name + ".mask.png", *write_png(l.inks[k].mask, 1));
                put(start_of_name + ".jpg", l.inks[k].colours_jpeg);
            }
            std::cout << (made->loss.within() ? "\tyes\t" : "\tno\t") << masks << '\t' << g4 << '\t'
                      << l.background_jpeg.size() << '\t' << colours << '\t'
                      << masks + colours + l.background_jpeg.size();
            if (!folder.empty()) {
                put(folder + "/" + name + ".src.png", *write_png(page, 1));
                put(folder + "/" + name + ".bg.jpg", l.background_jpeg);
            }
        } else std::cout << "\tnone\t\t\t\t\t";
        std::cout << '\t' << made->loss.ink_kept << '\t' << made->loss.gone << '\t' << made->loss.colour << '\t'
                  << seconds;
        if (page.mode !=
            ColourMode::Bilevel) { // The faithful form, by its default settings, as a measure of the measure.
            Raster small = page;
            const double factor = std::min(1.0, 200 / page.dpi.x);
            cv::resize(page.pixels, small.pixels = cv::Mat(), {}, factor, factor, cv::INTER_AREA);
            const std::string jpeg = *write_jpeg(small, 80, true);
            const auto loss = encode::loss_between(page, *read_back_jpeg(jpeg));
            std::cout << '\t' << jpeg.size() << '\t' << loss.ink_kept << '\t' << loss.gone << '\t' << loss.colour;
        }
        std::cout << std::endl;
    }
    return 0;
}

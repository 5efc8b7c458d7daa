/// What it is worth to read several lines of one width at once: time a line and memory of the recognition networks, for batches
/// of one, four and eight, compiled for lines of any size and for that size alone. bench/batches.sh.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <sys/resource.h>

#include <openvino/openvino.hpp>

namespace {

constexpr std::size_t kHeight = 48;
constexpr std::size_t kPixels = 24000; ///< Columns of lines read a measurement.

double cpu_seconds() {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

double resident_mib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
    return 0;
}

void measure(ov::Core& core, const std::string& file, std::size_t width, std::size_t batch, bool fixed) {
    std::mt19937 random(1);
    const ov::Shape shape{batch, 3, kHeight, width};
    ov::Tensor lines(ov::element::f32, shape);
    for (float *p = lines.data<float>(), *end = p + lines.get_size(); p < end; ++p)
        *p = random() % 5 == 0 ? static_cast<float>(random() % 256) / 127.5F - 1 : 0.8F; // strokes on paper
    const double memory = resident_mib();
    auto model = core.read_model(file);
    if (fixed) model->reshape(ov::PartialShape(shape));
    auto request =
        core.compile_model(model, "CPU",
                           {ov::num_streams(ov::streams::Num(1)), ov::inference_num_threads(1),
                            ov::hint::enable_cpu_pinning(false), ov::hint::inference_precision(ov::element::f32)})
            .create_infer_request();
    request.set_input_tensor(lines);
    for (int i = 0; i < 2; ++i) request.infer(); // what is made once
    const double used = resident_mib() - memory;
    const std::size_t times = std::max<std::size_t>(3, kPixels / width / batch);
    const double start = cpu_seconds();
    for (std::size_t i = 0; i < times; ++i) request.infer();
    std::printf("%5zu %6zu  %-9s %8.2f %6.0f\n", width, batch, fixed ? "this size" : "any size",
                1000 * (cpu_seconds() - start) / static_cast<double>(times * batch), used);
}

} // namespace

int main(int argc, char** argv) {
    try {
        ov::Core core;
        for (int i = 1; i < argc; ++i) {
            std::printf("%s\nwidth  lines  network   ms/line    MiB\n", argv[i]);
            for (const std::size_t width : {176, 560, 976, 1552})
                for (const std::size_t batch : {1, 4, 8})
                    for (const bool fixed : {false, true}) measure(core, argv[i], width, batch, fixed);
        }
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 70;
    }
    return 0;
}

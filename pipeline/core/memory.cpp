#include "pipeline/core/memory.h"

#include <cstdint>
#include <cstdlib>

#include <malloc.h>
#include <sys/mman.h>

#include <opencv2/core.hpp>

namespace recto {
namespace {

constexpr std::size_t kLargePage = 2U << 20;

/// Pixels of four megabytes and more, aligned to large pages; the end of a block stays in small ones, so nothing is held beyond
/// what was asked for. Smaller matrices are OpenCV's own matter.
class LargePages final : public cv::MatAllocator {
  public:
    cv::UMatData* allocate(int dims, const int* sizes, int type, void* data, std::size_t* step, cv::AccessFlag flags,
                           cv::UMatUsageFlags usage) const override {
        std::size_t size = CV_ELEM_SIZE(type);
        for (int i = 0; i < dims; ++i) size *= static_cast<std::size_t>(sizes[i]);
        void* at = nullptr;
        if (data != nullptr || size < 2 * kLargePage || posix_memalign(&at, kLargePage, size) != 0)
            return cv::Mat::getStdAllocator()->allocate(dims, sizes, type, data, step, flags, usage);
        madvise(at, size / kLargePage * kLargePage, MADV_HUGEPAGE); // a wish: without large pages all works as before
        std::size_t row = CV_ELEM_SIZE(type);
        for (int i = dims - 1; i >= 0; --i) {
            if (step != nullptr) step[i] = row;
            row *= static_cast<std::size_t>(sizes[i]);
        }
        auto* u = new cv::UMatData(this);
        u->data = u->origdata = static_cast<uchar*>(at);
        u->size = size;
        return u;
    }
    bool allocate(cv::UMatData* u, cv::AccessFlag, cv::UMatUsageFlags) const override { return u != nullptr; }
    void deallocate(cv::UMatData* u) const override {
        if (u == nullptr) return;
        std::free(u->origdata);
        u->origdata = nullptr;
        delete u;
    }
};

} // namespace

void set_up_memory() {
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 1 << 20); // fixed: what a large picture needed goes back
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
    static const auto* pages = new LargePages; // matrices may outlive every static object
    cv::Mat::setDefaultAllocator(const_cast<LargePages*>(pages));
}

} // namespace recto

// Linked into the tests of sanitizer builds only. Debian's libtbb loads a helper with RTLD_DEEPBIND, which the sanitizers'
// runtime refuses by ending the process; without that flag the helper works as well.

#include <dlfcn.h>

extern "C" __attribute__((visibility("default"))) void* dlopen(const char* file, int mode) {
    using Function = void* (*)(const char*, int);
    static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "dlopen"));
    return next(file, mode & ~RTLD_DEEPBIND);
}

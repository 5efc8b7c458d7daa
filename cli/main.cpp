#include "cli/cli.h"

int main(int argc, char** argv) { return recto::cli::main(argc, argv); }

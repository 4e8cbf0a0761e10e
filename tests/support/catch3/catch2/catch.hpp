// Catch2 3 by the names of Catch2 2, for which the tests are written: one header, matchers in the
// outer namespace, and a main where CATCH_CONFIG_MAIN asks for one. Found only where Catch2 is 3.
#pragma once

#include <catch2/catch_all.hpp>

namespace Catch {

using Matchers::EndsWith;
using Matchers::Equals;
using Matchers::StartsWith;
using Matchers::VectorContains;

inline Matchers::StringContainsMatcher Contains(const std::string& text) {
    return Matchers::ContainsSubstring(text);
}

}  // namespace Catch

using Catch::Approx;

#ifdef CATCH_CONFIG_MAIN
int main(int argc, char** argv) {
    return Catch::Session().run(argc, argv);
}
#endif

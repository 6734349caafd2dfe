// Beast's one translation unit.
#include <boost/beast/src.hpp>

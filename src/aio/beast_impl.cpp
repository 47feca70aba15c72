// The part of Beast that need not be in every object file.
#include <boost/beast/src.hpp>

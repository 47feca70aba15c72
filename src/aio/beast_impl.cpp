// The part of Beast that need not be in every object file.
//
// Its assertions are off: that of parse_chunk_header() is wrong in 1.81. A chunked body that is empty
// and comes in pieces ("0\r\n", then "\r") trips it, so that any client could stop the server. The
// code behind it is right for these bytes.
#define BOOST_DISABLE_ASSERTS
#include <boost/beast/src.hpp>

// The part of Asio that need not be in every object file.
#include <boost/asio/impl/src.hpp>

#!/usr/bin/python3
"""Each rule of rules.py, shown something that breaks it and something that only looks like it."""

import sys
import unittest

sys.dont_write_bytecode = True
import rules  # noqa: E402
from source_file import SourceFile  # noqa: E402


def check(path, text, *others):
    files = [SourceFile(path, text)] + [SourceFile(*other) for other in others]
    return [f"{path}:{line}: {message}" for path, line, message in rules.check(files)]


class RulesTest(unittest.TestCase):
    def assert_found(self, path, text, where, what):
        found = check(path, text)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{path}:{where}: "), found[0])
        self.assertIn(what, found[0])

    def assert_clean(self, path, text, *others):
        self.assertEqual(check(path, text, *others), [])

    def test_include_direction(self):
        self.assert_found("src/core/a.cpp", '\n#include "sweepctl/store/store.hpp"\n', 2, "core must not include store")
        self.assert_found("src/base/a.cpp", '#include "sweepctl/core/ids.hpp"\n', 1, "base must not include core")
        self.assert_found("src/cli/a.cpp", '#include "sweepctl/controller/x.hpp"\n', 1, "cli must not include controller")
        self.assert_found("src/runner/a.cpp", '#include "sweepctl/base/x.hpp"\n', 1, "runner must not include base")
        self.assert_clean("src/cli/a.cpp", '#include "sweepctl/wire/x.hpp"\n#include "sweepctl/base/result.hpp"\n')
        self.assert_clean("src/cli/a.cpp", '#include "cli/table.hpp"\n#include "table.hpp"\n')
        self.assert_clean("tests/core/a_test.cpp", '#include "sweepctl/store/store.hpp"\n')

    def test_private_header_of_another_layer(self):
        self.assert_found("src/api/a.cpp", '#include "wire/detail.hpp"\n', 1, "private header of wire")

    def test_decision_allows(self):
        text = '#include "sweepctl/spec/sweep_spec.hpp"\n'
        self.assert_found("src/agent/a.cpp", text, 1, "agent must not include spec")
        self.assert_clean("src/agent/a.cpp", text, ("src/decisions/0009-x.md", "Why.\n\nAllows: agent -> spec\n"))
        text = "#include <nlohmann/json.hpp>\n"
        self.assert_found("src/agent/a.cpp", text, 1, "belongs in")
        self.assert_clean("src/agent/a.cpp", text, ("src/decisions/0009-x.md", "Allows: <nlohmann/> in src/agent/\n"))

    def test_third_parties(self):
        self.assert_found("src/spec/parse.cpp", "#include <yaml-cpp/yaml.h>\n", 1, "src/spec/yaml_document.cpp only")
        self.assert_clean("src/spec/yaml_document.cpp", "#include <yaml-cpp/yaml.h>\n")
        self.assert_found("src/api/x.cpp", "#include <sqlite3.h>\n", 1, "src/store/ only")
        self.assert_found("src/agent/x.cpp", "#include <boost/beast/core.hpp>\n", 1, "belongs in")
        self.assert_clean("src/api/http_server.cpp", "#include <boost/beast/core.hpp>\n")
        self.assert_clean("src/api/http/session.cpp", "#include <boost/beast/core.hpp>\n")
        self.assert_found("src/agent/x.cpp", "#include <spdlog/spdlog.h>\n", 1, "src/base/log.cpp only")
        self.assert_found("include/sweepctl/api/x.hpp", "#pragma once\n#include <boost/asio.hpp>\n", 2, "public header")
        self.assert_found("src/store/x.cpp", "#include <boost/asio.hpp>\n", 1, "belongs in")

    def test_one_process_launcher(self):
        line = "#include <boost/process/v2.hpp>\n"
        self.assert_clean("src/controller/a.cpp", line)
        found = check("src/controller/a.cpp", line, ("src/controller/b.cpp", line))
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith("src/controller/b.cpp:1: "), found[0])

    def test_core_is_pure(self):
        self.assert_found("src/core/a.cpp", "switch (x) {\n  case A::b: break;\n  default: break;\n}\n", 3, "name every case")
        self.assert_clean("src/core/a.cpp", "A(const A&) = default;\n// default: none\nauto s = \"default:\";\n")
        self.assert_clean("src/core/a.cpp", "switch (c) {\n  case 'x': { g(); }\n  default: break;\n}\n")
        self.assert_clean("src/core/a.cpp", "switch (c) {\n  case 1: if (x) { g(); } break;\n  default: break;\n}\n")
        self.assert_clean("src/cli/a.cpp", "switch (c) { case A::b: default: break; }\n")
        self.assert_found("src/core/a.cpp", "auto t = Clock::now();\n", 1, "told the time")
        self.assert_found("src/core/a.cpp", "#include <unistd.h>\n", 1, "no I/O")
        self.assert_found("src/core/a.cpp", "#include <fstream>\n", 1, "no I/O")

    def test_leftovers(self):
        self.assert_found("src/api/a.cpp", "int x;  // TO" "DO: more\n", 1, "left in")
        self.assert_found("tests/x.sh", "\n# FIX" "ME\n", 2, "left in")
        self.assert_clean("tests/x.sh", "mktemp /tmp/fooXXXXXX\n")

    def test_sleep(self):
        self.assert_found("tests/e2e/a_test.cpp", "std::this_thread::sleep_for(1s);\n", 1, "sleeping")
        self.assert_found("src/agent/a.cpp", "::usleep(5);\n", 1, "sleeping")
        self.assert_clean("src/agent/a.cpp", '// not usleep(5)\nauto s = "usleep(5)"; timer.sleep_until_done();\n')

    def test_length(self):
        self.assert_clean("src/api/a.cpp", "\n" * rules.LINES_MAX)
        self.assert_found("src/api/a.cpp", "\n" * (rules.LINES_MAX + 1), rules.LINES_MAX + 1, "more than one subject")

    def test_headers(self):
        self.assert_found("include/sweepctl/core/a.hpp", "// #pragma once\n", 1, "missing")

    def test_coroutines_and_threads(self):
        self.assert_found("src/api/a.cpp", "co_spawn(x, y, asio::detached);\n", 1, "loses exceptions")
        self.assert_found("src/api/a.cpp", "try { f(); } catch (...) {\n}\n", 1, "swallowed")
        self.assert_found("src/controller/a.cpp", "std::mutex m;\n", 1, "mutex")
        self.assert_clean("src/store/a.cpp", "std::mutex m;\n")

    def assert_awaits(self, statement, what):
        text = f"asio::awaitable<void> f(int x) {{\n    g();\n    {statement}\n}}\n"
        found = check("src/aio/a.cpp", text)
        if what is None:
            self.assertEqual(found, [], statement)
        else:
            self.assertTrue(any(what in entry and "a.cpp:3: " in entry for entry in found), f"{statement}: {found}")

    def test_co_await_refuses(self):
        for statement in (
            "co_await f(Agg{1, s});",
            "co_await f({1, s});",
            "v.push_back(Agg{1, co_await g()});",
            "Agg z{.n = co_await g()};",
            "auto x = co_await f(std::vector<std::string>{a, b});",
            "if (co_await f(Agg{1})) {\n        g();\n    }",
            "co_return Agg{co_await g()};",
        ):
            self.assert_awaits(statement, "braces")
        for statement in (
            "co_await f([x] { return x; });",
            "co_await f([&] { return x; });",
            "co_await [this]() -> asio::awaitable<void> { co_return; }();",
            "co_await f(1, [x](int y) mutable { return x + y; });",
        ):
            self.assert_awaits(statement, "capturing lambda")
        self.assert_awaits('co_await s(n > 3 ? a + "x" : a + "y");', "conditional")

    def test_co_await_accepts(self):
        for statement in (
            "co_await f(named, std::move(other));",
            "auto [a, b] = co_await f(x);",
            "if (co_await f(x)) {\n        g();\n    }",
            "while (auto m = co_await queue.pop()) {\n        g(*m);\n    }",
            "for (;;) {\n        co_await f();\n    }",
            "auto x = a ? co_await f() : co_await g();",
            "Agg named{1, s};\n    co_await f(named);",
            "co_await f(table[x](y));",
            "co_await f(Duration(5));",
            "try {\n        co_await f();\n    } catch (const std::exception& e) {\n        g(e);\n    }",
            "auto task = [](Session& s) -> asio::awaitable<void> {\n        co_await s.run();\n    };",
            "auto task = [x](int y) {\n        return x + y;\n    };\n    co_await f(task);",
            "switch (x) {\n        case 1: co_await f(); break;\n    }",
            "switch (x) {\n        case A::b: {\n            co_await f();\n        }\n    }",
            "co_await f([] { return 1; });",
            "do {\n        co_await f();\n    } while (co_await g());",
            "// co_await f({1});",
        ):
            self.assert_awaits(statement, None)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

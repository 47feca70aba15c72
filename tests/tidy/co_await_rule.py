"""g++ 12 destroys some temporaries twice when their full expression contains a co_await.

Aggregates and capturing lambdas are hit (they have no constructor that a person wrote), and the
temporaries of a conditional in an argument. They must get a name in a statement of their own first.
What is a class with a constructor cannot be seen from the text, so braces are refused for all; a
constructor call with parentheses says the same and is fine.
"""

import re

# What stands before the brace of a block: the end of a head or of a function's declaration, a
# lambda's [], or a label.
_BLOCK_BEFORE = re.compile(
    r"(?:\)|\]|\)\s*&{1,2}|\b(?:else|do|try|const|noexcept|override|final|mutable)"
    r"|->\s*[\w:<>, *&]+|\b(?:case\b[^;{}]*|default)\s*:)\s*$"
)
_WORD_BEFORE = re.compile(r"([\w\])>])\s*$")
_KEYWORD_BEFORE = re.compile(r"\b(?:return|co_return|co_await|co_yield|case|else)\s*$")


def _opens_block(code, brace, start):
    """Whether the brace begins statements (a function, an if, a lambda's body), not a value."""
    before = code[start:brace]
    if not before.strip():
        return True
    if _BLOCK_BEFORE.search(before):
        return True
    # struct S {, namespace n {, enum class E {
    return re.match(
        r"\s*(?:template\s*<.*>\s*|inline\s+)*(?:struct|class|enum|union|namespace|extern)\b", before, re.S
    ) is not None


def _statements(code):
    """(start, end) of each stretch between ; and the braces of blocks. Braces of values stay inside."""
    start, index, values = 0, 0, []
    while index < len(code):
        char = code[index]
        if char == "{":
            if _opens_block(code, index, start):
                yield start, index
                values.append(False)
                start = index + 1
            else:
                values.append(True)
        elif char == "}":
            value = values.pop() if values else False
            if not value:
                yield start, index
                start = index + 1
        elif char == ";":
            yield start, index
            start = index + 1
        index += 1
    yield start, len(code)


def _lambda_with_captures(code, start, end):
    for match in re.finditer(r"\[([^\[\]]*)\]\s*(?=[({]|mutable\b|->)", code[start:end]):
        before = code[start : start + match.start()]
        subscript = _WORD_BEFORE.search(before) and not _KEYWORD_BEFORE.search(before)
        if match.group(1).strip() and not subscript:
            return start + match.start()
    return None


def _conditional_argument(code, start, end):
    """A ? deeper in parentheses than the co_await whose operand holds it."""
    for awaited in re.finditer(r"\bco_await\b", code[start:end]):
        depth = 0
        for index in range(start + awaited.end(), end):
            if code[index] in "([":
                depth += 1
            elif code[index] in ")]":
                depth -= 1
                if depth < 0:
                    break
            elif code[index] == "?" and depth > 0:
                return index
    return None


def findings(file):
    """(offset, message) of each dangerous statement."""
    code = file.code
    if "co_await" not in code:
        return
    for start, end in _statements(code):
        if not re.search(r"\bco_await\b", code[start:end]):
            continue
        # A lambda passed on in this statement: its body is a block, so the statement ends there,
        # which is enough, since the captures stand before it.
        lambda_at = _lambda_with_captures(code, start, min(len(code), end + 1))
        if lambda_at is not None:
            yield lambda_at, "a capturing lambda in a statement with co_await: name it first"
        brace = code.find("{", start, end)
        if brace >= 0:
            yield brace, "braces in a statement with co_await: name the value first, or call its constructor with ()"
        question = _conditional_argument(code, start, end)
        if question is not None:
            yield question, "a conditional inside the operand of co_await: name its result first"

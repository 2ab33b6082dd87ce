"""Refuses what is newer than Windows PowerShell 2.0 on .NET 2.0 SP1. Positive lists: what they do not name is refused.

What cannot be seen without running the script: member enumeration (`$list.Name`, 3.0), and that `foreach` over $null
runs once in 2.0.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from tests.collectors import vocabulary as words
from tests.collectors.powershell import Script, ancestors, line, walk


@dataclass(frozen=True)
class Guard:
    """A use of something newer that older systems do without, and how the script must guard it."""

    what: str  # "type", "static" or "member", a blank, its name
    why: str
    holds: Callable[[Script, Node], bool]


def _in_try(_script: Script, node: Node) -> bool:
    """Inside the first block of a `try`."""
    below = node
    for above in ancestors(node):
        if above.type == "try_statement" and below.type == "statement_block":
            return True
        below = above
    return False


def _always(_script: Script, _node: Node) -> bool:
    return True


def _of_archive(script: Script, node: Node) -> bool:
    return script.text(node.parent or node).lower().startswith("$archive.")


def _after_type_test(script: Script, _node: Node) -> bool:
    """The script asks with `'System.IO.Compression.ZipArchive' -as [type]` whether the framework has it."""
    return bool(
        re.search(r"'(?:System\.)?IO\.Compression\.ZipArchive' -as \[type\]", script.source.decode(), re.IGNORECASE)
    )


GUARDS = (
    Guard("type io.compression.ziparchive", ".NET 4.5; asked for by `-as [type]`", _after_type_test),
    Guard("type io.compression.ziparchivemode", ".NET 4.5; used where ZipArchive is", _after_type_test),
    Guard("type io.compression.compressionlevel", ".NET 4.5; used where ZipArchive is", _after_type_test),
    Guard("member createentry", ".NET 4.5; used where ZipArchive is", _after_type_test),
    Guard("member open", ".NET 4.5: of a ZipArchive's member", _after_type_test),
    Guard("member dispose", "explicit on some classes of .NET 2.0; for a ZipArchive", _of_archive),
    Guard("static environment.tickcount64", ".NET Core 3.0; a static property that is missing reads as $null", _always),
    Guard("type security.cryptography.sha256cryptoserviceprovider", ".NET 3.5; inside try", _in_try),
    Guard("type security.cryptography.sha256cng", ".NET 3.5; inside try", _in_try),
    Guard("type security.cryptography.$name", "one of two names that the line before spells out; inside try", _in_try),
    Guard("member languagemode", "3.0; a property that is missing reads as $null", _always),
    Guard("argument kill", "Kill($true) came with .NET Core 3.0; inside try", _in_try),
)
NUMBERS = re.compile(r"\d+(?:\.\.\d+|[kmgtp]b)")  # the grammar takes `1..3` and `1MB` at a line's start for commands
_SCOPE = re.compile(r"^(?:script|local|private):", re.IGNORECASE)
_NEWER_TEXT = (
    (re.compile(r"(?im)^\s*#requires(?!\s+-version\s+2(?:\.0)?\s*$)"), "#requires may only ask for version 2"),
    (re.compile(r"`[eu](?=\{|\[|m)"), "the escapes `e and `u{} came with 6.0"),
    (re.compile(r"(?i)(?<![\w.])0b[01]+\b"), "binary numbers came with 7.0"),
    (re.compile(r"(?i)(?<![\w.'\-{])\d+(?:u|ul|us|s|y|uy|n)(?![\w'])\s*(?=[;)\]}\r\n]|$)"), "suffixes u, s, y, n: 6.2"),
    (re.compile(r"(?i)\busing\s+(?:namespace|module|assembly)\b"), "using came with 5.0"),
)


def newer(script: Script) -> list[str]:
    """Everything that PowerShell 2.0 does not know: `line N: what and why`."""
    return [f"line {number}: {what}" for number, what in sorted(set(_all(script)))]


def _all(script: Script) -> Iterator[tuple[int, str]]:
    text = script.source.decode()
    code = script.without("string_literal", "comment", "generic_token")
    for pattern, why in _NEWER_TEXT:
        searched = text if why.startswith(("#requires", "the escapes")) else code
        yield from ((searched.count("\n", 0, one.start()) + 1, why) for one in pattern.finditer(searched))
    functions = {script.text(node).lower() for node in script.nodes("function_name")}
    own, members = _assigned(script), _own_members(script)
    for node in script.nodes():
        for what in (
            *_construct(script, node),
            *_variable(script, node, own),
            *_command(script, node, functions),
            *_type(script, node),
            *_member(script, node, members),
        ):
            yield line(node), what


def _construct(script: Script, node: Node) -> Iterator[str]:
    if node.is_named:
        if node.type not in words.CONSTRUCTS and node.type != "ERROR":
            yield words.NEWER_CONSTRUCTS.get(node.type, f"{node.type}: no construct of 2.0")
    elif node.type.lower() not in words.OPERATORS and node.parent is not None and node.parent.type != "ERROR":
        yield f"{node.type}: no operator or keyword of 2.0"
    if node.type == "comparison_expression" and _replaces_by_block(script, node):
        yield "-replace with a script block came with 6.1"
    if node.type == "attribute_argument" and "=" not in [child.type for child in node.children]:
        named = script.text(node)
        if re.fullmatch(r"[A-Za-z]\w*", named):
            yield f"[Parameter({named})] without a value came with 3.0: {named}=$true"


def _replaces_by_block(script: Script, node: Node) -> bool:
    operators = [child for child in node.children if child.type == "comparison_operator"]
    replaces = any(script.text(one).lower() in {"-replace", "-creplace", "-ireplace"} for one in operators)
    return replaces and any(below.type == "script_block_expression" for below in walk(node.children[-1]))


def _name(script: Script, node: Node) -> str:
    """A variable's name without its sign, braces and scope, in small letters."""
    bare = script.text(node).lower().lstrip("$@").strip("{}")
    return _SCOPE.sub("", bare)


def _assigned(script: Script) -> set[str]:
    """The script's own variables: parameters, what is assigned, and what loops run over."""
    found = set()
    for node in script.nodes("script_parameter", "left_assignment_expression", "foreach_statement"):
        if node.type == "left_assignment_expression":
            found |= {_name(script, one) for one in walk(node) if one.type == "variable"}
            continue
        first = next((child for child in node.children if child.type == "variable"), None)
        if first is not None:
            found.add(_name(script, first))
    return found


def _variable(script: Script, node: Node, own: set[str]) -> Iterator[str]:
    if node.type != "variable":
        return
    name = _name(script, node)
    if script.text(node).startswith("@"):
        yield f"{script.text(node)}: splatting hides the parameters from this check"
    elif name in words.NEWER_VARIABLES:
        yield f"${name}: no automatic variable in a script of 2.0"
    elif name.startswith("env:"):
        return
    elif ":" in name:
        yield f"${name}: only the scopes script and local, and env:"
    elif name not in words.VARIABLES | own:
        yield f"${name}: neither the script's own nor an automatic variable of 2.0"


def arguments(script: Script, command: Node) -> tuple[list[tuple[str, Node]], list[Node]]:
    """A command's parameters (in small letters, without the dash) and its other arguments, in order."""
    elements = next((child for child in command.children if child.type == "command_elements"), None)
    named, others = [], []
    for child in elements.children if elements is not None else ():
        if child.type == "command_parameter":
            named.append((script.text(child).lower().lstrip("-").partition(":")[0], child))
        elif child.type not in {"command_argument_sep", "redirection"}:
            others.append(child)
    return named, others


def command_name(script: Script, command: Node) -> str:
    """The name of a command in small letters; "" where an expression stands for it."""
    node = next((child for child in command.children if child.type == "command_name"), None)
    return script.text(node).lower() if node is not None else ""


def _command(script: Script, node: Node, functions: set[str]) -> Iterator[str]:
    if node.type != "command":
        return
    name = command_name(script, node)
    if not name and script.text(node).split(" ")[1:2] == ["$Change"]:
        return  # a script block that the script's own functions hand over
    if not name:
        yield "a command whose name is not written out"
        return
    if name in functions or NUMBERS.fullmatch(name):
        return
    known = words.CMDLETS.get(name)
    if known is None:
        yield f"{name}: neither a cmdlet of 2.0 that is listed nor a function of the script"
        return
    named, others = arguments(script, node)
    parameters = set(known.lower().split()) | words.COMMON
    yield from (f"{name} -{one}: no parameter of 2.0" for one, _ in named if one not in parameters)
    yield from _values(name, named, others)
    yield from _encoding(script, name, node)
    if name == "new-object" and not any(one == "comobject" for one, _ in named):
        yield from _created(script, node, named, others)


def _values(name: str, named: list[tuple[str, Node]], others: list[Node]) -> Iterator[str]:
    """The arguments without a name that a cmdlet did not take in 2.0."""
    if name in {"foreach-object", "where-object"}:
        blocks = [one for one in others if any(below.type == "script_block_expression" for below in walk(one))]
        if len(blocks) < len(others) or not others:
            yield f"{name} without a script block came with 3.0"
    if name in words.VALUES:
        taking = [one for one, _ in named if one in {"path", "childpath", "literalpath", "seconds", "milliseconds"}]
        if len(others) - len(taking) > words.VALUES[name] - len(taking):
            yield f"{name} took fewer values in 2.0"


def _encoding(script: Script, name: str, node: Node) -> Iterator[str]:
    found = re.search(r"(?i)-encoding[: ]+['\"]?([\w-]+)", script.text(node))
    if found and found[1].lower() not in words.ENCODINGS:
        yield f"{name} -Encoding {found[1]}: no encoding of 2.0"


def _created(script: Script, node: Node, named: list[tuple[str, Node]], others: list[Node]) -> Iterator[str]:
    """The type that New-Object makes: its first value, or the one after -TypeName."""
    if not others:
        yield "New-Object without a type"
        return
    given = next((parameter for one, parameter in named if one == "typename"), None)
    value = next((one for one in others if given is None or one.start_byte > given.end_byte), others[0])
    text = script.text(value).strip("'\"")
    if not re.fullmatch(r"[\w.\[\]`,]+", text):
        complaint = f"New-Object {text[:40]}: the type is not written out"
        yield from _unless_guarded(script, node, f"type {type_name(text)}", complaint)
    else:
        yield from _known_type(script, node, text)


def type_name(text: str) -> str:
    """A type's name in small letters, without System, brackets and arguments."""
    bare = text.strip().lower().removeprefix("system.")
    return re.sub(r"[\[`].*", "", bare)


def _known_type(script: Script, node: Node, text: str) -> Iterator[str]:
    name = type_name(text)
    if name in words.TYPES or name in words.ATTRIBUTES:
        return
    yield from _unless_guarded(script, node, f"type {name}", f"[{name}]: no type of .NET 2.0 that is listed")


def _unless_guarded(script: Script, node: Node, what: str, complaint: str) -> Iterator[str]:
    guard = next((one for one in GUARDS if one.what == what), None)
    if guard is None:
        yield complaint
    elif not guard.holds(script, node):
        yield f"{complaint} (unguarded: {guard.why})"


def _type(script: Script, node: Node) -> Iterator[str]:
    if node.type == "type_spec" and (node.parent is None or node.parent.type != "class_attribute"):
        yield from _known_type(script, node, script.text(node))


def _own_members(script: Script) -> set[str]:
    """Keys of the script's own tables, and what it assigns to them."""
    keys = {script.text(one).lower().strip("'\"") for one in script.nodes("key_expression")}
    for left in script.nodes("left_assignment_expression"):
        keys |= {script.text(one).lower() for one in walk(left) if one.type == "member_name"}
    return keys


def _member(script: Script, node: Node, own: set[str]) -> Iterator[str]:
    if node.type != "member_name" or node.parent is None:
        return
    name = script.text(node).lower().strip("'\"")
    parent = node.parent
    target = parent.children[0]
    if any(child.type == "::" for child in parent.children):
        yield from _static(script, parent, type_name(script.text(target).strip("[]")), name)
        return
    if name.startswith("$"):
        yield f".{name}: the member is not written out"
    elif name == "kill" and _count_arguments(parent):
        yield from _unless_guarded(script, node, "argument kill", ".Kill with an argument")
    elif name not in words.MEMBERS | own:
        yield from _unless_guarded(script, node, f"member {name}", f".{name}: no member of .NET 2.0 that is listed")


def _static(script: Script, node: Node, owner: str, name: str) -> Iterator[str]:
    allowed = set(words.TYPES.get(owner, "").lower().split())
    if owner not in words.TYPES:
        return  # the type itself is refused, or guarded
    if name not in allowed:
        complaint = f"[{owner}]::{name}: no static member of .NET 2.0 that is listed"
        yield from _unless_guarded(script, node, f"static {owner}.{name}", complaint)
    most = words.ARGUMENTS.get((owner, name))
    if most is not None and _count_arguments(node) > most:
        yield f"[{owner}]::{name} took {most} arguments in .NET 2.0"


def _count_arguments(call: Node) -> int:
    return sum(
        child.type == "argument_expression"
        for given in call.children
        if given.type == "argument_list"
        for listed in given.children
        if listed.type == "argument_expression_list"
        for child in listed.children
    )

"""A policy that somebody has mangled either loads or says where and why it does not; nothing in between."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.diagnostics import DocumentError
from routing_rules.compile import parse_policy
from routing_rules.policy import BUILT_IN_PROFILES
from tests.routing_rules.contexts import HEAD

SMALL = (
    HEAD
    + """\
  - id: keys
    when:
      entities: {any: [PRIVATE_KEY]}
      level: {at_least: internal}
    then:
      deny: Remove it.
  - id: rest
    when: {model: ["small*"]}
    then:
      route: [inside, far]
      profile: pii
"""
)
PIECES = (
    "",
    "#",
    "'",
    '"',
    "*",
    "&a ",
    "- ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    "\t",
    "no",
    "010",
    "null",
    "!!str ",
    "---\n",
    ": ",
    "\u202e",
    "@",
)


@st.composite
def mangled(draw: st.DrawFn) -> str:
    text = SMALL
    for _ in range(draw(st.integers(1, 3))):
        lines = text.splitlines(keepends=True)
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        match draw(st.sampled_from(("drop", "repeat", "swap", "insert", "cut", "indent"))):
            case "drop":
                del lines[at]
            case "repeat":
                lines.insert(at, line)
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], line
            case "insert":
                position = draw(st.integers(0, len(line) - 1))
                lines[at] = line[:position] + draw(st.sampled_from(PIECES)) + line[position:]
            case "cut":
                position = draw(st.integers(0, len(line) - 1))
                lines[at] = line[:position] + line[position + 1 :]
            case "indent":
                lines[at] = "  " + line
        text = "".join(lines) or "\n"
    return text


@settings(max_examples=400)
@given(mangled())
def test_a_mangled_policy_loads_whole_or_not_at_all(text: str) -> None:
    try:
        policy = parse_policy(text, "rules.yaml")
    except DocumentError as error:
        assert error.diagnostics
        lines = text.count("\n") + 1
        for each in error.diagnostics:
            assert 1 <= each.line <= lines + 1, each
            assert each.column >= 1
            assert each.message
            assert each.fix
            assert each.code
        return
    for rule in policy.rules:
        assert bool(rule.deny) is not bool(rule.route)
        assert (rule.profile is not None) is bool(rule.route)
        if any(upstream.tier == "third_party" for upstream in rule.route):
            assert rule.profile is not BUILT_IN_PROFILES["none"]

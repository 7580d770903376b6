"""A change of the contract is found, and falls under the rule of the policy that is meant for it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.rigs.places import ROOT
from tools.docs.contract import changes as rules
from tools.docs.contract.changes import ContractChange, allowed, compare
from tools.docs.contract.channels import VERSION
from tools.docs.contract.pages import changed, committed, contract
from tools.docs.contract.policy import policy_page

DOCS = ROOT / "docs"
NOW = contract()


def added_field(new: Any) -> None:
    """A field with a default."""
    new["schemas"]["heartbeat"]["properties"]["mood"] = {"type": "string", "default": ""}


def removed_field(new: Any) -> None:
    """A field is gone."""
    del new["schemas"]["command"]["properties"]["text"]


def wider(new: Any) -> None:
    """A longer name is allowed."""
    new["schemas"]["ack"]["properties"]["lane"]["maxLength"] = 65


def new_value(new: Any) -> None:
    """A third outcome."""
    new["schemas"]["reply"]["properties"]["outcome"]["enum"].append("later")


def gone_value(new: Any) -> None:
    """An outcome less."""
    new["schemas"]["reply"]["properties"]["outcome"]["enum"].remove("done")


def new_place(new: Any) -> None:
    """A row gets a place more."""
    row = new["schemas"]["row_hold"]
    row["items"].append({"title": "until_ms", "type": "integer"})
    row["maxItems"] += 1


def new_place_within(new: Any) -> None:
    """The same, seen in the snapshots that carry it."""
    new["schemas"]["snapshot"]["definitions"]["HoldRecord"]["items"].append({"type": "integer"})


def new_row(new: Any) -> None:
    """A fourth kind of row."""
    new["schemas"]["delta"]["properties"]["changes"]["items"]["anyOf"].append({"$ref": "#/definitions/Driver"})


def new_message(new: Any) -> None:
    """A topic carries another body too."""
    new["channels"]["request"]["bodies"].append("weather_wanted")


def gone_message(new: Any) -> None:
    """A topic carries a body less."""
    new["channels"]["request"]["bodies"].remove("snapshot_wanted")


def new_topic(new: Any) -> None:
    """A topic more."""
    new["channels"]["weather"] = {**new["channels"]["ack"], "address": "rocars/v1/weather"}


def gone_topic(new: Any) -> None:
    """A topic less."""
    del new["channels"]["reply"]


def retained(new: Any) -> None:
    """Commands would be retained."""
    new["channels"]["command"]["retained"] = True


def unsigned(new: Any) -> None:
    """Acknowledgements would not be signed."""
    new["channels"]["ack"]["signed"] = False


def another_qos(new: Any) -> None:
    """Nonces at QoS 1."""
    new["channels"]["nonce"]["qos"] = 1


def open_field(new: Any) -> None:
    """The wall shows one thing more."""
    new["schemas"]["facts"]["properties"]["mood"] = {"type": "string"}


def other_hash(new: Any) -> None:
    """The same rows have another state hash."""
    new["vectors"]["state"] += " "


def words(new: Any) -> None:
    """A better sentence."""
    new["schemas"]["nonce"]["description"] = "Words."


def another_default(new: Any) -> None:
    """Left out, it would mean something else."""
    new["schemas"]["command"]["properties"]["revert_ms"]["default"] = 60_000


CASES: dict[Callable[[Any], None], rules.PolicyRule] = {
    added_field: rules.FIELD_ADDED,
    removed_field: rules.REMOVED,
    wider: rules.TYPE_CHANGED,
    another_default: rules.TYPE_CHANGED,
    new_value: rules.VALUE_ADDED,
    gone_value: rules.REMOVED,
    new_place: rules.ROW_CHANGED,
    new_place_within: rules.ROW_CHANGED,
    new_row: rules.VALUE_ADDED,
    new_message: rules.MESSAGE_ADDED,
    gone_message: rules.REMOVED,
    new_topic: rules.CHANNEL_ADDED,
    gone_topic: rules.REMOVED,
    retained: rules.DELIVERY_CHANGED,
    unsigned: rules.DELIVERY_CHANGED,
    another_qos: rules.QOS_CHANGED,
    open_field: rules.OPEN_ADDED,
    other_hash: rules.BYTES_CHANGED,
    words: rules.WORDS_CHANGED,
}


def after(case: Callable[[Any], None]) -> list[ContractChange]:
    """The changes from the contract of now to one that is changed so."""
    new = copy.deepcopy(NOW)
    case(new)
    return compare(NOW, new)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_each_change_falls_under_its_rule(case: Callable[[Any], None]) -> None:
    """Under that one and no other, and its text says which."""
    found = after(case)
    assert {change.rule for change in found} == {CASES[case]}
    assert CASES[case].name in str(found[0])


def test_every_rule_has_a_case() -> None:
    """No rule that nothing falls under."""
    assert set(CASES.values()) == set(rules.RULES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_while_v1_is_a_draft_a_change_needs_a_raised_number(case: Callable[[Any], None]) -> None:
    """The middle one, or the last one for words; and it is enough."""
    found = after(case)
    only_words = CASES[case] is rules.WORDS_CHANGED
    assert "raise" in allowed("0.3.1", "0.3.1", found)
    assert bool(allowed("0.3.1", "0.3.2", found)) is not only_words
    assert allowed("0.3.1", "0.4.0", found) == ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_once_v1_is_frozen_what_breaks_it_needs_v2(case: Callable[[Any], None]) -> None:
    """No number of v1 is enough for it; for the others it is."""
    found = after(case)
    refusal = allowed("1.2.0", "1.9.0", found)
    assert ("rocars/v2" in refusal) is (CASES[case].needs is rules.Needs.NEW_TOPICS)
    assert (refusal == "") is (CASES[case].needs is not rules.Needs.NEW_TOPICS)


def test_no_change_is_no_change() -> None:
    """And needs nothing."""
    assert compare(NOW, copy.deepcopy(NOW)) == []
    assert allowed(VERSION, VERSION, []) == ""


def test_the_committed_contract_is_that_of_the_types() -> None:
    """Said by rule, where the pages' own test says only that they differ."""
    names = [path.name for path in (DOCS / "schemas").glob("*.json") if path.name != "index.json"]
    found, refusal = changed(committed(lambda name: (DOCS / name).read_text(encoding="utf-8"), names))
    assert [str(change) for change in found] == []
    assert refusal == ""


def test_the_policy_names_every_rule() -> None:
    """The page and the check speak of the same."""
    page = policy_page()
    assert all(f"| {rule.name} | {rule.text} |" in page for rule in rules.RULES)
    assert json.loads((DOCS / "schemas/index.json").read_text(encoding="utf-8"))["contract"] == VERSION

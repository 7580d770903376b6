"""The table of contacts says all there is to say of each."""

from __future__ import annotations

from lane_agent.acceptance import CONTACT_CHECKS
from lane_agent.contacts import CONTACTS, FOR_VISIT, LOOPS, TELLTALES, WAYS_OUT
from lane_agent.model import Contact


def test_every_contact_is_in_the_table() -> None:
    """One that is left out would be wired, heard and checked by nothing."""
    assert list(CONTACTS) == list(Contact)


def test_no_two_contacts_have_the_same_name() -> None:
    """An officer who bypasses a loop knows which."""
    for names in ({one.says for one in CONTACTS.values()}, {one.chinese for one in CONTACTS.values()}):
        assert len(names) == len(CONTACTS)
        assert "" not in names


def test_loops_are_sorted_out_by_passage_and_nothing_else() -> None:
    """A contact is a loop or speaks for a visit, never both; only a loop leads out; Help is always heard."""
    assert not set(LOOPS) & set(FOR_VISIT)
    assert set(WAYS_OUT) < set(LOOPS)
    witnesses = {contact for contact, traits in CONTACTS.items() if traits.witness}
    assert set(Contact) - set(LOOPS) - set(FOR_VISIT) - set(TELLTALES) - witnesses == {Contact.HELP}
    assert not set(TELLTALES) & {*LOOPS, *FOR_VISIT}
    assert set(CONTACT_CHECKS) == set(FOR_VISIT)

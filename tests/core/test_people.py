"""Named people: nobody is whom they say they are, and nobody reaches what is another's."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RefusedError
from core.ledger import audit_log
from core.ledger.store import LedgerConnection, connected, the_row
from core.model import audit, ownership, passwords
from core.model.audit import START, ChainedLine, flaws, next_hash
from core.model.ownership import BUNDLE, CARGO, Handling, Owned, may
from core.model.passwords import LOCKED_MS, MOST_WRONG, SignInState, after_try
from core.model.people import TRADE, Account, Actor, Role, TradeParty, clash
from core.office import people, rights
from core.office import requests as ask
from core.office.admin_handler import AdminHandler
from core.office.bundling import BundleRequest
from core.office.door import IDLE_MS, LONGEST_MS, Caller, PeopleDoor
from core.office.rights import RIGHTS, Trace
from domain.crossing import Direction
from simulation.ledgers import database_at

PASSWORD = "long enough 7"
SECRET = "JBSWY3DPEHPK3PXP" * 2


class Office:
    """A core with people of every kind, at whose counter each asks in their own name."""

    def __init__(self, core: Any, handler: AdminHandler) -> None:
        self.core = core
        self.handler = handler
        self.accounts = {
            "winning": Account(name="winning", roles=(Role.TRADER,), party="winning"),
            "rival": Account(name="rival", roles=(Role.TRADER, Role.DRIVER), party="rival"),
            "ho": Account(name="ho", roles=(Role.DRIVER,), party="haulier"),
            **{role: Account(name=role, roles=(role,), login=f"unix-{role}") for role in set(Role) - TRADE},
        }
        with core.store.transaction() as connection:
            for party in ("winning", "rival", "haulier"):
                people.add_party(connection, TradeParty(party, party))
            for account in self.accounts.values():
                people.add_account(connection, account)

    def ask(self, who: str, request: Any) -> Any:
        """Somebody's request."""
        return self.handler.serve_as(request, people.actor(self.accounts[who], self.accounts[who].login))

    def audited(self) -> list[tuple[str, str, str]]:
        """The audit log: who, what, detail."""
        return [(line.who, line.what, line.detail) for line, _ in audit_log.chain(self.core.store.connection)]


@pytest.fixture
def office(core: Any) -> Office:
    """The office."""
    handler = AdminHandler(
        store=core.store,
        log=core.log,
        office=core.office,
        door=PeopleDoor(core.store, core.clock),
        exchange=core.exchange,
        intake=core.intake,
        projection=core.projection,
        compound=core.compound,
        gallery=core.gallery,
        clock=core.clock,
        publish=lambda _: None,
        brokers=dict,
    )
    return Office(core, handler)


@pytest.fixture
def lodged(office: Office, make_consignment: Any) -> str:
    """The CCRN of a trader's cigarettes, which a profile holds, in the hands of a haulier."""
    ccrn: str = office.ask("winning", ask.Lodge(cargo=make_consignment(articles="cigarettes"))).ccrn
    office.ask("winning", ask.HandTo(ccrns=(ccrn,), party="haulier"))
    return ccrn


def form(*ccrns: str, vrn: str = "AB 1234") -> ask.MakeBundle:
    """A bundling."""
    return ask.MakeBundle(bundle=BundleRequest(driver="Ho", vrn=vrn, direction=Direction.INBOUND, ccrns=ccrns))


def test_a_trader_cannot_release_his_own_held_cigarettes(office: Office, lodged: str) -> None:
    """`decide … release` with any typed officer's name did."""
    for who in ("winning", "ho", "clerk", "technician", "lane_officer"):
        with pytest.raises(RefusedError, match="selector"):
            office.ask(who, ask.Decide(ccrn=lodged, code="release", reason="mine"))
    assert office.core.office.consignment(lodged).code == "inspect"
    assert ("winning", "refused") in [(who, what) for who, what, _ in office.audited()]
    office.ask("selector", ask.Decide(ccrn=lodged, code="release", reason="seen"))
    assert office.core.office.consignment(lodged).code_by == "selector selector"


def test_what_shares_a_commit_is_refused_alone_and_on_record(office: Office, make_consignment: Any) -> None:
    """The refusal is in the audit log, the refused request has left nothing else, and the others are kept."""
    chan, ho, wong = (people.actor(office.accounts[name], "") for name in ("winning", "ho", "selector"))
    lodge = ask.Lodge(cargo=make_consignment())
    before = len(office.audited())
    with office.core.store.transaction():
        came = office.handler.serve_together(
            [
                (lodge, chan),
                (ask.Hold(vrn="AB1234", reason="x"), ho),
                (ask.Decide(ccrn="1", code="release", reason="x"), wong),
            ]
        )
    assert [type(one).__name__ for one in came] == ["Lodging", "RefusedError", "RefusedError"]
    assert [(who, what) for who, what, _ in office.audited()[before:]] == [("winning", "lodged"), ("ho", "refused")]
    assert office.core.office.consignment(came[0].ccrn) is not None
    assert office.core.log.row("hold", "AB1234") is None


def test_a_stranger_cannot_bundle_what_is_not_handed_to_him(office: Office, lodged: str) -> None:
    """He guessed the number; it is refused in the words of one that does not exist."""
    with pytest.raises(RefusedError) as foreign:
        office.ask("rival", form(lodged))
    with pytest.raises(RefusedError) as unknown:
        office.ask("rival", form("2999999999"))
    assert foreign.value.problems[0].replace(lodged, "2999999999") == unknown.value.problems[0]
    assert office.core.log.head().version == 0
    assert len(office.ask("ho", form(lodged)).ubr) == 10


def test_a_stranger_cannot_debundle_or_swap_another_drivers_bundle(office: Office, lodged: str) -> None:
    """Nor can the shipper; the driver who made it can, and so can the department."""
    ubr = office.ask("ho", form(lodged)).ubr
    refused = (ask.Debundle(ubr=ubr), ask.Swap(ubr=ubr, vrn="CD 1", driver="Li"))
    for request in refused:
        with pytest.raises(RefusedError, match=f"UBR {ubr} is not known" if request is refused[0] else ubr):
            office.ask("rival", request)
    assert not office.core.log.bundle(ubr).deleted
    office.ask("ho", ask.Debundle(ubr=ubr))
    assert office.core.log.bundle(ubr).deleted


def test_a_stranger_cannot_amend_cancel_or_hand_on_anothers_consignment(
    office: Office, lodged: str, make_consignment: Any
) -> None:
    """A carrier cannot either: he may read and bundle, no more."""
    other = make_consignment()
    for who in ("rival",):
        for request in (
            ask.Amend(ccrn=lodged, cargo=other),
            ask.Cancel(ccrn=lodged),
            ask.HandTo(ccrns=(lodged,), party="rival"),
        ):
            with pytest.raises(RefusedError, match="is not known"):
                office.ask(who, request)
    assert office.core.office.consignment(lodged).cancelled_ms == 0
    office.ask("winning", ask.Cancel(ccrn=lodged))


def test_nobody_of_the_trade_reads_what_is_anothers_or_which_code_it_has(office: Office, lodged: str) -> None:
    """Owner and carrier read their own, without code and profile; to others it does not exist. By mark, only own bundles."""
    ubr = office.ask("ho", form(lodged)).ubr
    empty = msgspec.to_builtins(office.ask("rival", ask.Enquire(text="2999999999")))
    for text in (lodged, ubr, "AB1234"):
        assert msgspec.to_builtins(office.ask("rival", ask.Enquire(text=text))) == empty
    for who in ("winning", "ho"):
        (known,) = office.ask(who, ask.Enquire(text=lodged)).cargo
        assert (known["code"], known["code_by"], known["code_why"]) == ("", "", "")
    assert office.ask("winning", ask.Enquire(text="AB1234")).rows == ()
    (row,) = office.ask("ho", ask.Enquire(text="ab 1234")).rows
    assert (row["ubr"], row["cargo"][0]["code"]) == (ubr, "")
    assert office.ask("ho", ask.Enquire(text="ab 1234")).visits == ()
    assert office.ask("selector", ask.Enquire(text=lodged)).cargo[0].code == "inspect"


def test_every_look_and_every_act_leaves_a_line_with_the_persons_name(office: Office, lodged: str) -> None:
    """Enquiries left no trace, and acts the name that was typed."""
    office.ask("selector", ask.Enquire(text="AB1234"))
    office.ask("supervisor", ask.Hold(vrn="AB1234", reason="told"))
    office.ask("lane_officer", ask.Crossings())
    lines = office.audited()
    assert ("selector by unix-selector", "looked", '{"do":"enquire","text":"AB1234"}') in lines
    assert ("supervisor by unix-supervisor", "held", "AB1234 told") in lines
    assert any(who.startswith("lane_officer") and '"crossings"' in detail for who, _, detail in lines)
    (line,) = office.ask("supervisor", ask.ReadAudit(text="told"))
    assert line.what == "held"
    assert office.audited()[-1][2] == '{"do":"audit","most":100,"text":"told"}'
    assert list(flaws(audit_log.chain(office.core.store.connection))) == []


def test_a_request_that_is_refused_leaves_nothing_but_its_line(office: Office, lodged: str) -> None:
    """Request and line are one transaction; what a rule of the form refuses leaves neither."""
    before = office.audited()
    with pytest.raises(RefusedError):
        office.ask("ho", form(lodged, vrn=""))
    assert office.audited() == before


def test_a_password_is_in_no_audit_log(office: Office) -> None:
    """Nor is a secret."""
    new = Account(name="chan", roles=(Role.SELECTOR,))
    link = office.ask("supervisor", ask.AddAccount(account=new, password=PASSWORD))
    secret = link.partition("secret=")[2].partition("&")[0]
    assert secret
    everything = " ".join(detail for _, _, detail in office.audited())
    assert "chan" in everything
    assert PASSWORD not in everything
    assert secret not in everything


# The table of rights.


def test_every_request_is_in_the_table_of_rights() -> None:
    """A new one is refused to all until somebody says whose it is."""
    assert set(RIGHTS) == set(get_args(ask.Request))


def test_people_of_the_trade_reach_their_own_and_the_department_all() -> None:
    """No row gives a trader or driver more, and none gives them what the department does."""
    for request, right in RIGHTS.items():
        for role, reach in right.roles.items():
            assert (reach is ownership.Reach.OWN) is (role in TRADE), request
    trade = {request for request, right in RIGHTS.items() if TRADE.intersection(right.roles)}
    assert trade == {
        *(
            ask.SignIn,
            ask.Resume,
            ask.SignOut,
            ask.Status,
            ask.Enquire,
            ask.Lodge,
            ask.LodgeBatch,
            ask.Amend,
            ask.Cancel,
        ),
        *(ask.HandTo, ask.SaveDraft, ask.ListDrafts, ask.DropDraft, ask.MakeBundle, ask.Debundle, ask.Swap),
    }


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_ask_what_the_table_says_and_nothing_else(role: Role, office: Office) -> None:
    """Every request there is, of every role: by the handler itself, not by the table alone."""
    who = Actor(account="x", roles=frozenset({role}), party="rival" if role in TRADE else "")
    for request in _one_of_each():
        allowed = role in RIGHTS[type(request)].roles
        try:
            office.handler.serve_as(request, who)
            told = ""
        except RefusedError as error:
            told = str(error)
        assert ("may not do this" in told) is not allowed, request


def _one_of_each() -> list[Any]:
    """A request of each kind, about things that are another's or not there."""
    one = {
        "ccrn": "2999999999",
        "ubr": "1999999999",
        "vrn": "AB1234",
        "reason": "x",
        "lane": "szb-in-01",
        "name": "message",
    }
    one |= {"alarm": 1, "minutes": 5, "used": True, "picture": "0" * 64, "purpose": "x", "text": "x", "code": "inspect"}
    one |= {
        "ccrns": ("2999999999",),
        "party": "rival",
        "driver": "Ho",
        "id": "p",
        "roles": ("clerk",),
        "password": PASSWORD,
    }
    one |= {"form": {}, "batch": "b", "cargo": {}, "most": 1}
    found = []
    for kind in set(get_args(ask.Request)) - {ask.SignIn, ask.Resume, ask.SignOut}:
        wanted = {name: one[name] for name in kind.__struct_fields__ if name in one}
        if "cargo" in wanted:
            cargo = {"direction": "inbound", "expected": "x", "consignor": "", "consignor_address": "", "consignee": ""}
            cargo |= {"consignee_address": "", "goods": []}
            wanted["cargo"] = [cargo] if kind is ask.LodgeBatch else cargo
        if kind is ask.MakeBundle:
            wanted["bundle"] = {"driver": "Ho", "vrn": "AB1", "direction": "inbound", "ccrns": ["2999999999"]}
        if kind is ask.AddAccount:
            wanted = {"account": {"name": "new", "roles": ["clerk"]}}
        if kind in {ask.SetRoles, ask.CloseAccount, ask.NewPassword}:
            wanted["name"] = "nobody"
        found.append(msgspec.convert({"do": kind.__struct_config__.tag, **wanted}, kind))
    return found


def test_a_technician_orders_no_release_and_no_stop(office: Office) -> None:
    """He may restart a reader; what concerns a vehicle is an officer's."""
    for name in ("release_visit", "inspect_visit", "answered"):
        order = ask.SendCommand(lane="szb-in-01", name=name, visit="szb-in-01/j1/1", text="x")
        with pytest.raises(RefusedError, match="lane_officer, supervisor"):
            office.ask("technician", order)
    office.ask("technician", ask.SendCommand(lane="szb-in-01", name="restart_reader"))
    office.ask("lane_officer", ask.SendCommand(lane="szb-in-01", name="answered"))


def test_what_leaves_no_line_names_nobody_and_nothing() -> None:
    """The few requests without a trace, by name."""
    assert {request for request, right in RIGHTS.items() if right.trace is Trace.NONE} == {
        *(ask.Status, ask.Lanes, ask.SaveDraft, ask.ListDrafts, ask.DropDraft, ask.SignIn, ask.Resume, ask.SignOut)
    }


@given(st.sets(st.sampled_from(sorted(Role))))
def test_nobody_of_the_trade_is_of_the_department(roles: set[Role]) -> None:
    """Whatever roles are put together."""
    assert (clash(roles) is not None) is bool(TRADE & roles and roles - TRADE)


# Ownership: the rule, and the same in SQL.

PARTIES = ("a", "b", "c", "")


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerConnection]:
    """The tables of a core, empty."""
    with connected(database_at(tmp_path_factory.mktemp("owned") / "core.db")) as connection:
        yield connection


@settings(deadline=None, max_examples=40)  # it asks a server
@given(
    st.dictionaries(st.tuples(st.sampled_from([CARGO, BUNDLE]), st.sampled_from("12")), st.sampled_from(PARTIES)),
    st.sets(st.tuples(st.sampled_from("12"), st.sampled_from("abc"))),
)
def test_rule_and_sql_of_ownership_agree(
    db: LedgerConnection, owned: dict[tuple[str, str], str], handed: set[tuple[str, str]]
) -> None:
    """Every party, thing and touch."""
    with db.transaction(force_rollback=True):
        for thing, party in owned.items():
            people.own(db, *thing, party=party, account="")
        for number, party in sorted(handed):
            if (CARGO, number) in owned:
                db.execute("INSERT INTO carriers VALUES (%s, %s)", (number, party))
        for kind, number in itertools.product((CARGO, BUNDLE), "12"):
            told = people.owned(db, kind, number)
            for party, touch in itertools.product("abc", Handling):
                sql = ownership.OWNS_SQL if touch is Handling.CHANGE else ownership.REACHES_SQL
                asked = {"kind": kind, "number": number, "party": party}
                assert the_row(db.execute(f"SELECT {sql}".encode(), asked))[0] is may(party, touch, told)


@pytest.mark.parametrize(
    ("party", "touch", "thing", "allowed"),
    [
        ("a", Handling.READ, Owned("a"), True),
        ("a", Handling.CHANGE, Owned("a"), True),
        ("a", Handling.BUNDLE, Owned("a"), True),
        ("b", Handling.READ, Owned("a"), False),
        ("b", Handling.READ, Owned("a", frozenset("b")), True),
        ("b", Handling.BUNDLE, Owned("a", frozenset("b")), True),
        ("b", Handling.CHANGE, Owned("a", frozenset("b")), False),
        ("", Handling.READ, Owned(""), False),
        ("a", Handling.READ, None, False),
        ("a", Handling.READ, Owned(""), False),
    ],
)
def test_ownership_case_by_case(party: str, touch: Handling, thing: Owned | None, allowed: bool) -> None:
    """The owner everything, a carrier reading and bundling, nobody else anything; who has no party has nothing."""
    assert may(party, touch, thing) is allowed


# Signing in.


@pytest.fixture
def door(core: Any) -> PeopleDoor:
    """A door, and one account behind it."""
    with core.store.transaction() as connection:
        new = Account(name="chan", roles=(Role.SELECTOR,), shown="Chan Tai Man")
        people.add_account(connection, new, password=PASSWORD, secret=SECRET)
    return PeopleDoor(core.store, core.clock)


Try = Callable[..., Any]


@pytest.fixture
def sign_in(core: Any, door: PeopleDoor) -> Try:
    """Tries to sign in as chan, with what is right unless said otherwise."""

    def tried(caller: Caller, password: str = PASSWORD, code: str = "") -> Any:
        state = people.sign_in_state(core.store.connection, "chan")
        caller.right_password = passwords.is_password(password, state.password)
        digits = code or passwords.code_at(state.secret, core.clock())
        return door.sign_in(ask.SignIn(name="chan", password=password, code=digits), caller)

    return tried


def test_an_officer_signs_in_with_password_and_code(core: Any, door: PeopleDoor, sign_in: Try) -> None:
    """And is then that person on this connection, and on others of the same login by the token."""
    first, second, other = Caller("kiosk"), Caller("kiosk"), Caller("somebody")
    done = sign_in(first)
    assert (done.account, done.shown, done.roles) == ("chan", "Chan Tai Man", (Role.SELECTOR,))
    assert door.actor(first).words == "chan by kiosk"
    door.resume(ask.Resume(token=done.token), second)
    assert door.actor(second).account == "chan"
    with pytest.raises(RefusedError, match="sign in again"):
        door.resume(ask.Resume(token=done.token), other)
    assert people.find(core.store.connection, "chan") is not None


def test_a_login_without_an_account_is_nobody(door: PeopleDoor) -> None:
    """Whatever it calls itself."""
    with pytest.raises(RefusedError, match="login stranger has no account"):
        door.actor(Caller("stranger"))
    with pytest.raises(RefusedError, match="has no account"):
        door.actor(Caller("chan"))  # an account's name is no login
    with pytest.raises(RefusedError, match="has no account"):
        door.actor(Caller(""))


def test_wrong_passwords_and_codes_are_refused_alike(door: PeopleDoor, sign_in: Try, core: Any) -> None:
    """And written down."""
    told = set()
    for word, code in ((PASSWORD, "000000"), ("wrong password", ""), (PASSWORD, "")):
        try:
            sign_in(Caller("kiosk"), word, code)
        except RefusedError as error:
            told.add(str(error))
        core.clock.pass_minutes(1)
    assert told == {"name, password or code is wrong, or the account is closed"}
    whats = [line.what for line, _ in audit_log.chain(core.store.connection)]
    assert whats == ["sign-in failed", "sign-in failed", "signed in"]


def test_a_code_counts_once(core: Any, sign_in: Try) -> None:
    """Who looked over a shoulder comes too late; the next step's counts."""
    sign_in(Caller("kiosk"))
    with pytest.raises(RefusedError, match="wrong"):
        sign_in(Caller("kiosk"))
    core.clock.pass_minutes(0.5)
    sign_in(Caller("kiosk"))


@pytest.mark.parametrize(("seconds", "right"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_a_code_of_the_step_beside_counts_and_no_other(core: Any, sign_in: Try, seconds: int, right: bool) -> None:
    """Clocks are not exact."""
    code = passwords.code_at(SECRET, core.clock() + 1000 * seconds)
    if right:
        sign_in(Caller("kiosk"), code=code)
    else:
        with pytest.raises(RefusedError):
            sign_in(Caller("kiosk"), code=code)


def test_after_five_wrong_tries_the_account_is_locked_for_a_while(core: Any, sign_in: Try) -> None:
    """Also against what is right, until it is over."""
    for _ in range(MOST_WRONG):
        with pytest.raises(RefusedError, match="wrong"):
            sign_in(Caller("kiosk"), code="000000")
    with pytest.raises(RefusedError, match="locked until 2026-11-22 12:15:00"):
        sign_in(Caller("kiosk"))
    core.clock.now += LOCKED_MS - 1
    with pytest.raises(RefusedError, match="locked"):
        sign_in(Caller("kiosk"))
    core.clock.now += 1
    sign_in(Caller("kiosk"))


def test_a_right_try_ends_the_count_of_wrong_ones() -> None:
    """Four slips, then right, then four slips: not locked."""
    state = SignInState(password="x", secret="y", wrong=MOST_WRONG - 1)
    state = after_try(state, step=7, now_ms=1)
    assert (state.step, state.wrong) == (7, 0)
    for _ in range(MOST_WRONG - 1):
        state = after_try(state, step=0, now_ms=1)
    assert (state.wrong, state.locked_until_ms) == (MOST_WRONG - 1, 0)


@pytest.mark.parametrize(("wait", "over"), [(IDLE_MS, False), (IDLE_MS + 1, True)])
def test_a_session_of_which_nothing_is_heard_ends(
    core: Any, door: PeopleDoor, sign_in: Try, wait: int, over: bool
) -> None:
    """An hour."""
    caller = Caller("kiosk")
    sign_in(caller)
    core.clock.now += wait
    if over:
        with pytest.raises(RefusedError, match="sign in again"):
            door.actor(caller)
    else:
        assert door.actor(caller).account == "chan"


def test_a_session_ends_with_the_shift_however_busy(core: Any, door: PeopleDoor, sign_in: Try) -> None:
    """Twelve hours."""
    caller = Caller("kiosk")
    sign_in(caller)
    for _ in range(LONGEST_MS // IDLE_MS):
        core.clock.now += IDLE_MS
        door.actor(caller)
    core.clock.now += 1
    with pytest.raises(RefusedError, match="sign in again"):
        door.actor(caller)


@pytest.mark.parametrize("how", ["closed", "another password", "signed out"])
def test_a_session_ends_at_once_when_its_person_may_no_longer(
    core: Any, door: PeopleDoor, sign_in: Try, how: str
) -> None:
    """At their next request."""
    caller = Caller("kiosk")
    sign_in(caller)
    with core.store.transaction() as connection:
        if how == "closed":
            people.add_account(connection, Account(name="boss", roles=(Role.SUPERVISOR,)))
            people.close_account(connection, "chan")
        elif how == "another password":
            people.set_password(connection, "chan", password="another long one", secret=SECRET)
    if how == "signed out":
        door.sign_out(Caller("kiosk", session=caller.session))
    with pytest.raises(RefusedError, match="sign in again"):
        door.actor(caller)


def test_passwords_are_kept_as_argon2id(core: Any, door: PeopleDoor) -> None:
    """And an account without one is nobody's to sign in to."""
    kept = people.sign_in_state(core.store.connection, "chan").password
    assert kept.startswith("$argon2id$")
    assert not passwords.is_password("", "")
    assert people.sign_in_state(core.store.connection, "nobody") == SignInState(password="", secret="")
    assert passwords.step_of("000000", SignInState(password="", secret=""), core.clock()) == 0


# Accounts.


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (Account(name="Ho", roles=(Role.CLERK,)), "small letters"),
        (Account(name="ho", roles=()), "needs a role"),
        (Account(name="ho", roles=(Role.TRADER, Role.CLERK), party="p"), "cannot be"),
        (Account(name="ho", roles=(Role.DRIVER,)), "belongs to a party"),
        (Account(name="ho", roles=(Role.DRIVER,), party="q"), "is not registered"),
        (Account(name="ho", roles=(Role.CLERK,), party="p"), "belongs to no party"),
        (Account(name="there", roles=(Role.CLERK,)), "is there already"),
    ],
)
def test_an_account_that_cannot_be_is_refused(core: Any, account: Account, why: str) -> None:
    """With what to do."""
    with core.store.transaction() as connection:
        people.add_party(connection, TradeParty("p", "P"))
        people.add_account(connection, Account(name="there", roles=(Role.SUPERVISOR,)))
    with pytest.raises(RefusedError, match=why), core.store.transaction() as connection:
        people.add_account(connection, account)


@pytest.mark.parametrize(("word", "why"), [("short", "fewer than 12"), ("my name is chan", "holds the account's name")])
def test_a_password_that_is_none_is_refused(core: Any, word: str, why: str) -> None:
    """As at the lanes."""
    with pytest.raises(RefusedError, match=why), core.store.transaction() as connection:
        people.add_account(connection, Account(name="chan", roles=(Role.CLERK,)), password=word)


def test_the_last_who_can_open_accounts_cannot_be_closed_or_lose_that(core: Any) -> None:
    """Else nobody could ever be let in again."""
    with core.store.transaction() as connection:
        first = people.open_first(connection, "root")
        assert first is not None
        assert people.open_first(connection, "root") is None
    for change in (lambda db: people.close_account(db, "root"), lambda db: people.set_roles(db, "root", [Role.CLERK])):
        with pytest.raises(RefusedError, match="last open account"), core.store.transaction() as connection:
            change(connection)
    with core.store.transaction() as connection:
        people.add_account(connection, Account(name="boss", roles=(Role.SUPERVISOR,)))
        people.close_account(connection, "root")
        assert people.of_login(connection, "root") is None


# The chain.


def chain(number: int) -> list[tuple[ChainedLine, bytes]]:
    """A whole chain of so many lines."""
    kept, previous = [], START
    for seq in range(1, number + 1):
        line = ChainedLine(seq, seq, "chan", "looked", f"AB{seq}")
        previous = next_hash(previous, line)
        kept.append((line, previous))
    return kept


def test_a_whole_chain_has_no_flaw() -> None:
    """Of none, of one, of many; with a hash of it that was kept."""
    for number in (0, 1, 5):
        assert list(flaws(chain(number))) == []
        assert list(flaws(chain(number), head=START)) == []
    assert list(flaws(chain(5), head=chain(3)[-1][1])) == []


@given(st.integers(0, 4), st.sampled_from(["who", "what", "detail", "at_ms"]))
def test_a_changed_line_is_found(place: int, name: str) -> None:
    """Whatever of it was changed, even with its hash made anew."""
    lines = chain(5)
    changed = msgspec.structs.replace(lines[place][0], **{name: 99 if name == "at_ms" else "other"})
    assert "changed" in " ".join(flaws([*lines[:place], (changed, lines[place][1]), *lines[place + 1 :]]))
    previous = lines[place - 1][1] if place else START
    healed = (changed, next_hash(previous, changed))
    found = list(flaws([*lines[:place], healed, *lines[place + 1 :]], head=lines[4][1] if place == 4 else None))
    assert found


@given(st.integers(0, 3))
def test_a_line_that_was_taken_out_is_found(place: int) -> None:
    """Its number is missing."""
    lines = chain(5)
    assert f"line {place + 1} is missing" in next(flaws(lines[:place] + lines[place + 1 :]))


def test_an_end_that_was_cut_off_is_found_by_a_hash_kept_elsewhere() -> None:
    """That is why the core writes its head to the log of messages."""
    assert list(flaws(chain(3))) == []
    assert "cut off" in next(flaws(chain(3), head=chain(5)[-1][1]))


def test_the_stores_chain_holds_and_a_change_in_the_store_is_found(core: Any) -> None:
    """With SQL, by whoever has the file."""
    core.bundle(core.lodge())
    db = core.store.connection
    assert list(flaws(audit_log.chain(db))) == []
    db.execute("UPDATE audit SET who='somebody' WHERE seq=1")
    assert "line 1 " in next(flaws(audit_log.chain(db)))


def test_a_line_can_be_found_by_person_act_and_number(core: Any) -> None:
    """Signs that mean something to SQL mean themselves."""
    with core.store.transaction() as db:
        for who, what, detail in (("chan", "held", "AB1 50% sure"), ("wong", "looked", "AB2"), ("core", "x", "a_b")):
            audit_log.append(db, audit_log.AuditWords(1, who, what, detail))
    db = core.store.connection
    assert [line.who for line in audit_log.newest(db, most=9, text="50%")] == ["chan"]
    assert [line.who for line in audit_log.newest(db, most=9, text="a_b")] == ["core"]
    assert [line.who for line in audit_log.newest(db, most=9, text="looked")] == ["wong"]
    assert [line.who for line in audit_log.newest(db, most=2)] == ["core", "wong"]
    with core.store.transaction() as connection:
        audit_log.append(connection, audit_log.AuditWords(1, "x", "y", "z" * 9_999))
    assert len(audit_log.newest(db, most=1)[0].detail) == audit.LONGEST_DETAIL


def test_rights_name_the_roles_that_are_needed() -> None:
    """The refused person learns whom to ask."""
    with pytest.raises(RefusedError, match="clerk, trader"):
        rights.right_of(Actor(account="x", roles=frozenset({Role.DRIVER})), ask.Cancel(ccrn="2999999999"))

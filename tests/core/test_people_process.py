"""People at a core that runs: the kernel's login, signing in from the command line, the audit log, edited profiles."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from core.cli.sessions import LANGUAGE, SESSION_FILE
from core.errors import RefusedError
from core.ledger.store import CoreStore
from core.logins import own_login
from core.model import passwords
from core.office import people
from domain.times import HONG_KONG
from runtime.clocks import utc_ms
from simulation.broker import PrivateBroker
from simulation.private_core import PrivateCore

PASSWORD = "long enough 7"
RULES = '\n[screening]\ncodes = ["release", "inspect"]\n[[screening.rules]]\nname = "{name}"\ncode = "inspect"\narticles = "{term}"\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateCore]:
    """A core on a broker of its own, with a trader, a driver and a selector who sign in."""
    folder = tmp_path_factory.mktemp("c")
    with PrivateBroker(folder / "broker") as broker:
        core = PrivateCore(folder / "core", broker, sections=RULES.format(name="cigarettes", term="cigarette"))
        core.command("party", "add", "winning", "Winning Co.Ltd.")
        core.command("party", "add", "haulier", "Ho Haulage")
        word = folder / "password"
        word.write_text(PASSWORD, encoding="utf-8")
        roles = {"chan": ["trader", "winning"], "ho": ["driver", "haulier"], "wong": ["selector"]}
        for name, (role, *party) in roles.items():
            more = ("--party", party[0]) if party else ()
            core.command("account", "add", name, "--role", role, *more, "--password-file", str(word))
        asyncio.run(core.start_ready())
        yield core
        core.end()


@pytest.fixture
def session(site: PrivateCore, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets somebody go on at a keyboard of their own, where they sign in once; "" is the login itself."""

    def begin(name: str) -> None:
        file = site.folder / f"{name or 'nobody'}.session"
        monkeypatch.setenv(SESSION_FILE, str(file))
        if name and not file.exists():
            word = site.folder.parent / "password"
            said = site.command("sign-in", name, "--password-file", str(word), "--code", code_of(site, name))
            assert f"signed in as {name}" in said

    begin("")
    return begin


def code_of(site: PrivateCore, name: str) -> str:
    """What their authenticator shows; where its code was used already, once it shows the next one."""
    store = CoreStore(site.database, reading=True)
    state = people.sign_in_state(store.connection, name)
    store.close()
    while True:
        code = passwords.code_at(state.secret, utc_ms())
        if passwords.step_of(code, state, utc_ms()):
            return code
        time.sleep(0.5)


def cargo(site: PrivateCore, make_consignment: Any, **changes: Any) -> str:
    """A file with a consignment for the day after tomorrow."""
    path = site.folder / "cargo.json"
    later = str(datetime.now(HONG_KONG).date() + timedelta(2))
    path.write_text(json.dumps(msgspec.to_builtins(make_consignment(expected=later, **changes))), encoding="utf-8")
    return str(path)


def test_lodged_by_its_owner_decided_by_an_officer_bundled_by_its_driver(
    site: PrivateCore, session: Any, make_consignment: Any
) -> None:
    """Each by name, each what is theirs, from the command line; and the log tells who it was."""
    session("chan")
    assert "of party winning" in site.command("whoami")
    said = site.command("lodge", cargo(site, make_consignment, articles="香煙"))
    ccrn = said.split()[1]
    assert "takes the role of" in site.command("decide", ccrn, "release", "--reason", "mine", expect=1)
    site.command("hand-to", "haulier", ccrn)
    session("wong")
    assert "'cigarette' hit" in site.command("enquire", ccrn)
    site.command("decide", ccrn, "release", "--reason", "inspected at the airport")
    session("ho")
    form = ("--vrn", "AB 1234", "--driver", "Ho Wa Ping", "--direction", "inbound")
    bundled = site.command("bundle", ccrn, *form)
    assert "a laden vehicle waits after bundling" in bundled
    ubr = bundled.split("UBR is ")[1][:10]
    session("chan")
    assert "takes the role of clerk, driver" in site.command("debundle", ubr, expect=1)
    session("")
    lines = json.loads(site.command("audit", ccrn, "--json"))
    told = {(line[2].split()[0], line[3]) for line in lines}
    assert {("chan", "lodged"), ("wong", "looked"), ("wong", "decided"), ("ho", "bundled"), ("chan", "refused")} <= told
    assert "PROVED" in site.command("audit", "--verify")


def test_a_batch_with_a_mistake_and_sent_again_from_a_file(
    site: PrivateCore, session: Any, make_consignment: Any
) -> None:
    """4 CCRNs came of 3 consignments."""
    session("chan")
    later = str(datetime.now(HONG_KONG).date() + timedelta(2))
    three = [msgspec.to_builtins(make_consignment(expected=later, articles=name)) for name in ("pens", "ink", "paper")]
    three[1]["consignee"] = ""
    path = site.folder / "monday.json"
    path.write_text(json.dumps(three), encoding="utf-8")
    assert "consignment 2: (f) name of consignee" in site.command("lodge", str(path), expect=1)
    three[1]["consignee"] = "Training Company"
    path.write_text(json.dumps(three), encoding="utf-8")
    first, again = site.command("lodge", str(path)), site.command("lodge", str(path))
    assert first == again
    assert first.count("CCRN") == 3


def test_refusals_are_told_in_the_language_of_the_person(
    site: PrivateCore, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the socket, and at the keyboard."""
    for language, words in {"en": "is not known", "zh-Hant": "請核對十位數字", "zh-Hans": "请核对十位数字"}.items():
        monkeypatch.setenv(LANGUAGE, language)
        assert words in site.command("debundle", "1999999999", expect=1)
    monkeypatch.setenv(LANGUAGE, "fr")
    assert "en, zh-Hant, zh-Hans" in site.command("debundle", "1999999999", expect=2)


def test_a_name_that_is_typed_is_nobody(site: PrivateCore) -> None:
    """The socket has no field for it, and the kernel's login says who asks."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(site.socket))
        stream = raw.makefile("rwb")
        for line in (b'{"do":"hold","who":"supervisor","vrn":"AB1","reason":"x"}', b'{"do":"whoami"}'):
            stream.write(line + b"\n")
            stream.flush()
            assert b"problems" in stream.readline()
        stream.write(b'{"do":"hold","vrn":"AB1","reason":"x"}\n')
        stream.flush()
        assert b'"AB1"' in stream.readline()
    (line,) = [one for one in json.loads(site.command("audit", "AB1 x", "--json")) if one[3] == "held"]
    assert line[2] == own_login()


@pytest.mark.skipif(os.getuid() != 0, reason="another login takes root")
def test_another_login_of_the_machine_is_nobody_until_it_has_an_account(site: PrivateCore) -> None:
    """`nobody` may write to the socket's file and asks; the environment's name helps it nothing."""
    program = (
        "import os, socket, sys; os.setgid(65534); os.setuid(65534); s = socket.socket(socket.AF_UNIX); "
        's.connect(sys.argv[1]); s.sendall(b\'{"do":"status"}\\n\'); print(s.recv(4096).decode())'
    )

    async def asked() -> str:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, str(site.socket)),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "USER": "root", "LOGNAME": "root"},
        )
        out, _ = await child.communicate()
        return out.decode()

    parents = [folder for folder in site.socket.parents if folder.stat().st_mode & 0o001 == 0]
    modes = {folder: folder.stat().st_mode for folder in parents}
    try:
        for folder in parents:
            folder.chmod(0o755)
        site.socket.chmod(0o666)
        assert "login nobody has no account here" in asyncio.run(asked())
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)


def test_an_edited_profile_counts_within_a_second_and_a_wrong_one_says_why(site: PrivateCore) -> None:
    """Without a restart, which sent every lane to manual."""
    text = site.config.read_text(encoding="utf-8")

    async def until(holds: Any) -> float:
        start = time.monotonic()
        async with site.admin() as core, asyncio.timeout(30):
            while not holds(await core.status()):  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.02)
        return time.monotonic() - start

    two = text + '[[screening.rules]]\nname = "pens"\ncode = "inspect"\narticles = "pen"\n'
    site.config.write_text(two, encoding="utf-8")
    asyncio.run(until(lambda status: status.profiles == 2))
    site.config.write_text(
        two.replace('name = "pens"\ncode = "inspect"', 'name = "pens"\ncode = "inspekt"'), encoding="utf-8"
    )
    asyncio.run(until(lambda status: "is not in screening.codes" in status.profiles_problem))
    site.config.write_text(text, encoding="utf-8")
    asyncio.run(until(lambda status: status.profiles == 1 and not status.profiles_problem))


def test_accounts_can_be_opened_with_the_core_running_and_not_by_just_anybody(site: PrivateCore, session: Any) -> None:
    """A supervisor's login may; a selector may not; the session of a closed account ends."""
    word = site.folder / "word"
    word.write_text("another long one", encoding="utf-8")
    assert "otpauth://totp/" in site.command("account", "add", "lee", "--role", "clerk", "--password-file", str(word))
    session("wong")
    assert "takes the role of supervisor" in site.command("account", "close", "lee", expect=1)
    assert "signed out" in site.command("sign-out")
    assert "(by the login" in site.command("whoami")
    assert "account lee is closed" in site.command("account", "close", "lee")
    with pytest.raises(RefusedError, match="name, password or code"):
        asyncio.run(_signs_in(site, "lee"))


async def _signs_in(site: PrivateCore, name: str) -> None:
    async with site.admin() as core:
        await core.sign_in(name, "another long one", "000000")

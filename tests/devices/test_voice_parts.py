"""The parts of the voice that need no sound: netstrings, prompts and their queue, tones, levels, settings files."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from devices.voice import protocol as p
from devices.voice import sip_config
from devices.voice.netstring import Netstrings, framed
from devices.voice.process import volume_now
from devices.voice.prompt_files import LOUDNESS_DB, loudness_db, one, read_wav, spoken, write_wav
from devices.voice.prompt_queue import Hush, PromptQueue, Say
from devices.voice.prompts import PROMPTS, SpokenLanguage
from devices.voice.settings import Prompting, PromptSettings, SipSettings
from devices.voice.telephone import Side, Telephone, why_closed
from devices.voice.tone import RATE, chirp, find, level_db, loudest, purity, tone
from lane_agent.wording import Scene

SIP = SipSettings(address="sip:lane@10.0.0.1", numbers=("sip:a@10.0.0.2",), registrar="sip:10.0.0.2")


def test_netstrings_come_whole_however_they_are_cut() -> None:
    """TCP cuts where it likes."""
    whole = framed({"command": "dial", "params": "sip:a@b"}) + framed({"event": "x" * 300})
    for size in (1, 3, 7, len(whole)):
        strings = Netstrings()
        found = [message for at in range(0, len(whole), size) for message in strings.take(whole[at : at + size])]
        assert found == [{"command": "dial", "params": "sip:a@b"}, {"event": "x" * 300}]


def test_what_is_no_netstring_is_an_error_and_nothing_else() -> None:
    """20,000 messages of noise and of damaged real ones; a million by `rocars-bench voice --fuzz 1000000`."""
    from tools.bench.voice.fuzz import fuzz

    assert fuzz(20_000, seed=3)["crashes"] == 0


def test_a_tone_is_found_again_and_nothing_else_is() -> None:
    """To the millisecond, at a tenth of its loudness, in noise."""
    noise = np.random.default_rng(1).normal(0, 300, RATE * 2).astype(np.int16)
    assert find(chirp(), noise).likeness < 0.15
    heard = noise.copy()
    heard[40_000 : 40_000 + len(chirp())] += chirp() // 10
    found = find(chirp(), heard)
    assert abs(found.at_s - 40_000 / RATE) < 0.001
    assert found.likeness > 0.5
    steady = tone(1_000, 1.0)
    assert purity(loudest(steady), 1_000) > 0.99
    assert purity(loudest(steady), 700) < 0.01
    assert level_db(steady) == pytest.approx(-15.0, abs=0.2)


def test_a_telephone_sends_sound_while_its_packets_grow_whatever_the_level_meter_repeats() -> None:
    """Baresip's meter says its last value for ever once nothing comes any more."""
    side = Side()
    side.meter(-36.5)
    assert side.drain() == (False, -120.0)
    side.count(12)
    assert side.drain() == (True, -36.5)
    side.meter(-36.5)
    side.count(12)
    assert side.drain() == (False, -120.0)


@pytest.mark.parametrize("said", ["", "RTP debug:", "TX: packets=, octets=1", "rcvd=40", None, 7])
def test_a_telephone_whose_count_cannot_be_read_has_no_sound(tmp_path: Path, said: object) -> None:
    """Another baresip may print it otherwise: then nobody is promised a voice."""
    phone = Telephone(
        SIP, folder=tmp_path, sound_socket=tmp_path / "s", environment={}, password="", tell=lambda _: None, clock=lambda: 0.0
    )  # fmt: skip
    phone._attempt, phone._established = 1, True
    phone.take({"response": True, "ok": True, "token": "sound", "data": said})
    assert phone.sound() == p.Sound(1, sent=False, heard=False)
    phone.take({"response": True, "ok": True, "token": "sound", "data": " psent=0 rcvd=35\n  TX: packets=37, octets=1"})
    assert phone.sound() == p.Sound(1, sent=True, heard=True)


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("486 Busy Here", p.Ended.BUSY),
        ("603 Decline", p.Ended.REFUSED),
        ("404 Not Found", p.Ended.UNREACHABLE),
        ("Connection timed out", p.Ended.UNREACHABLE),
    ],
)
def test_the_reason_of_a_refusal_is_kept(reason: str, why: p.Ended) -> None:
    """Busy is another thing than dead."""
    assert why_closed(reason) is why


def test_a_registration_that_was_not_confirmed_in_time_has_lapsed(tmp_path: Path) -> None:
    """Whatever the program believes of itself (lessons 28)."""
    now = 0.0
    phone = Telephone(
        SIP, folder=tmp_path, sound_socket=tmp_path / "s", environment={}, password="", tell=lambda _: None, clock=lambda: now
    )  # fmt: skip
    assert phone.registration() is None
    now = 16.0
    assert phone.registration() == "not registered yet"
    now = 0.0
    phone.take({"event": True, "type": "REGISTER_OK"})
    assert phone.registration() == ""
    phone.take({"event": True, "type": "REGISTER_FAIL", "param": "503 Service Unavailable"})
    assert phone.registration() == ""
    now = 80.0
    assert phone.registration() == "registered 80 s ago, and not since; 503 Service Unavailable"


class Socket:
    """The control socket of a baresip: what was ordered of it."""

    def __init__(self) -> None:
        self.ordered: list[dict[str, str]] = []

    def write(self, content: bytes) -> None:
        """One netstring of JSON."""
        self.ordered.append(json.loads(content.split(b":", 1)[1][:-1]))

    def is_closing(self) -> bool:
        """Never."""
        return False

    def commands(self) -> list[str]:
        """Since the last time, without the question how the registration is."""
        ordered, self.ordered = self.ordered, []
        return [one["command"] for one in ordered if one["command"] != "reginfo"]


def a_registered_phone(folder: Path, clock: Callable[[], float]) -> tuple[Telephone, Socket]:
    """A telephone of an exchange, and its control socket."""
    settings = SipSettings(address="sip:lane@10.0.0.2", numbers=("sip:a@10.0.0.2",), registrar="sip:10.0.0.2")
    phone = Telephone(
        settings, folder=folder, sound_socket=folder / "s", environment={}, password="p", tell=lambda _: None, clock=clock
    )  # fmt: skip
    socket = Socket()
    phone._control = socket  # type: ignore[assignment]
    return phone, socket


def test_what_the_exchange_granted_counts_and_what_it_confirmed_before_anybody_listened(tmp_path: Path) -> None:
    """Exchanges grant longer than they are asked: no false alarm. The first answer may come before the socket is open."""
    now = 0.0
    phone, _ = a_registered_phone(tmp_path, lambda: now)
    phone.take({"response": True, "ok": True, "token": "registration", "data": "> sip:l@x  OK  kamailio Expires 300s"})
    now = 314.0
    assert phone.registration() == ""
    now = 316.0
    assert str(phone.registration()).startswith("registered 316 s ago")


def test_a_registration_that_failed_is_made_anew_soon_and_never_in_a_call(tmp_path: Path) -> None:
    """Left to itself baresip waits up to half an hour."""
    now = 0.0
    phone, socket = a_registered_phone(tmp_path, lambda: now)
    phone.take({"event": True, "type": "REGISTER_FAIL", "param": "Connection timed out"})
    phone.keep_registered()
    assert socket.commands() == []
    phone._attempt, now = 1, 40.0
    phone.keep_registered()
    assert socket.commands() == []
    phone._attempt = 0
    phone.keep_registered()
    assert socket.commands() == ["uadel"]
    phone.take({"response": True, "ok": True, "token": "account", "data": ""})
    assert socket.commands() == ["uanew"]
    phone.keep_registered()
    assert socket.commands() == []
    now = 80.0
    phone.keep_registered()
    assert socket.commands() == ["uadel"]
    phone.take({"event": True, "type": "REGISTER_OK"})
    now = 120.0
    phone.keep_registered()
    assert socket.commands() == []


def test_a_password_that_was_refused_is_not_given_again_and_again(tmp_path: Path) -> None:
    """Exchanges shut out who does; it is said at once, even if it was refused before anybody listened."""
    now = 0.0
    phone, socket = a_registered_phone(tmp_path, lambda: now)
    phone.take({"response": True, "ok": True, "token": "registration", "data": "> sip:l@x  ERR  Expires 0s"})
    assert phone.registration() == "the exchange does not take it"
    now = 40.0
    phone.keep_registered()
    assert socket.commands() == ["uadel"]
    phone.take({"event": True, "type": "REGISTER_FAIL", "param": "401 Unauthorized"})
    assert phone.registration() == "401 Unauthorized"
    now = 339.0
    phone.keep_registered()
    assert socket.commands() == []
    now = 341.0
    phone.keep_registered()
    assert socket.commands() == ["uadel"]


def test_the_password_of_the_exchange_is_for_this_user_alone(tmp_path: Path) -> None:
    """And one that the file's form cannot carry is refused rather than cut."""
    sip_config.write(tmp_path / "sip", SIP, control_port=1, sound_socket=tmp_path / "s", password="secret")
    assert (tmp_path / "sip" / "accounts").stat().st_mode & 0o077 == 0
    assert "auth_pass=secret" in (tmp_path / "sip" / "accounts").read_text()
    with pytest.raises(ValueError, match="have the exchange give another"):
        sip_config.account(SIP, "a;b")


def test_a_prompt_is_said_once_and_once_more_while_it_stands() -> None:
    """After eight seconds, and no third time."""
    queue = PromptQueue(Prompting.ALL)
    assert queue.receive_scene(Scene.STOP, 0, call=False) == [Say(Scene.STOP)]
    assert queue.receive_done(5_000) == []
    assert queue.receive_time(12_000) == []
    assert queue.receive_time(13_000) == [Say(Scene.STOP)]
    assert queue.receive_done(18_000) == []
    assert queue.receive_time(60_000) == []


def test_an_old_instruction_breaks_off_and_the_newest_is_said() -> None:
    """Above all "clearance completed" once it has been taken back."""
    queue = PromptQueue(Prompting.ALL)
    queue.receive_scene(Scene.DONE, 0, call=False)
    assert queue.receive_scene(Scene.OFFICER, 300, call=False) == [Hush()]
    assert queue.receive_scene(Scene.EXAMINE, 400, call=False) == [Say(Scene.EXAMINE)]


def test_three_prompts_and_a_call_leave_help_and_then_silence() -> None:
    """In a call only HELP is said; once answered nothing is."""
    queue = PromptQueue(Prompting.ALL)
    said = queue.receive_scene(Scene.STOP, 0, call=False)
    said += queue.receive_scene(Scene.UNLADEN, 100, call=False)
    said += queue.receive_scene(Scene.MANIFEST, 200, call=False)
    said += queue.receive_scene(Scene.HELP, 300, call=True)
    assert said == [Say(Scene.STOP), Hush(), Say(Scene.UNLADEN), Hush(), Say(Scene.MANIFEST), Hush(), Say(Scene.HELP)]
    assert queue.receive_scene(Scene.TALK, 900, call=True) == [Hush()]
    assert queue.receive_scene(Scene.MANIFEST, 2_000, call=True) == []


def test_a_scene_that_comes_back_at_once_is_not_said_again_at_once() -> None:
    """A board that flickers between two scenes must not stutter."""
    queue = PromptQueue(Prompting.ALL)
    queue.receive_scene(Scene.STOP, 0, call=False)
    queue.receive_done(4_000)
    queue.receive_scene(Scene.WELCOME, 4_100, call=False)
    assert queue.receive_scene(Scene.STOP, 4_200, call=False) == []


def test_night_is_quieter_by_the_clock_of_hong_kong() -> None:
    """23:00 to 07:00 there is 15:00 to 23:00 UTC."""
    settings = PromptSettings(day_volume=90, night_volume=30)
    hour = 3_600_000
    assert [volume_now(settings, at * hour) for at in (14, 15, 22, 23)] == [90, 30, 30, 90]


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="no espeak-ng")
def test_every_text_is_spoken_in_every_language_equally_loud() -> None:
    """One text in each language; EXAMINE is said twice."""
    for language in SpokenLanguage:
        said = one(Scene.STOP, language, None)
        assert loudness_db(said) == pytest.approx(LOUDNESS_DB, abs=1.0)
        assert len(said) > RATE // 2
    assert set(PROMPTS) >= {Scene.STOP, Scene.UNLADEN, Scene.MANIFEST, Scene.DONE, Scene.EXAMINE, Scene.EARLY}
    assert PROMPTS[Scene.EXAMINE].times == 2


def test_a_recorded_file_takes_the_place_of_one_text(tmp_path: Path) -> None:
    """The others stay synthetic."""
    write_wav(tmp_path / "STOP.yue.wav", tone(500, 1.0))
    assert purity(one(Scene.STOP, SpokenLanguage.CANTONESE, tmp_path), 500) > 0.95
    (tmp_path / "STOP.cmn.wav").write_bytes(b"no sound")
    with pytest.raises(ValueError, match=r"STOP\.cmn\.wav.*record it anew"):
        one(Scene.STOP, SpokenLanguage.PUTONGHUA, tmp_path)
    with pytest.raises(ValueError, match="no WAV"):
        read_wav(random.Random(1).randbytes(200))
    assert spoken

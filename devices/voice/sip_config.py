"""baresip's own files, written anew at each start into a folder that only the voice process can read.

It is used through its control socket alone: no keys, no files of the site, no sounds of its own. What it offers is what an
exchange of today and one of twenty years ago understand: Opus, G.722, G.711.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from devices.voice.settings import SipSettings

MODULES: Final = "/usr/lib/baresip/modules"
_LOADED: Final = ("opus.so", "g722.so", "g711.so", "alsa.so", "srtp.so", "uuid.so", "vumeter.so")
_APPS: Final = ("account.so", "menu.so", "ctrl_tcp.so")
RTP_TIMEOUT_S: Final = 10


def write(folder: Path, settings: SipSettings, *, control_port: int, sound_socket: Path, password: str) -> None:
    """Writes `config`, `accounts` and `asound.conf`.

    Args:
        folder: private; made if need be.
        settings: as configured.
        control_port: where its control socket listens, on loopback.
        sound_socket: of the sound server.
        password: for the registrar, "" for none.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "empty").mkdir(exist_ok=True)
    files = {
        "config": _config(folder, settings, control_port),
        "accounts": account(settings, password) + "\n",
        "contacts": "",
        "asound.conf": _asound(sound_socket),
    }
    for name, content in files.items():
        file = folder / name
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(content, encoding="utf-8")


def account(settings: SipSettings, password: str) -> str:
    """The line of `accounts`.

    Raises:
        ValueError: the password has a character that the line cannot carry.
    """
    if any(sign in password for sign in ';<>"\r\n'):
        raise ValueError('a password for SIP cannot have ; < > " in it: have the exchange give another')
    parts = [f"<{settings.address}>"]
    if settings.registrar:
        # Asked for anew after 45 % of it, so that one lost answer is no lost registration.
        parts += [f'outbound="{settings.registrar}"', f"regint={max(10, round(settings.register_s))}"]
    else:
        parts.append("regint=0")
    if password:
        parts.append(f"auth_pass={password}")
    return ";".join([*parts, "answermode=manual", "ptime=20"])


def _config(folder: Path, settings: SipSettings, control_port: int) -> str:
    lines = [
        "poll_method epoll",
        "call_max_calls 1",
        "call_local_timeout 86400",
        "sip_trans_def udp",
        f"sip_listen 0.0.0.0:{settings.port}",
        f"audio_path {folder / 'empty'}",
        "audio_player alsa,loudspeaker",
        "audio_source alsa,microphone",
        "audio_alert alsa,loudspeaker",
        "audio_level no",
        "rtp_stats no",
        f"rtp_timeout {RTP_TIMEOUT_S}",
        "jitter_buffer_type adaptive",
        "jitter_buffer_delay 1-10",
        f"module_path {MODULES}",
        *(f"module {name}" for name in _LOADED),
        *(f"module_app {name}" for name in _APPS),
        f"ctrl_tcp_listen 127.0.0.1:{control_port}",
        "ringback_disabled yes",
    ]
    if settings.interface:
        lines.append(f"net_interface {settings.interface}")
    return "\n".join([*lines, ""])


def _asound(socket: Path) -> str:
    """ALSA's own configuration, in which the sound server is two devices."""
    server = f'server "unix:{socket}"'
    return (
        f'pcm.microphone {{ type pulse device "microphone" {server} }}\n'
        f'pcm.loudspeaker {{ type pulse device "loudspeaker" {server} }}\n'
        f"ctl.microphone {{ type pulse {server} }}\nctl.loudspeaker {{ type pulse {server} }}\n"
        "pcm_type.pulse { lib libasound_module_pcm_pulse.so }\nctl_type.pulse { lib libasound_module_ctl_pulse.so }\n"
    )

"""A control room's exchange: Debian's kamailio as registrar and proxy in the office's namespace.

It asks for a password at each registration and each call, knows only who has registered, and forgets all of it when it is
started again: what a registrar that keeps nothing on disk does.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from devices.voice.sound import end_child, spawn_child
from tools.bench.voice.sip import OFFICE, PASSWORD

KAMAILIO: Final = "/usr/sbin/kamailio"
ADDRESS: Final = f"sip:{OFFICE}"
_MODULES: Final = f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}/kamailio/modules/"
_LOADED: Final = ("tm", "sl", "rr", "pv", "maxfwd", "usrloc", "registrar", "textops", "siputils", "auth")
_SETTINGS: Final = """#!KAMAILIO
debug=0
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:{address}:5060
mpath="{modules}"
{loaded}
modparam("usrloc", "db_mode", 0)
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route() || (is_method("ACK") && t_check_trans())) {{ t_relay(); }}
        else if (!is_method("ACK")) {{ sl_send_reply("404", "Not here"); }}
        exit;
    }}
    loose_route();
    remove_hf("Route");
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("$td", "{password}", "0")) {{ www_challenge("$td", "0"); exit; }}
        save("location");
        exit;
    }}
    if (!is_method("ACK") && !pv_proxy_authenticate("$fd", "{password}", "0")) {{ proxy_challenge("$fd", "0"); exit; }}
    consume_credentials();
    record_route();
    if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    t_relay();
}}
"""


class Exchange:
    """One exchange.

    Args:
        space: the namespace that it runs in.
        folder: for its settings.
    """

    def __init__(self, space: str, folder: Path) -> None:
        self._space = space
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts it with an empty memory; it takes registrations at once or soon."""
        self._folder.mkdir(parents=True, exist_ok=True)
        loaded = "\n".join(f'loadmodule "{name}.so"' for name in _LOADED)
        file = self._folder / "kamailio.cfg"
        file.write_text(
            _SETTINGS.format(address=OFFICE, modules=_MODULES, loaded=loaded, password=PASSWORD), encoding="utf-8"
        )
        # In front and without forks (-DD): what we start is what we end, with its children.
        self._process = await spawn_child(
            "ip", "netns", "exec", self._space, KAMAILIO, "-DD", "-E", "-f", str(file), "-Y", str(self._folder),
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    async def stop(self) -> None:
        """It is gone from one moment to the next, and its memory with it."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 5)
        await end_child(self._process)


@contextlib.asynccontextmanager
async def exchange(space: str, folder: Path) -> AsyncIterator[Exchange]:
    """An exchange for as long as the block runs."""
    one = Exchange(space, folder)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()

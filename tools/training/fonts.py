"""Fetches the font families the recogniser learns from beside the Debian ones: many designs, so that it relies on no single one.

They are the Latin parts of families that npm packages as `@fontsource/NAME`, each with its licence; a family is taken
only where that is one of `LICENCES`, all of which allow pictures of text to be used freely. None of them is committed.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from fontTools import subset
from fontTools.ttLib import TTFont

from simulation.drawn.glyphs import LATIN
from tools.training.faces import FETCHED

LICENCES = frozenset({"OFL-1.1", "Apache-2.0", "MIT", "UFL-1.0"})
WEIGHTS = (("700", "600", "800", "400"), ("500", "400"))
"""Of each line, the first weight that the family has."""
FAMILIES = (  # noqa: SIM905  a hundred and fifty quoted names would hide them
    "barlow barlow-condensed barlow-semi-condensed archivo archivo-narrow archivo-black work-sans "
    "public-sans ibm-plex-sans ibm-plex-sans-condensed ibm-plex-mono source-sans-3 fira-sans "
    "fira-sans-condensed fira-mono titillium-web exo-2 rajdhani saira saira-condensed saira-semi-condensed "
    "overpass overpass-mono dm-sans dm-mono rubik karla mukta hind heebo assistant nunito-sans mulish "
    "montserrat poppins prompt kanit sarabun bai-jamjuree k2d chakra-petch russo-one teko khand "
    "pathway-gothic-one fjalla-one anton bebas-neue league-gothic sofia-sans sofia-sans-condensed "
    "encode-sans encode-sans-condensed asap asap-condensed pt-sans pt-sans-narrow pt-mono ubuntu "
    "ubuntu-condensed ubuntu-mono roboto-mono space-mono space-grotesk share-tech share-tech-mono allerta "
    "signika maven-pro istok-web scada cuprum didact-gothic francois-one gudea inconsolata yantramanav "
    "tomorrow red-hat-display lexend manrope outfit sora urbanist jost plus-jakarta-sans be-vietnam-pro "
    "epilogue figtree albert-sans instrument-sans onest golos-text commissioner hanken-grotesk "
    "schibsted-grotesk familjen-grotesk darker-grotesque alumni-sans antonio michroma squada-one staatliches "
    "atkinson-hyperlegible oswald pragati-narrow armata viga magra homenaje voltaire ropa-sans telex ruluko "
    "actor puritan molengo cambay catamaran palanquin sintony strait monda metrophobic varela nunito oxanium "
    "electrolize aldrich jura quantico iceland wix-madefor-text libre-franklin news-cycle pontano-sans "
    "questrial raleway spinnaker syncopate marmelad mada almarai cairo tajawal changa harmattan "
).split()


def fetch(folder: Path) -> int:
    """Fetches what is not there yet into `folder`/fontsource; the number of font files there.

    Args:
        folder: of the run.

    Raises:
        subprocess.CalledProcessError: npm could not fetch a family.
    """
    target = folder / FETCHED
    target.mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        if not any(target.glob(f"{family}.*")):
            _fetch(family, target)
    return len(list(target.glob("*.ttf")))


def _fetch(family: str, target: Path) -> None:
    """One family's font files, or a note why there are none; written last, so that a stopped run begins it again."""
    with TemporaryDirectory(prefix="rocars-fonts-") as name:
        command = ["npm", "pack", "--silent", "--pack-destination", name, f"@fontsource/{family}"]
        subprocess.run(command, check=True, capture_output=True)
        with tarfile.open(next(Path(name).glob("*.tgz"))) as archive:
            licence = json.loads(_member(archive, "package/package.json"))["license"]
            if licence not in LICENCES:
                (target / f"{family}.txt").write_text(f"not taken: its licence is {licence}\n", encoding="utf-8")
                return
            for weight, data in _files(archive, family):
                (target / f"{family}.{weight}.ttf").write_bytes(data)


def _files(archive: tarfile.TarFile, family: str) -> Iterator[tuple[str, bytes]]:
    there = set(archive.getnames())
    for choice in WEIGHTS:
        for weight in choice:
            name = f"package/files/{family}-latin-{weight}-normal.woff2"
            if name in there:
                yield weight, unpacked(_member(archive, name))
                break


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    assert member is not None, name
    return member.read()


def unpacked(woff2: bytes) -> bytes:
    """The font as a plain font file that holds a plate's characters only."""
    font = TTFont(io.BytesIO(woff2))
    chooser = subset.Subsetter()
    chooser.populate(text="".join(LATIN))
    chooser.subset(font)
    font.flavor = None
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()

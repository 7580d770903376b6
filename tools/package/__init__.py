"""`make package`: the Debian packages of lane and core, from the hashed lock, for one architecture or both.

| module | what is in it |
|---|---|
| `products` | what belongs into each package: rooms, libraries, commands, units |
| `lock` | the part of `config/requirements.lock` that a product needs at run time |
| `symbols` | libraries without what only a linker or a debugger wants |
| `tree` | a version of the software as a folder that runs from wherever it stands |
| `archive` | that folder, units, users and scripts as a .deb |
| `screens`, `debian` | compositor and fonts, file by file out of Debian's packages; those, fetched from its mirror |
| `extra` | an extra of `pyproject.toml` as a package beside the lane's |
| `torch_without_cuda`, `stand_ins` | PyPI's torch for a box without a graphics card; libraries in the places of those left out |
| `__main__` | the command |
"""

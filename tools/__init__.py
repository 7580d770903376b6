"""What checks the product and what makes its parts. The product imports none of it.

| module | what is in it |
|---|---|
| `proof/` | `rocars-lane prove`: the lane's law, searched over the shipped `step`, and mutants that test the proof |
| `conformance/` | `rocars-conformance`: does a lane or a core keep the contract, whoever wrote it? |
| `torture/` | `rocars-torture`: real lanes and core while everything between them fails and lies |
| `field/` | `make field`: from a bare Debian 12 to vehicles cleared by the installed units |
| `kills` | `rocars-lane kills`: kill -9 at random moments of a demonstration |
| `bench/` | `rocars-bench`: speed beside its physical floor, and plates read beside other readers |
| `training/` | how the plate models were made (needs torch) |
| `package/` | `make package`: the Debian packages of lane and core |
| `docs/` | what writes the generated documents under `docs/` |
| `commands` | `prove` and `kills` as commands of `rocars-lane` |
"""

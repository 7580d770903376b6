"""How the plate models were made: `python -m tools.training --help`. Never imported by the product."""

"""How the plate models were made: `python -m training --help`. Never imported by the product."""

"""Assurance and making: proof, conformance, torture, bench, training, documents. Never imported by the product."""
